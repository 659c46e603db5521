//! The packing LP by column generation: fractional multiplicities of all possible templates, and
//! the duals that prove how few packs can do.
//!
//! A round costs a run of pivots and a knapsack, D C units. Not for problems where one knapsack is
//! out of reach (see `knapsack::affordable`). Sources: Gilmore and Gomory 1961; Farley's bound 1990;
//! smoothing of duals after Wentges 1997.

use super::pattern::{Pattern, to_pattern};
use super::pricing::{Pricing, counts_matter};
use super::simplex::{End, Master};
use super::task::{Task, row_of};
use super::work::Work;
use crate::bound;
use crate::seeded::Generator;
use crate::template::Templates;
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
    relax_around(task, start, None, work)
}

/// The same, with duals that are probably close to the best ones: they are priced first.
pub(super) fn relax_around(
    task: &Task,
    start: &[&Templates],
    centre: Option<&[f64]>,
    work: &mut Work,
) -> Option<Relaxation> {
    let patterns = start.iter().flat_map(|templates| templates.iter());
    let patterns = patterns.map(|(runs, _)| to_pattern(task, runs)).collect();
    relax_all(task, patterns, USUAL, centre, work)
}

/// The same from patterns; another seed of the crumbs leads to another of many equal solutions.
pub(super) fn relax_from(
    task: &Task,
    start: Vec<Pattern>,
    goal: Goal,
    work: &mut Work,
) -> Option<Relaxation> {
    relax_all(task, start, goal, None, work)
}

fn relax_all(
    task: &Task,
    start: Vec<Pattern>,
    goal: Goal,
    centre: Option<&[f64]>,
    work: &mut Work,
) -> Option<Relaxation> {
    let counted = counts_matter(task);
    let mut run = Run::new(task, quick_duals(task), goal, counted, true)?;
    if let Some(centre) = centre {
        run.try_duals(centre, work);
    }
    let (relaxation, settled) = run.run(start, work);
    if !counted || settled || work.exhausted() {
        return Some(relaxation);
    }
    // An exchange can stand for a copy that is not there: without exchanges the value is that of
    // real packs. With them from the start, problems without any room take twice as long.
    let patterns = relaxation.patterns.into_iter().map(|pattern| pattern.0).collect();
    Some(Run::new(task, relaxation.duals, goal, true, false)?.run(patterns, work).0)
}

/// The duals of the quick bounds.
fn quick_duals(task: &Task) -> Vec<f64> {
    let quick = bound::quick(task.classes, task.capacity, task.limit.unwrap_or(u32::MAX));
    let mut duals = vec![0.0; task.classes.len()];
    for &(length, weight) in &quick.certificate.weights {
        let row = row_of(task.classes, length);
        duals[row] = weight as f64 / quick.certificate.pack_weight as f64;
    }
    duals
}

/// A run of column generation.
struct Run<'a> {
    task: &'a Task<'a>,
    goal: Goal,
    pricing: Pricing,
    exchanges: bool,
    exact: Vec<f64>,
    master: Master,
    known: HashSet<Pattern>,
    demand: Vec<f64>,
    best_bound: f64,
    best_duals: Vec<f64>,
}

impl<'a> Run<'a> {
    /// `centre`: duals whose every pack is worth at most 1.
    fn new(
        task: &'a Task<'a>,
        centre: Vec<f64>,
        goal: Goal,
        counted: bool,
        exchanges: bool,
    ) -> Option<Self> {
        let pricing = Pricing::new(task, counted).ok()?;
        let exact: Vec<f64> = task.classes.iter().map(|class| class.1 as f64).collect();
        // A different crumb of demand per class avoids degenerate pivots.
        let mut generator = Generator::new(goal.crumbs);
        let mut crumb = || 1e-6 * ((generator.next_u64() >> 11) as f64 / (1u64 << 53) as f64);
        let demand: Vec<f64> = exact.iter().map(|demand| demand + crumb()).collect();
        let master = Master::new(demand.clone(), exchanges);
        let (known, best_bound) = (HashSet::new(), dot(&centre, &exact));
        let best_duals = centre;
        Some(Self {
            task,
            goal,
            pricing,
            exchanges,
            exact,
            master,
            known,
            demand,
            best_bound,
            best_duals,
        })
    }

    /// Pivots and prices until nothing improves or the goal is met; the second is false where value
    /// and bound end on different sides of a whole number though nothing improves.
    fn run(mut self, start: Vec<Pattern>, work: &mut Work) -> (Relaxation, bool) {
        let m = self.task.classes.len();
        let demand = std::mem::take(&mut self.demand);
        let basis = triangular_start(&mut self.master, &mut self.known, demand, start, self.task);
        let mut end = self.master.start(basis, work);
        let target = self.best_bound.max(self.quick_packs());
        let mut settled = true;
        while end != End::Trouble {
            end = self.master.solve((m as u64 / 4).max(200), TOLERANCE, work);
            if end == End::Trouble {
                break;
            }
            let Some(added) = self.add_columns(work) else { break };
            let proved = self.best_bound.max(target);
            let converged = self.master.objective() - self.goal.beyond <= (proved - 1e-6).ceil();
            if converged || work.exhausted() {
                break;
            }
            if added == 0 && end == End::Optimal {
                settled = false;
                break;
            }
            if self.master.columns() > PATTERNS * m + 2000 {
                self.master.forget(0.02);
                self.known.clear();
            }
        }
        if end == End::Trouble {
            // As much as a pricing: trouble before the first one would cost nothing, and dives that
            // meet it each time would never spend their work.
            work.charge(m as u64 * u64::from(self.task.capacity));
        }
        let basic = self.master.levels().filter(|level| level.1 > 1e-7);
        let patterns = basic.map(|(column, level)| (self.master.pattern(column), level)).collect();
        let value = self.master.objective();
        (Relaxation { value, patterns, duals: self.best_duals }, settled)
    }

    fn quick_packs(&self) -> f64 {
        let Task { classes, capacity, limit } = *self.task;
        bound::quick(classes, capacity, limit.unwrap_or(u32::MAX)).packs as f64
    }

    /// Prices at the mean of the current duals and the best ones, and where that finds nothing at the
    /// current ones; the number of new columns. None where the work left is too little for a pricing:
    /// one that does not fit is not begun.
    fn add_columns(&mut self, work: &mut Work) -> Option<usize> {
        let units = self.pricing.units(self.task);
        let duals: Vec<f64> = if self.exchanges {
            falling(self.master.duals())
        } else {
            self.master.duals().iter().map(|dual| dual.max(0.0)).collect()
        };
        let mean = |(d, b): (&f64, &f64)| (1.0 - SMOOTHING) * d + SMOOTHING * b;
        let smooth: Vec<f64> = duals.iter().zip(&self.best_duals).map(mean).collect();
        for prices in [&smooth, &duals] {
            if work.left() < units {
                return None;
            }
            self.try_duals(prices, work);
            let added = self.add_patterns(&duals);
            work.charge(60 * duals.len() as u64);
            if added > 0 {
                return Some(added);
            }
        }
        Some(0)
    }

    /// Prices, and keeps the prices where they bound better.
    fn try_duals(&mut self, prices: &[f64], work: &mut Work) {
        let dearest = self.pricing.price(self.task, prices, work).max(1e-9);
        let bound = dot(prices, &self.exact) / dearest;
        if bound > self.best_bound {
            self.best_bound = bound;
            self.best_duals = prices.iter().map(|price| price / dearest).collect();
        }
    }

    /// From one knapsack: for every class the best pattern that holds it. Many columns, and diverse
    /// ones. With counts the best of all too: cut to the counts, the others may all be worthless
    /// though it improves.
    fn add_patterns(&mut self, duals: &[f64]) -> usize {
        let best = matches!(self.pricing, Pricing::Counted(_)).then_some(None);
        let rows = (0..self.task.classes.len() as u32).map(Some);
        let mut added = 0;
        let mut scratch = Vec::new();
        for row in best.into_iter().chain(rows) {
            let pattern = self.pricing.pattern(self.task, row, &mut scratch);
            let value = |&(row, times): &(u32, u32)| duals[row as usize] * f64::from(times);
            let reduced_cost = pattern.iter().fold(1.0, |cost, part| cost - value(part));
            if reduced_cost < -1e-8 && self.known.insert(pattern.clone()) {
                self.master.add(&pattern);
                added += 1;
            }
        }
        added
    }
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

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + a * b)
}
