//! Proof that a packing keeps its promises: every sequence in one place or dropped for a reason,
//! no pack over capacity, all tokens accounted for.
//!
//! O(n) and one bit per sequence; with pieces O(n log c) for c pieces of one sequence, and 8 n
//! bytes. Trusts nothing: a packing may come from a file or from another program. Checks run in a
//! fixed order, and the first fault is named.

mod pieces;
mod seen;

use crate::{Fault, STRIDE, Stage, Watch};
use seen::Seen;

/// A packing and the promises it was made under.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Tokens that a pack holds.
    pub capacity: u32,
    /// Each entry takes a multiple of this, 1 ..= capacity.
    pub alignment: u32,
    /// At most this many entries in a pack; `u32::MAX`: no limit.
    pub limit: u32,
    /// Pack k holds the entries `offsets[k] .. offsets[k + 1]`.
    pub offsets: &'a [u32],
    /// The sequence of each entry.
    pub sequences: &'a [u32],
    /// Start and length of each entry; none: whole sequences.
    pub pieces: Option<(&'a [u32], &'a [u32])>,
    /// Sequences left out.
    pub dropped: &'a [u32],
    /// Tokens that all packs together are said to hold, where something is said.
    pub tokens_packed: Option<u64>,
}

/// Proves `claim` against the lengths it was made from.
///
/// # Errors
/// [`Fault::InvalidPacking`] for the first fault; [`Fault::Memory`]; [`Fault::Cancelled`].
pub fn verify(claim: &Claim<'_>, lengths: &[u32], watch: &dyn Watch) -> Result<(), Fault> {
    let proof = Proof { claim, lengths, watch };
    proof.offsets()?;
    proof.indices()?;
    match claim.pieces {
        None => proof.sequences_stand_once()?,
        Some((starts, lengths)) => proof.pieces_stand_once(starts, lengths)?,
    }
    proof.packs()?;
    proof.sequences_are_all_there()?;
    proof.tokens()
}

struct Proof<'a> {
    claim: &'a Claim<'a>,
    lengths: &'a [u32],
    watch: &'a dyn Watch,
}

impl Proof<'_> {
    fn offsets(&self) -> Result<(), Fault> {
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

    fn indices(&self) -> Result<(), Fault> {
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

    fn sequences_stand_once(&self) -> Result<(), Fault> {
        let mut seen = Seen::new(self.lengths.len())?;
        for (entry, &sequence) in self.claim.sequences.iter().enumerate() {
            self.step(entry)?;
            if !seen.add(sequence) {
                let first = self.claim.sequences.iter().position(|&other| other == sequence);
                let detail = format!(
                    "sequence {sequence} stands in pack {} and again in pack {}",
                    self.pack_of(first.expect("it was seen")),
                    self.pack_of(entry)
                );
                return invalid(Some(sequence), detail);
            }
        }
        self.dropped_stand_alone(&mut seen)
    }

    /// Dropped sequences are listed once and stand in no pack.
    fn dropped_stand_alone(&self, seen: &mut Seen) -> Result<(), Fault> {
        for &sequence in self.claim.dropped {
            if !seen.add(sequence) {
                let holder = self.claim.sequences.iter().position(|&other| other == sequence);
                let detail = match holder {
                    Some(entry) => format!(
                        "sequence {sequence} is dropped, but stands in pack {}",
                        self.pack_of(entry)
                    ),
                    None => format!("sequence {sequence} is dropped twice"),
                };
                return invalid(Some(sequence), detail);
            }
        }
        Ok(())
    }

    fn packs(&self) -> Result<(), Fault> {
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

    fn sequences_are_all_there(&self) -> Result<(), Fault> {
        let mut seen = Seen::new(self.lengths.len())?;
        for &sequence in self.claim.sequences.iter().chain(self.claim.dropped) {
            seen.add(sequence);
        }
        match seen.first_missing(self.lengths.len()) {
            Some(sequence) => {
                let detail = format!("sequence {sequence} stands in no pack and is not dropped");
                invalid(Some(sequence), detail)
            }
            None => Ok(()),
        }
    }

    fn tokens(&self) -> Result<(), Fault> {
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

    fn entry_length(&self, entry: usize) -> u32 {
        match self.claim.pieces {
            Some((_, lengths)) => lengths[entry],
            None => self.lengths[self.claim.sequences[entry] as usize],
        }
    }

    /// The pack that an entry is in.
    fn pack_of(&self, entry: usize) -> usize {
        self.claim.offsets.partition_point(|&offset| offset as usize <= entry) - 1
    }

    fn step(&self, done: usize) -> Result<(), Fault> {
        if done.is_multiple_of(STRIDE) {
            self.watch.step(Stage::Verify, done as u64, self.claim.sequences.len() as u64)?;
        }
        Ok(())
    }
}

fn invalid(sequence: Option<u32>, detail: String) -> Result<(), Fault> {
    Err(Fault::InvalidPacking { index: sequence.map(u64::from), detail })
}

#[cfg(test)]
mod tests {
    use super::{Claim, verify};
    use crate::{Fault, Unwatched};

    const LENGTHS: [u32; 5] = [6, 4, 12, 0, 5];

    /// A packing at capacity 10 with sequence 2 split and sequence 3 dropped.
    fn split() -> Claim<'static> {
        Claim {
            capacity: 10,
            alignment: 1,
            limit: u32::MAX,
            offsets: &[0, 2, 3, 5],
            sequences: &[0, 1, 2, 2, 4],
            pieces: Some((&[0, 0, 0, 10, 0], &[6, 4, 10, 2, 5])),
            dropped: &[3],
            tokens_packed: Some(27),
        }
    }

    fn whole() -> Claim<'static> {
        Claim {
            capacity: 12,
            offsets: &[0, 2, 3, 4],
            sequences: &[0, 1, 2, 4],
            pieces: None,
            ..split()
        }
    }

    fn fault(claim: &Claim<'_>) -> (Option<u64>, String) {
        match verify(claim, &LENGTHS, &Unwatched) {
            Err(Fault::InvalidPacking { index, detail }) => (index, detail),
            other => panic!("{other:?} for {claim:?}"),
        }
    }

    #[test]
    fn a_sound_packing_passes() {
        assert_eq!(verify(&whole(), &LENGTHS, &Unwatched), Ok(()));
        assert_eq!(verify(&split(), &LENGTHS, &Unwatched), Ok(()));
        let none =
            Claim { offsets: &[0], sequences: &[], dropped: &[], tokens_packed: None, ..whole() };
        assert_eq!(verify(&none, &[], &Unwatched), Ok(()));
        let truncated = Claim {
            offsets: &[0, 2, 3, 4],
            sequences: &[0, 1, 2, 4],
            pieces: Some((&[0; 4], &[6, 4, 10, 5])),
            tokens_packed: Some(25),
            ..split()
        };
        assert_eq!(verify(&truncated, &LENGTHS, &Unwatched), Ok(()));
    }

    #[test]
    fn every_fault_of_whole_sequences_is_named_with_its_numbers() {
        let ok = whole();
        let cases = [
            (Claim { offsets: &[], ..ok }, None, "offsets are empty"),
            (Claim { offsets: &[1, 4], ..ok }, None, "begin with 1"),
            (Claim { offsets: &[0, 3, 2, 4], ..ok }, None, "fall from 3 to 2 at pack 1"),
            (Claim { offsets: &[0, 2, 3], ..ok }, None, "end with 3, but there are 4 entries"),
            (Claim { sequences: &[0, 1, 5, 4], ..ok }, Some(5), "pack 1 holds sequence 5"),
            (Claim { dropped: &[9], ..ok }, Some(9), "sequence 9 is dropped"),
            (Claim { sequences: &[0, 1, 2, 1], ..ok }, Some(1), "in pack 0 and again in pack 2"),
            (Claim { dropped: &[3, 4], ..ok }, Some(4), "is dropped, but stands in pack 2"),
            (Claim { dropped: &[3, 3], ..ok }, Some(3), "is dropped twice"),
            (Claim { capacity: 11, ..ok }, None, "pack 1 takes 12 tokens, the capacity is 11"),
            (Claim { alignment: 8, capacity: 15, ..ok }, None, "pack 0 takes 16 tokens at an"),
            (Claim { limit: 1, ..ok }, None, "pack 0 holds 2 sequences"),
            (Claim { offsets: &[0, 2, 2, 3, 4], ..ok }, None, "pack 1 is empty"),
            (Claim { dropped: &[], ..ok }, Some(3), "sequence 3 stands in no pack"),
            (
                Claim { offsets: &[0, 2, 3], sequences: &[0, 1, 2], dropped: &[3, 4], ..ok },
                Some(4),
                "its 5 tokens fit a pack",
            ),
            (
                Claim { offsets: &[0, 2, 3, 5], sequences: &[0, 1, 2, 4, 3], dropped: &[], ..ok },
                Some(3),
                "without a token",
            ),
            (Claim { tokens_packed: Some(28), ..ok }, None, "hold 27 tokens, the packing says 28"),
        ];
        for (claim, index, words) in cases {
            let (found, detail) = fault(&claim);
            assert!(detail.contains(words), "{detail}");
            assert_eq!(found, index, "{detail}");
        }
    }

    #[test]
    fn every_fault_of_pieces_is_named_with_its_numbers() {
        let ok = split();
        let lengths = &[6, 4, 10, 2, 5];
        let cases = [
            (Claim { pieces: Some((&[0; 5], &[6])), ..ok }, None, "5 starts and 1 lengths"),
            (
                Claim { pieces: Some((&[0, 0, 0, 11, 0], lengths)), ..ok },
                Some(2),
                "tokens 11 .. 13 of sequence 2, which has 12",
            ),
            (
                Claim { pieces: Some((&[0, 0, 0, 9, 0], lengths)), ..ok },
                Some(2),
                "token 9 of sequence 2 stands in pack 1 and again in pack 2",
            ),
            (
                Claim { pieces: Some((&[0, 0, 0, 10, 0], &[6, 4, 9, 2, 5])), ..ok },
                Some(2),
                "token 9 of sequence 2 stands in no pack",
            ),
            (
                Claim { pieces: Some((&[0, 0, 0, 10, 0], &[6, 4, 10, 2, 4])), ..ok },
                Some(4),
                "token 4 of sequence 4 stands in no pack",
            ),
            (Claim { dropped: &[2, 3], ..ok }, Some(2), "is dropped, but stands in pack 1"),
        ];
        for (claim, index, words) in cases {
            let (found, detail) = fault(&claim);
            assert!(detail.contains(words), "{detail}");
            assert_eq!(found, index, "{detail}");
        }
    }
}
