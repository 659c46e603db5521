//! Progress of a stage that several threads share.

use crate::Fault;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use stowage_engine::{Stage, Watch};

/// Counts what is done and asks the watch whether to go on.
pub(crate) struct Meter<'a> {
    watch: &'a dyn Watch,
    stage: Stage,
    done: AtomicU64,
    total: u64,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(watch: &'a dyn Watch, stage: Stage, total: u64) -> Self {
        Self { watch, stage, done: AtomicU64::new(0), total }
    }

    /// Reports `amount` more; call at least every few milliseconds of work, with 0 if need be.
    ///
    /// # Errors
    /// `Fault::Engine(Cancelled)` when the caller wants the job to end.
    pub(crate) fn add(&self, amount: u64) -> Result<(), Fault> {
        let done = self.done.fetch_add(amount, Relaxed) + amount;
        Ok(self.watch.step(self.stage, done, self.total.max(done))?)
    }
}
