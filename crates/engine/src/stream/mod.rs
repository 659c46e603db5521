//! Packing an endless stream in bounded memory: sequences in, closed packs out.
//!
//! Three ways to place them: [`next_fit`], [`harmonic`] and best fit behind a [`lookahead`]. What a
//! stream returns doesn't depend on how it is cut into calls, and a snapshot goes on to the byte.
//! When all lengths are known beforehand, a plan needs fewer packs and proves how few there can be.

mod closed;
mod harmonic;
mod lookahead;
mod next_fit;
mod open_packs;
mod packer;
mod snapshot;

pub use closed::Closed;
pub use packer::{Ledger, Pending, StreamPacker};

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
    fn limit(&self) -> usize {
        self.max_sequences_per_pack.map_or(u32::MAX, NonZeroU32::get) as usize
    }

    /// Sequences that are placed together.
    fn window(&self) -> usize {
        self.lookahead.max(1) as usize
    }
}

/// A sequence or a piece of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    id: i64,
    /// Tokens, and in the top bit, free because a capacity has 31 bits, whether it was cut.
    marked_length: u32,
    start: u32,
}

const CUT: u32 = 1 << 31;

impl Entry {
    fn whole(id: i64, length: u32) -> Self {
        Self { id, marked_length: length, start: 0 }
    }

    fn piece(id: i64, length: u32, start: u32) -> Self {
        Self { id, marked_length: length | CUT, start }
    }

    fn length(self) -> u32 {
        self.marked_length & !CUT
    }

    fn is_cut(self) -> bool {
        self.marked_length & CUT != 0
    }
}

/// A pack that may still take sequences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct OpenPack {
    number: u64,
    room: u32,
    entries: Vec<Entry>,
}

impl OpenPack {
    fn push(&mut self, entry: Entry) {
        self.room -= entry.length();
        self.entries.push(entry);
    }

    /// True when it can take nothing more.
    fn is_full(&self, limit: usize) -> bool {
        self.room == 0 || self.entries.len() >= limit
    }

    /// Next fit: where `entry` doesn't fit, the pack closes and begins anew, with the next number;
    /// where the pack is full afterwards, it closes at once.
    fn take(
        &mut self,
        entry: Entry,
        limit: usize,
        capacity: u32,
        next_number: &mut u64,
        closed: &mut Closed,
    ) {
        if !self.entries.is_empty() && self.room < entry.length() {
            closed.push(&mut self.entries);
        }
        if self.entries.is_empty() {
            (self.number, self.room) = (*next_number, capacity);
            *next_number += 1;
        }
        self.push(entry);
        if self.is_full(limit) {
            closed.push(&mut self.entries);
        }
    }
}

/// What the three strategies have in common.
trait Place {
    /// Takes a sequence of 1 ..= capacity tokens; hands out the packs that this closes.
    fn place(&mut self, entry: Entry, options: &StreamOptions, closed: &mut Closed);

    /// Hands out everything, open packs in the order of opening.
    fn finish(&mut self, options: &StreamOptions, closed: &mut Closed);

    /// The number that the next pack will get.
    fn next_number(&self) -> u64;

    /// Sequences that wait, in order of arrival.
    fn waiting(&self) -> &[Entry] {
        &[]
    }

    /// Open packs in the order of opening, with their class where there are classes, else 0.
    fn open(&self) -> Vec<(u32, &OpenPack)>;

    /// How many packs are open.
    fn open_count(&self) -> usize;
}
