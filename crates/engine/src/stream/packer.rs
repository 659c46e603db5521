//! The stream itself: places what a call adds, keeps the ledger.

use super::arrivals::arrivals;
use super::closed::Closed;
use super::entry::Entry;
use super::harmonic::Harmonic;
use super::ledger::{Ledger, MOST_TOKENS, sum};
use super::leeway::Leeway;
use super::lookahead::Lookahead;
use super::next_fit::NextFit;
use super::open_pack::OpenPack;
use super::options::{StreamOptions, StreamStrategy};
use super::place::Place;
use crate::Fault;
use crate::options::Overlong;

/// What a stream holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    /// Sequences and pieces that wait or stand in open packs.
    pub sequences: u64,
    /// Their tokens.
    pub tokens: u64,
    /// Open packs.
    pub open_packs: u64,
}

/// Packs sequences as they come. Ids are the caller's, from -(2^53 - 1) to 2^53 - 1.
#[derive(Clone, Debug)]
pub struct StreamPacker {
    options: StreamOptions,
    state: State,
    ledger: Ledger,
    held_sequences: u64,
    held_tokens: u64,
}

#[derive(Clone, Debug)]
pub(super) enum State {
    NextFit(NextFit),
    Harmonic(Harmonic),
    BestFit(Lookahead),
}

impl StreamPacker {
    /// An empty stream.
    #[must_use]
    pub fn new(options: StreamOptions) -> Self {
        let state = match options.strategy {
            StreamStrategy::NextFit => State::NextFit(NextFit::default()),
            StreamStrategy::Harmonic => State::Harmonic(Harmonic::new(&options)),
            StreamStrategy::BestFit => State::BestFit(Lookahead::new(&options)),
        };
        Self { options, state, ledger: Ledger::default(), held_sequences: 0, held_tokens: 0 }
    }

    /// A stream with the given contents, which are known to be possible.
    pub(super) fn restored(
        options: StreamOptions,
        ledger: Ledger,
        next_number: u64,
        waiting: Vec<Entry>,
        open: Vec<(u32, OpenPack)>,
    ) -> Self {
        let held = || open.iter().flat_map(|(_, pack)| &pack.entries).chain(&waiting);
        let held_sequences = held().count() as u64;
        let held_tokens = held().map(|entry| u64::from(entry.length())).sum();
        let state = match options.strategy {
            StreamStrategy::NextFit => {
                let pack = open.into_iter().next().map(|(_, pack)| pack);
                State::NextFit(NextFit::restored(next_number, pack))
            }
            StreamStrategy::Harmonic => {
                State::Harmonic(Harmonic::restored(&options, next_number, open))
            }
            StreamStrategy::BestFit => {
                State::BestFit(Lookahead::restored(&options, next_number, waiting, open))
            }
        };
        Self { options, state, ledger, held_sequences, held_tokens }
    }

    /// What the stream was made with.
    #[must_use]
    pub fn options(&self) -> &StreamOptions {
        &self.options
    }

    /// Everything added so far.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.ledger
    }

    /// What waits or is open.
    #[must_use]
    pub fn pending(&self) -> Pending {
        Pending {
            sequences: self.held_sequences,
            tokens: self.held_tokens,
            open_packs: self.state.as_place().open_count() as u64,
        }
    }

    /// What may come before a pack can close, for each class of the harmonic strategy, else one: a caller
    /// may keep sequences of 1 ..= capacity tokens back for so long and add them together.
    pub fn leeways(&self) -> impl Iterator<Item = Leeway> {
        let classes = match self.options.strategy {
            StreamStrategy::Harmonic => self.options.harmonic_classes as usize,
            StreamStrategy::NextFit | StreamStrategy::BestFit => 1,
        };
        let state = self.state.as_place();
        (0..classes).map(|class| state.leeway(class, &self.options))
    }

    /// Tokens that may still be added before the ledger is full.
    #[must_use]
    pub fn tokens_left(&self) -> u64 {
        MOST_TOKENS - self.ledger.tokens_in
    }

    /// Adds sequences; `closed` holds the packs that this closes, in the order of closing.
    ///
    /// # Errors
    /// With nothing changed: [`Fault::Overlong`] or [`Fault::Empty`] for the first sequence that the
    /// policies refuse, its index counted within the call; [`Fault::TooManyPieces`] for more than 2^20
    /// pieces of split sequences in one call, [`Fault::TooManySequences`] for more than 2^32 - 1
    /// sequences; [`Fault::Length`] if the ledger would pass 2^53 - 1 tokens; [`Fault::Memory`].
    ///
    /// # Panics
    /// If `ids` and `lengths` differ in number.
    pub fn add(&mut self, ids: &[i64], lengths: &[u32], closed: &mut Closed) -> Result<(), Fault> {
        assert_eq!(ids.len(), lengths.len(), "a length per id");
        closed.clear();
        let arrivals = arrivals(lengths, &self.options)?;
        let ledger = sum(self.ledger, arrivals.ledger)?;
        let most = self.held_sequences + arrivals.entries;
        if !closed.reserve(most as usize) {
            return Err(Fault::Memory { bytes: most * 24 });
        }
        let options = self.options;
        match &mut self.state {
            State::NextFit(state) => {
                place_all(state, ids, lengths, arrivals.plain, &options, closed);
            }
            State::Harmonic(state) => {
                place_all(state, ids, lengths, arrivals.plain, &options, closed);
            }
            State::BestFit(state) => {
                place_all(state, ids, lengths, arrivals.plain, &options, closed);
            }
        }
        self.ledger = ledger;
        self.held_sequences += arrivals.entries;
        self.held_tokens += arrivals.ledger.tokens_packed;
        self.let_go(closed);
        Ok(())
    }

    /// Hands out everything; the stream can be used again.
    pub fn finish(&mut self, closed: &mut Closed) {
        closed.clear();
        let options = self.options;
        match &mut self.state {
            State::NextFit(state) => state.finish(&options, closed),
            State::Harmonic(state) => state.finish(&options, closed),
            State::BestFit(state) => state.finish(&options, closed),
        }
        self.let_go(closed);
    }

    pub(super) fn state(&self) -> &dyn Place {
        self.state.as_place()
    }

    fn let_go(&mut self, closed: &Closed) {
        self.held_sequences -= closed.ids.len() as u64;
        self.held_tokens -= closed.lengths.iter().map(|&length| u64::from(length)).sum::<u64>();
    }
}

impl State {
    fn as_place(&self) -> &dyn Place {
        match self {
            Self::NextFit(state) => state,
            Self::Harmonic(state) => state,
            Self::BestFit(state) => state,
        }
    }
}

fn place_all(
    state: &mut impl Place,
    ids: &[i64],
    lengths: &[u32],
    plain: bool,
    options: &StreamOptions,
    closed: &mut Closed,
) {
    if plain {
        for (&id, &length) in ids.iter().zip(lengths) {
            state.place(Entry::whole(id, length), options, closed);
        }
        return;
    }
    let capacity = options.capacity;
    for (&id, &length) in ids.iter().zip(lengths) {
        let mut place = |entry| state.place(entry, options, closed);
        match options.overlong {
            // At exactly the capacity as well: a snapshot can't tell the two apart.
            Overlong::Truncate if length >= capacity => place(Entry::piece(id, capacity, 0)),
            Overlong::TruncateStart if length >= capacity => {
                place(Entry::piece(id, capacity, length - capacity));
            }
            Overlong::Split if length > capacity => {
                for start in (0..length).step_by(capacity as usize) {
                    place(Entry::piece(id, capacity.min(length - start), start));
                }
            }
            _ if length == 0 || length > capacity => {} // dropped
            _ => place(Entry::whole(id, length)),
        }
    }
}
