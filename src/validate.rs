//! `stowage_engine::validate` for JavaScript: proof and figures of packings that may come from
//! anywhere.

use crate::clock::Times;
use crate::fault;
use crate::stats::Figures;
use napi::bindgen_prelude::{Env, Result};
use napi_derive::napi;
use stowage_engine::policy::Ledger;
use stowage_engine::stats::{self, Context, Outcome};
use stowage_engine::validate::{self, Claim};
use stowage_engine::{Fault, Unwatched};

/// The numbers of a packing.
#[napi(object, object_to_js = false, use_nullable = true)]
pub struct PackingHead {
    /// Tokens that a pack holds.
    pub capacity: u32,
    /// Each entry takes a multiple of this.
    pub sequence_alignment: u32,
    /// At most this many entries in a pack.
    pub max_sequences_per_pack: Option<u32>,
    /// Tokens that all packs together are said to hold.
    pub token_count: Option<f64>,
    /// True if entries are pieces.
    pub cut: bool,
    /// No packing has fewer packs.
    pub lower_bound: f64,
}

impl PackingHead {
    fn claim<'a>(
        &self,
        offsets: &'a [u32],
        sequences: &'a [u32],
        starts: &'a [u32],
        piece_lengths: &'a [u32],
        dropped: &'a [u32],
    ) -> Claim<'a> {
        Claim {
            capacity: self.capacity,
            alignment: self.sequence_alignment,
            limit: self.max_sequences_per_pack.unwrap_or(u32::MAX),
            offsets,
            sequences,
            pieces: self.cut.then_some((starts, piece_lengths)),
            dropped,
            tokens_packed: self.token_count.map(|tokens| tokens as u64),
        }
    }
}

/// Proves every promise of a packing against the lengths.
///
/// # Errors
/// As the engine's `validate::verify`.
#[napi(catch_unwind)]
pub fn verify_packing(
    env: Env,
    lengths: &[u32],
    head: PackingHead,
    offsets: &[u32],
    sequences: &[u32],
    starts: &[u32],
    piece_lengths: &[u32],
    dropped: &[u32],
) -> Result<()> {
    let claim = head.claim(offsets, sequences, starts, piece_lengths, dropped);
    validate::verify(&claim, lengths, &Unwatched).map_err(|reason| fault::to_js(env, reason))
}

/// The figures of a packing that is proved first: only then do its parts and the lengths agree.
///
/// # Errors
/// As [`verify_packing`].
#[napi(catch_unwind)]
pub fn packing_stats(
    env: Env,
    lengths: &[u32],
    head: PackingHead,
    offsets: &[u32],
    sequences: &[u32],
    starts: &[u32],
    piece_lengths: &[u32],
    dropped: &[u32],
) -> Result<Figures> {
    let claim = head.claim(offsets, sequences, starts, piece_lengths, dropped);
    let figures = figures(&claim, lengths, head.lower_bound as u64);
    figures.map_err(|reason| fault::to_js(env, reason))
}

fn figures(
    claim: &Claim<'_>,
    lengths: &[u32],
    lower_bound: u64,
) -> std::result::Result<Figures, Fault> {
    validate::verify(claim, lengths, &Unwatched)?;
    let tokens = |entry: usize| match claim.pieces {
        Some((_, pieces)) => pieces[entry],
        None => lengths[claim.sequences[entry] as usize],
    };
    let fills = stats::fills(claim.offsets, tokens)?;
    let sum = |list: &mut dyn Iterator<Item = u32>| list.map(u64::from).sum::<u64>();
    let tokens_in = sum(&mut lengths.iter().copied());
    let tokens_packed = sum(&mut fills.iter().copied());
    let dropped = &mut claim.dropped.iter().map(|&sequence| lengths[sequence as usize]);
    let tokens_dropped = sum(dropped);
    let ledger = Ledger {
        tokens_in,
        tokens_packed,
        tokens_truncated: tokens_in - tokens_packed - tokens_dropped,
        tokens_dropped,
        dropped_count: claim.dropped.len() as u64,
    };
    let sequence_count = lengths.len() as u64;
    let outcome = Outcome::default();
    let context =
        Context { capacity: claim.capacity, sequence_count, lower_bound, ledger, outcome };
    let stats = stats::of_packing(&fills, claim.offsets, &context)?;
    Ok(Figures::new(&stats, Times::default()))
}
