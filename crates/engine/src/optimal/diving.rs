//! Diving: closes a gap of a few packs by fixing fractions a few at a time, again and again.
//!
//! A dive solves the relaxation, uses its whole parts and its largest fractions, and dives into what
//! is left, until little is left and an exact search ends it, or until the relaxation says that the
//! target is out of reach; then the level above fixes other fractions. What is left shrinks by about
//! a third per level, so that trying again costs most where it is cheapest. Some tens of relaxations
//! of shrinking problems: for problems of up to about a thousand classes.
//! Source: diving heuristics for branch and price (Sadykov et al. 2019).

use super::column_generation::{Pattern, relax_from};
use super::completion::complete;
use super::rounding::Rest;
use super::work::Work;
use super::{Task, extend};
use crate::seeded::{Generator, seed_from};
use crate::template::Templates;

/// Share of the fractions that is fixed per relaxation, in turns.
const SHARES: [f64; 4] = [0.5, 0.25, 0.12, 0.35];
/// How often a level fixes other fractions.
const TRIES: u64 = 4;
/// Levels within this of an integer count as whole.
const WHOLE: f64 = 1e-4;
/// Relaxations one inside the other at most.
const DEPTH: u64 = 100;
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
    (0..).find_map(|turn| {
        let spent = work.exhausted();
        let found = if spent { None } else { descend(task, target, start.to_vec(), turn, 0, work) };
        (spent || found.is_some()).then_some(found)
    })?
}

fn descend(
    task: &Task,
    left: u64,
    start: Vec<Pattern>,
    turn: u64,
    depth: u64,
    work: &mut Work,
) -> Option<Templates> {
    let room = u128::from(left) * u128::from(task.capacity);
    let tokens = task.classes.iter().map(|class| u128::from(class.0) * u128::from(class.1));
    if tokens.sum::<u128>() > room {
        return None;
    }
    if left <= FEW || depth == DEPTH {
        return complete(task, left, NODES, work);
    }
    let relaxation = relax_from(task, start, 100 + turn, work)?;
    if work.exhausted() || relaxation.value > left as f64 + 1e-3 {
        return None;
    }
    let mut rest = Rest::new(task);
    let (mut whole, mut used) = (Templates::new(), 0);
    let mut fractions = Vec::new();
    for (pattern, level) in &relaxation.patterns {
        let times = (level + WHOLE).floor();
        used += rest.apply(&mut whole, pattern, times as u64);
        fractions.push((level - times, pattern));
    }
    let sum: f64 = fractions.iter().map(|fraction| fraction.0.max(0.0)).sum();
    for attempt in 0..TRIES {
        if work.exhausted() {
            return None;
        }
        // The first attempt fixes the largest fractions, the others lean towards them.
        let mut generator = Generator::new(seed_from(&[turn, depth, attempt, left]));
        let mut noise = || (generator.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        let mut order: Vec<(f64, &Pattern)> = fractions
            .iter()
            .map(|&(level, pattern)| (level + if attempt == 0 { 0.0 } else { noise() }, pattern))
            .collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0));
        let share = SHARES[((turn + attempt) % 4) as usize];
        let quota = used + ((sum * share) as u64).max(u64::from(used == 0));
        let (mut inner, mut placed, mut count) = (rest.clone(), whole.clone(), used);
        for (_, pattern) in order {
            if count >= quota {
                break;
            }
            count += inner.apply(&mut placed, pattern, 1);
        }
        let Some(left) = left.checked_sub(count).filter(|_| count > 0) else { continue };
        let (classes, rows) = inner.classes();
        if classes.is_empty() {
            return Some(placed);
        }
        let patterns = relaxation.patterns.iter();
        let seeds = patterns.filter_map(|(pattern, _)| inner.translate(pattern, &rows)).collect();
        let task = Task { classes: &classes, ..*task };
        let found = work.share(50, |work| descend(&task, left, seeds, turn, depth + 1, work));
        if let Some(found) = found {
            extend(&mut placed, &found);
            return Some(placed);
        }
    }
    None
}
