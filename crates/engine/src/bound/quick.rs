//! The bounds that cost next to nothing, together.

use super::count;
use super::l1;
use super::l2;
use super::weighting::Bound;

/// `k`, where some pack could hold more than k sequences; none where room alone keeps to it.
#[must_use]
pub fn effective_limit(classes: &[(u32, u64)], capacity: u32, limit: u32) -> Option<u32> {
    let shortest = classes.last()?.0;
    (limit < capacity / shortest).then_some(limit)
}

/// The best of L1, L2 and, with a limit on sequences that binds, count: O(D).
///
/// `classes` are (length, count), longest first, lengths 1 ..= `capacity`, counts at least 1;
/// `limit` is `u32::MAX` for none. Without classes the bound is 0.
#[must_use]
pub fn quick(classes: &[(u32, u64)], capacity: u32, limit: u32) -> Bound {
    let tokens = l1::l1(classes, capacity);
    let best = match l2::l2(classes, capacity) {
        Some(parts) => tokens.or_better(parts),
        None => tokens,
    };
    match effective_limit(classes, capacity, limit) {
        Some(k) => best.or_better(count::count(classes, capacity, k)),
        None => best,
    }
}
