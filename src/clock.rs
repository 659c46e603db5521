//! Time per stage, for `stats().time`. The engine knows no clock: stages are told apart by the
//! steps that it reports.

use std::sync::OnceLock;
use std::time::Instant;
use stowage_engine::{Fault, Stage, Watch};

/// A watch that passes everything on and notes when counting and planning ended.
pub struct Clock<'a> {
    inner: &'a dyn Watch,
    started: Instant,
    counted: OnceLock<Instant>,
    planned: OnceLock<Instant>,
}

/// Milliseconds per stage.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// Policies and histogram.
    pub count: f64,
    /// Templates, bound and proof, or the placing of single sequences.
    pub plan: f64,
    /// Sequences into their places.
    pub bind: f64,
}

impl<'a> Clock<'a> {
    /// Starts with counting.
    pub fn start(inner: &'a dyn Watch) -> Self {
        Self { inner, started: Instant::now(), counted: OnceLock::new(), planned: OnceLock::new() }
    }

    /// What has passed until now. Without a step of planning all of it was counting.
    pub fn times(&self) -> Times {
        let now = Instant::now();
        let counted = *self.counted.get().or(self.planned.get()).unwrap_or(&now);
        let planned = *self.planned.get().unwrap_or(&now);
        Times {
            count: ms(self.started, counted),
            plan: ms(counted, planned),
            bind: ms(planned, now),
        }
    }
}

/// Milliseconds between two moments.
pub fn ms(from: Instant, to: Instant) -> f64 {
    to.duration_since(from).as_secs_f64() * 1e3
}

impl Watch for Clock<'_> {
    fn step(&self, stage: Stage, done: u64, total: u64) -> Result<(), Fault> {
        match stage {
            Stage::Plan => {
                self.counted.get_or_init(Instant::now);
            }
            Stage::Bind => {
                self.planned.get_or_init(Instant::now);
            }
            _ => {}
        }
        self.inner.step(stage, done, total)
    }

    fn gap(&self, gap: u64) {
        self.inner.gap(gap);
    }
}
