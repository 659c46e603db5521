//! Which parts hold the packs asked for, and where each stands in what was read of them.
//!
//! O(packs · log packs).

use crate::format::found::Found;
use std::ops::Range;
use std::sync::Arc;

/// Packs of one part that are read together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub part: usize,
    /// Numbered within the part.
    pub packs: Range<u64>,
}

/// Consecutive packs that were read.
#[derive(Clone)]
pub(super) struct Piece {
    pub part: usize,
    /// The number of the first in the data set.
    pub first: u64,
    pub found: Arc<Found>,
}

/// Consecutive packs of a piece, in the order wanted.
pub(super) struct Stretch<'a> {
    pub piece: &'a Piece,
    pub rows: Range<usize>,
}

/// What to read for `packs`, in the order of packs; each once, however often it is wanted. A part that
/// can't be read from its middle is one run.
pub(super) fn runs(packs: &[u64], starts: &[u64], seeks: bool) -> Vec<Run> {
    let mut sorted = packs.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut runs: Vec<Run> = Vec::new();
    for pack in sorted {
        // Of parts without packs, which share their start, the last one has it.
        let part = starts.partition_point(|&start| start <= pack) - 1;
        let within = pack - starts[part];
        match runs.last_mut() {
            Some(run) if run.part == part && (!seeks || run.packs.end == within) => {
                run.packs.end = within + 1;
            }
            _ => runs.push(Run { part, packs: within..within + 1 }),
        }
    }
    runs
}

/// What was read of a part from pack `first` of the data set on.
pub(super) fn numbered(found: &[Arc<Found>], mut first: u64, part: usize) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(found.len());
    for found in found {
        pieces.push(Piece { part, first, found: Arc::clone(found) });
        first += found.rows() as u64;
    }
    pieces
}

/// Where `packs` stand in `pieces`, which are in the order of packs and hold them all.
///
/// # Panics
/// If a reader has handed on fewer packs than its parts have.
pub(super) fn in_order<'a>(packs: &[u64], pieces: &'a [Piece]) -> Vec<Stretch<'a>> {
    let mut stretches: Vec<Stretch<'a>> = Vec::new();
    for &pack in packs {
        if let Some(last) = stretches.last_mut() {
            let next = last.piece.first + last.rows.end as u64;
            if next == pack && last.rows.end < last.piece.found.rows() {
                last.rows.end += 1;
                continue;
            }
        }
        let after = pieces.partition_point(|piece| piece.first <= pack);
        let piece = &pieces[after.checked_sub(1).expect("every pack asked for was read")];
        let row = (pack - piece.first) as usize;
        assert!(row < piece.found.rows(), "every pack asked for was read");
        stretches.push(Stretch { piece, rows: row..row + 1 });
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_cover_the_packs_once_and_never_cross_a_part() {
        // Parts of 3, 0 and 4 packs.
        let starts = [0, 3, 3, 7];
        let run = |part, packs| Run { part, packs };
        assert_eq!(runs(&[1, 2, 3, 4], &starts, true), [run(0, 1..3), run(2, 0..2)]);
        assert_eq!(runs(&[6, 0, 6, 4], &starts, true), [run(0, 0..1), run(2, 1..2), run(2, 3..4)]);
        assert_eq!(runs(&[6, 0, 6, 4], &starts, false), [run(0, 0..1), run(2, 1..4)]);
        assert_eq!(runs(&[], &starts, true), []);
    }
}
