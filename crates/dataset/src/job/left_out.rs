//! Sequences without targets under their policy: refused, left out of the packs, or packed like any.
//!
//! O(n) where some are left out, with 4 bytes per sequence for the lengths that are left.

use super::decide::{Decided, decide};
use crate::Fault;
use crate::options::{DatasetOptions, WithoutTargets};
use crate::store::Ingested;
use stowage_engine::options::{Empty, Overlong};
use stowage_engine::{Fault as EngineFault, Watch, memory};

/// Packs the sequences that the policy leaves; how many it leaves out comes along.
///
/// # Errors
/// [`Fault::Column`] with file and row of the first sequence without a target, where the policy
/// refuses it; those of [`decide`].
pub(super) fn decide_without(
    sources: &Ingested,
    options: &DatasetOptions,
    threads: usize,
    watch: &dyn Watch,
) -> Result<(Decided, u64), Fault> {
    let Some(&first) = sources.targetless.first() else {
        return Ok((decide(&sources.lengths, options, threads, watch)?, 0));
    };
    match options.without_targets {
        WithoutTargets::Keep => Ok((decide(&sources.lengths, options, threads, watch)?, 0)),
        WithoutTargets::Error => Err(refused(sources, first)),
        WithoutTargets::Drop => dropped(sources, options, threads, watch),
    }
}

/// The fault of the first sequence without a target.
pub(super) fn refused(sources: &Ingested, first: u32) -> Fault {
    let (path, row) = sources.place_of(first);
    let count = sources.targetless.len();
    let detail = format!(
        "no token of this sequence is a target ({count} such in all); set withoutTargets to 'drop' \
         to leave them out, or 'keep'"
    );
    Fault::column(path, row, detail)
}

fn dropped(
    sources: &Ingested,
    options: &DatasetOptions,
    threads: usize,
    watch: &dyn Watch,
) -> Result<(Decided, u64), Fault> {
    let Left { lengths, options, tokens, sequences } = left(sources, options)?;
    let mut decided = decide(&lengths, &options, threads, watch)?;
    decided.ledger.tokens_in += tokens;
    decided.ledger.tokens_dropped += tokens;
    Ok((decided, sequences))
}

/// What is left when sequences without a target are left out.
pub(super) struct Left {
    /// 0 for those that aren't packed.
    pub lengths: Vec<u32>,
    /// Those by which nothing else is packed.
    pub options: DatasetOptions,
    /// Tokens left out.
    pub tokens: u64,
    /// Sequences left out.
    pub sequences: u64,
}

/// Leaves out the sequences without a target.
///
/// # Errors
/// The first that another policy refuses; [`Fault::Engine`] when memory is refused.
pub(super) fn left(sources: &Ingested, options: &DatasetOptions) -> Result<Left, Fault> {
    first_fault(sources, options)?;
    // What has no tokens is left out: the engine needs no policy of its own for this.
    let mut lengths = memory::reserved(sources.lengths.len())?;
    lengths.extend_from_slice(&sources.lengths);
    let mut tokens = 0;
    for &sequence in &sources.targetless {
        tokens += u64::from(std::mem::take(&mut lengths[sequence as usize]));
    }
    let mut options = options.clone();
    options.pack.empty = Empty::Drop;
    Ok(Left { lengths, options, tokens, sequences: sources.targetless.len() as u64 })
}

/// The first sequence that another policy refuses, before those without targets look like such.
fn first_fault(sources: &Ingested, options: &DatasetOptions) -> Result<(), Fault> {
    let pack = &options.pack;
    for (index, &length) in (0..).zip(&sources.lengths) {
        if length > pack.usable() && pack.overlong == Overlong::Error {
            break; // found again, and named, when the rest is packed
        }
        if length == 0 && pack.empty == Empty::Error {
            return Err(EngineFault::Empty { index: Some(index) }.into());
        }
    }
    Ok(())
}
