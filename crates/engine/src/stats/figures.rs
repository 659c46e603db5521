//! From the fills of packs, counted, to the figures.

use crate::optimal::Stopped;
use crate::policy::Ledger;

/// The loads of packs, where they were the objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadFigures {
    /// Of the heaviest pack.
    pub most: u64,
    /// Of the lightest pack.
    pub least: u64,
    /// No plan of as many packs has a smaller largest load.
    pub bound: u64,
}

/// What a search tells of itself; nothing where none ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Why it ended.
    pub stopped: Option<Stopped>,
    /// The loads that it balanced.
    pub loads: Option<LoadFigures>,
}

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
    /// What the search tells of itself.
    pub outcome: Outcome,
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
    /// What the search tells of itself.
    pub outcome: Outcome,
}

/// `groups`: (tokens of a pack, how many such packs), ascending.
pub(super) fn figures(
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
        outcome: context.outcome,
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
