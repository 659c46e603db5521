//! Our own threads. Node's few libuv threads serve file and DNS calls and must never be parked;
//! rayon's global pool may belong to another addon in the same process.

use napi::bindgen_prelude::{Error, Result};
use napi_derive::napi;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::OnceLock;

/// Counting and binding are bound by memory: more threads than this gained nothing.
const MOST: usize = 8;

static POOL: OnceLock<ThreadPool> = OnceLock::new();

/// The pool, made on first use and kept until the process ends.
///
/// # Errors
/// If the system grants not even one thread.
pub fn get() -> Result<&'static ThreadPool> {
    if let Some(pool) = POOL.get() {
        return Ok(pool);
    }
    let built = build()?;
    Ok(POOL.get_or_init(|| built))
}

/// Number of threads that the pool has, or would have: available cores, at most 8.
#[napi(catch_unwind)]
#[must_use]
pub fn pool_threads() -> u32 {
    POOL.get().map_or_else(wanted, ThreadPool::current_num_threads) as u32
}

fn wanted() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(MOST)
}

/// Halves the number of threads until the system agrees: containers often allow fewer than cores.
fn build() -> Result<ThreadPool> {
    let mut threads = wanted();
    loop {
        let name = |index| format!("stowage-{index}");
        match ThreadPoolBuilder::new().num_threads(threads).thread_name(name).build() {
            Ok(pool) => return Ok(pool),
            Err(_) if threads > 1 => threads /= 2,
            Err(error) => {
                return Err(Error::from_reason(format!("cannot start a thread: {error}")));
            }
        }
    }
}
