//! The policies over sequences in input order.
//!
//! One pass over the lengths finds out whether there are any to settle; nearly always there are none,
//! and then nothing is copied. Otherwise a second pass counts pieces and dropped sequences, so that
//! memory is taken once, and a third writes them.

use super::fate::{Fate, fate};
use super::ledger::Ledger;
use crate::options::Overlong;
use crate::{Fault, PackOptions, STRIDE, Stage, Watch, memory};

/// The pieces to pack, in the order (sequence, start): parallel arrays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pieces {
    /// The sequence that a piece is of.
    pub sequences: Vec<u32>,
    /// Its first token; empty where no sequence was cut, since then each starts at 0.
    pub starts: Vec<u32>,
    /// Its tokens, 1 ..= usable capacity.
    pub lengths: Vec<u32>,
}

/// What is left to pack after the policies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admitted {
    /// None: all sequences, whole, in input order.
    pub pieces: Option<Pieces>,
    /// Indices of the sequences left out, ascending.
    pub dropped: Vec<u32>,
    /// True if a sequence was truncated or split.
    pub cut: bool,
    /// Where the tokens went.
    pub ledger: Ledger,
}

impl Admitted {
    /// The lengths to pack: of the pieces, else of the sequences.
    #[must_use]
    pub fn lengths<'a>(&'a self, given: &'a [u32]) -> &'a [u32] {
        self.pieces.as_ref().map_or(given, |pieces| &pieces.lengths)
    }
}

/// Applies the policies to sequences in input order. O(n), and without memory where every length
/// is in 1 ..= usable capacity.
///
/// # Errors
/// [`Fault::Overlong`] or [`Fault::Empty`] for the lowest index that its policy refuses;
/// [`Fault::TooManySequences`] before memory is taken; [`Fault::Memory`]; [`Fault::Cancelled`].
pub fn admit(lengths: &[u32], options: &PackOptions, watch: &dyn Watch) -> Result<Admitted, Fault> {
    fits_indices(lengths.len() as u64)?;
    let usable = options.usable();
    let (mut ordinary, mut total) = (true, 0);
    for part in lengths.chunks(STRIDE) {
        watch.step(Stage::Count, 0, lengths.len() as u64)?;
        let (least, most, sum) = summary(part);
        ordinary &= least > 0 && most <= usable;
        total += sum;
    }
    if ordinary {
        let ledger = Ledger { tokens_in: total, tokens_packed: total, ..Ledger::default() };
        return Ok(Admitted { ledger, ..Admitted::default() });
    }
    settle(lengths, options, watch)
}

/// Least, most and sum in one pass. Plain loops: the compiler makes vector instructions of them.
fn summary(lengths: &[u32]) -> (u32, u32, u64) {
    let (mut least, mut most, mut sum) = (u32::MAX, 0, 0_u64);
    for &length in lengths {
        least = least.min(length);
        most = most.max(length);
        sum += u64::from(length);
    }
    (least, most, sum)
}

/// The policies where they are needed.
fn settle(lengths: &[u32], options: &PackOptions, watch: &dyn Watch) -> Result<Admitted, Fault> {
    let usable = options.usable();
    let (mut pieces, mut dropped, mut cut) = (0_u64, 0_u64, false);
    for (index, &length) in (0_u64..).zip(lengths) {
        if index.is_multiple_of(STRIDE as u64) {
            watch.step(Stage::Count, index, lengths.len() as u64)?;
        }
        match fate(length, usable, options).map_err(|fault| at(fault, index))? {
            Fate::Dropped => dropped += 1,
            Fate::Pieces(count) => pieces += u64::from(count),
        }
        cut |= length > usable && options.overlong != Overlong::Drop;
    }
    fits_indices(pieces)?;

    let mut made = Pieces {
        sequences: memory::reserved(pieces as usize)?,
        starts: memory::reserved(if cut { pieces as usize } else { 0 })?,
        lengths: memory::reserved(pieces as usize)?,
    };
    let mut left_out = memory::reserved(dropped as usize)?;
    let mut ledger = Ledger { dropped_count: dropped, ..Ledger::default() };
    for (index, &length) in (0_u32..).zip(lengths) {
        if (index as usize).is_multiple_of(STRIDE) {
            watch.step(Stage::Count, u64::from(index), lengths.len() as u64)?;
        }
        match fate(length, usable, options)? {
            Fate::Dropped => {
                left_out.push(index);
                ledger.enter(length, 0, 1);
                ledger.tokens_dropped += u64::from(length);
            }
            Fate::Pieces(count) => {
                let mut rest = length;
                for part in 0..count {
                    let taken = rest.min(usable);
                    made.sequences.push(index);
                    made.lengths.push(taken);
                    if cut {
                        made.starts.push(match options.overlong {
                            Overlong::TruncateStart => length - taken,
                            _ => part * usable,
                        });
                    }
                    rest -= taken;
                }
                ledger.enter(length, length - rest, 1);
                ledger.tokens_truncated += u64::from(rest);
            }
        }
    }
    debug_assert!(ledger.balances(), "every token is entered and leaves by one way");
    Ok(Admitted { pieces: Some(made), dropped: left_out, cut, ledger })
}

fn at(fault: Fault, index: u64) -> Fault {
    match fault {
        Fault::Overlong { length, capacity, alignment, .. } => {
            Fault::Overlong { index: Some(index), length, capacity, alignment }
        }
        Fault::Empty { .. } => Fault::Empty { index: Some(index) },
        other => other,
    }
}

fn fits_indices(count: u64) -> Result<(), Fault> {
    if count > u64::from(u32::MAX) { Err(Fault::TooManySequences { count }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::{Admitted, Ledger, Pieces, admit};
    use crate::options::{Empty, Overlong};
    use crate::{Fault, PackOptions, Unwatched};

    fn options(capacity: u32, alignment: u32, overlong: Overlong, empty: Empty) -> PackOptions {
        let defaults = PackOptions::new(capacity);
        PackOptions { sequence_alignment: alignment, overlong, empty, ..defaults }
    }

    #[test]
    fn the_example_of_the_specification_is_cut_and_dropped_as_written() {
        let options = options(10, 1, Overlong::Split, Empty::Drop);
        let admitted = admit(&[25, 4, 0], &options, &Unwatched).expect("all is settled");
        let pieces = Pieces {
            sequences: vec![0, 0, 0, 1],
            starts: vec![0, 10, 20, 0],
            lengths: vec![10, 10, 5, 4],
        };
        let ledger =
            Ledger { tokens_in: 29, tokens_packed: 29, dropped_count: 1, ..Ledger::default() };
        let expected = Admitted { pieces: Some(pieces), dropped: vec![2], cut: true, ledger };
        assert_eq!(admitted, expected);
    }

    #[test]
    fn ordinary_lengths_cost_no_memory() {
        let options = options(10, 3, Overlong::Error, Empty::Error);
        let admitted = admit(&[9, 1, 4], &options, &Unwatched).expect("all fit 9");
        assert_eq!((admitted.pieces, admitted.dropped.len()), (None, 0));
        assert_eq!(admitted.ledger.tokens_packed, 14);
    }

    #[test]
    fn the_lowest_index_is_named_whatever_its_fault() {
        let refused = |lengths: &[u32], alignment| {
            let options = options(10, alignment, Overlong::Error, Empty::Error);
            admit(lengths, &options, &Unwatched)
        };
        assert_eq!(refused(&[0, 11], 1), Err(Fault::Empty { index: Some(0) }));
        let overlong = |length, alignment| {
            Err(Fault::Overlong { index: Some(0), length, capacity: 10, alignment })
        };
        assert_eq!(refused(&[11, 0], 1), overlong(11, 1));
        assert_eq!(refused(&[10, 0], 3), overlong(10, 3));
    }

    #[test]
    fn too_many_pieces_are_refused_before_memory_is_taken() {
        let options = options(1, 1, Overlong::Split, Empty::Error);
        let refused = admit(&[u32::MAX, u32::MAX, 1], &options, &Unwatched);
        assert_eq!(refused, Err(Fault::TooManySequences { count: 2 * u64::from(u32::MAX) + 1 }));
    }
}
