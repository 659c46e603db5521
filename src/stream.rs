//! `stowage_engine::stream` for JavaScript: packs stay in native memory until the wrapper has made
//! arrays of their size.

use crate::options::{EMPTY, OVERLONG};
use crate::{fault, output};
use napi::bindgen_prelude::{Env, Float64ArraySlice, Result, Uint8ArraySlice};
use napi_derive::napi;
use std::num::NonZeroU32;
use stowage_engine::stream::{self, Closed, StreamStrategy};

/// Checked options, as numbers: choices are places in the lists of the wrapper.
#[napi(object, object_to_js = false, use_nullable = true)]
pub struct StreamOptions {
    /// Tokens that a pack holds.
    pub capacity: u32,
    /// best-fit, next-fit, harmonic.
    pub strategy: u32,
    /// Packs kept open.
    pub max_open_packs: u32,
    /// Sequences that wait.
    pub lookahead: u32,
    /// At most this many sequences in a pack.
    pub max_sequences_per_pack: Option<u32>,
    /// Classes of the harmonic strategy.
    pub harmonic_classes: u32,
    /// error, drop, truncate, split.
    pub overlong: u32,
    /// error, drop.
    pub empty: u32,
}

/// A strategy crosses as its place in this list.
const STRATEGIES: [StreamStrategy; 3] =
    [StreamStrategy::BestFit, StreamStrategy::NextFit, StreamStrategy::Harmonic];

impl From<StreamOptions> for stream::StreamOptions {
    fn from(options: StreamOptions) -> Self {
        Self {
            capacity: options.capacity,
            strategy: STRATEGIES[options.strategy as usize],
            max_open_packs: options.max_open_packs,
            lookahead: options.lookahead,
            max_sequences_per_pack: options.max_sequences_per_pack.and_then(NonZeroU32::new),
            harmonic_classes: options.harmonic_classes,
            overlong: OVERLONG[options.overlong as usize],
            empty: EMPTY[options.empty as usize],
        }
    }
}

/// What a stream holds.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct StreamPending {
    /// Sequences and pieces.
    pub sequences: f64,
    /// Their tokens.
    pub tokens: f64,
    /// Open packs.
    pub open_packs: f64,
}

/// Where the tokens of a stream went.
#[napi(object, object_from_js = false, use_nullable = true)]
#[expect(clippy::struct_field_names, reason = "the names of the public surface")]
pub struct StreamLedger {
    /// All added.
    pub tokens_in: f64,
    /// In packs or waiting.
    pub tokens_packed: f64,
    /// Cut off.
    pub tokens_truncated: f64,
    /// Of sequences left out.
    pub tokens_dropped: f64,
}

/// Sequences that the wrapper keeps back at most; this and what follows as in `ts/stream/block.ts`.
const BLOCK: usize = 1024;
/// Where a block tells of the stream: capacity, classes, tokens that the ledger has room for, sequences
/// that a pack of next fit may hold (0 for other strategies), the longest sequence that isn't cut; then
/// for each class the tokens and for each class the sequences that may come.
const STATE: usize = 2 * BLOCK;
/// Classes at most.
const CLASSES: usize = 64;
/// Where closed packs stand in a block, if there is room for them.
const CLOSED: usize = STATE + TOLD + 2 * CLASSES;
/// Numbers before those of classes.
const TOLD: usize = 5;

/// A stream, and the packs that its last call closed.
#[napi]
pub struct Stream {
    packer: stream::StreamPacker,
    closed: Closed,
    /// The ids and lengths of a call as integers; kept so that calls allocate nothing.
    ids: Vec<i64>,
    lengths: Vec<u32>,
}

impl From<stream::StreamPacker> for Stream {
    fn from(packer: stream::StreamPacker) -> Self {
        Self { packer, closed: Closed::default(), ids: Vec::new(), lengths: Vec::new() }
    }
}

#[napi]
impl Stream {
    /// An empty stream.
    #[napi(constructor)]
    #[must_use]
    pub fn new(options: StreamOptions) -> Self {
        stream::StreamPacker::new(options.into()).into()
    }

    /// The stream of a snapshot.
    ///
    /// # Errors
    /// As the engine's `restore`.
    #[napi(factory, catch_unwind)]
    pub fn restore(env: Env, snapshot: &[u8]) -> Result<Self> {
        let restored = stream::StreamPacker::restore(snapshot);
        restored.map(Self::from).map_err(|reason| fault::to_js(env, reason))
    }

    /// Adds sequences and returns the room that [`closed_into`](Self::closed_into) needs for the packs
    /// that this closed; 0 if there are none. Ids are safe integers.
    ///
    /// # Errors
    /// As the engine's `add`.
    #[napi(catch_unwind)]
    pub fn add(&mut self, env: Env, ids: &[f64], lengths: &[u32]) -> Result<f64> {
        self.ids.clear();
        self.ids.extend(ids.iter().map(|&id| id as i64));
        let added = self.packer.add(&self.ids, lengths, &mut self.closed);
        added.map(|()| self.room()).map_err(|reason| fault::to_js(env, reason))
    }

    /// Adds the sequences at `from .. to` of a block, which holds ids first, and tells in it how much may come before
    /// a pack can close, and the packs that these have closed but for the first `known`, if there is room
    /// for them in it: it has if the room returned is no larger. One array in and out, because each costs
    /// as much as five calls.
    ///
    /// # Errors
    /// As the engine's `add`; the block tells nothing then.
    #[napi(catch_unwind)]
    pub fn add_block(
        &mut self,
        env: Env,
        from: u32,
        to: u32,
        known: u32,
        mut block: Float64ArraySlice<'_>,
    ) -> Result<f64> {
        let block = output::borrow(&mut block);
        let (ids, lengths) = block[..STATE].split_at(BLOCK);
        self.ids.clear();
        let given = from as usize..to as usize;
        self.ids.extend(ids[given.clone()].iter().map(|&id| id as i64));
        self.lengths.clear();
        self.lengths.extend(lengths[given].iter().map(|&length| length as u32));
        let added = self.packer.add(&self.ids, &self.lengths, &mut self.closed);
        added.map_err(|reason| fault::to_js(env, reason))?;
        let (state, out) = block[STATE..].split_at_mut(CLOSED - STATE);
        let mut classes = 0;
        for (class, leeway) in self.packer.leeways().enumerate() {
            state[TOLD + class] = leeway.room.into();
            state[TOLD + CLASSES + class] = leeway.sequences.into();
            classes = class + 1;
        }
        let options = self.packer.options();
        let next_fit = options.strategy == StreamStrategy::NextFit;
        let limit = options.max_sequences_per_pack.map_or(u32::MAX, NonZeroU32::get);
        state[0] = options.capacity.into();
        state[1] = classes as f64;
        state[2] = self.packer.tokens_left() as f64;
        state[3] = if next_fit { limit.into() } else { 0.0 };
        state[4] = options.uncut().into();
        self.closed.forget(known as usize);
        let room = self.room();
        if room <= out.len() as f64 {
            self.write_closed(out);
        }
        Ok(room)
    }

    /// Closes everything and returns the room for it, as [`add`](Self::add) does.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn finish(&mut self) -> f64 {
        self.packer.finish(&mut self.closed);
        self.room()
    }

    /// Fills `out` with the packs that the last call closed, one after another: the number of
    /// entries, below 0 where a sequence was cut, then ids, lengths and, only there, starts. One
    /// array, because each one that crosses costs as much as a hundred numbers in it.
    ///
    /// # Panics
    /// If `out` is shorter than the room that was told.
    #[napi(catch_unwind)]
    pub fn closed_into(&self, mut out: Float64ArraySlice<'_>) {
        self.write_closed(output::borrow(&mut out));
    }

    fn write_closed(&self, out: &mut [f64]) {
        let mut rest = out;
        let Closed { ids, lengths, starts, ends, cut } = &self.closed;
        let mut from = 0;
        for (&end, &is_cut) in ends.iter().zip(cut) {
            let count = end - from;
            let fields = 2 + usize::from(is_cut);
            let (pack, after) = rest.split_at_mut(1 + fields * count);
            rest = after;
            pack[0] = if is_cut { -(count as f64) } else { count as f64 };
            let (id_slots, others) = pack[1..].split_at_mut(count);
            let (length_slots, start_slots) = others.split_at_mut(count);
            id_slots.iter_mut().zip(&ids[from..end]).for_each(|(slot, &id)| *slot = id as f64);
            fill(length_slots, &lengths[from..end]);
            fill(start_slots, &starts[from..end]);
            from = end;
        }
    }

    fn room(&self) -> f64 {
        let Closed { ends, cut, .. } = &self.closed;
        let (mut from, mut room) = (0, 0);
        for (&end, &is_cut) in ends.iter().zip(cut) {
            room += 1 + (2 + usize::from(is_cut)) * (end - from);
            from = end;
        }
        room as f64
    }

    /// What waits or is open.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn pending(&self) -> StreamPending {
        let pending = self.packer.pending();
        StreamPending {
            sequences: pending.sequences as f64,
            tokens: pending.tokens as f64,
            open_packs: pending.open_packs as f64,
        }
    }

    /// Everything added so far.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn ledger(&self) -> StreamLedger {
        let ledger = self.packer.ledger();
        StreamLedger {
            tokens_in: ledger.tokens_in as f64,
            tokens_packed: ledger.tokens_packed as f64,
            tokens_truncated: ledger.tokens_truncated as f64,
            tokens_dropped: ledger.tokens_dropped as f64,
        }
    }

    /// Bytes of a snapshot.
    #[napi(getter, catch_unwind)]
    #[must_use]
    pub fn snapshot_size(&self) -> f64 {
        self.packer.snapshot_size() as f64
    }

    /// Fills `bytes`, of exactly the size, with a snapshot.
    ///
    /// # Errors
    /// As the engine's `snapshot`.
    #[napi(catch_unwind)]
    pub fn snapshot_into(&self, env: Env, mut bytes: Uint8ArraySlice<'_>) -> Result<()> {
        let snapshot = self.packer.snapshot().map_err(|reason| fault::to_js(env, reason))?;
        output::borrow(&mut bytes).copy_from_slice(&snapshot);
        Ok(())
    }
}

fn fill(slots: &mut [f64], values: &[u32]) {
    for (slot, &value) in slots.iter_mut().zip(values) {
        *slot = f64::from(value);
    }
}
