//! `stowage_engine::Histogram` for JavaScript.

use crate::{fault, output};
use napi::bindgen_prelude::{Env, Float64ArraySlice, Result, Uint32ArraySlice};
use napi_derive::napi;
use stowage_engine::{Fault, Unwatched, histogram};

/// Counts per length.
#[napi]
#[derive(Default)]
pub struct Histogram(pub(crate) histogram::Histogram);

#[napi]
impl Histogram {
    /// Of no sequences.
    #[napi(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts more lengths; on a fault nothing has changed.
    ///
    /// # Errors
    /// As the engine's `add`.
    #[napi(catch_unwind)]
    pub fn add(&mut self, env: Env, lengths: &[u32]) -> Result<()> {
        settle(env, self.0.add(lengths, 1, &Unwatched))
    }

    /// Adds (length, count) pairs given as two columns; on a fault nothing has changed.
    ///
    /// # Errors
    /// As the engine's `from_counts` and `merge`.
    #[napi(catch_unwind)]
    pub fn add_counts(&mut self, env: Env, lengths: &[u32], counts: &[f64]) -> Result<()> {
        let pairs = lengths.iter().zip(counts).map(|(&length, &count)| (length, count as u64));
        let added = histogram::Histogram::from_counts(pairs);
        settle(env, added.and_then(|added| self.0.merge(&added)))
    }

    /// Adds the counts of another histogram. Never called with this one: two references to one
    /// value, one of them unique, must not exist.
    ///
    /// # Errors
    /// As the engine's `merge`.
    #[napi(catch_unwind)]
    pub fn merge(&mut self, env: Env, other: &Histogram) -> Result<()> {
        settle(env, self.0.merge(&other.0))
    }

    /// Number of sequences.
    #[napi(getter, catch_unwind)]
    #[must_use]
    pub fn sequence_count(&self) -> f64 {
        self.0.sequence_count() as f64
    }

    /// Tokens of all sequences.
    #[napi(getter, catch_unwind)]
    #[must_use]
    pub fn token_count(&self) -> f64 {
        self.0.token_count() as f64
    }

    /// The longest length.
    #[napi(getter, catch_unwind)]
    #[must_use]
    pub fn max_length(&self) -> u32 {
        self.0.max_length()
    }

    /// Number of different lengths.
    #[napi(getter, catch_unwind)]
    #[must_use]
    pub fn distinct_lengths(&self) -> f64 {
        self.0.classes().len() as f64
    }

    /// How many sequences have this length.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn count(&self, length: u32) -> f64 {
        self.0.count(length) as f64
    }

    /// Fills both arrays, of `distinct_lengths` entries, lengths ascending.
    #[napi(catch_unwind)]
    pub fn classes_into(
        &self,
        mut lengths: Uint32ArraySlice<'_>,
        mut counts: Float64ArraySlice<'_>,
    ) {
        let places = output::borrow(&mut lengths).iter_mut().zip(output::borrow(&mut counts));
        for ((length, count), class) in places.zip(self.0.classes()) {
            (*length, *count) = (class.0, class.1 as f64);
        }
    }
}

fn settle(env: Env, outcome: std::result::Result<(), Fault>) -> Result<()> {
    outcome.map_err(|reason| fault::to_js(env, reason))
}
