//! Our own threads. Node's few libuv threads serve file and DNS calls and must never be parked;
//! rayon's global pool may belong to another addon in the same process.

use napi::bindgen_prelude::{Error, Result};
use napi_derive::napi;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// Counting and binding are bound by memory: more threads than this gained nothing.
const MOST: usize = 8;

static POOL: OnceLock<ThreadPool> = OnceLock::new();

type Job = Box<dyn FnOnce() + Send>;

/// Who uses the pool.
struct Load {
    jobs: usize,
    /// A synchronous call has the pool to itself.
    taken: bool,
    /// Jobs that came during it.
    waiting: Vec<Job>,
}

static LOAD: Mutex<Load> = Mutex::new(Load { jobs: 0, taken: false, waiting: Vec::new() });

fn load() -> MutexGuard<'static, Load> {
    LOAD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a job on the pool.
///
/// # Errors
/// If the system grants not even one thread.
pub fn spawn(job: impl FnOnce() + Send + 'static) -> Result<()> {
    let pool = get()?;
    let mut load = load();
    if load.taken {
        load.waiting.push(Box::new(job));
    } else {
        begin(pool, &mut load, job);
    }
    Ok(())
}

fn begin(pool: &ThreadPool, load: &mut Load, job: impl FnOnce() + Send + 'static) {
    load.jobs += 1;
    pool.spawn(move || {
        let _ended = Ended;
        job();
    });
}

/// Counts a job off, panicking or not.
struct Ended;

impl Drop for Ended {
    fn drop(&mut self) {
        load().jobs -= 1;
    }
}

/// Runs a synchronous call's `work` in as many parts as it is told: with all threads while nobody else
/// uses them, else in one part on the calling thread.
///
/// # Errors
/// If the system grants not even one thread.
pub fn with_all<T: Send>(work: impl FnOnce(usize) -> T + Send) -> Result<T> {
    let pool = get()?;
    {
        let mut load = load();
        if load.jobs > 0 || load.taken {
            drop(load);
            return Ok(work(1));
        }
        load.taken = true;
    }
    let _taken = Taken(pool);
    Ok(pool.install(|| work(pool.current_num_threads())))
}

/// Calls over fewer sequences aren't worth waking other threads for: about 2 ms.
const ALONE: usize = 1 << 19;

/// Runs a synchronous call's `work` over `size` sequences as [`with_all`] does, in `most` parts at most; on
/// the calling thread alone where there is little to do or no thread to be had.
pub fn in_parts<T: Send>(size: usize, most: usize, work: impl FnOnce(usize) -> T + Send) -> T {
    if size < ALONE || most <= 1 || threads().unwrap_or(1) == 1 {
        return work(1);
    }
    with_all(|parts| work(parts.min(most))).expect("there are threads")
}

/// Gives the pool back, panicking or not, and begins the jobs that waited for it.
struct Taken(&'static ThreadPool);

impl Drop for Taken {
    fn drop(&mut self) {
        let mut load = load();
        load.taken = false;
        for job in std::mem::take(&mut load.waiting) {
            begin(self.0, &mut load, job);
        }
    }
}

/// The pool, made on first use and kept until the process ends.
///
/// # Errors
/// If the system grants not even one thread.
fn get() -> Result<&'static ThreadPool> {
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

/// Number of threads of the pool.
///
/// # Errors
/// If the system grants not even one thread.
pub fn threads() -> Result<usize> {
    get().map(ThreadPool::current_num_threads)
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
