//! Options and the table of strategies, across the boundary.

use napi_derive::napi;
use std::num::NonZeroU32;
use stowage_engine::PackOptions;
use stowage_engine::loads::LoadCost;
use stowage_engine::options::{Empty, Loads, Objective, Overlong};
use stowage_engine::strategy::STRATEGIES;

/// One strategy, for menus and help texts.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct StrategyEntry {
    /// The full name.
    pub name: &'static str,
    /// Other accepted names.
    pub aliases: Vec<&'static str>,
    /// What it does, in one line.
    pub summary: &'static str,
    /// Its cost.
    pub cost: &'static str,
    /// What is known about its results.
    pub guarantee: &'static str,
    /// True if it works on a histogram.
    pub plans: bool,
    /// True if a stream can use it.
    pub streams: bool,
    /// True if the seed matters.
    pub seeded: bool,
}

/// The engine's table; a strategy crosses as its place in it.
#[napi(catch_unwind)]
#[must_use]
pub fn strategies() -> Vec<StrategyEntry> {
    let entries = STRATEGIES.iter().map(|info| StrategyEntry {
        name: info.name,
        aliases: info.aliases.to_vec(),
        summary: info.summary,
        cost: info.cost,
        guarantee: info.guarantee,
        plans: info.plans,
        streams: info.streams,
        seeded: info.seeded,
    });
    entries.collect()
}

/// Checked options, as numbers: choices are places in the lists of `ts/packing/options.ts`.
#[napi(object, object_to_js = false, use_nullable = true)]
pub struct EngineOptions {
    /// Tokens that a pack holds.
    pub capacity: u32,
    /// Place in the table of strategies.
    pub strategy: u32,
    /// At most this many sequences in a pack.
    pub max_sequences_per_pack: Option<u32>,
    /// Each sequence takes a multiple of this.
    pub sequence_alignment: u32,
    /// The number of packs is made a multiple of this.
    pub pack_count_multiple_of: u32,
    /// Exactly this many packs.
    pub pack_count: Option<u32>,
    /// error, drop, truncate, split, truncate-start.
    pub overlong: u32,
    /// error, drop.
    pub empty: u32,
    /// Upper half of the seed.
    pub seed_high: u32,
    /// Lower half of the seed.
    pub seed_low: u32,
    /// Lengths of equal quotient by this are taken in seeded order.
    pub tolerance: u32,
    /// Classes of the harmonic strategy.
    pub harmonic_classes: u32,
    /// Work that a search may spend.
    pub effort: f64,
    /// Absent: as few packs as possible.
    pub loads: Option<LoadOptions>,
}

/// What equal loads keep to.
#[napi(object)]
#[derive(Clone, Copy)]
pub struct LoadOptions {
    /// Of a token.
    pub linear: u32,
    /// Of a squared length.
    pub quadratic: u32,
    /// Packs hold equally many sequences.
    pub equal_counts: bool,
    /// No capacity was given.
    pub free: bool,
}

impl LoadOptions {
    /// What the engine calls it.
    #[must_use]
    pub fn objective(self) -> Objective {
        let Self { linear, quadratic, equal_counts, free } = self;
        Objective::MaxLoad(Loads { cost: LoadCost { linear, quadratic }, equal_counts, free })
    }
}

impl From<EngineOptions> for PackOptions {
    fn from(options: EngineOptions) -> Self {
        Self {
            capacity: options.capacity,
            strategy: STRATEGIES[options.strategy as usize].strategy,
            max_sequences_per_pack: options.max_sequences_per_pack.and_then(NonZeroU32::new),
            sequence_alignment: options.sequence_alignment,
            pack_count_multiple_of: options.pack_count_multiple_of.into(),
            pack_count: options.pack_count.map(u64::from),
            overlong: OVERLONG[options.overlong as usize],
            empty: EMPTY[options.empty as usize],
            seed: join(options.seed_high, options.seed_low),
            tolerance: options.tolerance,
            harmonic_classes: options.harmonic_classes,
            effort: options.effort,
            objective: options.loads.map_or(Objective::Packs, LoadOptions::objective),
        }
    }
}

/// The policies in the order of `ts/packing/options.ts`.
pub const OVERLONG: [Overlong; 5] =
    [Overlong::Error, Overlong::Drop, Overlong::Truncate, Overlong::Split, Overlong::TruncateStart];
/// As above.
pub const EMPTY: [Empty; 2] = [Empty::Error, Empty::Drop];

/// A 64-bit number from its halves: a bigint would allocate on both sides.
#[must_use]
pub fn join(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}
