//! Independent pieces of work on several threads of the caller's pool, results in order.

use crate::Fault;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// Runs `work` for 0 .. `count`, at most `threads` at once, and returns the results in order.
///
/// With one thread the pool isn't touched. The fault returned is that of the first piece that has
/// one, whatever the number of threads: pieces before it are always finished.
pub(crate) fn each<R: Send>(
    count: usize,
    threads: usize,
    work: impl Fn(usize) -> Result<R, Fault> + Sync,
) -> Result<Vec<R>, Fault> {
    if threads <= 1 || count <= 1 {
        return (0..count).map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let failed = AtomicUsize::new(usize::MAX);
    let results: Mutex<Vec<Option<Result<R, Fault>>>> =
        Mutex::new((0..count).map(|_| None).collect());
    let worker = || {
        loop {
            let piece = next.fetch_add(1, Relaxed);
            if piece >= count || piece > failed.load(Relaxed) {
                return;
            }
            let result = work(piece);
            if result.is_err() {
                failed.fetch_min(piece, Relaxed);
            }
            results.lock().unwrap_or_else(PoisonError::into_inner)[piece] = Some(result);
        }
    };
    rayon::scope(|scope| {
        for _ in 1..threads.min(count) {
            scope.spawn(|_| worker());
        }
        worker();
    });
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    // Pieces after a fault may be missing; the fault itself comes first and ends the collection.
    results.into_iter().flatten().collect()
}
