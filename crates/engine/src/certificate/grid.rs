//! No pack outweighs K, proved on lengths rounded down to a few steps per pack.
//!
//! Every pack is a pack of the rounded lengths too, whose sum of steps is no more than that of its
//! own. So where none of those outweighs K, with the heaviest weight of each step, no pack does; the
//! converse doesn't hold. O(D s) for s steps, whatever the capacity.

use super::budget::Budget;
use super::dense;
use super::sparse::Found;
use crate::{Fault, Watch, memory};

/// True if the grid of `steps` proves it. Lengths descend.
///
/// # Errors
/// As [`dense::outweighs`].
pub(super) fn never(
    weights: &[(u32, u64)],
    pack_weight: u64,
    capacity: u32,
    steps: u32,
    limit: Option<u32>,
    budget: &mut Budget,
    watch: &dyn Watch,
) -> Result<bool, Fault> {
    let image = |length: u32| (u64::from(length) * u64::from(steps) / u64::from(capacity)) as u32;
    let mut rounded: Vec<(u32, u64)> = memory::reserved(weights.len().min(steps as usize))?;
    for &(length, weight) in weights {
        match (image(length), rounded.last_mut()) {
            // It takes no room: any number of them would fit.
            (0, _) => return Ok(false),
            (step, Some(last)) if last.0 == step => last.1 = last.1.max(weight),
            (step, _) => rounded.push((step, weight)),
        }
    }
    let found = dense::outweighs(&rounded, pack_weight, steps, limit, budget, watch)?;
    Ok(found == Found::Never)
}
