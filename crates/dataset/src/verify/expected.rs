//! What segments hold, from the sources: to compare with where a format has ids, and as digests of
//! 8 bytes where it has none.
//!
//! One read of the spill per segment and lane. A digest is `XXH64` of the tokens, and of labels and
//! weights where the format keeps them: a segment whose digest is right isn't its source with
//! probability 2^-64 at most. It is no defence against forgery.

use super::found::Row;
use crate::ingest::Ingested;
use crate::manifest::{MANIFEST, Manifest};
use crate::source::IGNORE;
use crate::{Fault, formats};
use arrow_buffer::{MutableBuffer, ToByteSlice};
use std::ops::Range;
use std::path::Path;
use twox_hash::XxHash64;

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
        } else if weighted && !kept.weights && formats::has_weights(&manifest.format) {
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
    pub(crate) fn digest_expected(self, expected: &Expected) -> u64 {
        let mut all = digest(0, expected.tokens());
        if let Some(labels) = expected.labels() {
            if self.labels {
                all = digest(all, labels);
            }
            if self.mask {
                all = digest(all, &targets(labels));
            }
        }
        if let Some(weights) = expected.weights().filter(|_| self.weights) {
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

/// A piece of the sources, as a pack should have it. Kept between pieces for its memory.
#[derive(Default)]
pub(crate) struct Expected {
    tokens: MutableBuffer,
    labels: Option<MutableBuffer>,
    weights: Option<MutableBuffer>,
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
    ) -> Result<(), Fault> {
        let length = u64::from(sources.lengths[sequence]);
        let start = start.min(length);
        let count = (count as u64).min(length - start) as usize;
        let position = sources.positions.of(sequence, &sources.lengths) + start;
        let read = |lane, buffer: &mut MutableBuffer| {
            buffer.resize(4 * count, 0);
            sources.spill.read(lane, position, buffer.as_slice_mut())
        };
        read(0, &mut self.tokens)?;
        if let Some(lane) = sources.label_lane {
            let labels = self.labels.get_or_insert_default();
            read(lane, labels)?;
            if let Some(first) = labels.typed_data_mut::<i32>().first_mut() {
                *first = IGNORE;
            }
            if let Some(lane) = sources.weight_lane {
                let weights = self.weights.get_or_insert_default();
                read(lane, weights)?;
                let labels = labels.typed_data::<i32>();
                for (weight, label) in weights.typed_data_mut::<f32>().iter_mut().zip(labels) {
                    if *label == IGNORE {
                        *weight = 0.0;
                    }
                }
            }
        }
        Ok(())
    }

    pub(crate) fn tokens(&self) -> &[i32] {
        self.tokens.typed_data()
    }

    /// Labels, if a column of them or a mask was named.
    pub(crate) fn labels(&self) -> Option<&[i32]> {
        self.labels.as_ref().map(MutableBuffer::typed_data)
    }

    /// Weights, if the mask is of floats.
    pub(crate) fn weights(&self) -> Option<&[f32]> {
        self.weights.as_ref().map(MutableBuffer::typed_data)
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
