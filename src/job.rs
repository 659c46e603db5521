//! Asynchronous jobs: spawn on the pool, settle a promise, survive panics, obey cancels.
//!
//! The one thread-safe function in use is the promise's own. Progress is state that JavaScript
//! reads, because a thread-safe function released while its worker is torn down can abort the
//! process (napi 3.16.1, Node 20).

use crate::fault::Report;
use crate::gate::{self, Gate};
use crate::{fault, pool};
use napi::bindgen_prelude::{Env, Object, Result, ToNapiValue, panic_to_error};
use napi_derive::napi;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use stowage_engine::{Fault, Stage, Watch};

/// How far a job has come, for the wrapper's poll.
#[napi(object, object_from_js = false, use_nullable = true)]
#[derive(Clone, Default)]
pub struct JobProgress {
    /// Name of the stage; absent before the first step.
    pub stage: Option<&'static str>,
    /// How much of it is done, in the stage's own unit; never falls within a stage.
    pub done: f64,
    /// How much there is.
    pub total: f64,
    /// Packs above the lower bound, once a search has found a plan.
    pub gap: Option<f64>,
}

#[derive(Default)]
struct State {
    cancelled: AtomicBool,
    progress: Mutex<JobProgress>,
}

impl State {
    fn progress(&self) -> MutexGuard<'_, JobProgress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The wrapper's hold on a running job. One per call.
#[napi]
#[derive(Default)]
pub struct JobControl(Arc<State>);

#[napi]
impl JobControl {
    /// For a job about to start.
    #[napi(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the job to end at its next step.
    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Relaxed);
    }

    /// How far the job has come.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn progress(&self) -> JobProgress {
        self.0.progress().clone()
    }
}

/// What a job reports to.
pub struct Monitor {
    gate: Arc<Gate>,
    state: Arc<State>,
}

impl Watch for Monitor {
    fn step(&self, stage: Stage, done: u64, total: u64) -> std::result::Result<(), Fault> {
        if self.state.cancelled.load(Relaxed) || self.gate.is_closed() {
            return Err(Fault::Cancelled);
        }
        // A lock, since stage and numbers belong together; it is taken once per 65 536 sequences.
        let mut progress = self.state.progress();
        let stage = Some(name(stage));
        let (done, total) = (done as f64, total as f64);
        if progress.stage == stage {
            // Parts of one stage run side by side and may report out of order.
            progress.done = progress.done.max(done);
        } else {
            (progress.stage, progress.done) = (stage, done);
        }
        progress.total = total;
        Ok(())
    }

    fn gap(&self, gap: u64) {
        self.state.progress().gap = Some(gap as f64);
    }
}

fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Read => "read",
        Stage::Tokenize => "tokenize",
        Stage::Count => "count",
        Stage::Plan => "plan",
        Stage::Bind => "bind",
        Stage::Write => "write",
        Stage::Verify => "verify",
    }
}

/// Runs `work` on the pool and settles the returned promise with `finish` of its result.
///
/// `work` owns its inputs: JavaScript may change or detach a borrowed array at any time. It gets
/// the number of parts that may run at once: `threads` as asked for, at most the pool's.
/// `finish` runs on the JavaScript thread.
pub fn spawn<'env, T, V, E>(
    env: &'env Env,
    control: &JobControl,
    threads: u32,
    work: impl FnOnce(&Monitor, usize) -> std::result::Result<T, E> + Send + 'static,
    finish: impl FnOnce(Env, T) -> Result<V> + Send + 'static,
) -> Result<Object<'env>>
where
    T: Send + 'static,
    V: ToNapiValue + 'static,
    E: Into<Report>,
{
    let monitor = Monitor { gate: gate::of(*env)?, state: Arc::clone(&control.0) };
    let most = pool::threads()?; // before the promise: one that nothing settles would hang its awaiter
    let parts = (threads as usize).clamp(1, most);
    let (deferred, promise) =
        env.create_deferred::<V, Box<dyn FnOnce(Env) -> Result<V> + Send>>()?;
    pool::spawn(move || {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let _pass = monitor.gate.enter().ok_or(Report::from(Fault::Cancelled))?;
            work(&monitor, parts).map_err(Into::into)
        }));
        match outcome {
            Ok(Ok(value)) => deferred.resolve(Box::new(move |env| finish(env, value))),
            Ok(Err(report)) => {
                deferred.resolve(Box::new(move |env| Err(fault::to_js(env, report))));
            }
            Err(panic) => deferred.reject(panic_to_error(panic)),
        }
    })?;
    Ok(promise)
}
