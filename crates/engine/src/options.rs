//! What a caller asks of a packing. Types and ranges are checked at the surface; here they hold.

use crate::loads::LoadCost;
use std::num::NonZeroU32;

/// How sequences find their packs. Names, aliases and summaries: `strategy::STRATEGIES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// Best-fit-decreasing, then search where the bound shows that something is left to win.
    Auto,
    /// Search until the plan is proved optimal or the effort is spent.
    Optimal,
    /// The last opened pack, else a new one.
    NextFit,
    /// The earliest opened pack with room.
    FirstFit,
    /// The pack with the least sufficient room.
    BestFit,
    /// The pack with the most room.
    WorstFit,
    /// One open pack per class of similar lengths.
    Harmonic,
    /// First fit over a seeded random order.
    FirstFitShuffle,
    /// First fit, longest first.
    FirstFitDecreasing,
    /// Best fit, longest first.
    BestFitDecreasing,
    /// Worst fit, longest first.
    WorstFitDecreasing,
    /// Johnson and Garey's refinement of first fit, longest first.
    ModifiedFirstFitDecreasing,
}

/// What happens to a sequence longer than a pack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overlong {
    /// [`crate::Fault::Overlong`] for the first one.
    #[default]
    Error,
    /// It is listed as dropped.
    Drop,
    /// Its first tokens are packed.
    Truncate,
    /// It is cut into pieces that fit.
    Split,
    /// Its last tokens are packed.
    TruncateStart,
}

/// What happens to a sequence without tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Empty {
    /// [`crate::Fault::Empty`] for the first one.
    #[default]
    Error,
    /// It is listed as dropped.
    Drop,
}

/// What is to be as small as possible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Objective {
    /// The number of packs.
    #[default]
    Packs,
    /// The largest load of a pack, at a number of packs that is given or that of [`Self::Packs`].
    MaxLoad(Loads),
}

/// What equal loads keep to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loads {
    /// The load of a sequence.
    pub cost: LoadCost,
    /// Every pack holds equally many sequences.
    pub equal_counts: bool,
    /// No capacity was given: that of the result is the tokens of its fullest pack.
    pub free: bool,
}

/// Everything that decides a packing besides the lengths. Same lengths, same options: same bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct PackOptions {
    /// Tokens that a pack holds, 1 ..= 2^31 - 1.
    pub capacity: u32,
    /// How sequences find their packs.
    pub strategy: Strategy,
    /// At most this many sequences in a pack; none: no limit.
    pub max_sequences_per_pack: Option<NonZeroU32>,
    /// Each sequence takes a multiple of this many tokens of its pack, 1 ..= capacity.
    pub sequence_alignment: u32,
    /// The number of packs is made a multiple of this by splitting the costliest packs.
    pub pack_count_multiple_of: u64,
    /// Exactly this many packs; none: as few as possible.
    pub pack_count: Option<u64>,
    /// Sequences longer than a pack.
    pub overlong: Overlong,
    /// Sequences without tokens.
    pub empty: Empty,
    /// Seed of every shuffled choice.
    pub seed: u64,
    /// Decreasing strategies: lengths of equal quotient by this are taken in seeded order; 1 = exact.
    pub tolerance: u32,
    /// Classes of the harmonic strategy, 2 ..= 64.
    pub harmonic_classes: u32,
    /// Work that `auto` and `optimal` may spend, relative to their defaults; finite, >= 0.
    pub effort: f64,
    /// What is to be as small as possible.
    pub objective: Objective,
}

impl PackOptions {
    /// The defaults of the public surface at `capacity`.
    #[must_use]
    pub fn new(capacity: u32) -> Self {
        Self {
            capacity,
            strategy: Strategy::Auto,
            max_sequences_per_pack: None,
            sequence_alignment: 1,
            pack_count_multiple_of: 1,
            pack_count: None,
            overlong: Overlong::default(),
            empty: Empty::default(),
            seed: 0,
            tolerance: 1,
            harmonic_classes: 10,
            effort: 1.0,
            objective: Objective::Packs,
        }
    }

    /// What equal loads keep to, where they are the objective.
    #[must_use]
    pub fn loads(&self) -> Option<Loads> {
        match self.objective {
            Objective::Packs => None,
            Objective::MaxLoad(loads) => Some(loads),
        }
    }

    /// The longest sequence that fits a pack: `floor(capacity / alignment) * alignment`.
    #[must_use]
    pub fn usable(&self) -> u32 {
        self.capacity / self.sequence_alignment * self.sequence_alignment
    }

    /// Room that a sequence of `length` takes; at most [`usable`](Self::usable) if `length` is.
    #[must_use]
    pub fn need(&self, length: u32) -> u32 {
        length.div_ceil(self.sequence_alignment) * self.sequence_alignment
    }

    /// The limit on sequences as a plain number; `u32::MAX` where there is none.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.max_sequences_per_pack.map_or(u32::MAX, NonZeroU32::get)
    }
}
