//! Pieces of truncated and split sequences: no token twice, and none left out.

use super::proof::{Proof, invalid};
use super::seen::Seen;
use crate::{Fault, memory};

impl Proof<'_> {
    /// No token of a sequence stands in two places, nor any that the sequence does not have.
    pub(super) fn pieces_stand_once(
        &self,
        starts: &[u32],
        piece_lengths: &[u32],
    ) -> Result<(), Fault> {
        let mut seen = Seen::new(self.lengths.len())?;
        for (entry, &sequence) in self.claim.sequences.iter().enumerate() {
            self.step(entry)?;
            seen.add(sequence);
            let whole = self.lengths[sequence as usize];
            let end = u64::from(starts[entry]) + u64::from(piece_lengths[entry]);
            if end > u64::from(whole) {
                let detail = format!(
                    "pack {} holds tokens {} .. {end} of sequence {sequence}, which has {whole}",
                    self.pack_of(entry),
                    starts[entry]
                );
                return invalid(Some(sequence), detail);
            }
        }
        self.dropped_stand_alone(&mut seen)?;
        let order = self.entries_by_sequence(starts)?;
        for pair in order.windows(2) {
            let (entry, next) = (pair[0] as usize, pair[1] as usize);
            let sequence = self.claim.sequences[entry];
            let end = starts[entry] + piece_lengths[entry];
            if sequence == self.claim.sequences[next] && starts[next] < end {
                let detail = format!(
                    "token {} of sequence {sequence} stands in pack {} and again in pack {}",
                    starts[next],
                    self.pack_of(entry),
                    self.pack_of(next)
                );
                return invalid(Some(sequence), detail);
            }
        }
        Ok(())
    }

    /// The entries in the order (sequence, start): a counting sort, then sorts within sequences.
    fn entries_by_sequence(&self, starts: &[u32]) -> Result<Vec<u32>, Fault> {
        let sequences = self.claim.sequences;
        let mut cursors = memory::filled(0_u32, self.lengths.len() + 1)?;
        for &sequence in sequences {
            cursors[sequence as usize + 1] += 1;
        }
        let mut total = 0;
        for cursor in &mut cursors {
            total += *cursor;
            *cursor = total;
        }
        let mut order = memory::filled(0_u32, sequences.len())?;
        for (entry, &sequence) in (0_u32..).zip(sequences) {
            let cursor = &mut cursors[sequence as usize];
            order[*cursor as usize] = entry;
            *cursor += 1;
        }
        let same = |a: &u32, b: &u32| sequences[*a as usize] == sequences[*b as usize];
        for group in order.chunk_by_mut(same).filter(|group| group.len() > 1) {
            group.sort_unstable_by_key(|&entry| (starts[entry as usize], entry));
        }
        Ok(order)
    }

    /// The pieces of a sequence follow each other from its first token to its last. Only a sequence
    /// truncated to the usable capacity ends early, or begins late.
    pub(super) fn pieces_leave_no_gap(
        &self,
        starts: &[u32],
        piece_lengths: &[u32],
        usable: u32,
    ) -> Result<(), Fault> {
        let order = self.entries_by_sequence(starts)?;
        let sequence_of = |entry: u32| self.claim.sequences[entry as usize];
        for group in order.chunk_by(|a, b| sequence_of(*a) == sequence_of(*b)) {
            let sequence = sequence_of(group[0]);
            let mut reached = 0;
            for &entry in group {
                if starts[entry as usize] != reached {
                    break;
                }
                reached += piece_lengths[entry as usize];
            }
            let whole = self.lengths[sequence as usize];
            let truncated = group.len() == 1 && reached == usable;
            let first = group[0] as usize;
            let truncated_at_start = group.len() == 1
                && piece_lengths[first] == usable
                && starts[first] + usable == whole;
            if reached < whole && !truncated && !truncated_at_start {
                let detail = format!("token {reached} of sequence {sequence} stands in no pack");
                return invalid(Some(sequence), detail);
            }
        }
        Ok(())
    }
}
