//! What becomes of sequences that no pack can hold as they are, and the account of their tokens.
//!
//! One pass over the lengths finds out whether there are any; nearly always there are none, and
//! then nothing is copied. Otherwise a second pass counts pieces and dropped sequences, so that
//! memory is taken once, and a third writes them. A histogram is settled class by class.

use crate::options::{Empty, Overlong};
use crate::{Fault, PackOptions, STRIDE, Stage, Watch, memory};

/// Where all tokens went: `tokens_in = tokens_packed + tokens_truncated + tokens_dropped`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Tokens of all sequences given.
    pub tokens_in: u64,
    /// Tokens that stand in packs.
    pub tokens_packed: u64,
    /// Tokens cut off by `overlong: 'truncate'`.
    pub tokens_truncated: u64,
    /// Tokens of sequences left out by `overlong: 'drop'`.
    pub tokens_dropped: u64,
    /// Sequences left out, with or without tokens.
    pub dropped_count: u64,
}

impl Ledger {
    /// True if every token is accounted for once.
    #[must_use]
    pub fn balances(&self) -> bool {
        let out = self.tokens_packed.checked_add(self.tokens_truncated);
        out.and_then(|out| out.checked_add(self.tokens_dropped)) == Some(self.tokens_in)
    }

    /// Accounts for `count` sequences of `length`, of which `packed` tokens each are packed.
    fn enter(&mut self, length: u32, packed: u32, count: u64) {
        self.tokens_in += u64::from(length) * count;
        self.tokens_packed += u64::from(packed) * count;
    }
}

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
                        made.starts.push(part * usable);
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

/// Length classes to pack, longest first, with the account of their tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdmittedClasses {
    /// (length, count) with lengths 1 ..= usable capacity, strictly descending.
    pub classes: Vec<(u32, u64)>,
    /// True if a class was truncated or split.
    pub cut: bool,
    /// Where the tokens went.
    pub ledger: Ledger,
}

/// Applies the policies to length classes (length, count) in any order, length 0 included.
/// O(D log D) for D classes.
///
/// # Errors
/// [`Fault::Empty`] or [`Fault::Overlong`], without an index, for the first class that its policy
/// refuses; [`Fault::Memory`].
pub fn admit_classes(
    classes: &[(u32, u64)],
    options: &PackOptions,
) -> Result<AdmittedClasses, Fault> {
    let usable = options.usable();
    let fits = |&(length, count): &(u32, u64)| (1..=usable).contains(&length) && count > 0;
    if classes.iter().all(fits) && classes.is_sorted_by(|a, b| a.0 < b.0) {
        // A histogram without a length to settle: nothing to sort or merge.
        let total = classes.iter().map(|&(length, count)| u64::from(length) * count).sum();
        let ledger = Ledger { tokens_in: total, tokens_packed: total, ..Ledger::default() };
        let mut longest_first = memory::reserved(classes.len())?;
        longest_first.extend(classes.iter().rev());
        return Ok(AdmittedClasses { classes: longest_first, cut: false, ledger });
    }
    let mut admitted = AdmittedClasses::default();
    let ledger = &mut admitted.ledger;
    // A class leaves at most two: full pieces and the last ones.
    let mut left: Vec<(u32, u64)> = memory::reserved(classes.len().saturating_mul(2))?;
    for &(length, count) in classes.iter().filter(|class| class.1 > 0) {
        let Fate::Pieces(pieces) = fate(length, usable, options)? else {
            ledger.enter(length, 0, count);
            ledger.tokens_dropped += u64::from(length) * count;
            ledger.dropped_count += count;
            continue;
        };
        let last = (length - (pieces - 1) * usable).min(usable);
        if pieces > 1 {
            left.push((usable, count * u64::from(pieces - 1)));
        }
        left.push((last, count));
        let packed = (pieces - 1) * usable + last;
        ledger.enter(length, packed, count);
        ledger.tokens_truncated += u64::from(length - packed) * count;
        admitted.cut |= length > usable;
    }
    left.sort_unstable_by(|a, b| b.cmp(a));
    left.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        kept.1 += if same { next.1 } else { 0 };
        same
    });
    admitted.classes = left;
    debug_assert!(admitted.ledger.balances(), "every token is entered and leaves by one way");
    Ok(admitted)
}

/// What becomes of one sequence.
enum Fate {
    Dropped,
    /// It is packed in this many pieces, at least 1.
    Pieces(u32),
}

fn fate(length: u32, usable: u32, options: &PackOptions) -> Result<Fate, Fault> {
    if length == 0 {
        return match options.empty {
            Empty::Error => Err(Fault::Empty { index: None }),
            Empty::Drop => Ok(Fate::Dropped),
        };
    }
    if length <= usable {
        return Ok(Fate::Pieces(1));
    }
    match options.overlong {
        Overlong::Error => Err(Fault::Overlong {
            index: None,
            length,
            capacity: options.capacity,
            alignment: options.sequence_alignment,
        }),
        Overlong::Drop => Ok(Fate::Dropped),
        Overlong::Truncate => Ok(Fate::Pieces(1)),
        Overlong::Split => Ok(Fate::Pieces(length.div_ceil(usable))),
    }
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
    use super::{Admitted, Ledger, Pieces, admit, admit_classes};
    use crate::options::{Empty, Overlong};
    use crate::{Fault, PackOptions, Unwatched};
    use proptest::prelude::*;

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

    #[test]
    fn classes_longer_than_any_pack_are_counted_in_full() {
        let options = options(10, 4, Overlong::Split, Empty::Drop);
        let classes = [(0, 5), (3, 1), (8, 2), (16, 3), (19, 1 << 40)];
        let admitted = admit_classes(&classes, &options).expect("all is settled");
        let whole = 2 + 6 + (2 << 40);
        assert_eq!(admitted.classes, [(8, whole), (3, 1 + (1 << 40))]);
        assert_eq!((admitted.ledger.dropped_count, admitted.cut), (5, true));
        assert_eq!(admitted.ledger.tokens_packed, 8 * whole + 3 * (1 + (1 << 40)));
    }

    proptest! {
        #[test]
        fn a_histogram_is_settled_like_its_sequences(
            lengths in prop::collection::vec(0_u32..60, 0..80),
            capacity in 1_u32..30,
            alignment in 1_u32..9,
            overlong in prop::sample::select(vec![Overlong::Error, Overlong::Drop, Overlong::Truncate, Overlong::Split]),
            drop_empty in any::<bool>(),
        ) {
            let empty = if drop_empty { Empty::Drop } else { Empty::Error };
            let options = options(capacity, alignment.min(capacity), overlong, empty);
            let mut classes = std::collections::BTreeMap::new();
            for &length in &lengths {
                *classes.entry(length).or_insert(0_u64) += 1;
            }
            let classes: Vec<(u32, u64)> = classes.into_iter().collect();
            let by_class = admit_classes(&classes, &options);
            match admit(&lengths, &options, &Unwatched) {
                Err(_) => prop_assert!(by_class.is_err()),
                Ok(admitted) => {
                    let by_class = by_class.expect("no sequence was refused");
                    prop_assert!(admitted.ledger.balances());
                    prop_assert_eq!(by_class.ledger, admitted.ledger);
                    prop_assert_eq!(by_class.cut, admitted.cut);
                    let mut left = admitted.lengths(&lengths).to_vec();
                    left.sort_unstable_by(|a, b| b.cmp(a));
                    let expected: Vec<(u32, u64)> =
                        left.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u64)).collect();
                    prop_assert_eq!(by_class.classes, expected);
                }
            }
        }
    }
}
