//! Diving: closes a gap of a few packs by fixing fractions a few at a time, again and again.
//!
//! A dive solves the relaxation, uses its whole parts and its largest fractions, and solves the
//! relaxation of what is left, until little is left and an exact search ends it, or until the
//! relaxation says that the target is out of reach. Dives differ in how much they fix at a time and
//! in the vertex of the relaxation that they start from. A dive costs some tens of relaxations of
//! shrinking problems: for problems of up to about a thousand classes.
//! Source: diving heuristics for branch and price (Sadykov et al. 2019).

use super::Task;
use super::column_generation::{Pattern, relax_from};
use super::completion::complete;
use super::rounding::Rest;
use super::work::Work;
use crate::template::Templates;

/// Share of the fractions that a dive fixes per relaxation, in turns.
const SHARES: [f64; 4] = [0.5, 0.25, 0.12, 0.35];
/// Levels within this of an integer count as whole.
const WHOLE: f64 = 1e-4;
/// Relaxations per dive at most.
const DEPTH: usize = 200;
/// Packs that an exact search can fill, with so many nodes at the end of a dive, or as the whole of
/// a problem.
const FEW: u64 = 12;
const NODES: u64 = 20_000;
const ALL_NODES: u64 = 500_000;

/// Packs of which there are at most `target`, by dives until the work is spent; none if no dive
/// gets there. `start` are patterns to begin with.
pub(super) fn dive(
    task: &Task,
    target: u64,
    start: &[Pattern],
    work: &mut Work,
) -> Option<Templates> {
    if target <= FEW {
        return complete(task, target, ALL_NODES.min(work.left() / 16), work);
    }
    for (turn, share) in (0..).zip(SHARES.iter().copied().cycle()) {
        if work.exhausted() {
            return None;
        }
        if let Some(found) = attempt(task, target, start, turn, share, work) {
            return Some(found);
        }
    }
    None
}

fn attempt(
    task: &Task,
    target: u64,
    start: &[Pattern],
    turn: u64,
    share: f64,
    work: &mut Work,
) -> Option<Templates> {
    let mut placed = Templates::new();
    let mut classes = task.classes.to_vec();
    let mut seeds = start.to_vec();
    for depth in 0..DEPTH {
        let left = target.checked_sub(placed.pack_count())?;
        let inner = Task { classes: &classes, ..*task };
        let room = u128::from(left) * u128::from(task.capacity);
        let tokens = classes.iter().map(|class| u128::from(class.0) * u128::from(class.1));
        if tokens.sum::<u128>() > room {
            return None;
        }
        if left <= FEW || depth + 1 == DEPTH {
            let end = complete(&inner, left, NODES, work)?;
            super::extend(&mut placed, &end);
            return Some(placed);
        }
        let relaxation = relax_from(&inner, std::mem::take(&mut seeds), 100 + turn, work)?;
        if work.exhausted() || relaxation.value > left as f64 + 1e-3 {
            return None;
        }
        let mut rest = Rest::new(&inner);
        let mut fractions = Vec::new();
        let mut used = 0;
        for (pattern, level) in &relaxation.patterns {
            let whole = (level + WHOLE).floor();
            used += rest.apply(&mut placed, pattern, whole as u64);
            fractions.push((level - whole, pattern));
        }
        fractions.sort_by(|a, b| b.0.total_cmp(&a.0));
        let sum: f64 = fractions.iter().map(|fraction| fraction.0.max(0.0)).sum();
        let quota = used + ((sum * share) as u64).max(1);
        for (_, pattern) in &fractions {
            if used >= quota {
                break;
            }
            used += rest.apply(&mut placed, pattern, 1);
        }
        if used == 0 {
            return None;
        }
        let (next, rows) = rest.classes();
        seeds = relaxation
            .patterns
            .iter()
            .filter_map(|(pattern, _)| rest.translate(pattern, &rows))
            .collect();
        if next.is_empty() {
            return Some(placed);
        }
        classes = next;
    }
    None
}
