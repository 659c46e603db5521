//! Blocks as padded rows of one width, for formats whose readers want rectangles.
//!
//! O(rows × width) per array, in plain fills and copies. A segment's places include its filler:
//! positions run on in it, its mask is its segment's, its label is -100.

use crate::Fault;
use crate::source::IGNORE;
use crate::store::Block;
use arrow_array::{ArrayRef, ListArray, PrimitiveArray, types::ArrowPrimitiveType};
use arrow_buffer::{ArrowNativeType, OffsetBuffer, ScalarBuffer};
use arrow_schema::FieldRef;
use std::ops::Range;
use std::sync::Arc;
use stowage_engine::Fault as EngineFault;

/// The rows of a block, `width` places each.
pub(crate) struct PaddedRows<'a> {
    pub block: &'a Block,
    pub width: usize,
}

impl PaddedRows<'_> {
    /// Token ids, with `pad` behind the last segment.
    pub(crate) fn input_ids(&self, pad: i32) -> Result<Vec<i32>, Fault> {
        self.copied(&self.block.tokens, pad)
    }

    /// Labels, -100 behind the last segment.
    ///
    /// # Panics
    /// If the block has none.
    pub(crate) fn labels(&self) -> Result<Vec<i32>, Fault> {
        let labels = self.block.labels.as_ref();
        self.copied(labels.expect("the content of this format has labels"), IGNORE)
    }

    /// Loss weights, 0 behind the last segment; none if the block has none.
    pub(crate) fn weights(&self) -> Result<Option<Vec<f32>>, Fault> {
        self.block.weights.as_ref().map(|weights| self.copied(weights, 0.0)).transpose()
    }

    /// 0, 1, 2 ... in each segment, 0 behind the last.
    pub(crate) fn position_ids(&self) -> Result<Vec<i32>, Fault> {
        self.by_segment(|_, places| {
            for (place, position) in places.iter_mut().zip(0..) {
                *place = position;
            }
        })
    }

    /// The number of each segment in its row, from 1; 0 behind the last.
    pub(crate) fn attention_mask(&self) -> Result<Vec<i32>, Fault> {
        self.by_segment(|number, places| places.fill(number))
    }

    fn copied<T: Copy + ArrowNativeType>(
        &self,
        values: &ScalarBuffer<T>,
        behind: T,
    ) -> Result<Vec<T>, Fault> {
        let mut rows = self.filled(behind)?;
        for (row, places) in rows.chunks_exact_mut(self.width).enumerate() {
            let values = &values[self.block.places_of(row)];
            places[..values.len()].copy_from_slice(values);
        }
        Ok(rows)
    }

    fn by_segment(&self, fill: impl Fn(i32, &mut [i32])) -> Result<Vec<i32>, Fault> {
        let mut rows = self.filled(0)?;
        for (row, mut places) in rows.chunks_exact_mut(self.width).enumerate() {
            let lengths = &self.block.lengths[self.block.segments_of(row)];
            for (number, &length) in (1..).zip(lengths) {
                let (here, rest) = places.split_at_mut(length as usize);
                fill(number, here);
                places = rest;
            }
        }
        Ok(rows)
    }

    fn filled<T: Copy>(&self, value: T) -> Result<Vec<T>, Fault> {
        filled(self.block.rows() * self.width, value)
    }

    /// A column of lists of `width` values each.
    pub(crate) fn list<T: ArrowPrimitiveType>(
        &self,
        element: &FieldRef,
        values: Vec<T::Native>,
    ) -> ArrayRef {
        let offsets =
            OffsetBuffer::from_lengths(std::iter::repeat_n(self.width, self.block.rows()));
        let values = Arc::new(PrimitiveArray::<T>::new(values.into(), None));
        Arc::new(ListArray::new(Arc::clone(element), offsets, values, None))
    }
}

/// `count` values of the kind, or the fault of refused memory.
pub(crate) fn filled<T: Copy>(count: usize, value: T) -> Result<Vec<T>, Fault> {
    let mut values = Vec::new();
    let bytes = (count * size_of::<T>()) as u64;
    values.try_reserve_exact(count).map_err(|_| EngineFault::Memory { bytes })?;
    values.resize(count, value);
    Ok(values)
}

/// The segments of pack `row` with their places within the block.
pub(crate) fn segments(block: &Block, row: usize) -> impl Iterator<Item = Range<usize>> {
    let start = block.places_of(row).start;
    block.lengths[block.segments_of(row)].iter().scan(start, |at, &length| {
        let places = *at..*at + length as usize;
        *at = places.end;
        Some(places)
    })
}
