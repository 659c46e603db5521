//! The policies over a histogram, class by class: the same outcome as over its sequences.

use super::fate::{Fate, fate};
use super::ledger::Ledger;
use crate::{Fault, PackOptions, memory};

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

#[cfg(test)]
mod tests {
    use super::admit_classes;
    use crate::options::{Empty, Overlong};
    use crate::policy::admit;
    use crate::{PackOptions, Unwatched};
    use proptest::prelude::*;

    fn options(capacity: u32, alignment: u32, overlong: Overlong, empty: Empty) -> PackOptions {
        let defaults = PackOptions::new(capacity);
        PackOptions { sequence_alignment: alignment, overlong, empty, ..defaults }
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
            overlong in prop::sample::select(vec![Overlong::Error, Overlong::Drop, Overlong::Truncate, Overlong::Split, Overlong::TruncateStart]),
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
