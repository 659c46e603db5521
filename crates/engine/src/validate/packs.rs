//! Packs within capacity and limit, none empty, and all their tokens accounted for.

use super::claim::Claim;
use super::proof::{Proof, invalid};
use crate::Fault;

impl Proof<'_> {
    pub(super) fn packs(&self) -> Result<(), Fault> {
        let Claim { capacity, alignment, limit, offsets, .. } = *self.claim;
        for (k, pair) in offsets.windows(2).enumerate() {
            self.step(k)?;
            let entries = pair[0] as usize..pair[1] as usize;
            let need = |entry| u64::from(self.entry_length(entry).div_ceil(alignment));
            let used = entries.clone().map(need).sum::<u64>() * u64::from(alignment);
            if used > u64::from(capacity) {
                let aligned = if alignment > 1 {
                    format!(" at an alignment of {alignment}")
                } else {
                    String::new()
                };
                let detail = format!(
                    "pack {k} takes {used} tokens{aligned}, the capacity is {capacity}; were these the lengths it was packed from?"
                );
                return invalid(None, detail);
            }
            if entries.len() > limit as usize {
                let count = entries.len();
                let detail =
                    format!("pack {k} holds {count} sequences, maxSequencesPerPack is {limit}");
                return invalid(None, detail);
            }
        }
        match offsets.windows(2).position(|pair| pair[0] == pair[1]) {
            Some(k) => invalid(None, format!("pack {k} is empty; a packing has no empty packs")),
            None => Ok(()),
        }
    }

    pub(super) fn tokens(&self) -> Result<(), Fault> {
        let usable = self.claim.capacity / self.claim.alignment * self.claim.alignment;
        for &sequence in self.claim.dropped {
            let length = self.lengths[sequence as usize];
            if (1..=usable).contains(&length) {
                let detail =
                    format!("sequence {sequence} is dropped, but its {length} tokens fit a pack");
                return invalid(Some(sequence), detail);
            }
        }
        let entries = 0..self.claim.sequences.len();
        if let Some(entry) = entries.clone().find(|&entry| self.entry_length(entry) == 0) {
            let sequence = self.claim.sequences[entry];
            let pack = self.pack_of(entry);
            let detail = format!("sequence {sequence} stands in pack {pack} without a token");
            return invalid(Some(sequence), detail);
        }
        if let Some((starts, piece_lengths)) = self.claim.pieces {
            self.pieces_leave_no_gap(starts, piece_lengths, usable)?;
        }
        let packed: u64 = entries.map(|entry| u64::from(self.entry_length(entry))).sum();
        match self.claim.tokens_packed {
            Some(claimed) if claimed != packed => {
                invalid(None, format!("the packs hold {packed} tokens, the packing says {claimed}"))
            }
            _ => Ok(()),
        }
    }
}
