//! Ragged columns: sequence i is `values[offsets[i] .. offsets[i + 1]]`, the layout of Arrow lists.
//!
//! Reading one sequence costs its length. Offsets are checked where they are used and nowhere
//! else: a caller that collates one pack of a million sequences must not pay for the million.

use crate::Fault;
use crate::rows::values::{Extent, Stray, Values, WeightValues};
use std::ops::Range;

/// Where sequences begin and end in the values.
#[derive(Clone, Copy, Debug)]
pub enum Offsets<'a> {
    /// Unsigned.
    U32(&'a [u32]),
    /// Arrow lists.
    I32(&'a [i32]),
    /// Arrow large lists.
    I64(&'a [i64]),
}

impl Offsets<'_> {
    /// Number of sequences they describe.
    #[must_use]
    pub fn count(&self) -> usize {
        let entries = match self {
            Self::U32(offsets) => offsets.len(),
            Self::I32(offsets) => offsets.len(),
            Self::I64(offsets) => offsets.len(),
        };
        entries.saturating_sub(1)
    }

    #[inline]
    fn at(&self, index: usize) -> i64 {
        match self {
            Self::U32(offsets) => i64::from(offsets[index]),
            Self::I32(offsets) => i64::from(offsets[index]),
            Self::I64(offsets) => offsets[index],
        }
    }
}

/// A ragged column.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a, V> {
    /// What messages call it.
    pub name: &'static str,
    /// All sequences behind one another.
    pub values: V,
    /// Where each begins; one entry more than there are sequences.
    pub offsets: Offsets<'a>,
}

/// Token ids, or labels.
pub type Tokens<'a> = Column<'a, Values<'a>>;
/// Loss weights.
pub type Weights<'a> = Column<'a, WeightValues<'a>>;

impl<V: Extent> Column<'_, V> {
    /// Where sequence `sequence` stands in the values.
    ///
    /// # Errors
    /// [`Fault::Column`] if there is no such sequence, or its offsets fall or lie outside.
    #[inline]
    pub fn span(&self, sequence: u32) -> Result<Range<usize>, Fault> {
        let index = sequence as usize;
        let name = self.name;
        let count = self.offsets.count();
        if index >= count {
            let detail = format!(
                "{name} describes {count} sequences, the packing names sequence {sequence}"
            );
            return Err(Fault::Column { row: Some(u64::from(sequence)), detail });
        }
        let (start, end) = (self.offsets.at(index), self.offsets.at(index + 1));
        match (usize::try_from(start), usize::try_from(end)) {
            (Ok(from), Ok(to)) if from <= to && to <= self.values.extent() => Ok(from..to),
            _ => {
                let extent = self.values.extent();
                let detail = format!(
                    "{name} sequence {sequence} goes from {start} to {end} of {extent} values: \
                     offsets must never fall and must end within the values"
                );
                Err(Fault::Column { row: Some(u64::from(sequence)), detail })
            }
        }
    }

    /// Where a piece stands, in a column that must be as long as `tokens` are for the sequence.
    pub(crate) fn beside(
        &self,
        tokens: &Tokens<'_>,
        sequence: u32,
        start: u32,
        length: u32,
    ) -> Result<Range<usize>, Fault> {
        let (own, theirs) = (self.span(sequence)?, tokens.span(sequence)?);
        if own.len() != theirs.len() {
            let detail = format!(
                "{} has {} values for sequence {sequence}, which has {} tokens",
                self.name,
                own.len(),
                theirs.len()
            );
            return Err(Fault::Column { row: Some(u64::from(sequence)), detail });
        }
        let from = own.start + start as usize;
        Ok(from..from + length as usize)
    }

    /// The fault for a value at `position` of a piece that begins at `start` of its sequence.
    pub(crate) fn stray(&self, sequence: u32, start: u32, (at, value): Stray, rule: &str) -> Fault {
        let (name, position) = (self.name, start as usize + at);
        let detail =
            format!("{name} sequence {sequence}, position {position}: {value} is not {rule}");
        Fault::Column { row: Some(u64::from(sequence)), detail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_that_fall_or_lie_outside_are_refused() {
        let tokens = Tokens {
            name: "tokens",
            values: Values::U8(&[1, 2, 3]),
            offsets: Offsets::I32(&[0, 2, 1, 4, -1]),
        };
        assert_eq!(tokens.span(0), Ok(0..2));
        for sequence in 1..5 {
            assert_eq!(tokens.span(sequence).map_err(|fault| fault.code()), Err("ERR_COLUMN"));
        }
    }
}
