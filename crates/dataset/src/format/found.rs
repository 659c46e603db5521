//! Packs as they were found: columns of lists, whatever they lie in. A [`Reader`](super::reader::Reader) per format hands
//! them on, and the rules look at them one pack after another.

use arrow_array::ListArray;
use arrow_buffer::{ArrowNativeType, OffsetBuffer, ScalarBuffer};
use std::ops::Range;

/// Consecutive packs of a part.
pub(crate) struct Found {
    /// Row of the file that the first pack is.
    pub first_row: u64,
    pub tokens: List<i32>,
    /// Places of each segment.
    pub lengths: List<i32>,
    pub sequences: Option<List<i64>>,
    pub labels: Option<List<i32>>,
    pub weights: Option<List<f32>>,
    /// 1 where the next token is a target.
    pub loss_mask: Option<List<i8>>,
    pub positions: Option<List<i32>>,
    /// The number of each place's segment, from 1; 0 at padding.
    pub attention_mask: Option<List<i32>>,
    pub starts: Option<List<i64>>,
    pub counts: Option<List<i32>>,
    /// A value per segment, by column; only where they are wanted.
    pub carried: Vec<(String, ListArray)>,
}

impl Found {
    /// Packs with tokens and boundaries, and nothing else yet.
    pub(crate) fn new(first_row: u64, tokens: List<i32>, lengths: List<i32>) -> Self {
        Self {
            first_row,
            tokens,
            lengths,
            sequences: None,
            labels: None,
            weights: None,
            loss_mask: None,
            positions: None,
            attention_mask: None,
            starts: None,
            counts: None,
            carried: Vec::new(),
        }
    }

    /// Number of packs.
    pub(crate) fn rows(&self) -> usize {
        self.tokens.rows()
    }

    /// Pack `row`.
    pub(crate) fn row(&self, row: usize) -> Row<'_> {
        Row {
            tokens: self.tokens.row(row),
            lengths: self.lengths.row(row),
            sequences: self.sequences.as_ref().map(|list| list.row(row)),
            labels: self.labels.as_ref().map(|list| list.row(row)),
            weights: self.weights.as_ref().map(|list| list.row(row)),
            loss_mask: self.loss_mask.as_ref().map(|list| list.row(row)),
            positions: self.positions.as_ref().map(|list| list.row(row)),
            attention_mask: self.attention_mask.as_ref().map(|list| list.row(row)),
            starts: self.starts.as_ref().map(|list| list.row(row)),
            counts: self.counts.as_ref().map(|list| list.row(row)),
        }
    }
}

/// One pack, in the columns of [`Found`].
pub(crate) struct Row<'a> {
    pub tokens: &'a [i32],
    pub lengths: &'a [i32],
    pub sequences: Option<&'a [i64]>,
    pub labels: Option<&'a [i32]>,
    pub weights: Option<&'a [f32]>,
    pub loss_mask: Option<&'a [i8]>,
    pub positions: Option<&'a [i32]>,
    pub attention_mask: Option<&'a [i32]>,
    pub starts: Option<&'a [i64]>,
    pub counts: Option<&'a [i32]>,
}

/// A list of numbers per pack.
#[derive(Clone)]
pub(crate) struct List<T: ArrowNativeType> {
    offsets: OffsetBuffer<i32>,
    values: ScalarBuffer<T>,
}

impl<T: ArrowNativeType> List<T> {
    pub(crate) fn new(offsets: OffsetBuffer<i32>, values: ScalarBuffer<T>) -> Self {
        Self { offsets, values }
    }

    /// Number of packs.
    pub(crate) fn rows(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Those of packs `rows`, alone; no number is copied.
    pub(crate) fn slice(&self, rows: Range<usize>) -> Self {
        let offsets = &self.offsets[rows.start..=rows.end];
        let (first, last) = (offsets[0], offsets[rows.len()]);
        let rebased: Vec<i32> = offsets.iter().map(|offset| offset - first).collect();
        let values = self.values.slice(first as usize, (last - first) as usize);
        Self { offsets: OffsetBuffer::new(rebased.into()), values }
    }

    /// Where the numbers of each pack begin in [`values`](Self::values), and where the last end.
    pub(crate) fn offsets(&self) -> &[i32] {
        &self.offsets
    }

    /// The numbers of all packs, and maybe of others.
    pub(crate) fn values(&self) -> &[T] {
        &self.values
    }

    /// The numbers of pack `row`.
    pub(crate) fn row(&self, row: usize) -> &[T] {
        &self.values[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }
}
