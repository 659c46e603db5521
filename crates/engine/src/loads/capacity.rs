//! Capacity search for token loads: the least capacity at which the planner needs no more than k
//! packs is the least largest load.
//!
//! From the bound upwards in doubling steps, then halving; each ask is a search with a small share of
//! the work. A bound above k at some capacity proves that the load is above it. Multifit (Coffman,
//! Garey, Johnson 1978) with a search in place of first-fit-decreasing.

use super::bound::LoadBound;
use super::question::Question;
use crate::Fault;
use crate::optimal::work::Work;
use crate::optimal::{Mode, search};
use crate::strategy::Problem;
use crate::template::Templates;

const ASKS: usize = 12;
/// Effort of an ask, relative to that of the search.
const EFFORT: f64 = 0.005;

/// Loads that are tokens, and no number of sequences that only balancing keeps to.
pub(super) fn applies(question: &Question<'_>) -> bool {
    question.cost.is_tokens() && !question.equal_counts && question.alignment == 1
}

/// Packs whose largest load is below `most`, where an ask finds some; raises the bound where one
/// proves that it can.
///
/// # Errors
/// [`Fault::Cancelled`] when the watch says so.
pub(super) fn find(
    question: &Question<'_>,
    most: u128,
    bound: &mut LoadBound,
    threads: usize,
    work: &mut Work,
) -> Result<Option<Templates>, Fault> {
    let (Ok(mut good), Ok(mut failed)) = (u32::try_from(most), u32::try_from(bound.load - 1))
    else {
        return Ok(None);
    };
    let (mut found, mut step, mut doubling) = (None, 1u32, true);
    for _ in 0..ASKS {
        if good - failed <= 1 || good >= 1 << 31 || work.exhausted() {
            break;
        }
        let next = failed.saturating_add(step);
        doubling &= next < good;
        let capacity = if doubling { next } else { failed + (good - failed) / 2 };
        step = step.saturating_mul(2);
        let problem =
            Problem { classes: question.classes, capacity, alignment: 1, limit: question.limit };
        let effort = EFFORT * question.effort;
        let answer = search_at(&problem, effort, threads, work)?;
        if answer.templates.pack_count() <= question.packs {
            good = capacity;
            doubling = false;
            found = Some(answer.templates);
        } else {
            failed = capacity;
            if answer.lower_bound > question.packs {
                let certificate = Some(answer.certificate);
                *bound = LoadBound { load: u64::from(capacity) + 1, certificate };
            }
        }
    }
    Ok(found)
}

fn search_at(
    problem: &Problem<'_>,
    effort: f64,
    threads: usize,
    work: &mut Work,
) -> Result<crate::optimal::Found, Fault> {
    let answer = search(problem, Mode::Optimal, effort, threads, work.watch())?;
    work.charge(answer.units.min(work.left()));
    Ok(answer)
}
