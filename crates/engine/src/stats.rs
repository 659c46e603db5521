//! The figures of a packing: exact integers first, then one division each, so that every platform
//! prints the same digits.
//!
//! O(P) time and at most 8 P bytes for P packs; from a plan O(T log T) for T templates, whatever
//! their multiplicities. Percentiles are nearest rank, deviations those of the population.

use crate::binding::counting;
use crate::policy::Ledger;
use crate::template::{Templates, sequences, tokens};
use crate::{Fault, Unwatched, memory};

/// What the fills do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// Tokens that a pack holds.
    pub capacity: u32,
    /// Sequences given, dropped ones included.
    pub sequence_count: u64,
    /// A proved lower bound on the number of packs.
    pub lower_bound: u64,
    /// Where the tokens went.
    pub ledger: Ledger,
}

/// How full the packs are, as ratios of the capacity.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Fill {
    /// Tokens over (packs x capacity).
    pub mean: f64,
    /// The emptiest pack.
    pub min: f64,
    /// The fullest pack.
    pub max: f64,
    /// Of the population.
    pub standard_deviation: f64,
    /// Nearest-rank percentiles.
    pub p1: f64,
    /// 10 % of the packs are at most this full.
    pub p10: f64,
    /// The median.
    pub p50: f64,
    /// 90 % of the packs are at most this full.
    pub p90: f64,
    /// 99 % of the packs are at most this full.
    pub p99: f64,
}

/// The figures of a packing or a plan. Every ratio is 0 where there are no packs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stats {
    /// Sequences given, dropped ones included.
    pub sequence_count: u64,
    /// Packs.
    pub pack_count: u64,
    /// Tokens that a pack holds.
    pub capacity: u32,
    /// Where the tokens went.
    pub ledger: Ledger,
    /// packs x capacity - tokens packed.
    pub padding_tokens: u64,
    /// Tokens packed over (packs x capacity).
    pub efficiency: f64,
    /// No packing has fewer packs.
    pub lower_bound: u64,
    /// Packs above the lower bound.
    pub gap: u64,
    /// Rows saved against one sequence per row: packed sequences over packs.
    pub compression: f64,
    /// Sequences (pieces, where some were split) over packs.
    pub sequences_per_pack_mean: f64,
    /// The most sequences in one pack.
    pub sequences_per_pack_max: u64,
    /// How full the packs are.
    pub fill: Fill,
}

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

/// `groups`: (tokens of a pack, how many such packs), ascending.
fn figures(
    groups: &(impl Iterator<Item = (u64, u64)> + Clone),
    entries: u64,
    most_entries: u64,
    context: &Context,
) -> Stats {
    let (mut packs, mut total, mut squares) = (0_u64, 0_u64, 0_u128);
    for (fill, count) in groups.clone() {
        packs += count;
        total += fill * count;
        squares += u128::from(fill) * u128::from(fill) * u128::from(count);
    }
    let capacity = u128::from(context.capacity);
    let places = u128::from(packs) * capacity;
    let ratio = |part: u128, whole: u128| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let packed = context.sequence_count - context.ledger.dropped_count;
    let at = |percent: u64| {
        let rank = (u128::from(percent) * u128::from(packs)).div_ceil(100);
        ratio(u128::from(ranked(groups.clone(), rank)), capacity)
    };
    let (least, most) = (ranked(groups.clone(), 1), ranked(groups.clone(), u128::from(packs)));
    Stats {
        sequence_count: context.sequence_count,
        pack_count: packs,
        capacity: context.capacity,
        ledger: context.ledger,
        padding_tokens: (places - u128::from(total)) as u64,
        efficiency: ratio(total.into(), places),
        lower_bound: context.lower_bound,
        gap: packs.saturating_sub(context.lower_bound),
        compression: ratio(packed.into(), packs.into()),
        sequences_per_pack_mean: ratio(entries.into(), packs.into()),
        sequences_per_pack_max: most_entries,
        fill: Fill {
            mean: ratio(total.into(), places),
            min: ratio(least.into(), capacity),
            max: ratio(most.into(), capacity),
            standard_deviation: deviation(packs, total, squares, groups.clone(), context.capacity),
            p1: at(1),
            p10: at(10),
            p50: at(50),
            p90: at(90),
            p99: at(99),
        },
    }
}

/// The fill of rank `rank`, counted from 1; 0 where there are no packs.
fn ranked(groups: impl Iterator<Item = (u64, u64)>, rank: u128) -> u64 {
    let mut passed = 0_u128;
    for (fill, count) in groups {
        passed += u128::from(count);
        if passed >= rank {
            return fill;
        }
    }
    0
}

/// `sqrt(P * sum of squares - T^2) / (P * C)`.
fn deviation(
    packs: u64,
    total: u64,
    squares: u128,
    groups: impl Iterator<Item = (u64, u64)>,
    capacity: u32,
) -> f64 {
    if packs == 0 {
        return 0.0;
    }
    if let Some(product) = squares.checked_mul(packs.into()) {
        let variance = product - u128::from(total) * u128::from(total); // times P^2; Cauchy: >= 0
        return (variance as f64).sqrt() / (u128::from(packs) * u128::from(capacity)) as f64;
    }
    // Beyond 2^128 there are more than 10^13 packs: deviations from the mean, summed in order.
    let mean = total as f64 / packs as f64;
    let sum: f64 = groups.map(|(fill, count)| (fill as f64 - mean).powi(2) * count as f64).sum();
    (sum / packs as f64).sqrt() / f64::from(capacity)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "figures are exact: one division of integers")]
mod tests {
    use super::{Context, fills, of_packing, of_templates};
    use crate::policy::Ledger;
    use crate::template::{Run, Templates};

    fn context(capacity: u32, sequences: u64, tokens: u64, bound: u64) -> Context {
        let ledger = Ledger { tokens_in: tokens, tokens_packed: tokens, ..Ledger::default() };
        Context { capacity, sequence_count: sequences, lower_bound: bound, ledger }
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
        assert_eq!(stats.fill, super::Fill::default());
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
