//! Ragged columns: sequence i is `values[offsets[i] .. offsets[i + 1]]`, the layout of Arrow lists.
//!
//! Reading one sequence costs its length. Offsets are checked where they are used and nowhere
//! else: a caller that collates one pack of a million sequences must not pay for the million.

use crate::Fault;
use crate::rows::labels::IGNORE;
use std::fmt::Display;
use std::hint::black_box;
use std::ops::Range;

/// An integer that may be a token id.
pub trait Token: Copy + Display + Send + Sync {
    /// The id; meaningful if [`excess`](Self::excess) is 0.
    fn id(self) -> i32;
    /// 0 if the value is an id, `0 ..= 2^31 - 1`. Without a branch, so that loops vectorise.
    fn excess(self) -> u32;
    /// 0 if the value is a label, an id or -100.
    #[inline]
    fn label_excess(self) -> u32 {
        if self.id() == IGNORE && self.excess() != 0 { self.far() } else { self.excess() }
    }
    /// 0 if the value fits in 32 bits with its sign; told apart for 64-bit types only.
    #[inline]
    fn far(self) -> u32 {
        0
    }
}

macro_rules! narrow {
    ($($type:ty),*) => {$(
        impl Token for $type {
            #[inline]
            fn id(self) -> i32 {
                i32::from(self)
            }
            #[inline]
            fn excess(self) -> u32 {
                i32::from(self) as u32 >> 31
            }
        }
    )*};
}
narrow!(u8, u16, i16, i32);

impl Token for u32 {
    #[allow(clippy::cast_possible_wrap, reason = "a wrapped value has an excess")]
    #[inline]
    fn id(self) -> i32 {
        self as i32
    }
    #[inline]
    fn excess(self) -> u32 {
        self >> 31
    }
    #[inline]
    fn far(self) -> u32 {
        1 // 2^32 - 100 is no label
    }
}

impl Token for u64 {
    #[allow(clippy::cast_possible_wrap, reason = "a wrapped value has an excess")]
    #[inline]
    fn id(self) -> i32 {
        self as i32
    }
    #[inline]
    fn excess(self) -> u32 {
        (self >> 32) as u32 | (self as u32 >> 31)
    }
    #[inline]
    fn far(self) -> u32 {
        1
    }
}

impl Token for i64 {
    #[inline]
    fn id(self) -> i32 {
        self as i32
    }
    #[inline]
    fn excess(self) -> u32 {
        (self as u64).excess()
    }
    #[inline]
    fn far(self) -> u32 {
        u32::from(self != i64::from(IGNORE))
    }
}

/// Integers of any width that a source may have.
#[derive(Clone, Copy, Debug)]
pub enum Values<'a> {
    /// 8 bits, unsigned.
    U8(&'a [u8]),
    /// 16 bits, signed.
    I16(&'a [i16]),
    /// 16 bits, unsigned.
    U16(&'a [u16]),
    /// 32 bits, signed.
    I32(&'a [i32]),
    /// 32 bits, unsigned.
    U32(&'a [u32]),
    /// 64 bits, signed.
    I64(&'a [i64]),
    /// 64 bits, unsigned.
    U64(&'a [u64]),
}

/// Calls `$body` with the slice of whatever width.
macro_rules! each_width {
    ($values:expr, $slice:ident => $body:expr) => {
        match $values {
            Values::U8($slice) => $body,
            Values::I16($slice) => $body,
            Values::U16($slice) => $body,
            Values::I32($slice) => $body,
            Values::U32($slice) => $body,
            Values::I64($slice) => $body,
            Values::U64($slice) => $body,
        }
    };
}

/// Bytes that the memory sends at once, on the processors that we build for.
const CACHE_LINE: usize = 64;

/// A value that is not allowed: where in the range it stands, and what it is.
pub(crate) type Stray = (usize, String);

impl Values<'_> {
    /// Copies `range` as ids.
    pub(crate) fn copy_ids(&self, range: Range<usize>, out: &mut [i32]) -> Result<(), Stray> {
        each_width!(*self, values => copy(&values[range], out, Token::excess))
    }

    /// Asks the memory for `ranges` together, so that reading them afterwards doesn't wait for one
    /// after another: reads one value per cache line and throws it away.
    pub(crate) fn touch(&self, ranges: impl Iterator<Item = Range<usize>>) {
        each_width!(*self, values => touch(values, ranges));
    }

    /// Copies `range` as labels.
    pub(crate) fn copy_labels(&self, range: Range<usize>, out: &mut [i32]) -> Result<(), Stray> {
        each_width!(*self, values => copy(&values[range], out, Token::label_excess))
    }
}

/// The widths differ in the loop alone: one pass that writes and gathers what is out of range, and
/// a second one, to name the first such value, only where there is one.
#[inline]
fn copy<T: Token>(from: &[T], to: &mut [i32], excess: impl Fn(T) -> u32) -> Result<(), Stray> {
    let mut wrong = 0;
    for (out, &value) in to.iter_mut().zip(from) {
        *out = value.id();
        wrong |= excess(value);
    }
    if wrong == 0 {
        return Ok(());
    }
    let position = from.iter().position(|&value| excess(value) != 0);
    let position = position.expect("the pass above has seen it");
    Err((position, from[position].to_string()))
}

fn touch<T: Token>(values: &[T], ranges: impl Iterator<Item = Range<usize>>) {
    let lines = ranges.flat_map(|range| values[range].iter().step_by(CACHE_LINE / size_of::<T>()));
    black_box(lines.fold(0, |seen, value| seen | value.excess()));
}

/// Loss weights, or a mask of 0 and 1.
#[derive(Clone, Copy, Debug)]
pub enum WeightValues<'a> {
    /// A mask, or small whole weights.
    U8(&'a [u8]),
    /// Weights.
    F32(&'a [f32]),
}

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

/// Something that has a length.
pub trait Extent {
    /// Number of values.
    fn extent(&self) -> usize;
}

impl Extent for Values<'_> {
    fn extent(&self) -> usize {
        each_width!(self, values => values.len())
    }
}

impl Extent for WeightValues<'_> {
    fn extent(&self) -> usize {
        match self {
            Self::U8(values) => values.len(),
            Self::F32(values) => values.len(),
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
    fn every_width_refuses_exactly_what_is_no_id() {
        assert_eq!(255_u8.excess() | u16::MAX.excess() | i16::MAX.excess() | i32::MAX.excess(), 0);
        assert_eq!((i32::MAX as u32).excess() | (i32::MAX as u64).excess(), 0);
        for wrong in [1_u64 << 31, 1 << 32, 1 << 63, u64::MAX, (1 << 32) + 5] {
            assert_ne!(wrong.excess(), 0, "{wrong}");
            assert_ne!(wrong.cast_signed().excess(), 0, "{wrong}");
        }
        assert_ne!((-1_i16).excess() & (-1_i32).excess(), 0);
        assert_ne!((1_u32 << 31).excess(), 0);
    }

    #[test]
    fn only_the_signed_minus_one_hundred_is_a_label() {
        assert_eq!((-100_i16).label_excess() | (-100_i32).label_excess(), 0);
        assert_eq!((-100_i64).label_excess(), 0);
        assert_ne!((-99_i32).label_excess(), 0);
        assert_ne!((u32::MAX - 99).label_excess(), 0);
        assert_ne!((u64::MAX - 99).label_excess(), 0);
        assert_ne!((i64::from(u32::MAX) - 99).label_excess(), 0);
    }

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
