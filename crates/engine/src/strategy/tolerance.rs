//! Decreasing strategies with a tolerance: nearly equal lengths are taken in seeded order.
//!
//! Sequences are ordered by floor(length / tolerance), longest first, and shuffled among equal
//! quotients; then each is placed alone, so that the seed changes the pairing at a small cost in
//! packs. O(n) to order, then as the strategy. With exact order a plan and its epochs do the same at no cost.

use super::assignment::Assignment;
use super::table::info;
use super::{best_fit, first_fit, modified_first_fit, worst_fit};
use crate::options::Strategy;
use crate::seeded::{label, shuffle_watched};
use crate::{Fault, PackOptions, STRIDE, Stage, Watch, memory};

/// The order of placing.
///
/// # Errors
/// [`Fault::Memory`]; [`Fault::Cancelled`].
pub(super) fn order(
    lengths: &[u32],
    options: &PackOptions,
    watch: &dyn Watch,
) -> Result<Vec<u32>, Fault> {
    let count = lengths.len();
    let mut order: Vec<u32> = memory::reserved(count)?;
    order.extend(0..count as u32);
    shuffle_watched(&mut order, options.seed, label::TOLERANCE, watch)?;
    let longest = lengths.iter().fold(0, |longest, &length| longest.max(length));
    let most = longest / options.tolerance;
    let mut keyed: Vec<u64> = memory::reserved(count)?;
    for part in order.chunks(STRIDE) {
        watch.step(Stage::Plan, 0, count as u64)?;
        keyed.extend(part.iter().map(|&sequence| {
            let quotient = lengths[sequence as usize] / options.tolerance;
            u64::from(most - quotient) << 32 | u64::from(sequence)
        }));
    }
    let mut sorted = memory::filled(0_u64, count)?;
    for shift in (0..u32::BITS).step_by(DIGIT as usize).take_while(|&shift| most >> shift > 0) {
        sort_by_digit(&keyed, &mut sorted, 32 + shift, watch)?;
        std::mem::swap(&mut keyed, &mut sorted);
    }
    for (place, &key) in order.iter_mut().zip(&keyed) {
        *place = key as u32;
    }
    Ok(order)
}

/// Bits that one pass of the sort looks at: 2,048 places to write to fit the second cache.
const DIGIT: u32 = 11;

/// One pass of a stable sort by digits, the last first: O(n), against O(n log n) of a comparing one
/// that nobody could cancel.
fn sort_by_digit(from: &[u64], to: &mut [u64], shift: u32, watch: &dyn Watch) -> Result<(), Fault> {
    let digit = |key: u64| (key >> shift) as usize & ((1 << DIGIT) - 1);
    let mut cursors = vec![0_usize; 1 << DIGIT];
    for &key in from {
        cursors[digit(key)] += 1;
    }
    let mut total = 0;
    for cursor in &mut cursors {
        total += std::mem::replace(cursor, total);
    }
    for part in from.chunks(STRIDE) {
        watch.step(Stage::Plan, 0, from.len() as u64)?;
        for &key in part {
            let cursor = &mut cursors[digit(key)];
            to[*cursor] = key;
            *cursor += 1;
        }
    }
    Ok(())
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
        other @ (Strategy::Auto
        | Strategy::Optimal
        | Strategy::NextFit
        | Strategy::FirstFit
        | Strategy::BestFit
        | Strategy::WorstFit
        | Strategy::Harmonic
        | Strategy::FirstFitShuffle) => {
            let detail = format!(
                "'{}' does not place one sequence after another by length; a tolerance needs \
                 best-fit-decreasing, first-fit-decreasing, worst-fit-decreasing or \
                 modified-first-fit-decreasing",
                info(other).name
            );
            return Err(Fault::Strategy { detail });
        }
    };
    Ok(Assignment::by_pack(packs, Some(order), pack_count))
}

#[cfg(test)]
mod tests {
    use super::order;
    use crate::{PackOptions, Unwatched};
    use proptest::prelude::*;

    #[test]
    fn the_order_of_the_specification_comes_out() {
        let options = PackOptions { tolerance: 3, ..PackOptions::new(10) };
        let lengths = [7, 6, 6, 5, 5, 4, 4, 3, 2, 1];
        let expected = vec![2, 1, 0, 3, 7, 6, 4, 5, 9, 8];
        assert_eq!(order(&lengths, &options, &Unwatched), Ok(expected));
    }

    proptest! {
        #[test]
        fn quotients_fall_and_equal_ones_stay_as_shuffled(
            lengths in prop::collection::vec(prop_oneof![1_u32..50, 1_u32..1 << 31], 0..200),
            tolerance in prop_oneof![1_u32..60, 1_u32..1 << 31],
            seed in any::<u64>(),
        ) {
            let options = PackOptions { seed, tolerance, ..PackOptions::new(1 << 30) };
            let mut expected: Vec<u32> = (0..lengths.len() as u32).collect();
            crate::seeded::shuffle(&mut expected, seed, crate::seeded::label::TOLERANCE);
            expected.sort_by_key(|&i| u32::MAX - lengths[i as usize] / tolerance);
            prop_assert_eq!(order(&lengths, &options, &Unwatched), Ok(expected));
        }
    }
}
