//! `stowage_engine::stream` for JavaScript: packs stay in native memory until the wrapper has made
//! arrays of their size.

use crate::options::{EMPTY, OVERLONG};
use crate::{fault, output};
use napi::bindgen_prelude::{Env, Float64ArraySlice, Result, Uint8ArraySlice, Uint32ArraySlice};
use napi_derive::napi;
use std::num::NonZeroU32;
use stowage_engine::stream::{self, Closed, StreamStrategy};

/// Checked options, as numbers: choices are places in the lists of the wrapper.
#[napi(object, object_to_js = false)]
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

impl From<StreamOptions> for stream::StreamOptions {
    fn from(options: StreamOptions) -> Self {
        Self {
            capacity: options.capacity,
            strategy: match options.strategy {
                0 => StreamStrategy::BestFit,
                1 => StreamStrategy::NextFit,
                _ => StreamStrategy::Harmonic,
            },
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
#[napi(object, object_from_js = false)]
pub struct StreamPending {
    /// Sequences and pieces.
    pub sequences: f64,
    /// Their tokens.
    pub tokens: f64,
    /// Open packs.
    pub open_packs: f64,
}

/// Where the tokens of a stream went.
#[napi(object, object_from_js = false)]
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

/// A stream, and the packs that its last call closed.
#[napi]
pub struct Stream {
    packer: stream::StreamPacker,
    closed: Closed,
    /// The ids of a call as integers; kept so that calls allocate nothing.
    ids: Vec<i64>,
}

impl From<stream::StreamPacker> for Stream {
    fn from(packer: stream::StreamPacker) -> Self {
        Self { packer, closed: Closed::default(), ids: Vec::new() }
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

    /// Adds sequences and returns how many packs this closed. Ids are safe integers.
    ///
    /// # Errors
    /// As the engine's `add`.
    #[napi(catch_unwind)]
    pub fn add(&mut self, env: Env, ids: &[f64], lengths: &[u32]) -> Result<u32> {
        self.ids.clear();
        self.ids.extend(ids.iter().map(|&id| id as i64));
        let added = self.packer.add(&self.ids, lengths, &mut self.closed);
        added.map_err(|reason| fault::to_js(env, reason))?;
        Ok(self.closed.len() as u32)
    }

    /// Closes everything and returns how many packs there were.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn finish(&mut self) -> u32 {
        self.packer.finish(&mut self.closed);
        self.closed.len() as u32
    }

    /// Entries of the packs that the last call closed.
    #[napi(getter, catch_unwind)]
    #[must_use]
    pub fn closed_entries(&self) -> f64 {
        self.closed.ids.len() as f64
    }

    /// Fills arrays with the packs that the last call closed: `ends` has the end of each pack's
    /// entries, twice it plus 1 where a sequence was cut.
    #[napi(catch_unwind)]
    pub fn closed_into(
        &self,
        mut ids: Float64ArraySlice<'_>,
        mut lengths: Uint32ArraySlice<'_>,
        mut starts: Uint32ArraySlice<'_>,
        mut ends: Float64ArraySlice<'_>,
    ) {
        let Closed { ids: given, lengths: sizes, starts: firsts, .. } = &self.closed;
        output::borrow(&mut ids).iter_mut().zip(given).for_each(|(slot, &id)| *slot = id as f64);
        output::borrow(&mut lengths)[..sizes.len()].copy_from_slice(sizes);
        output::borrow(&mut starts)[..firsts.len()].copy_from_slice(firsts);
        let packs = self.closed.ends.iter().zip(&self.closed.cut);
        for (slot, (&end, &cut)) in output::borrow(&mut ends).iter_mut().zip(packs) {
            *slot = (2 * end + usize::from(cut)) as f64;
        }
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
