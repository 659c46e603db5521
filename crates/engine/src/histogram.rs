//! How many sequences there are of each length: all that a plan needs to know of them.
//!
//! Counts are kept by length class, ascending, so that a histogram costs memory for the lengths
//! that occur and not for the longest. Histograms of shards add up to the histogram of the whole.

use crate::binding::counting;
use crate::{Fault, Watch};
use std::cmp::Ordering;

/// The most sequences or tokens that a histogram counts: the largest safe integer of JavaScript.
pub const MOST: u64 = (1 << 53) - 1;

/// Counts per length, length 0 included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    classes: Vec<(u32, u64)>,
    sequences: u64,
    tokens: u64,
}

impl Histogram {
    /// Of no sequences.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts `lengths` in `threads` parts. O(n + D log D) for D length classes.
    ///
    /// # Errors
    /// [`Fault::Length`] if the totals pass 2^53 - 1; [`Fault::Memory`]; [`Fault::Cancelled`].
    pub fn from_lengths(lengths: &[u32], threads: usize, watch: &dyn Watch) -> Result<Self, Fault> {
        Self::of_classes(counting::classes(lengths, threads, watch)?)
    }

    /// From (length, count) pairs in any order; a length may occur more than once.
    ///
    /// # Errors
    /// [`Fault::Length`] if the totals pass 2^53 - 1.
    pub fn from_counts(counts: impl IntoIterator<Item = (u32, u64)>) -> Result<Self, Fault> {
        let mut classes: Vec<(u32, u64)> = counts.into_iter().collect();
        classes.sort_unstable();
        let mut sequences = 0_u128;
        for class in &classes {
            sequences += u128::from(class.1);
        }
        total("sequences", sequences)?;
        classes.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            kept.1 += if same { next.1 } else { 0 };
            same
        });
        classes.retain(|class| class.1 > 0);
        Self::of_classes(classes)
    }

    fn of_classes(classes: Vec<(u32, u64)>) -> Result<Self, Fault> {
        let (mut sequences, mut tokens) = (0_u128, 0_u128);
        for &(length, count) in &classes {
            sequences += u128::from(count);
            tokens += u128::from(length) * u128::from(count);
        }
        let sequences = total("sequences", sequences)?;
        let tokens = total("tokens", tokens)?;
        Ok(Self { classes, sequences, tokens })
    }

    /// Counts more sequences; on a fault nothing has changed.
    ///
    /// # Errors
    /// As [`from_lengths`](Self::from_lengths).
    pub fn add(&mut self, lengths: &[u32], threads: usize, watch: &dyn Watch) -> Result<(), Fault> {
        self.merge(&Self::from_lengths(lengths, threads, watch)?)
    }

    /// Adds the counts of `other`; on a fault nothing has changed.
    ///
    /// # Errors
    /// [`Fault::Length`] if the totals pass 2^53 - 1.
    pub fn merge(&mut self, other: &Self) -> Result<(), Fault> {
        let sequences =
            total("sequences", u128::from(self.sequences) + u128::from(other.sequences))?;
        let tokens = total("tokens", u128::from(self.tokens) + u128::from(other.tokens))?;
        self.classes = merged(&self.classes, &other.classes);
        (self.sequences, self.tokens) = (sequences, tokens);
        Ok(())
    }

    /// (length, count), lengths ascending, counts at least 1.
    #[must_use]
    pub fn classes(&self) -> &[(u32, u64)] {
        &self.classes
    }

    /// How many sequences have this length.
    #[must_use]
    pub fn count(&self, length: u32) -> u64 {
        let found = self.classes.binary_search_by_key(&length, |class| class.0);
        found.map_or(0, |at| self.classes[at].1)
    }

    /// How many sequences there are.
    #[must_use]
    pub fn sequence_count(&self) -> u64 {
        self.sequences
    }

    /// How many tokens they have together.
    #[must_use]
    pub fn token_count(&self) -> u64 {
        self.tokens
    }

    /// The longest length; 0 if there are no sequences.
    #[must_use]
    pub fn max_length(&self) -> u32 {
        self.classes.last().map_or(0, |class| class.0)
    }
}

fn total(of: &str, count: u128) -> Result<u64, Fault> {
    u64::try_from(count).ok().filter(|&count| count <= MOST).ok_or_else(|| Fault::Length {
        index: None,
        detail: format!("{count} {of} are more than a histogram counts, at most {MOST}"),
    })
}

/// The sum of two ascending lists of classes.
fn merged(a: &[(u32, u64)], b: &[(u32, u64)]) -> Vec<(u32, u64)> {
    let mut sum = Vec::with_capacity(a.len().max(b.len()));
    let (mut a, mut b) = (a.iter().copied().peekable(), b.iter().copied().peekable());
    while let (Some(x), Some(y)) = (a.peek().copied(), b.peek().copied()) {
        sum.push(match x.0.cmp(&y.0) {
            Ordering::Less => x,
            Ordering::Greater => y,
            Ordering::Equal => (x.0, x.1 + y.1),
        });
        if x.0 <= y.0 {
            a.next();
        }
        if y.0 <= x.0 {
            b.next();
        }
    }
    sum.extend(a);
    sum.extend(b);
    sum
}
