//! Values that a source may hold: ids and labels as integers of any width, weights of labels.
//!
//! Copying checks in the same pass: loops gather what is out of range without a branch, so that they
//! vectorise, and only a range with a fault is read twice, to name it.

use std::fmt::Display;
use std::hint::black_box;
use std::ops::Range;

/// A label that no loss counts.
pub const IGNORE: i32 = -100;

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
}
