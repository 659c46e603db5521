//! All promises, in the order in which they are proved.

use super::claim::Claim;
use super::proof::Proof;
use crate::{Fault, Watch};

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
