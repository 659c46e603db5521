//! Differencing in k ways (Karmarkar, Karp 1982): the two partial solutions whose largest and
//! smallest pack differ most become one, the heaviest pack of the one beside the lightest of the other.
//!
//! Packs are linked lists, so that joining two is O(1); O(n k log k). Better than longest first where
//! packs hold few sequences. With equal counts partial solutions begin with k sequences, one per pack.

use super::packs::{Item, Limits, Packs};
use crate::optimal::work::Work;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Partial solutions times packs at most.
const MOST: usize = 1 << 20;
const END: u32 = u32::MAX;

/// A pack of a partial solution: its load, first and last item.
#[derive(Clone, Copy)]
struct Part {
    load: u128,
    first: u32,
    last: u32,
}

const NOTHING: Part = Part { load: 0, first: END, last: END };

/// Packs for all items; none where there are too many, or the result does not keep to the limits.
pub(super) fn pack(items: &[Item], k: usize, limits: &Limits, work: &mut Work) -> Option<Packs> {
    if items.len().saturating_mul(k) > MOST {
        return None;
    }
    let mut next = vec![END; items.len()];
    // Partial solutions by falling load of their packs; packs at the end that hold nothing are left
    // out.
    let size = if limits.equal { k } else { 1 };
    let part = |(at, item): (u32, &Item)| Part { load: item.cost.into(), first: at, last: at };
    let all: Vec<Part> = (0u32..).zip(items).map(part).collect();
    let mut solutions: Vec<Vec<Part>> = all.chunks(size).map(<[Part]>::to_vec).collect();
    let spread = |parts: &[Part]| {
        let least = if parts.len() < k { 0 } else { parts[k - 1].load };
        parts[0].load - least
    };
    let mut heap: BinaryHeap<(u128, Reverse<u32>)> =
        (0..).zip(&solutions).map(|(at, parts)| (spread(parts), Reverse(at))).collect();
    let per_sort = 4 + u64::from(usize::BITS - k.leading_zeros());
    while heap.len() > 1 {
        let (_, Reverse(a)) = heap.pop()?;
        let (_, Reverse(b)) = heap.pop()?;
        let other = std::mem::take(&mut solutions[b as usize]);
        let joined = &mut solutions[a as usize];
        // The heaviest of the other beside the lightest of this one: pack k - 1 and upwards.
        joined.resize(k, NOTHING);
        work.charge(per_sort * k as u64);
        if work.exhausted() {
            return None;
        }
        for (mine, theirs) in joined.iter_mut().rev().zip(other) {
            mine.load += theirs.load;
            if theirs.first == END {
                continue;
            }
            if mine.first == END {
                (mine.first, mine.last) = (theirs.first, theirs.last);
            } else {
                next[mine.last as usize] = theirs.first;
                mine.last = theirs.last;
            }
        }
        joined.sort_by_key(|part| Reverse(part.load));
        heap.push((spread(joined), Reverse(a)));
    }
    let (_, Reverse(last)) = heap.pop()?;
    let mut members = Vec::with_capacity(k);
    for part in &solutions[last as usize] {
        let mut pack = Vec::new();
        let mut at = part.first;
        while at != END {
            pack.push(at);
            at = next[at as usize];
        }
        members.push(pack);
    }
    members.resize(k, Vec::new());
    Packs::new(members, items, limits)
}
