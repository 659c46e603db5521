//! What segments hold, from the sources: to compare with where a format has ids, and as digests of
//! 8 bytes where it has none.
//!
//! One read of the spill per lane and segment, or per run of them for digests. A digest is `XXH64` of
//! the tokens, and of labels and weights where the format keeps them: a segment whose digest is right
//! isn't its source with probability 2^-64 at most. It is no defence against forgery.

use crate::Fault;
use crate::format::Facts;
use crate::format::found::Row;
use crate::output::{MANIFEST, Manifest};
use crate::source::IGNORE;
use crate::store::Ingested;
use arrow_buffer::{MutableBuffer, ToByteSlice};
use std::ops::Range;
use std::path::Path;
use twox_hash::XxHash64;

/// Tokens that are read together.
const TOKENS_AT_ONCE: u64 = 1 << 18;

/// What a format keeps of the sources besides the tokens.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Kept {
    pub labels: bool,
    /// A mask made of the labels.
    pub mask: bool,
    pub weights: bool,
}

impl Kept {
    /// What of `sources` stands in a data set of these columns.
    ///
    /// # Errors
    /// [`Fault::Invalid`] where the data set and the columns that were named differ in having
    /// labels or weights.
    pub(crate) fn of(
        manifest: &Manifest,
        facts: &Facts,
        sources: Option<&Ingested>,
        folder: &Path,
    ) -> Result<Self, Fault> {
        let Some(sources) = sources else { return Ok(Self::default()) };
        let has = |name: &str| manifest.columns.iter().any(|column| column == name);
        let (labelled, weighted) = (sources.label_lane.is_some(), sources.weight_lane.is_some());
        let kept = Self {
            labels: labelled && has("labels"),
            mask: labelled && has("loss_mask"),
            weights: weighted && has("loss_weights"),
        };
        let wrong = if labelled && !kept.labels && !kept.mask {
            "it has no labels, though a column of labels or a loss mask is named"
        } else if weighted && !kept.weights && facts.weights {
            "it has no loss_weights, though the loss mask that is named has weights"
        } else if !weighted && has("loss_weights") {
            "it has loss_weights: name the source's column of them as its loss mask"
        } else {
            return Ok(kept);
        };
        Err(Fault::invalid(&folder.join(MANIFEST), None, wrong.to_string()))
    }

    /// The digest of the segment at `own`.
    pub(crate) fn digest_found(self, row: &Row<'_>, own: Range<usize>) -> u64 {
        let mut all = digest(0, &row.tokens[own.clone()]);
        if let Some(labels) = row.labels.filter(|_| self.labels) {
            all = digest(all, &labels[own.clone()]);
        }
        if let Some(mask) = row.loss_mask.filter(|_| self.mask) {
            all = digest(all, &mask[own.clone()]);
        }
        if let Some(weights) = row.weights.filter(|_| self.weights) {
            all = digest(all, &weights[own]);
        }
        all
    }

    /// The same of a piece of the sources.
    pub(crate) fn digest_expected(self, piece: &Piece<'_>) -> u64 {
        let mut all = digest(0, piece.tokens);
        if let Some(labels) = piece.labels {
            if self.labels {
                all = digest(all, labels);
            }
            if self.mask {
                all = digest(all, &targets(labels));
            }
        }
        if let Some(weights) = piece.weights.filter(|_| self.weights) {
            all = digest(all, weights);
        }
        all
    }
}

fn digest<T>(seed: u64, values: &[T]) -> u64
where
    [T]: ToByteSlice,
{
    XxHash64::oneshot(seed, values.to_byte_slice())
}

/// The mask of a segment with these labels: entry t is 1 where token t + 1 is a target.
pub(crate) fn targets(labels: &[i32]) -> Vec<i8> {
    let following = labels.iter().skip(1).map(|&label| i8::from(label != IGNORE));
    following.chain(std::iter::once(0)).collect()
}

/// Tokens that lie behind one another in the spill, with labels and weights. Kept from one reading
/// to the next for its memory.
#[derive(Default)]
pub(crate) struct Expected {
    tokens: MutableBuffer,
    labels: Option<MutableBuffer>,
    weights: Option<MutableBuffer>,
}

/// A piece of the sources, as a pack should have it.
pub(crate) struct Piece<'a> {
    pub tokens: &'a [i32],
    /// If a column of labels or a mask was named.
    pub labels: Option<&'a [i32]>,
    /// If the mask is of floats.
    pub weights: Option<&'a [f32]>,
}

impl Expected {
    /// Reads the piece of `count` tokens from token `start` of a sequence; where that isn't within
    /// the sequence, what is there, which then differs in length.
    pub(crate) fn fetch(
        &mut self,
        sources: &Ingested,
        sequence: usize,
        start: u64,
        count: usize,
    ) -> Result<Piece<'_>, Fault> {
        let length = u64::from(sources.lengths[sequence]);
        let start = start.min(length);
        let count = (count as u64).min(length - start) as usize;
        let position = sources.positions.of(sequence, &sources.lengths) + start;
        self.load(sources, position, count)?;
        Ok(self.piece(0..count))
    }

    /// Reads whole sequences from `first` on, below `end`, that lie behind one another: about a
    /// MiB, or one of them. Returns how many.
    pub(crate) fn fetch_run(
        &mut self,
        sources: &Ingested,
        first: usize,
        end: usize,
    ) -> Result<usize, Fault> {
        let position = sources.positions.of(first, &sources.lengths);
        let mut tokens = u64::from(sources.lengths[first]);
        let mut next = first + 1;
        while next < end && tokens < TOKENS_AT_ONCE {
            if sources.positions.of(next, &sources.lengths) != position + tokens {
                break;
            }
            tokens += u64::from(sources.lengths[next]);
            next += 1;
        }
        self.load(sources, position, tokens as usize)?;
        Ok(next - first)
    }

    fn load(&mut self, sources: &Ingested, position: u64, count: usize) -> Result<(), Fault> {
        let read = |lane, buffer: &mut MutableBuffer| {
            buffer.resize(4 * count, 0);
            sources.spill.read(lane, position, buffer.as_slice_mut())
        };
        read(0, &mut self.tokens)?;
        if let Some(lane) = sources.label_lane {
            read(lane, self.labels.get_or_insert_default())?;
        }
        if let Some(lane) = sources.weight_lane {
            read(lane, self.weights.get_or_insert_default())?;
        }
        Ok(())
    }

    /// The tokens at `places` as a piece of their own: its first token is no target.
    pub(crate) fn piece(&mut self, places: Range<usize>) -> Piece<'_> {
        let labels = self.labels.as_mut().map(|all| {
            let labels = &mut all.typed_data_mut::<i32>()[places.clone()];
            if let Some(first) = labels.first_mut() {
                *first = IGNORE;
            }
            &*labels
        });
        let weights = self.weights.as_mut().map(|all| {
            let weights = &mut all.typed_data_mut::<f32>()[places.clone()];
            for (weight, label) in weights.iter_mut().zip(labels.unwrap_or_default()) {
                if *label == IGNORE {
                    *weight = 0.0;
                }
            }
            &*weights
        });
        Piece { tokens: &self.tokens.typed_data()[places], labels, weights }
    }
}

#[cfg(test)]
mod tests {
    use super::{digest, targets};

    #[test]
    fn the_mask_says_of_each_token_whether_the_next_is_a_target() {
        assert_eq!(targets(&[-100, 12, -100, 14]), [1, 0, 1, 0]);
        assert_eq!(targets(&[-100]), [0]);
    }

    #[test]
    fn digests_tell_order_length_and_which_column_a_value_stands_in() {
        let of = |tokens: &[i32], labels: &[i32]| digest(digest(0, tokens), labels);
        let first = of(&[1, 2, 3], &[-100, 2, 3]);
        for other in [
            of(&[1, 3, 2], &[-100, 2, 3]),
            of(&[1, 2], &[3, -100, 2, 3]),
            of(&[1, 2, 3], &[-100, 2, -100]),
            of(&[-100, 2, 3], &[1, 2, 3]),
        ] {
            assert_ne!(first, other);
        }
    }
}
