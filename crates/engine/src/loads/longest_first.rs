//! Longest first, each to the least loaded pack (Graham 1969, LPT): O(n log k).

use super::packs::{Item, Limits, Packs};
use crate::optimal::work::Work;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Packs for all items; none where a sequence finds no pack within the limits.
pub(super) fn pack(items: &[Item], k: usize, limits: &Limits, work: &mut Work) -> Option<Packs> {
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); k];
    let mut tokens = vec![0u64; k];
    let mut open: BinaryHeap<Reverse<(u128, u32)>> =
        (0..k as u32).map(|p| Reverse((0, p))).collect();
    let mut passed = Vec::new();
    for (at, item) in (0u32..).zip(items) {
        // Least loaded packs without room are passed over; they may have room for a shorter one.
        let found = loop {
            let Reverse((load, pack)) = open.pop()?;
            let p = pack as usize;
            if tokens[p] + u64::from(item.need) <= limits.tokens {
                break (load, pack);
            }
            passed.push(Reverse((load, pack)));
            work.charge(8);
        };
        let (load, pack) = found;
        let p = pack as usize;
        members[p].push(at);
        tokens[p] += u64::from(item.need);
        if members[p].len() < limits.sequences {
            open.push(Reverse((load + u128::from(item.cost), pack)));
        }
        open.extend(passed.drain(..));
        work.charge(16);
        if work.stopped() {
            return None;
        }
    }
    Packs::new(members, items, limits)
}
