//! From duals to certificates: lifting to classes without duals, and rounding to integers.
//!
//! Duals of some classes prove a bound for all: each missing class, longest first, gets the largest
//! value that no pack outweighs. So an LP over a part of the sequences can certify the whole.
//! O(D C), times k with a limit on sequences.

use super::knapsack::{Knapsack, affordable};
use super::lattice::Image;
use super::pricing::{Pricing, counts_matter, pricing_units};
use super::task::Task;
use super::work::Work;
use crate::bound::{self, Bound};
use crate::certificate::{Certificate, CertificateKind, MOST_WORK};

/// Duals as fractions of a pack become weights of at most about this size: rounding loses at most
/// 2^-40 of a pack per sequence, and K stays far below 2^53.
const SCALE: f64 = (1u64 << 40) as f64;
/// A lattice with fewer steps per pack loses too much to find K on.
const COARSEST: u32 = 1024;

/// Extends `duals` of `part` (classes longest first, all of them classes of `task`) to all classes
/// of `task`. None if the work does not suffice.
pub(super) fn lift(
    task: &Task,
    part: &[(u32, u64)],
    duals: &[f64],
    work: &mut Work,
) -> Option<Bound> {
    let all = task.classes;
    if part.len() == all.len() && counts_matter(task) {
        return certify(task, duals, work);
    }
    if !affordable(2 * all.len(), task.capacity, task.limit, work.left()) {
        return None;
    }
    let mut knapsack = Knapsack::new(task.capacity, task.limit).ok()?;
    for (&(length, _), &dual) in part.iter().zip(duals).rev() {
        knapsack.offer(0, length, dual * (1.0 - 1e-12), work);
    }
    let dearest = knapsack.best().max(1e-12);
    let most = task.limit.unwrap_or(u32::MAX);
    let mut lifted = Vec::with_capacity(all.len());
    let mut given = part.iter().zip(duals).peekable();
    for &(length, _) in all {
        if let Some((_, &dual)) = given.next_if(|given| given.0.0 == length) {
            lifted.push(dual / dearest);
            continue;
        }
        if work.exhausted() {
            return None;
        }
        let room = |times: u32| {
            if times == most {
                0.0
            } else {
                knapsack.value(task.capacity - times * length, most - times)
            }
        };
        let copies = (task.capacity / length).min(most);
        work.charge(u64::from(copies));
        let fits = (1..=copies).map(|t| (1.0 - room(t) / dearest) / f64::from(t));
        let dual = (fits.fold(f64::INFINITY, f64::min) - 1e-12).max(0.0);
        lifted.push(dual);
        knapsack.offer(0, length, dual * dearest, work);
    }
    certify(task, &lifted, work)
}

/// An integer certificate from floating-point duals of all classes: rounded down, and K the
/// heaviest pack found exactly. With counts where only they prove as much. None if the work does not
/// suffice.
pub(super) fn certify(task: &Task, duals: &[f64], work: &mut Work) -> Option<Bound> {
    if !fits(task, work) {
        return None;
    }
    let weights: Vec<u64> = duals.iter().copied().map(scaled).collect();
    let endless = heaviest(task, &weights, false, work);
    if !counts_matter(task) {
        return endless;
    }
    let counted = heaviest(task, &weights, true, work);
    match (endless, counted) {
        (Some(endless), Some(counted)) => Some(endless.or_better(counted)),
        (endless, counted) => counted.or(endless),
    }
}

/// As [`certify`], with K from lengths rounded down to at most `steps` steps per pack, as fine as the
/// work allows: each weighs as much as the heaviest that is rounded to it, so that a true pack is
/// never heavier than its image. What is rounded down to nothing weighs nothing.
pub(super) fn certify_on_grid(
    task: &Task,
    duals: &[f64],
    mut steps: u32,
    work: &mut Work,
) -> Option<Bound> {
    let Task { classes, capacity, limit } = *task;
    let image = loop {
        let image = Image::below(classes, capacity, steps);
        let part = Task { classes: &image.classes, capacity: steps, limit };
        if steps < capacity && fits(&part, work) {
            break image;
        }
        steps /= 2;
        if steps < COARSEST {
            return None;
        }
    };
    let mut weights: Vec<u64> = duals.iter().copied().map(scaled).collect();
    if let Some(&(_, end)) = image.spans.last() {
        weights[end..].fill(0);
    }
    let of_span = |&(from, end): &(usize, usize)| weights[from..end].iter().copied().max();
    let most: Vec<u64> = image.spans.iter().map(|span| of_span(span).unwrap_or(0)).collect();
    let part = Task { classes: &image.classes, capacity: image.steps, limit };
    let mut certificate = heaviest(&part, &most, false, work)?.certificate;
    certificate.weights = weighing(classes, &weights);
    Some(Bound { packs: bound::packs(&certificate, classes), certificate })
}

/// Whether K can be found exactly with the work left, and found again by who checks it.
pub(super) fn fits(task: &Task, work: &Work) -> bool {
    let units = work.left().min(MOST_WORK / 4);
    affordable(0, task.capacity, task.limit, 0) && pricing_units(task, false) <= units
}

/// A dual as a whole number.
fn scaled(dual: f64) -> u64 {
    (dual.clamp(0.0, 1.0) * SCALE) as u64
}

/// The lengths that weigh something.
fn weighing(classes: &[(u32, u64)], weights: &[u64]) -> Vec<(u32, u64)> {
    let weights = classes.iter().zip(weights).map(|(class, &weight)| (class.0, weight));
    weights.filter(|weight| weight.1 > 0).collect()
}

/// The bound by `weights`, with the heaviest pack found exactly.
fn heaviest(task: &Task, weights: &[u64], counted: bool, work: &mut Work) -> Option<Bound> {
    // Weights are integers below 2^41 and a pack's sum is far below 2^53, so that the knapsack over
    // f64 is exact. A pack of thousands of sequences could pass it: then there is no certificate.
    let prices: Vec<f64> = weights.iter().map(|&weight| weight as f64).collect();
    let mut pricing = Pricing::new(task, counted).ok()?;
    if work.left() < pricing_units(task, counted) {
        return None;
    }
    let heaviest = pricing.price(task, &prices, work);
    if heaviest < 1.0 || heaviest >= (1u64 << 52) as f64 {
        return None;
    }
    let certificate = Certificate {
        kind: CertificateKind::Lp,
        parameter: None,
        pack_weight: heaviest as u64,
        weights: weighing(task.classes, weights),
        counted,
    };
    Some(Bound { packs: bound::packs(&certificate, task.classes), certificate })
}
