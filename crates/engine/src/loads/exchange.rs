//! Exchanges between the heaviest pack and the others: a sequence moves, or goes in return for a
//! shorter one, whichever lowers the heavier of both packs most; where none does, both are pooled.
//!
//! Only the packs that changed are touched. A round looks at every pack once, O(n), and fewer where
//! loads are close: a pair of packs can't end below half of their sum.

use super::packs::{Item, Limits, Packs};
use super::pooling;
use crate::optimal::work::Work;

/// The best so far: the heavier load, the other pack, what goes and what comes.
struct Best {
    load: u128,
    other: usize,
    gives: u32,
    returns: Option<u32>,
}

/// Improves until the heaviest pack has the load `bound`, nothing helps, or the work is spent.
pub(super) fn improve(
    packs: &mut Packs,
    items: &[Item],
    limits: &Limits,
    bound: u128,
    work: &mut Work,
) {
    while packs.most() > bound && !work.exhausted() {
        if let Some(best) = best_single(packs, items, limits, bound, work) {
            let from = packs.heaviest();
            let returns: Vec<u32> = best.returns.into_iter().collect();
            packs.exchange((from, &[best.gives]), (best.other, &returns), items);
        } else if !pooling::improve(packs, items, limits, work) {
            return;
        }
    }
}

fn best_single(
    packs: &Packs,
    items: &[Item],
    limits: &Limits,
    bound: u128,
    work: &mut Work,
) -> Option<Best> {
    let from = packs.heaviest();
    let load = packs.load(from);
    // Below the second heaviest, or the bound, nothing more is gained.
    let enough = packs.second().max(bound);
    let mut best: Option<Best> = None;
    for other in packs.lightest_first().filter(|&other| other != from) {
        let sum = load + packs.load(other);
        let limit = best.as_ref().map_or(load, |best| best.load);
        // No exchange of these two, or of any later ones, ends below half of their sum.
        if packs.load(other) == load
            || sum.div_ceil(2) > limit
            || (best.is_some() && limit <= enough)
        {
            break;
        }
        work.charge(4 + 2 * (packs.pack(from).len() + packs.pack(other).len()) as u64);
        best_of_pair(packs, from, other, items, limits, &mut best);
    }
    best.filter(|best| best.load < load)
}

/// Looks at all moves and exchanges of two packs: for each that goes the one nearest to what makes
/// both equal comes in return, found by going down both lists side by side.
fn best_of_pair(
    packs: &Packs,
    from: usize,
    other: usize,
    items: &[Item],
    limits: &Limits,
    best: &mut Option<Best>,
) {
    let (load, its_load) = (packs.load(from), packs.load(other));
    let difference = load - its_load;
    let cost = |item: u32| u128::from(items[item as usize].cost);
    let theirs = packs.pack(other);
    let mut at = 0;
    let mut previous = None;
    for &gives in packs.pack(from) {
        let goes = cost(gives);
        // Equal ones do the same.
        if previous.replace(goes) == Some(goes) {
            continue;
        }
        let mut consider = |returns: Option<u32>| {
            let comes = returns.map_or(0, cost);
            if comes >= goes || goes - comes >= difference {
                return;
            }
            let after = (load - goes + comes).max(its_load + goes - comes);
            let better = best.as_ref().is_none_or(|best| {
                (after, other) < (best.load, best.other)
                    || ((after, other) == (best.load, best.other) && goes < cost(best.gives))
            });
            let back: &[u32] = returns.as_slice();
            if better && packs.may_exchange((from, &[gives]), (other, back), items, limits) {
                *best = Some(Best { load: after, other, gives, returns });
            }
        };
        consider(None);
        // The first of theirs that costs no more than what makes both equal, and the one before.
        let wanted = goes.saturating_sub(difference / 2);
        while at < theirs.len() && cost(theirs[at]) > wanted {
            at += 1;
        }
        consider(at.checked_sub(1).map(|before| theirs[before]));
        if let Some(&next) = theirs.get(at) {
            consider(Some(next));
        }
    }
}
