//! What every check needs: the claim, the lengths, somebody who may cancel.

use super::claim::Claim;
use crate::{Fault, STRIDE, Stage, Watch};

pub(super) struct Proof<'a> {
    pub(super) claim: &'a Claim<'a>,
    pub(super) lengths: &'a [u32],
    pub(super) watch: &'a dyn Watch,
}

impl Proof<'_> {
    pub(super) fn entry_length(&self, entry: usize) -> u32 {
        match self.claim.pieces {
            Some((_, lengths)) => lengths[entry],
            None => self.lengths[self.claim.sequences[entry] as usize],
        }
    }

    /// The pack that an entry is in.
    pub(super) fn pack_of(&self, entry: usize) -> usize {
        self.claim.offsets.partition_point(|&offset| offset as usize <= entry) - 1
    }

    pub(super) fn step(&self, done: usize) -> Result<(), Fault> {
        if done.is_multiple_of(STRIDE) {
            self.watch.step(Stage::Verify, done as u64, self.claim.sequences.len() as u64)?;
        }
        Ok(())
    }
}

/// The fault of a check, of `sequence` where there is one to name.
pub(super) fn invalid(sequence: Option<u32>, detail: String) -> Result<(), Fault> {
    Err(Fault::InvalidPacking { index: sequence.map(u64::from), detail })
}
