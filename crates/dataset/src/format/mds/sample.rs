//! The samples of an `mds` shard, taken apart: the size of each column, then its array (how wide
//! its count is and that it has one dimension, the count, the values).

use crate::format::found::{Found, List};
use arrow_buffer::{ArrowNativeType, OffsetBuffer};

/// Samples taken apart so far: a column of bytes each.
pub(crate) struct Samples<'a> {
    names: &'a [String],
    columns: Vec<Column>,
}

#[derive(Default)]
struct Column {
    bytes: Vec<u8>,
    counts: Vec<usize>,
}

impl<'a> Samples<'a> {
    pub(crate) fn new(names: &'a [String]) -> Self {
        Self { names, columns: names.iter().map(|_| Column::default()).collect() }
    }

    /// Adds a sample, or says what is wrong with its bytes.
    pub(crate) fn push(&mut self, sample: &[u8]) -> Result<(), String> {
        let cut = || "the sample is cut off".to_string();
        let (sizes, mut values) = sample.split_at_checked(4 * self.names.len()).ok_or_else(cut)?;
        let sizes = sizes.as_chunks::<4>().0.iter();
        for ((size, column), name) in sizes.zip(&mut self.columns).zip(self.names) {
            let size = u32::from_le_bytes(*size) as usize;
            let (value, rest) = values.split_at_checked(size).ok_or_else(cut)?;
            let width = if is_wide(name) { 8 } else { 4 };
            let (count, bytes) = array(value, width).ok_or_else(|| {
                format!("the {size} bytes of {name} aren't an array of {width}-byte values")
            })?;
            column.counts.push(count);
            column.bytes.extend_from_slice(bytes);
            values = rest;
        }
        if values.is_empty() {
            return Ok(());
        }
        Err(format!("{} bytes follow the last column of the sample", values.len()))
    }

    /// The packs that the samples are, from `first_row` on.
    pub(crate) fn into_found(self, first_row: u64) -> Result<Found, String> {
        let column = |name: &str| {
            let index = self.names.iter().position(|other| other == name)?;
            Some(&self.columns[index])
        };
        let i32s = |name| column(name).map(|column| column.list(i32::from_le_bytes));
        let i64s = |name| column(name).map(|column| column.list(i64::from_le_bytes));
        let missing = |name: &str| format!("column {name} is missing");
        let tokens = i32s("input_ids").ok_or_else(|| missing("input_ids"))?;
        let lengths = i32s("seq_lengths").ok_or_else(|| missing("seq_lengths"))?;
        Ok(Found {
            sequences: i64s("sequence_ids"),
            labels: i32s("labels"),
            weights: column("loss_weights").map(|column| column.list(f32::from_le_bytes)),
            starts: i64s("piece_starts"),
            counts: i32s("token_counts"),
            ..Found::new(first_row, tokens, lengths)
        })
    }
}

impl Column {
    fn list<T: ArrowNativeType, const N: usize>(&self, value: fn([u8; N]) -> T) -> List<T> {
        let values = self.bytes.as_chunks::<N>().0.iter().map(|&bytes| value(bytes));
        let offsets = OffsetBuffer::from_lengths(self.counts.iter().copied());
        List::new(offsets, values.collect::<Vec<_>>().into())
    }
}

/// Whether the column has values of 8 bytes.
pub(crate) fn is_wide(name: &str) -> bool {
    matches!(name, "sequence_ids" | "piece_starts")
}

/// Count and values of an array with one dimension, if the bytes are one.
fn array(bytes: &[u8], width: usize) -> Option<(usize, &[u8])> {
    let (kind, rest) = bytes.split_first()?;
    let (count, values) = match kind {
        4 => rest.split_first().map(|(&count, values)| (usize::from(count), values)),
        5 => {
            let (count, values) = rest.split_first_chunk()?;
            Some((u16::from_le_bytes(*count).into(), values))
        }
        6 => {
            let (count, values) = rest.split_first_chunk()?;
            Some((u32::from_le_bytes(*count) as usize, values))
        }
        _ => None,
    }?;
    (count.checked_mul(width) == Some(values.len())).then_some((count, values))
}

#[cfg(test)]
mod tests {
    use super::array;

    #[test]
    fn an_array_fills_its_bytes_or_is_none() {
        assert_eq!(array(&[4, 1, 7, 0, 0, 0], 4), Some((1, &[7, 0, 0, 0][..])));
        assert_eq!(array(&[5, 1, 0, 7, 0, 0, 0], 4), Some((1, &[7, 0, 0, 0][..])));
        assert_eq!(array(&[6, 1, 0, 0, 0, 7, 0, 0, 0], 4), Some((1, &[7, 0, 0, 0][..])));
        for wrong in [&[][..], &[4], &[4, 2, 7, 0, 0, 0], &[7, 1, 7, 0, 0, 0], &[5, 1]] {
            assert_eq!(array(wrong, 4), None);
        }
    }
}
