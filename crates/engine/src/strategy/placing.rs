//! Placing sequences one after another, by whichever strategy the options name.

use super::assignment::Assignment;
use super::{best_fit, first_fit, first_fit_shuffle, harmonic, next_fit, tolerance, worst_fit};
use crate::options::Strategy;
use crate::{Fault, PackOptions, STRIDE, Stage, Watch, memory};
use std::borrow::Cow;

/// Places sequences one after another, as the options' strategy says: the six that look at input
/// order, and the four decreasing ones with a tolerance. Lengths are 1 ..= usable capacity: the
/// policies have been applied.
///
/// # Errors
/// [`Fault::Strategy`] for a strategy that only plans; [`Fault::Memory`]; [`Fault::Cancelled`].
pub fn assign(
    lengths: &[u32],
    options: &PackOptions,
    watch: &dyn Watch,
) -> Result<Assignment, Fault> {
    // Room is counted in units of the alignment: what is left beyond them is of no use to anybody.
    let alignment = options.sequence_alignment;
    let (capacity, limit) = (options.capacity / alignment, options.limit());
    let (packs, pack_count) = match options.strategy {
        Strategy::NextFit => {
            let ends =
                next_fit::assign(&units(lengths, alignment, watch)?, capacity, limit, watch)?;
            return Ok(Assignment::in_order(ends));
        }
        Strategy::FirstFit => {
            first_fit::assign(&units(lengths, alignment, watch)?, capacity, limit, watch)?
        }
        Strategy::BestFit => {
            best_fit::assign(&units(lengths, alignment, watch)?, capacity, limit, watch)?
        }
        Strategy::WorstFit => {
            worst_fit::assign(&units(lengths, alignment, watch)?, capacity, limit, watch)?
        }
        Strategy::Harmonic => {
            let classes = options.harmonic_classes;
            harmonic::assign(&units(lengths, alignment, watch)?, capacity, limit, classes, watch)?
        }
        Strategy::FirstFitShuffle => {
            let order = first_fit_shuffle::order(lengths.len(), options.seed, watch)?;
            let needs = units_in_order(lengths, &order, alignment, watch)?;
            let (packs, pack_count) = first_fit::assign(&needs, capacity, limit, watch)?;
            return Ok(Assignment::by_pack(packs, Some(order), pack_count));
        }
        decreasing @ (Strategy::FirstFitDecreasing
        | Strategy::BestFitDecreasing
        | Strategy::WorstFitDecreasing
        | Strategy::ModifiedFirstFitDecreasing
        | Strategy::Auto
        | Strategy::Optimal) => {
            let order = tolerance::order(lengths, options, watch)?;
            let needs = units_in_order(lengths, &order, alignment, watch)?;
            return tolerance::assign(decreasing, order, &needs, capacity, limit, watch);
        }
    };
    Ok(Assignment::by_pack(packs, None, pack_count))
}

/// What each sequence takes, in units of the alignment.
fn units<'a>(
    lengths: &'a [u32],
    alignment: u32,
    watch: &dyn Watch,
) -> Result<Cow<'a, [u32]>, Fault> {
    if alignment == 1 {
        return Ok(Cow::Borrowed(lengths));
    }
    let mut units = memory::reserved(lengths.len())?;
    for part in lengths.chunks(STRIDE) {
        watch.step(Stage::Plan, 0, lengths.len() as u64)?;
        units.extend(part.iter().map(|length| length.div_ceil(alignment)));
    }
    Ok(Cow::Owned(units))
}

/// The same in the order of placing: jumps all over the lengths, a second for 2e7 of them.
fn units_in_order(
    lengths: &[u32],
    order: &[u32],
    alignment: u32,
    watch: &dyn Watch,
) -> Result<Vec<u32>, Fault> {
    let mut units = memory::reserved(lengths.len())?;
    for part in order.chunks(STRIDE) {
        watch.step(Stage::Plan, 0, lengths.len() as u64)?;
        units.extend(part.iter().map(|&at| lengths[at as usize].div_ceil(alignment)));
    }
    Ok(units)
}

#[cfg(test)]
mod tests {
    use super::assign;
    use crate::options::Strategy;
    use crate::{PackOptions, Unwatched};

    fn packs(lengths: &[u32], options: &PackOptions) -> Vec<Vec<u32>> {
        let assignment = assign(lengths, options, &Unwatched).expect("lengths fit");
        let mut offsets = vec![7; assignment.pack_count as usize + 1];
        let mut sequences = vec![7; assignment.len()];
        assignment.bind_into(&mut offsets, &mut sequences, 1, &Unwatched).expect("not cancelled");
        offsets
            .windows(2)
            .map(|pack| sequences[pack[0] as usize..pack[1] as usize].to_vec())
            .collect()
    }

    #[test]
    fn the_worked_example_of_each_strategy_comes_out() {
        let lengths = [1000, 800, 600, 500, 400, 300, 200, 100];
        let placed =
            |strategy| packs(&lengths, &PackOptions { strategy, ..PackOptions::new(1024) });
        let first_fit = vec![vec![0], vec![1, 6], vec![2, 4], vec![3, 5, 7]];
        assert_eq!(
            placed(Strategy::NextFit),
            [vec![0], vec![1], vec![2], vec![3, 4], vec![5, 6, 7]]
        );
        assert_eq!(placed(Strategy::FirstFit), first_fit);
        assert_eq!(placed(Strategy::BestFit), first_fit);
        assert_eq!(placed(Strategy::WorstFit), [vec![0], vec![1, 6], vec![2, 5], vec![3, 4, 7]]);
        assert_eq!(
            placed(Strategy::Harmonic),
            [vec![0], vec![1], vec![2], vec![3, 4], vec![5], vec![6], vec![7]]
        );
        assert_eq!(
            placed(Strategy::FirstFitShuffle),
            [vec![7, 1], vec![4, 3], vec![5, 2], vec![0], vec![6]]
        );
    }

    #[test]
    fn of_equal_rooms_the_pack_that_came_to_it_first_goes_first() {
        let options = PackOptions { strategy: Strategy::BestFit, ..PackOptions::new(10) };
        assert_eq!(packs(&[5, 8, 3, 2], &options), [[0, 2], [1, 3]]);
    }

    #[test]
    fn a_tolerance_shuffles_nearly_equal_lengths() {
        let strategy = Strategy::BestFitDecreasing;
        let options = PackOptions { strategy, tolerance: 3, ..PackOptions::new(10) };
        let lengths = [7, 6, 6, 5, 5, 4, 4, 3, 2, 1];
        assert_eq!(packs(&lengths, &options), [[2, 5], [1, 6], [0, 7], [3, 4], [9, 8]]);
    }
}
