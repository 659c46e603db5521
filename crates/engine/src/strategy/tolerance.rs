//! Decreasing strategies with a tolerance: nearly equal lengths are taken in seeded order.
//!
//! Sequences are ordered by floor(length / tolerance), longest first, and shuffled among equal
//! quotients; then each is placed alone, so that the seed changes the pairing at a small cost in
//! packs. O(n log n). With exact order a plan and its epochs do the same at no cost.

use super::{Assignment, best_fit, first_fit, modified_first_fit, worst_fit};
use crate::options::Strategy;
use crate::seeded::{label, shuffle};
use crate::{Fault, PackOptions, Watch, memory};

/// The order of placing.
///
/// # Errors
/// [`Fault::Memory`].
pub(super) fn order(lengths: &[u32], options: &PackOptions) -> Result<Vec<u32>, Fault> {
    let count = lengths.len();
    let mut order: Vec<u32> = memory::reserved(count)?;
    order.extend(0..count as u32);
    shuffle(&mut order, options.seed, label::TOLERANCE);
    // Keys of (quotient, place in the shuffle) are all different: an unstable sort is stable on
    // them, and needs no memory.
    let mut keys: Vec<u64> = memory::reserved(count)?;
    keys.extend((0_u64..).zip(&order).map(|(place, &sequence)| {
        let quotient = lengths[sequence as usize] / options.tolerance;
        u64::from(u32::MAX - quotient) << 32 | place
    }));
    keys.sort_unstable();
    let mut sorted = memory::reserved(count)?;
    sorted.extend(keys.iter().map(|&key| order[key as u32 as usize]));
    Ok(sorted)
}

/// Places the sequences of `order`, whose `needs` are in that order.
///
/// # Errors
/// [`Fault::Strategy`] if the strategy is not one of the four decreasing ones; [`Fault::Memory`];
/// [`Fault::Cancelled`].
pub(super) fn assign(
    strategy: Strategy,
    mut order: Vec<u32>,
    needs: &[u32],
    capacity: u32,
    limit: u32,
    watch: &dyn Watch,
) -> Result<Assignment, Fault> {
    let (packs, pack_count) = match strategy {
        Strategy::FirstFitDecreasing => first_fit::assign(needs, capacity, limit, watch)?,
        Strategy::BestFitDecreasing => {
            best_fit::assign_newest_first(needs, capacity, limit, watch)?
        }
        Strategy::WorstFitDecreasing => worst_fit::assign(needs, capacity, limit, watch)?,
        Strategy::ModifiedFirstFitDecreasing => {
            let placed = modified_first_fit::assign(needs, capacity, limit, watch)?;
            let mut as_placed = memory::reserved(order.len())?;
            as_placed.extend(placed.places.iter().map(|&place| order[place as usize]));
            order = as_placed;
            (placed.packs, placed.pack_count)
        }
        other => {
            let detail = format!(
                "'{}' does not place one sequence after another by length; a tolerance needs \
                 best-fit-decreasing, first-fit-decreasing, worst-fit-decreasing or \
                 modified-first-fit-decreasing",
                super::info(other).name
            );
            return Err(Fault::Strategy { detail });
        }
    };
    Ok(Assignment::by_pack(packs, Some(order), pack_count))
}

#[cfg(test)]
mod tests {
    use super::order;
    use crate::PackOptions;

    #[test]
    fn the_order_of_the_specification_comes_out() {
        let options = PackOptions { tolerance: 3, ..PackOptions::new(10) };
        let lengths = [7, 6, 6, 5, 5, 4, 4, 3, 2, 1];
        let expected = vec![2, 1, 0, 3, 7, 6, 4, 5, 9, 8];
        assert_eq!(order(&lengths, &options), Ok(expected));
    }
}
