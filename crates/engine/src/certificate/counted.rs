//! Does any pack outweigh K that holds no more sequences of a length than there are?
//!
//! An exact dynamic program over tokens: the copies of a length are split into 1, 2, 4 … and a rest,
//! each part in the pack or not. O(C) per part, times k with a limit on sequences; memory (C + 1)
//! cells, times k, in units of the greatest common divisor of the lengths. Sums saturate, so that no
//! overflow can pass as a proof.

use super::heaviest::{MOST_SUMS, common_divisor};
use crate::{Fault, Stage, Watch};

/// Cells that a check may fill: beyond them it would take minutes, and no search makes such proofs.
pub(super) const MOST_CELLS: u64 = 1 << 28;
/// Cells between two looks at the watch.
const ASK: u64 = 1 << 21;

/// What a check has found.
pub(super) enum Answer {
    /// No pack outweighs K.
    Never,
    /// Some pack does, once this length joins those before it (shortest first).
    At(u32),
    /// The check would fill this many cells.
    TooLarge(u64),
}

/// Copies of a length that go together.
struct Part {
    length: u32,
    tokens: u64,
    copies: u64,
    weight: u64,
}

/// Whether a pack of at most `capacity` tokens, `limit` sequences and `count` sequences of each length
/// outweighs `pack_weight`.
///
/// # Errors
/// [`Fault::Memory`] where the table does not fit; [`Fault::Cancelled`] when the watch says so.
pub(super) fn outweighs(
    weights: &[(u32, u64)],
    count: impl Fn(u32) -> u64,
    pack_weight: u64,
    capacity: u32,
    limit: Option<u32>,
    watch: &dyn Watch,
) -> Result<Answer, Fault> {
    // A pack's tokens are a multiple of what divides all lengths.
    let unit = common_divisor(weights);
    let capacity = capacity / unit;
    let parts = split(weights, unit, count, capacity, limit);
    let layers = limit.map_or(1, |k| u64::from(k) + 1);
    let layer = u64::from(capacity) + 1;
    let cells = layer.saturating_mul(layers);
    let all = cells.saturating_mul(parts.len() as u64);
    if all > MOST_CELLS || cells > MOST_SUMS {
        return Ok(Answer::TooLarge(all));
    }
    let mut best: Vec<u64> = Vec::new();
    let refused = |_| Fault::Memory { bytes: cells.saturating_mul(8) };
    best.try_reserve_exact(cells as usize).map_err(refused)?;
    best.resize(cells as usize, 0);
    let mut asked = 0;
    for (done, part) in (0..).zip(&parts) {
        // Layer by layer and cell by cell downwards: what a part is added to is still without it.
        let taken = if limit.is_some() { part.copies } else { 0 };
        for to in (taken..layers).rev() {
            if asked >= ASK {
                watch.step(Stage::Verify, done, parts.len() as u64)?;
                asked = 0;
            }
            asked += layer - part.tokens;
            for x in (part.tokens..layer).rev() {
                let from = (to - taken) * layer + x - part.tokens;
                let weight = best[from as usize].saturating_add(part.weight);
                let cell = &mut best[(to * layer + x) as usize];
                *cell = weight.max(*cell);
            }
        }
        if best[cells as usize - 1] > pack_weight {
            return Ok(Answer::At(part.length));
        }
    }
    Ok(Answer::Never)
}

/// The parts of all lengths, shortest first; no more copies than fit in a pack of so many units.
fn split(
    weights: &[(u32, u64)],
    unit: u32,
    count: impl Fn(u32) -> u64,
    capacity: u32,
    limit: Option<u32>,
) -> Vec<Part> {
    let mut parts = Vec::new();
    for &(length, weight) in weights.iter().rev() {
        let fit = u64::from((capacity / (length / unit)).min(limit.unwrap_or(u32::MAX)));
        let (mut left, mut copies) = (count(length).min(fit), 1);
        while left > 0 {
            let here = copies.min(left);
            let tokens = here * u64::from(length / unit);
            let weight = weight.saturating_mul(here);
            parts.push(Part { length, tokens, copies: here, weight });
            left -= here;
            copies *= 2;
        }
    }
    parts
}
