//! Bounds beside the relaxation of all classes: dual feasible functions, the duals of an image, the
//! relaxation of lengths rounded down.

use super::column_generation::{Relaxation, relax};
use super::heuristic::decreasing;
use super::knapsack::affordable;
use super::lattice::Image;
use super::lifting::{certify, certify_on_grid, fits};
use super::standing::{Standing, Value};
use super::task::Task;
use super::work::{Work, relaxation};
use crate::bound::Bound;

/// A gap above this share of the packs is worth a bound of its own.
const LOOSE: u64 = 200;
/// Steps per pack of the lattice that bounds, and its share of the work in percent.
const BELOW_STEPS: u32 = 256;
const FINEST: u32 = 16_384;
/// Steps of an image whose duals, interpolated, are good enough, and the share of a finer one.
const FINE: u32 = 512;
const FINE_SHARE: u64 = 40;
const SHARE: u64 = 10;
/// Units of the dual feasible functions per class.
const DUAL_FEASIBLE: u64 = 400;

/// The bound by dual feasible functions, in the task's units.
pub(super) type DualFeasible<'a> = &'a dyn Fn(&mut Work) -> Bound;

/// True if the bound so far cannot be far from the relaxation's.
fn tight(standing: &Standing) -> bool {
    let bound = standing.lower_bound as f64;
    standing.value.is_some_and(|value| value.packs <= bound + 0.5 + value.error())
}

/// The bound by interpolated duals where the gap stays open, whatever the image's value says of it:
/// it costs one knapsack.
pub(super) fn at_last(standing: &mut Standing, work: &mut Work) {
    if standing.gap() == 0 || standing.proof.is_some() {
        return;
    }
    if standing.value.is_some_and(|value| value.steps < BELOW_STEPS) {
        work.share(FINE_SHARE, |work| finer_duals(standing, work));
    }
    if let Some(bound) = standing.duals.as_ref().and_then(|duals| by_duals(standing, duals, work)) {
        standing.offer_bound(bound, work);
    }
}

/// Duals of a finer image than the one that packs were made of.
fn finer_duals(standing: &mut Standing, work: &mut Work) {
    let Task { classes, capacity, limit } = standing.task;
    if FINE >= capacity {
        return;
    }
    let image = Image::nearest(classes, capacity, FINE);
    let task = Task { classes: &image.classes, capacity: FINE, limit };
    if let Some(Relaxation { value, duals, .. }) = relax(&task, &[&decreasing(&task)], work) {
        standing.value = Some(Value { packs: value, steps: FINE });
        standing.duals = Some(image.interpolate(&duals, classes));
    }
}

/// Bounds while they can matter, the best ones first.
pub(super) fn improve(
    standing: &mut Standing,
    dual_feasible: Option<DualFeasible<'_>>,
    work: &mut Work,
) {
    if standing.gap() == 0 || tight(standing) {
        return;
    }
    if let Some(bound) = standing.duals.as_ref().and_then(|duals| by_duals(standing, duals, work)) {
        standing.offer_bound(bound, work);
        if tight(standing) {
            return;
        }
    }
    let units = DUAL_FEASIBLE * standing.task.classes.len() as u64;
    if let Some(bound) = dual_feasible.filter(|_| units <= work.left() / 4) {
        let before = work.left();
        let found = bound(work);
        work.charge_in_pieces(units.saturating_sub(before - work.left()));
        standing.offer_bound(found, work);
    }
    if standing.gap() > standing.packs / LOOSE && !tight(standing) {
        by_lengths_below(standing, work);
    }
}

/// Interpolated duals with K found exactly, or by a lattice where that is out of reach.
fn by_duals(standing: &Standing, duals: &[f64], work: &mut Work) -> Option<Bound> {
    if fits(&standing.task, work) {
        return certify(&standing.task, duals, work);
    }
    certify_on_grid(&standing.task, duals, FINEST, work)
}

/// The relaxation of lengths rounded down: a bound for little work where L2 is far off.
fn by_lengths_below(standing: &mut Standing, work: &mut Work) {
    let Task { classes, capacity, limit } = standing.task;
    if standing.done(work) || BELOW_STEPS >= capacity {
        return;
    }
    // The finest that the share allows.
    let mut steps = BELOW_STEPS;
    let share = work.left() / 100 * SHARE;
    let units = |steps: u32| relaxation(classes.len().min(steps as usize), steps, limit);
    while steps < FINEST && 2 * steps < capacity && units(2 * steps) < share {
        steps *= 2;
    }
    let image = Image::below(classes, capacity, steps);
    let task = Task { classes: &image.classes, capacity: image.steps, limit };
    if !affordable(4 * task.classes.len(), task.capacity, limit, work.left()) {
        return;
    }
    let bound = work.share(SHARE, |work| {
        let start = decreasing(&task);
        let relaxation = relax(&task, &[&start], work)?;
        certify(&task, &relaxation.duals, work)
    });
    if let Some(bound) = bound.filter(|bound| !bound.certificate.counted) {
        standing.offer_bound(image.true_bound(bound, classes), work);
    }
}
