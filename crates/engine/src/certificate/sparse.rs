//! Does any pack outweigh K? An exact dynamic program over the sums of tokens that packs reach.
//!
//! Of two sums the larger is kept only where it weighs more, so that a list of them rises in both
//! (Nemhauser, Ullmann 1969). O(D S) for S sums at most kept at once, times k with a limit on
//! sequences; nothing follows the capacity. The heaviest pack so far ends it as soon as it outweighs
//! K, so that S is at most K, too. Weights saturate.

use super::budget::Budget;
use crate::{Fault, Stage, Watch};

/// (tokens, weight), both rising.
type Front = Vec<(u32, u64)>;

/// Layers that are kept, one for each number of sequences.
const MOST_LAYERS: u32 = 1 << 16;
/// Sums between two looks at the watch.
const ASK: usize = 1 << 20;

/// What a search over sums has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// No pack outweighs K.
    Never,
    /// Some pack does, once this length joins those before it (shortest first).
    At(u32),
    /// It would take more sums than allowed.
    TooMany,
    /// It would take more work than allowed.
    TooLong,
}

/// No more sums than this can be reached: the product of the copies of each length.
pub(super) fn most(weights: &[(u32, u64)], capacity: u32, limit: Option<u32>) -> u64 {
    let copies = |length: u32| u64::from((capacity / length).min(limit.unwrap_or(u32::MAX)));
    let layers = limit.map_or(1, |k| u64::from(k) + 1);
    weights.iter().fold(layers, |sums, weight| sums.saturating_mul(copies(weight.0) + 1))
}

/// Whether some pack of at most `capacity` tokens and `limit` sequences outweighs `pack_weight`, with
/// at most `most` sums at once. Lengths descend.
///
/// # Errors
/// [`Fault::Memory`]; [`Fault::Cancelled`] when the watch says so.
pub(super) fn outweighs(
    weights: &[(u32, u64)],
    pack_weight: u64,
    capacity: u32,
    limit: Option<u32>,
    most: u64,
    budget: &mut Budget,
    watch: &dyn Watch,
) -> Result<Found, Fault> {
    if limit.is_some_and(|k| k >= MOST_LAYERS) {
        return Ok(Found::TooMany);
    }
    // Layer k holds packs of at most k sequences; without a limit the one layer follows itself.
    let mut layers: Vec<Front> = vec![vec![(0, 0)]; limit.map_or(1, |k| k as usize + 1)];
    let total = weights.len() as u64;
    for (done, &one) in (0..).zip(weights.iter().rev()) {
        let single = layers.len().min(2) - 1;
        if one.1 <= weight_within(&layers[single], one.0) {
            continue; // shorter ones weigh as much in the same room
        }
        let mut room = most;
        for k in single..layers.len() {
            let ask = || watch.step(Stage::Verify, done, total);
            ask()?;
            let before = k.checked_sub(1).map(|k| &layers[k]);
            let merge = Merge { one, capacity, pack_weight, most: room };
            match merge.of(&layers[k], before, ask)? {
                Merged::Front(front) => {
                    if !budget.take(layers[k].len() as u64 + front.len() as u64) {
                        return Ok(Found::TooLong);
                    }
                    room -= front.len() as u64;
                    layers[k] = front;
                }
                Merged::Outweighs => return Ok(Found::At(one.0)),
                Merged::TooMany => return Ok(Found::TooMany),
            }
        }
    }
    Ok(Found::Never)
}

/// The heaviest pack of at most `tokens`.
fn weight_within(front: &Front, tokens: u32) -> u64 {
    let end = front.partition_point(|entry| entry.0 <= tokens);
    front[end - 1].1
}

/// A length that joins packs.
struct Merge {
    one: (u32, u64),
    capacity: u32,
    pack_weight: u64,
    most: u64,
}

enum Merged {
    Front(Front),
    Outweighs,
    TooMany,
}

impl Merge {
    /// `old`, and whatever stands in `before` with one more sequence; without `before` whatever stands
    /// in the result itself.
    fn of(
        &self,
        old: &Front,
        before: Option<&Front>,
        ask: impl Fn() -> Result<(), Fault>,
    ) -> Result<Merged, Fault> {
        let (length, weight) = self.one;
        let mut merged = Front::new();
        let (mut i, mut j) = (0, 0);
        loop {
            let longer = before.unwrap_or(&merged).get(j);
            let longer = longer.filter(|entry| entry.0 <= self.capacity - length);
            let longer = longer.map(|entry| (entry.0 + length, entry.1.saturating_add(weight)));
            let (tokens, heavier) = match (old.get(i), longer) {
                (None, None) => return Ok(Merged::Front(merged)),
                (Some(&as_is), longer) if longer.is_none_or(|longer| as_is.0 <= longer.0) => {
                    i += 1;
                    as_is
                }
                (_, longer) => {
                    j += 1;
                    longer.expect("one of the two is there")
                }
            };
            if heavier > self.pack_weight {
                return Ok(Merged::Outweighs);
            }
            match merged.last_mut() {
                Some(last) if last.1 >= heavier => continue,
                Some(last) if last.0 == tokens => {
                    last.1 = heavier;
                    continue;
                }
                _ => {}
            }
            if merged.len() as u64 >= self.most {
                return Ok(Merged::TooMany);
            }
            if merged.len() % ASK == ASK - 1 {
                ask()?;
            }
            let bytes = (merged.len() as u64 + 1) * size_of::<(u32, u64)>() as u64;
            merged.try_reserve(1).map_err(|_| Fault::Memory { bytes })?;
            merged.push((tokens, heavier));
        }
    }
}
