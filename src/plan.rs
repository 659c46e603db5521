//! `stowage_engine::plan` for JavaScript.

use crate::clock::{Clock, Times};
use crate::decided::Decided;
use crate::fault::{self, Report};
use crate::histogram::Histogram;
use crate::job::{self, JobControl};
use crate::options::EngineOptions;
use crate::packing::Prepared;
use crate::pool;
use crate::stats::Figures;
use napi::bindgen_prelude::{Env, Object, ObjectFinalize, Result};
use napi_derive::napi;
use std::sync::Arc;
use stowage_engine::{Fault, PackOptions, Unwatched, Watch, plan};

/// A plan in native memory.
#[napi(custom_finalize)]
#[allow(clippy::struct_field_names, reason = "the handle of a plan holds the plan")]
pub struct Plan {
    /// Shared with jobs over it: a plan never changes.
    pub(crate) plan: Arc<plan::Plan>,
    times: Times,
    weight: i64,
}

impl Plan {
    /// A plan that took `times`.
    pub fn new(env: Env, (plan, times): (plan::Plan, Times)) -> Result<Self> {
        let runs: usize = plan.templates.iter().map(|(runs, _)| runs.len()).sum();
        let weight = 8 * runs + 16 * (plan.templates.len() + plan.certificate.weights.len());
        let weight = i64::try_from(weight).expect("no allocation exceeds i64::MAX");
        env.adjust_external_memory(weight)?;
        Ok(Self { plan: Arc::new(plan), times, weight })
    }
}

impl ObjectFinalize for Plan {
    fn finalize(self, env: Env) -> Result<()> {
        env.adjust_external_memory(-self.weight).map(|_| ())
    }
}

#[napi]
impl Plan {
    /// Decides which sequence fills which place, in so many parts at most.
    ///
    /// # Errors
    /// As the engine's `assign`.
    #[napi(catch_unwind)]
    pub fn assign(&self, env: Env, lengths: &[u32], threads: u32) -> Result<Prepared> {
        let clock = Clock::start(&Unwatched);
        let work = |parts| self.plan.assign(lengths, parts, &clock);
        let assigned = pool::in_parts(lengths.len(), threads as usize, work);
        let packing = assigned.map_err(|reason| fault::to_js(env, reason))?;
        let times = Times { plan: self.times.plan, ..clock.times() };
        Prepared::new(env, Decided::new(packing, Vec::new(), lengths.len(), times))
    }

    /// The figures of the packing that the plan stands for.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn stats(&self) -> Figures {
        Figures::new(&self.plan.stats(), self.times)
    }

    /// Proves the plan at once.
    ///
    /// # Errors
    /// As the engine's `verify`.
    #[napi(catch_unwind)]
    pub fn verify(&self, env: Env, histogram: &Histogram) -> Result<()> {
        let verified = self.plan.verify(&histogram.0, &Unwatched);
        verified.map_err(|reason| fault::to_js(env, reason))
    }

    /// Proves the plan on the pool.
    ///
    /// # Errors
    /// If no thread can be had.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn verify_async<'env>(
        &self,
        env: &'env Env,
        histogram: &Histogram,
        control: &JobControl,
    ) -> Result<Object<'env>> {
        let (plan, histogram) = (Arc::clone(&self.plan), histogram.0.clone());
        job::spawn(
            env,
            control,
            1,
            move |watch, _| plan.verify(&histogram, watch).map_err(Report::from),
            |_env, ()| Ok(()),
        )
    }
}

fn timed(
    histogram: &stowage_engine::Histogram,
    options: &PackOptions,
    threads: usize,
    watch: &dyn Watch,
) -> std::result::Result<(plan::Plan, Times), Fault> {
    let clock = Clock::start(watch);
    let plan = plan::plan(histogram, options, threads, &clock)?;
    let Times { count, plan: search, bind } = clock.times();
    Ok((plan, Times { plan: count + search + bind, ..Times::default() }))
}

/// Plans at once.
///
/// # Errors
/// As the engine's `plan`.
#[napi(catch_unwind, js_name = "plan")]
pub fn plan_now(env: Env, histogram: &Histogram, options: EngineOptions) -> Result<Plan> {
    let planned = timed(&histogram.0, &options.into(), 1, &Unwatched);
    Plan::new(env, planned.map_err(|reason| fault::to_js(env, reason))?)
}

/// Plans on the pool.
///
/// # Errors
/// If no thread can be had.
#[napi(catch_unwind, ts_return_type = "Promise<Plan>")]
pub fn plan_async<'env>(
    env: &'env Env,
    histogram: &Histogram,
    options: EngineOptions,
    threads: u32,
    control: &JobControl,
) -> Result<Object<'env>> {
    let (histogram, options) = (histogram.0.clone(), PackOptions::from(options));
    job::spawn(
        env,
        control,
        threads,
        move |watch, parts| timed(&histogram, &options, parts, watch).map_err(Report::from),
        Plan::new,
    )
}
