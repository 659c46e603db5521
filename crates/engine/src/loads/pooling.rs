//! Pools the heaviest pack with another one and shares both anew, as equally as can be.
//!
//! Of few sequences all halves are tried, by meeting in the middle: 2^12 sums a side. Of more, two of
//! the one go for one or two of the other, or one for two.

use super::packs::{Item, Limits, Packs};
use crate::optimal::work::Work;

/// Sequences of two packs whose shares are all tried.
const FEW: usize = 24;
/// Sequences of a pack whose pairs are tried.
const PAIRS: usize = 64;

/// Lowers the load of the heaviest pack with the first pack that can; false if none can.
pub(super) fn improve(packs: &mut Packs, items: &[Item], limits: &Limits, work: &mut Work) -> bool {
    let from = packs.heaviest();
    let load = packs.load(from);
    let others: Vec<usize> = packs.lightest_first().filter(|&other| other != from).collect();
    for other in others {
        if work.exhausted() || (load + packs.load(other)).div_ceil(2) >= load {
            return false;
        }
        let all = packs.pack(from).len() + packs.pack(other).len();
        let free = !limits.equal && limits.tokens == u64::MAX && all <= limits.sequences;
        let found = if all <= FEW && free {
            share(packs, from, other, items, work)
        } else if packs.pack(from).len() <= PAIRS && packs.pack(other).len() <= PAIRS {
            pairs(packs, from, other, items, limits, work)
        } else {
            None
        };
        if let Some((gives, returns)) = found {
            packs.exchange((from, &gives), (other, &returns), items);
            return true;
        }
    }
    false
}

type Exchange = (Vec<u32>, Vec<u32>);

/// The most equal share of all sequences of both packs.
fn share(
    packs: &Packs,
    from: usize,
    other: usize,
    items: &[Item],
    work: &mut Work,
) -> Option<Exchange> {
    let load = packs.load(from);
    let sum = load + packs.load(other);
    let pool: Vec<u32> = [packs.pack(from), packs.pack(other)].concat();
    let (left, right) = pool.split_at(pool.len() / 2);
    let (low, high) = (sums(left, items), sums(right, items));
    work.charge(12 * (low.len() + high.len()) as u64);
    // The largest sum up to half: low upwards, high downwards.
    let half = sum / 2;
    let mut best: Option<(u128, u32, u32)> = None;
    let mut at = high.len();
    for &(value, set) in &low {
        while at > 0 && value + high[at - 1].0 > half {
            at -= 1;
        }
        let Some(&(other, its_set)) = at.checked_sub(1).map(|at| &high[at]) else { break };
        if best.is_none_or(|best| value + other > best.0) {
            best = Some((value + other, set, its_set));
        }
    }
    let (light, low_set, high_set) = best?;
    if sum - light >= load || light == 0 {
        return None;
    }
    // The share becomes the other pack.
    let chosen = |at: usize| {
        let (set, bit) = if at < left.len() { (low_set, at) } else { (high_set, at - left.len()) };
        set >> bit & 1 == 1
    };
    let mine = packs.pack(from).len();
    let gives = (0..mine).filter(|&at| chosen(at)).map(|at| pool[at]).collect();
    let returns = (mine..pool.len()).filter(|&at| !chosen(at)).map(|at| pool[at]).collect();
    Some((gives, returns))
}

/// The sums of all subsets, rising, each with its set.
fn sums(list: &[u32], items: &[Item]) -> Vec<(u128, u32)> {
    let mut sums = vec![(0, 0)];
    for (bit, &item) in (0..).zip(list) {
        let cost = u128::from(items[item as usize].cost);
        // Two rising lists, merged.
        let with: Vec<(u128, u32)> =
            sums.iter().map(|&(sum, set)| (sum + cost, set | 1 << bit)).collect();
        let mut merged = Vec::with_capacity(2 * sums.len());
        let (mut a, mut b) = (sums.into_iter().peekable(), with.into_iter().peekable());
        while let Some(entry) = match (a.peek(), b.peek()) {
            (Some(x), Some(y)) if x <= y => a.next(),
            (Some(_), None) => a.next(),
            _ => b.next(),
        } {
            merged.push(entry);
        }
        sums = merged;
    }
    sums
}

/// The best exchange of two for one, one for two, or two for two.
fn pairs(
    packs: &Packs,
    from: usize,
    other: usize,
    items: &[Item],
    limits: &Limits,
    work: &mut Work,
) -> Option<Exchange> {
    let (load, its_load) = (packs.load(from), packs.load(other));
    let difference = load - its_load;
    let (mine, theirs) = (packs.pack(from), packs.pack(other));
    let singles = |list: &[u32]| -> Vec<(u128, [u32; 2], usize)> {
        list.iter().map(|&item| (items[item as usize].cost.into(), [item, 0], 1)).collect()
    };
    let doubles = |list: &[u32]| -> Vec<(u128, [u32; 2], usize)> {
        let both = |&a: &u32, &b: &u32| {
            let cost = u128::from(items[a as usize].cost) + u128::from(items[b as usize].cost);
            (cost, [a, b], 2)
        };
        let firsts = list.iter().enumerate();
        firsts.flat_map(|(at, a)| list[at + 1..].iter().map(move |b| both(a, b))).collect()
    };
    let mut returns = doubles(theirs);
    if !limits.equal {
        returns.extend(singles(theirs));
    }
    returns.sort_unstable();
    let mut gives = doubles(mine);
    if !limits.equal {
        gives.extend(singles(mine));
    }
    work.charge(8 * (gives.len() + returns.len()) as u64);
    let mut best: Option<(u128, Exchange)> = None;
    for (goes, set, size) in &gives {
        let wanted = goes.saturating_sub(difference / 2);
        let at = returns.partition_point(|entry| entry.0 < wanted);
        for (comes, back, back_size) in returns[at.saturating_sub(1)..].iter().take(3) {
            if comes >= goes || goes - comes >= difference {
                continue;
            }
            let after = (load - goes + comes).max(its_load + goes - comes);
            let (set, back) = (&set[..*size], &back[..*back_size]);
            if best.as_ref().is_none_or(|best| after < best.0)
                && packs.may_exchange((from, set), (other, back), items, limits)
            {
                best = Some((after, (set.to_vec(), back.to_vec())));
            }
        }
    }
    best.filter(|best| best.0 < load).map(|best| best.1)
}
