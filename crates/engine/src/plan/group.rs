//! Plans of partition groups: parts of a data set that are planned, and written, apart.
//!
//! Each group has a seed of its own, or all would pair the same ranks with the same places.

use super::plan::{Plan, plan};
use crate::seeded::{label, seed_from};
use crate::{Fault, Histogram, PackOptions, Watch};

/// The seed of partition group `group`: `seedFrom(seed, 0, 8, group)`.
#[must_use]
pub fn group_seed(seed: u64, group: u64) -> u64 {
    // Labels stand third: second, 8 would be the key of an eighth epoch.
    seed_from(&[seed, 0, label::GROUPS, group])
}

/// Plans partition group `group`, whose sequences `histogram` counts; `options` are those of the whole.
///
/// # Errors
/// As [`plan`].
pub fn plan_group(
    histogram: &Histogram,
    options: &PackOptions,
    group: u64,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Plan, Fault> {
    let options = PackOptions { seed: group_seed(options.seed, group), ..options.clone() };
    plan(histogram, &options, threads, watch)
}
