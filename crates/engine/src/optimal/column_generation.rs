//! The packing LP by column generation: fractional multiplicities of all possible templates, and
//! the duals that prove how few packs can do.
//!
//! A round costs a run of pivots and a knapsack, D C units. Not for problems where one knapsack is
//! out of reach (see `knapsack::affordable`). Sources: Gilmore and Gomory 1961; Farley's bound 1990;
//! smoothing of duals after Wentges 1997.

use super::knapsack::Knapsack;
use super::simplex::{End, Master};
use super::work::Work;
use super::{Task, row_of};
use crate::bound;
use crate::seeded::Generator;
use crate::template::{Run, Templates};
use std::collections::HashSet;

/// Weight of the best duals against the current ones when pricing.
const SMOOTHING: f64 = 0.5;

/// What a relaxation is for.
#[derive(Clone, Copy)]
pub(super) struct Goal {
    /// Seed of the crumbs of demand that avoid degenerate pivots.
    pub crumbs: u64,
    /// The value may end this far above the next whole number.
    pub beyond: f64,
}

/// A bound, and fractions to round.
pub(super) const USUAL: Goal = Goal { crumbs: 7, beyond: 1e-3 };
const TOLERANCE: f64 = 1e-9;
/// Patterns that a master keeps, per row, before it forgets the dear ones.
const PATTERNS: usize = 8;

/// A pattern as (row, times), rows ascending.
pub(super) type Pattern = Vec<(u32, u32)>;

/// A fractional solution and the duals of the best bound seen.
pub(super) struct Relaxation {
    /// Packs in the fractional solution.
    pub value: f64,
    /// Patterns over the task's classes with their fractional multiplicities.
    pub patterns: Vec<(Pattern, f64)>,
    /// Value of a sequence of each class, as a fraction of a pack.
    pub duals: Vec<f64>,
}

/// Solves the relaxation of `task`, starting from the templates of `start`; none if its table does
/// not fit memory.
pub(super) fn relax(task: &Task, start: &[&Templates], work: &mut Work) -> Option<Relaxation> {
    let patterns = start.iter().flat_map(|templates| templates.iter());
    let patterns = patterns.map(|(runs, _)| to_pattern(task, runs)).collect();
    relax_from(task, patterns, USUAL, work)
}

/// The same from patterns; another seed of the crumbs leads to another of many equal solutions.
pub(super) fn relax_from(
    task: &Task,
    start: Vec<Pattern>,
    goal: Goal,
    work: &mut Work,
) -> Option<Relaxation> {
    let m = task.classes.len();
    let mut knapsack = Knapsack::new(task.capacity, task.limit).ok()?;
    let exact: Vec<f64> = task.classes.iter().map(|class| class.1 as f64).collect();
    // A different crumb of demand per class avoids degenerate pivots.
    let mut generator = Generator::new(goal.crumbs);
    let mut crumb = || 1e-6 * ((generator.next_u64() >> 11) as f64 / (1u64 << 53) as f64);
    let demand: Vec<f64> = exact.iter().map(|demand| demand + crumb()).collect();
    let mut master = Master::new(demand.clone());
    let mut known = HashSet::new();
    let basis = triangular_start(&mut master, &mut known, demand, start, task);
    let mut end = master.start(basis, work);

    let quick = bound::quick(task.classes, task.capacity, task.limit.unwrap_or(u32::MAX));
    let target = quick.packs as f64;
    let mut best_duals = vec![0.0; m];
    for &(length, weight) in &quick.certificate.weights {
        let row = row_of(task.classes, length);
        best_duals[row] = weight as f64 / quick.certificate.pack_weight as f64;
    }
    let mut best_bound = dot(&best_duals, &exact);
    let mut first = true;
    while end != End::Trouble {
        end = master.solve((m as u64 / 4).max(200), TOLERANCE, work);
        if end == End::Trouble {
            break;
        }
        let duals = falling(master.duals());
        let mean = |(d, b): (&f64, &f64)| (1.0 - SMOOTHING) * d + SMOOTHING * b;
        let smooth: Vec<f64> = duals.iter().zip(&best_duals).map(mean).collect();
        let mut added = 0;
        for prices in [&smooth, &duals] {
            if !first {
                knapsack.clear();
            }
            first = false;
            for row in (0..m).rev() {
                knapsack.offer(row as u32, task.classes[row].0, prices[row], work);
            }
            let dearest = knapsack.best().max(1e-9);
            let bound = dot(prices, &exact) / dearest;
            if bound > best_bound {
                best_bound = bound;
                best_duals = prices.iter().map(|price| price / dearest).collect();
            }
            added += add_patterns(&mut master, &mut known, &knapsack, task, &duals);
            work.charge(60 * m as u64);
            if added > 0 {
                break; // otherwise the smoothed prices found nothing: try the true ones
            }
        }
        let proved = best_bound.max(target);
        let converged = master.objective() - goal.beyond <= (proved - 1e-6).ceil();
        if converged || (added == 0 && end == End::Optimal) || work.exhausted() {
            break;
        }
        if master.columns() > PATTERNS * m + 2000 {
            master.forget(0.02);
            known.clear();
        }
    }
    if end == End::Trouble {
        // As much as a pricing: trouble before the first one would cost nothing, and dives that
        // meet it each time would never spend their work.
        work.charge(m as u64 * u64::from(task.capacity));
    }
    let basic = master.levels().filter(|level| level.1 > 1e-7);
    let patterns = basic.map(|(column, level)| (master.pattern(column), level)).collect();
    Some(Relaxation { value: master.objective(), patterns, duals: best_duals })
}

/// Duals that are not negative and never rise with falling length: exact duals have both
/// properties.
fn falling(duals: &[f64]) -> Vec<f64> {
    let mut falling: Vec<f64> = duals.iter().map(|dual| dual.max(0.0)).collect();
    for row in (1..falling.len()).rev() {
        falling[row - 1] = falling[row - 1].max(falling[row]);
    }
    falling
}

pub(super) fn to_pattern(task: &Task, runs: &[Run]) -> Pattern {
    let row = |length| row_of(task.classes, length) as u32;
    let mut pattern: Pattern = runs.iter().map(|run| (row(run.length), run.times)).collect();
    pattern.sort_unstable();
    pattern.dedup_by(|later, kept| {
        later.0 == kept.0 && {
            kept.1 += later.1;
            true
        }
    });
    pattern
}

/// Applies patterns one after another, each as far as the least supplied class allows; that class's
/// row gets the pattern as its basic column. Ordered by exhaustion the basis is triangular, so it is
/// regular and feasible.
fn triangular_start(
    master: &mut Master,
    known: &mut HashSet<Pattern>,
    mut rest: Vec<f64>,
    start: Vec<Pattern>,
    task: &Task,
) -> Vec<u32> {
    let mut basis = vec![u32::MAX; rest.len()];
    for pattern in start {
        if known.contains(&pattern) {
            continue;
        }
        let column = master.add(&pattern);
        let mut tightest = (f64::INFINITY, 0);
        for &(row, times) in &pattern {
            let amount = rest[row as usize] / f64::from(times);
            if amount < tightest.0 {
                tightest = (amount, row as usize);
            }
        }
        let (amount, tight) = tightest;
        if amount > 0.0 && basis[tight] == u32::MAX {
            for &(row, times) in &pattern {
                let row = row as usize;
                rest[row] = (rest[row] - amount * f64::from(times)).max(0.0);
            }
            rest[tight] = 0.0;
            basis[tight] = column;
        }
        known.insert(pattern);
    }
    for row in 0..basis.len() {
        if basis[row] == u32::MAX {
            let copies = task.capacity / task.classes[row].0;
            let copies = copies.min(task.limit.unwrap_or(u32::MAX));
            let mut alone = || master.add(&[(row as u32, copies)]);
            basis[row] = if rest[row] > 0.0 { alone() } else { row as u32 };
        }
    }
    basis
}

/// From one knapsack: for every class the best pattern that holds it. Many columns, and diverse
/// ones.
fn add_patterns(
    master: &mut Master,
    known: &mut HashSet<Pattern>,
    knapsack: &Knapsack,
    task: &Task,
    duals: &[f64],
) -> usize {
    let lengths: Vec<u32> = task.classes.iter().map(|class| class.0).collect();
    let mut added = 0;
    let mut rows = Vec::new();
    for (row, &(length, _)) in (0..).zip(task.classes) {
        rows.clear();
        rows.push(row);
        let others = task.limit.map_or(0, |k| k - 1);
        if task.limit != Some(1) {
            knapsack.trace(task.capacity - length, others, &lengths, &mut rows);
        }
        rows.sort_unstable();
        let copies = |row: u32| task.classes[row as usize].1.min(u64::from(u32::MAX)) as u32;
        let same = rows.chunk_by(|a, b| a == b);
        let pattern: Pattern =
            same.map(|rows| (rows[0], (rows.len() as u32).min(copies(rows[0])))).collect();
        let value = |&(row, times): &(u32, u32)| duals[row as usize] * f64::from(times);
        let reduced_cost = pattern.iter().fold(1.0, |cost, part| cost - value(part));
        if reduced_cost < -1e-8 && known.insert(pattern.clone()) {
            master.add(&pattern);
            added += 1;
        }
    }
    added
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + a * b)
}
