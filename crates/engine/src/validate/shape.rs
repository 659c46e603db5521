//! Arrays that belong together: offsets, indices, pieces of one packing and of these lengths.

use super::claim::Claim;
use super::proof::{Proof, invalid};
use crate::Fault;

impl Proof<'_> {
    pub(super) fn offsets(&self) -> Result<(), Fault> {
        let Claim { offsets, sequences, .. } = *self.claim;
        match offsets.first() {
            Some(0) => {}
            Some(first) => return invalid(None, format!("offsets begin with {first}, not with 0")),
            None => return invalid(None, "offsets are empty; without packs they are [0]".into()),
        }
        if let Some(k) = offsets.windows(2).position(|pair| pair[0] > pair[1]) {
            let detail = format!(
                "offsets fall from {} to {} at pack {k}; they must not",
                offsets[k],
                offsets[k + 1]
            );
            return invalid(None, detail);
        }
        let last = offsets[offsets.len() - 1] as usize;
        if last != sequences.len() {
            let detail = format!(
                "offsets end with {last}, but there are {} entries; the arrays are of different packings",
                sequences.len()
            );
            return invalid(None, detail);
        }
        if let Some((starts, lengths)) = self.claim.pieces
            && (starts.len() != last || lengths.len() != last)
        {
            let detail = format!(
                "there are {last} entries, but {} starts and {} lengths of pieces",
                starts.len(),
                lengths.len()
            );
            return invalid(None, detail);
        }
        Ok(())
    }

    pub(super) fn indices(&self) -> Result<(), Fault> {
        let count = self.lengths.len();
        let outside = |list: &[u32]| list.iter().position(|&sequence| sequence as usize >= count);
        if let Some(entry) = outside(self.claim.sequences) {
            let sequence = self.claim.sequences[entry];
            let detail = format!(
                "pack {} holds sequence {sequence}, but there are {count} lengths; pass the lengths it was packed from",
                self.pack_of(entry)
            );
            return invalid(Some(sequence), detail);
        }
        if let Some(entry) = outside(self.claim.dropped) {
            let sequence = self.claim.dropped[entry];
            let detail = format!(
                "sequence {sequence} is dropped, but there are {count} lengths; pass the lengths it was packed from"
            );
            return invalid(Some(sequence), detail);
        }
        Ok(())
    }
}
