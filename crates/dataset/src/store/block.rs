//! A run of consecutive packs, gathered: what every format writes from.

use arrow_array::ArrayRef;
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use std::ops::Range;

/// Where a block lies in the output. Positions count from the beginning of the whole data set, in
/// the order in which packs are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// The file it belongs to, from 0.
    pub shard: usize,
    /// Its packs.
    pub packs: Range<u64>,
    /// Its segments.
    pub segments: Range<u64>,
    /// Its places: tokens, and the filler of aligned segments.
    pub places: Range<u64>,
}

/// Packs without padding, one behind another. A *segment* is a sequence or a piece of one.
///
/// Pack r holds the places `token_offsets[r] .. token_offsets[r + 1]` and the segments
/// `segment_offsets[r] .. segment_offsets[r + 1]`. Where sequences are aligned, the filler behind a
/// segment's tokens has the padding id, label -100 and weight 0.
#[derive(Debug)]
pub(crate) struct Block {
    pub span: Span,
    pub token_offsets: OffsetBuffer<i32>,
    pub segment_offsets: OffsetBuffer<i32>,
    pub tokens: ScalarBuffer<i32>,
    /// Unshifted labels, the first token of each segment at -100; if the content has labels.
    pub labels: Option<ScalarBuffer<i32>>,
    /// Loss weights, 0 where the label is -100; if the source has weights.
    pub weights: Option<ScalarBuffer<f32>>,
    /// Places of each segment.
    pub lengths: ScalarBuffer<i32>,
    /// Tokens of each segment; equal to its places unless sequences are aligned.
    pub counts: ScalarBuffer<i32>,
    /// Source sequence of each segment.
    pub sequences: ScalarBuffer<i64>,
    /// First token of each segment in its source sequence.
    pub starts: ScalarBuffer<i64>,
    /// Carried columns: a value per segment, in the order of the content.
    pub carried: Vec<ArrayRef>,
}

impl Block {
    /// Number of packs.
    pub(crate) fn rows(&self) -> usize {
        self.token_offsets.len() - 1
    }

    /// Places of pack `row`, as a range of `tokens`.
    pub(crate) fn places_of(&self, row: usize) -> Range<usize> {
        self.token_offsets[row] as usize..self.token_offsets[row + 1] as usize
    }

    /// Segments of pack `row`, as a range of `lengths`.
    pub(crate) fn segments_of(&self, row: usize) -> Range<usize> {
        self.segment_offsets[row] as usize..self.segment_offsets[row + 1] as usize
    }
}
