//! Pieces of overlong sequences as members of length classes.
//!
//! Members of a class stand in the order (sequence, start). Pieces are kept apart from the ids of
//! the index, each entry with the rank of its first piece among both, so that the k-th member is
//! found by one binary search. Memory in proportion to the overlong sequences, however many pieces.

use super::index::LengthIndex;
use crate::Fault;
use crate::options::Overlong;
use std::ops::Range;

/// Some pieces of one length of one sequence, next to each other in the sequence.
#[derive(Clone, Copy, Debug)]
struct Cut {
    length: u32,
    sequence: u32,
    /// First token of the first piece; the others follow at distances of `length`.
    start: u32,
    pieces: u32,
    /// Pieces of the class before these.
    before: u64,
    /// Members of the class before these, whole sequences included.
    rank: u64,
}

/// The pieces of all classes, by (length, sequence).
#[derive(Clone, Debug, Default)]
pub struct Cuts(Vec<Cut>);

/// A member of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Member {
    /// A whole sequence: the how-manieth id of its class in the index.
    Whole(u32),
    /// A part of a sequence.
    Piece {
        /// Its id.
        sequence: u32,
        /// The first token.
        start: u32,
    },
}

impl Cuts {
    /// The pieces that `overlong` makes of sequences longer than `usable`.
    ///
    /// # Errors
    /// [`Fault::Memory`].
    pub fn new(
        index: &LengthIndexView<'_>,
        usable: u32,
        overlong: Overlong,
    ) -> Result<Self, Fault> {
        let first = index.lengths.partition_point(|&length| length <= usable);
        let overlong_ids = index.sequence_count() - index.starts[first] as usize;
        let each = match overlong {
            Overlong::Error | Overlong::Drop => return Ok(Self::default()),
            Overlong::Truncate | Overlong::TruncateStart => 1,
            Overlong::Split => 2,
        };
        let mut cuts = Vec::new();
        let bytes = (overlong_ids * each * size_of::<Cut>()) as u64;
        cuts.try_reserve_exact(overlong_ids * each).map_err(|_| Fault::Memory { bytes })?;
        for class in first..index.lengths.len() {
            let (full, rest) = (index.lengths[class] / usable, index.lengths[class] % usable);
            for &sequence in index.ids(class) {
                let cut = |length, start, pieces| Cut {
                    length,
                    sequence,
                    start,
                    pieces,
                    before: 0,
                    rank: 0,
                };
                match overlong {
                    Overlong::Truncate => cuts.push(cut(usable, 0, 1)),
                    Overlong::TruncateStart => {
                        cuts.push(cut(usable, index.lengths[class] - usable, 1));
                    }
                    _ => {
                        cuts.push(cut(usable, 0, full));
                        if rest > 0 {
                            cuts.push(cut(rest, full * usable, 1));
                        }
                    }
                }
            }
        }
        cuts.sort_unstable_by_key(|cut| (cut.length, cut.sequence));
        for class in cuts.chunk_by_mut(|a, b| a.length == b.length) {
            let whole = index.of_length(class[0].length);
            let mut before = 0;
            for cut in class {
                let shorter_ids = whole.partition_point(|&id| id < cut.sequence) as u64;
                (cut.before, cut.rank) = (before, before + shorter_ids);
                before += u64::from(cut.pieces);
            }
        }
        Ok(Self(cuts))
    }

    /// Bytes held.
    pub fn memory(&self) -> usize {
        size_of_val(&self.0[..])
    }

    /// The lengths of pieces, ascending, each with how many pieces it has.
    pub fn classes(&self) -> impl Iterator<Item = (u32, u64)> {
        self.0.chunk_by(|a, b| a.length == b.length).map(|class| {
            let last = class[class.len() - 1];
            (last.length, last.before + u64::from(last.pieces))
        })
    }

    /// Where the pieces of `length` are.
    pub fn of_length(&self, length: u32) -> Range<usize> {
        let start = self.0.partition_point(|cut| cut.length < length);
        let end = self.0.partition_point(|cut| cut.length <= length);
        start..end
    }

    /// Member number `rank` of a class whose pieces are in `range`.
    pub fn member(&self, range: Range<usize>, rank: u64) -> Member {
        let class = &self.0[range];
        let at = class.partition_point(|cut| cut.rank <= rank);
        let Some(cut) = at.checked_sub(1).map(|at| class[at]) else {
            return Member::Whole(rank as u32);
        };
        let piece = rank - cut.rank;
        if piece < u64::from(cut.pieces) {
            let start = cut.start + piece as u32 * cut.length;
            return Member::Piece { sequence: cut.sequence, start };
        }
        Member::Whole((rank - cut.before - u64::from(cut.pieces)) as u32)
    }
}

/// A [`LengthIndex`] in anybody's memory.
#[derive(Clone, Copy, Debug)]
pub struct LengthIndexView<'a> {
    /// As [`LengthIndex::lengths`].
    pub lengths: &'a [u32],
    /// As [`LengthIndex::starts`].
    pub starts: &'a [u32],
    /// As [`LengthIndex::sequences`]; read only where sequences are truncated or split.
    pub sequences: &'a [u32],
}

impl<'a> LengthIndexView<'a> {
    /// Number of sequences.
    #[must_use]
    pub fn sequence_count(&self) -> usize {
        self.starts.last().map_or(0, |&end| end as usize)
    }

    /// The ids of a class.
    fn ids(&self, class: usize) -> &'a [u32] {
        &self.sequences[self.starts[class] as usize..self.starts[class + 1] as usize]
    }

    /// The ids of a length; none if there is no such class.
    fn of_length(&self, length: u32) -> &'a [u32] {
        self.lengths.binary_search(&length).map_or(&[], |class| self.ids(class))
    }
}

impl<'a> From<&'a LengthIndex> for LengthIndexView<'a> {
    fn from(index: &'a LengthIndex) -> Self {
        let LengthIndex { lengths, starts, sequences } = index;
        Self { lengths, starts, sequences }
    }
}
