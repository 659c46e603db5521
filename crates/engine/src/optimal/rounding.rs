//! From a fractional solution to packs: whole parts first, then the largest fractions, then the
//! relaxation of what is left, and so on.
//!
//! Each level costs a relaxation of a smaller problem; ends mostly 0 or 1 pack above the
//! relaxation's value, where rounding in one step ends 1 to 20 above.

use super::column_generation::{CRUMBS, Pattern, Relaxation, relax_from, to_pattern};
use super::heuristic::pack_rest;
use super::work::Work;
use super::{Task, extend};
use crate::template::{Run, Templates};

/// Fractions applied per level: this share of their sum, but none below `LEAST`.
const SHARE: f64 = 0.8;
const LEAST: f64 = 0.3;
/// Levels within this of an integer count as whole.
const WHOLE: f64 = 1e-4;
/// Fractions above these are tried once each in a single step.
const THRESHOLDS: [f64; 6] = [1.0, 0.9, 0.7, 0.5, 0.3, 0.0];

/// Packs for all of `task`, by at most `depth` relaxations of what is left.
pub(super) fn round(
    relaxation: &Relaxation,
    task: &Task,
    depth: u32,
    work: &mut Work,
) -> Templates {
    let mut rest = Rest::new(task);
    let mut placed = Templates::new();
    for (pattern, level) in &relaxation.patterns {
        rest.apply(&mut placed, pattern, (level + WHOLE).floor() as u64);
    }
    let mut fractions: Vec<(f64, &Pattern)> = relaxation
        .patterns
        .iter()
        .map(|(pattern, level)| (level - (level + WHOLE).floor(), pattern))
        .collect();
    fractions.sort_by(|a, b| b.0.total_cmp(&a.0)); // stable: ties stay in basis order

    let best = single_step(&rest, &fractions, work);
    let packs = best.pack_count();
    let mut simple = placed.clone();
    extend(&mut simple, &best);
    if depth == 0 || packs < 3 || work.exhausted() {
        return simple;
    }
    let quota = (fractions.iter().map(|fraction| fraction.0).sum::<f64>() * SHARE) as u64;
    let mut used = 0;
    for (_, pattern) in fractions.iter().filter(|fraction| fraction.0 >= LEAST) {
        if used >= quota.max(1) {
            break;
        }
        used += rest.apply(&mut placed, pattern, 1);
    }
    if placed.is_empty() {
        return simple;
    }
    let (classes, rows) = rest.classes();
    if !classes.is_empty() {
        let fits = fractions.iter().filter_map(|fraction| rest.translate(fraction.1, &rows));
        let mut seed: Vec<Pattern> = fits.collect();
        let inner = Task { classes: &classes, ..*task };
        let found = pack_rest(&inner, work);
        let templates = found.iter();
        seed.extend(templates.map(|(runs, _)| to_pattern(&inner, runs)));
        let rounded = relax_from(&inner, seed, CRUMBS, work)
            .map(|relaxation| round(&relaxation, &inner, depth - 1, work));
        let better = rounded.filter(|rounded| rounded.pack_count() < found.pack_count());
        extend(&mut placed, &better.unwrap_or(found));
    }
    if placed.pack_count() < simple.pack_count() { placed } else { simple }
}

/// Fractions above a threshold once each, the rest by heuristics; the best threshold.
fn single_step(rest: &Rest, fractions: &[(f64, &Pattern)], work: &mut Work) -> Templates {
    let mut best: Option<Templates> = None;
    for threshold in THRESHOLDS {
        if work.exhausted() && best.is_some() {
            break;
        }
        let (mut rest, mut found) = (rest.clone(), Templates::new());
        for (_, pattern) in fractions.iter().filter(|fraction| fraction.0 > threshold) {
            rest.apply(&mut found, pattern, 1);
        }
        let (classes, _) = rest.classes();
        extend(&mut found, &pack_rest(&Task { classes: &classes, ..*rest.task }, work));
        if best.as_ref().is_none_or(|best| found.pack_count() < best.pack_count()) {
            best = Some(found);
        }
    }
    best.expect("the first threshold always runs")
}

/// What is left of each class while patterns are applied.
#[derive(Clone)]
pub(super) struct Rest<'a> {
    task: &'a Task<'a>,
    left: Vec<u64>,
}

impl<'a> Rest<'a> {
    pub fn new(task: &'a Task) -> Self {
        Self { task, left: task.classes.iter().map(|class| class.1).collect() }
    }

    /// Uses `pattern` up to `times` times, as far as sequences are left; how often that is.
    pub fn apply(&mut self, placed: &mut Templates, pattern: &Pattern, times: u64) -> u64 {
        let fits = |&(row, copies): &(u32, u32)| self.left[row as usize] / u64::from(copies);
        let times = pattern.iter().map(fits).fold(times, u64::min);
        for &(row, copies) in pattern {
            self.left[row as usize] -= times * u64::from(copies);
        }
        let length = |row: u32| self.task.classes[row as usize].0;
        let runs: Vec<Run> =
            pattern.iter().map(|&(row, times)| Run { length: length(row), times }).collect();
        placed.push(&runs, times);
        times
    }

    /// The classes that are left, and the row of each in them (`u32::MAX` for none).
    pub fn classes(&self) -> (Vec<(u32, u64)>, Vec<u32>) {
        let mut classes = Vec::new();
        let mut rows = vec![u32::MAX; self.left.len()];
        for ((&(length, _), &left), row) in self.task.classes.iter().zip(&self.left).zip(&mut rows)
        {
            if left > 0 {
                *row = classes.len() as u32;
                classes.push((length, left));
            }
        }
        (classes, rows)
    }

    /// A pattern in rows of what is left, if there is enough left for it.
    pub fn translate(&self, pattern: &Pattern, rows: &[u32]) -> Option<Pattern> {
        let fits = |&(row, times): &(u32, u32)| self.left[row as usize] >= u64::from(times);
        let moved = |&(row, times): &(u32, u32)| (rows[row as usize], times);
        pattern.iter().all(fits).then(|| pattern.iter().map(moved).collect())
    }
}
