//! How full the packs of a packing or of a plan are, counted.

use super::figures::{Context, Stats, figures};
use crate::binding::counting;
use crate::template::{Templates, sequences, tokens};
use crate::{Fault, Unwatched, memory};

/// Tokens of each pack. `entry_length` gives the tokens of the entry at a place of `sequences`.
///
/// # Errors
/// [`Fault::Memory`].
pub fn fills(offsets: &[u32], entry_length: impl Fn(usize) -> u32) -> Result<Vec<u32>, Fault> {
    let mut fills = memory::reserved(offsets.len().saturating_sub(1))?;
    fills.extend(
        offsets
            .windows(2)
            .map(|pack| (pack[0] as usize..pack[1] as usize).map(&entry_length).sum::<u32>()),
    );
    Ok(fills)
}

/// How many packs are filled how far: all that the figures need of a packing. A few entries where
/// most packs are full.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fills {
    /// (tokens of a pack, how many such packs), ascending.
    groups: Vec<(u64, u64)>,
    entries: u64,
    /// The most entries in one pack.
    most: u64,
}

impl Fills {
    /// Of a packing with these tokens in each pack.
    ///
    /// # Errors
    /// [`Fault::Memory`].
    pub fn of_packing(fills: &[u32], offsets: &[u32]) -> Result<Self, Fault> {
        let groups = counting::classes(fills, 1, &Unwatched)?;
        let most = offsets.windows(2).map(|pack| pack[1] - pack[0]).max().unwrap_or(0);
        Ok(Self {
            groups: groups.into_iter().map(|(fill, packs)| (fill.into(), packs)).collect(),
            entries: offsets.last().copied().unwrap_or(0).into(),
            most: most.into(),
        })
    }

    /// Of a packing with these tokens in each pack, so many entries in all and at most so many in a
    /// pack. O(P log P): for packings that are small.
    #[must_use]
    pub fn of_packs(fills: &[u32], entries: u64, most: u64) -> Self {
        let mut sorted = fills.to_vec();
        sorted.sort_unstable();
        let groups = sorted.chunk_by(|a, b| a == b);
        let groups = groups.map(|equal| (equal[0].into(), equal.len() as u64)).collect();
        Self { groups, entries, most }
    }

    /// Of the packing that a plan stands for, without making it.
    #[must_use]
    pub fn of_templates(templates: &Templates) -> Self {
        let each = templates.iter();
        let mut groups: Vec<(u64, u64)> =
            each.map(|(runs, multiplicity)| (tokens(runs), multiplicity)).collect();
        groups.sort_unstable();
        groups.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            kept.1 += if same { next.1 } else { 0 };
            same
        });
        groups.shrink_to_fit();
        let each = templates.iter();
        Self {
            groups,
            entries: each.map(|(runs, multiplicity)| sequences(runs) * multiplicity).sum(),
            most: templates.iter().map(|(runs, _)| sequences(runs)).max().unwrap_or(0),
        }
    }

    /// The figures of the packing.
    #[must_use]
    pub fn stats(&self, context: &Context) -> Stats {
        figures(&self.groups.iter().copied(), self.entries, self.most, context)
    }
}

/// The figures of a packing with these `fills` and `offsets`.
///
/// # Errors
/// [`Fault::Memory`].
pub fn of_packing(fills: &[u32], offsets: &[u32], context: &Context) -> Result<Stats, Fault> {
    Ok(Fills::of_packing(fills, offsets)?.stats(context))
}

/// The figures of the packing that a plan stands for, without making it.
#[must_use]
pub fn of_templates(templates: &Templates, context: &Context) -> Stats {
    Fills::of_templates(templates).stats(context)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "figures are exact: one division of integers")]
mod tests {
    use super::{Context, fills, of_packing, of_templates};
    use crate::policy::Ledger;
    use crate::stats::Fill;
    use crate::template::{Run, Templates};

    fn context(capacity: u32, sequences: u64, tokens: u64, bound: u64) -> Context {
        let ledger = Ledger { tokens_in: tokens, tokens_packed: tokens, ..Ledger::default() };
        Context {
            capacity,
            sequence_count: sequences,
            lower_bound: bound,
            ledger,
            outcome: crate::stats::Outcome::default(),
        }
    }

    fn run(length: u32) -> Run {
        Run { length, times: 1 }
    }

    #[test]
    fn the_worked_example_comes_out_to_the_last_digit_from_packs_and_from_templates() {
        let lengths = [1000, 800, 600, 500, 400, 300, 200, 100];
        let (offsets, sequences) = ([0, 1, 3, 5, 8], [0, 1, 7, 2, 4, 3, 5, 6]);
        let context = context(1024, 8, 3900, 4);
        let filled = fills(&offsets, |entry| lengths[sequences[entry]]).expect("a few bytes");
        assert_eq!(filled, [1000, 900, 1000, 1000]);
        let stats = of_packing(&filled, &offsets, &context).expect("a few bytes");
        assert_eq!((stats.padding_tokens, stats.gap, stats.sequences_per_pack_max), (196, 0, 3));
        assert_eq!(
            [stats.efficiency, stats.compression, stats.sequences_per_pack_mean],
            [0.9521484375, 2.0, 2.0]
        );
        let fill = stats.fill;
        assert_eq!(
            [fill.mean, fill.min, fill.p1, fill.p10],
            [0.9521484375, 0.87890625, 0.87890625, 0.87890625]
        );
        assert_eq!([fill.max, fill.p50, fill.p90, fill.p99], [0.9765625; 4]);
        assert!((fill.standard_deviation / 0.04228639666916204 - 1.0).abs() < 1e-12);

        let mut templates = Templates::new();
        templates.push(&[run(1000)], 1);
        templates.push(&[run(800), run(100)], 1);
        templates.push(&[run(600), run(400)], 1);
        templates.push(&[run(500), run(300), run(200)], 1);
        assert_eq!(of_templates(&templates, &context), stats);
    }

    #[test]
    fn every_ratio_of_no_packs_is_zero() {
        let stats = of_packing(&[], &[0], &context(8, 0, 0, 0)).expect("a few bytes");
        assert_eq!((stats.pack_count, stats.padding_tokens, stats.gap), (0, 0, 0));
        assert_eq!([stats.efficiency, stats.compression, stats.sequences_per_pack_mean], [0.0; 3]);
        assert_eq!(stats.fill, Fill::default());
    }

    #[test]
    fn a_plan_of_more_packs_than_128_bits_can_square_has_a_deviation() {
        // 2^21 packs of 2^31 - 1 tokens among 2^52 of one: the variance is close to 2^83 / 2^52.
        let mut templates = Templates::new();
        let capacity = (1 << 31) - 1;
        templates.push(&[run(capacity)], 1 << 21);
        templates.push(&[run(1)], 1 << 52);
        let context = context(capacity, (1 << 52) + (1 << 21), 1 << 53, 0);
        let deviation = of_templates(&templates, &context).fill.standard_deviation;
        let expected = (2.0_f64).powf(15.5) / f64::from(capacity);
        assert!((deviation / expected - 1.0).abs() < 1e-6, "{deviation}");
    }
}
