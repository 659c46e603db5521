//! A run of rows in memory: tokens, labels and weights as they will be fetched, and no more.

use crate::source::Rows;
use arrow_buffer::ToByteSlice;

/// Tokens behind one another, with what belongs to them.
pub(crate) struct Lanes {
    tokens: Cells,
    labels: Vec<i32>,
    weights: Vec<f32>,
}

enum Cells {
    /// Of ids below 2^16.
    Narrow(Vec<u16>),
    Wide(Vec<i32>),
}

impl Lanes {
    /// What keeping `rows` takes.
    pub(crate) fn bytes(rows: &Rows, narrow: bool) -> u64 {
        let cells = |count: Option<usize>| 4 * count.unwrap_or(0) as u64;
        let tokens = rows.tokens.len() as u64 * if narrow { 2 } else { 4 };
        let labels = cells(rows.labels.as_ref().map(Vec::len));
        tokens + labels + cells(rows.weights.as_ref().map(Vec::len)) + size_of::<Self>() as u64
    }

    /// A copy of `rows`; none if memory is refused.
    pub(crate) fn new(rows: &Rows, narrow: bool) -> Option<Self> {
        let tokens = if narrow {
            Cells::Narrow(copied(&rows.tokens, |&token| token as u16)?)
        } else {
            Cells::Wide(copied(&rows.tokens, |&token| token)?)
        };
        let labels = copied(rows.labels.as_deref().unwrap_or_default(), |&label| label)?;
        let weights = copied(rows.weights.as_deref().unwrap_or_default(), |&weight| weight)?;
        Some(Self { tokens, labels, weights })
    }

    /// Fills `out` (bytes, 4 per token) with a lane's cells from `place` on.
    pub(crate) fn read(&self, lane: usize, place: usize, out: &mut [u8]) {
        let cells = place..place + out.len() / 4;
        match (lane, &self.tokens) {
            (0, Cells::Narrow(tokens)) => {
                for (wide, &token) in out.as_chunks_mut().0.iter_mut().zip(&tokens[cells]) {
                    *wide = u32::from(token).to_ne_bytes();
                }
            }
            (0, Cells::Wide(tokens)) => out.copy_from_slice(tokens[cells].to_byte_slice()),
            (1, _) => out.copy_from_slice(self.labels[cells].to_byte_slice()),
            _ => out.copy_from_slice(self.weights[cells].to_byte_slice()),
        }
    }
}

fn copied<T, U>(values: &[T], cell: impl FnMut(&T) -> U) -> Option<Vec<U>> {
    let mut cells = Vec::new();
    cells.try_reserve_exact(values.len()).ok()?;
    cells.extend(values.iter().map(cell));
    Some(cells)
}
