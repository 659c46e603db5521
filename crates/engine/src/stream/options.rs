//! What a caller asks of a stream.

use crate::options::{Empty, Overlong};
use std::num::NonZeroU32;

/// How a stream places its sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamStrategy {
    /// One open pack, closed by the first sequence that doesn't fit.
    NextFit,
    /// One open pack per class of similar lengths.
    Harmonic,
    /// The longest of some waiting sequences first, each to the pack with the least room.
    BestFit,
}

/// What a caller asks of a stream. Ranges are checked at the surface; here they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamOptions {
    /// Tokens that a pack holds, 1 ..= 2^31 - 1.
    pub capacity: u32,
    /// How sequences find their packs.
    pub strategy: StreamStrategy,
    /// Packs kept open between calls at most, at least 1; best fit only.
    pub max_open_packs: u32,
    /// Sequences that wait for each other; 0 places at once. Best fit only.
    pub lookahead: u32,
    /// At most this many sequences in a pack; none: no limit.
    pub max_sequences_per_pack: Option<NonZeroU32>,
    /// Classes of the harmonic strategy, 2 ..= 64.
    pub harmonic_classes: u32,
    /// Sequences longer than a pack.
    pub overlong: Overlong,
    /// Sequences without tokens.
    pub empty: Empty,
}

impl StreamOptions {
    /// The defaults of the public surface at `capacity`.
    #[must_use]
    pub fn new(capacity: u32) -> Self {
        Self {
            capacity,
            strategy: StreamStrategy::BestFit,
            max_open_packs: 1024,
            lookahead: 4096,
            max_sequences_per_pack: None,
            harmonic_classes: 10,
            overlong: Overlong::default(),
            empty: Empty::default(),
        }
    }

    /// The limit on sequences as a plain number; `u32::MAX` where there is none.
    pub(super) fn limit(&self) -> usize {
        self.max_sequences_per_pack.map_or(u32::MAX, NonZeroU32::get) as usize
    }

    /// The longest sequence that stands in its pack as it is. Where sequences are truncated one of exactly
    /// the capacity counts as cut: a snapshot can't tell the two apart.
    #[must_use]
    pub fn uncut(&self) -> u32 {
        let truncates = matches!(self.overlong, Overlong::Truncate | Overlong::TruncateStart);
        self.capacity - u32::from(truncates)
    }

    /// Sequences that are placed together.
    pub(super) fn window(&self) -> usize {
        self.lookahead.max(1) as usize
    }
}
