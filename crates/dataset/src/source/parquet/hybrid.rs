//! Reading small numbers from the hybrid of run-length and bit-packing that Parquet stores levels
//! and dictionary indices in.
//!
//! O(runs) for runs of equal numbers, which the levels of long lists are; a shift and a mask for
//! each packed one.

use super::bits::bits;
use super::dictionary::Dictionary;
use parquet::errors::ParquetError;

/// Bytes that may be looked at behind the last.
const SLACK: usize = 8;

/// Numbers of one width, in runs.
struct Hybrid {
    bytes: Vec<u8>,
    at: usize,
    width: usize,
    run: Run,
    /// Numbers left of the run.
    left: usize,
}

#[derive(Clone, Copy)]
enum Run {
    Same(u32),
    /// Packed from this bit on.
    Packed(usize),
}

impl Hybrid {
    fn new(bytes: &[u8], width: usize) -> Self {
        let mut padded = Vec::with_capacity(bytes.len() + SLACK);
        padded.extend_from_slice(bytes);
        padded.resize(bytes.len() + SLACK, 0);
        Self { bytes: padded, at: 0, width, run: Run::Same(0), left: 0 }
    }

    /// Makes sure that something is left of the run.
    fn fill(&mut self) -> Result<(), ParquetError> {
        let end = self.bytes.len() - SLACK;
        while self.left == 0 {
            let header = self.header(end)?;
            let count = usize::try_from(header >> 1)?;
            if header & 1 == 0 {
                let width = self.width.div_ceil(8);
                if end - self.at < width {
                    return Err(cut());
                }
                let value = self.word(8 * self.at) as u32;
                self.at += width;
                (self.run, self.left) = (Run::Same(value), count);
            } else if self.width == 0 {
                (self.run, self.left) = (Run::Same(0), count.saturating_mul(8));
            } else {
                // Some writers leave out the unused bytes of the last group.
                let bytes = count.saturating_mul(self.width).min(end - self.at);
                (self.run, self.left) = (Run::Packed(8 * self.at), 8 * bytes / self.width);
                self.at += bytes;
            }
        }
        Ok(())
    }

    fn header(&mut self, end: usize) -> Result<u64, ParquetError> {
        let mut header = 0;
        for shift in (0..35).step_by(7) {
            if self.at >= end {
                return Err(cut());
            }
            let byte = self.bytes[self.at];
            self.at += 1;
            header |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(header);
            }
        }
        Err(cut())
    }

    /// The number that begins at a bit.
    fn word(&self, bit: usize) -> u64 {
        bits(&self.bytes, bit) & self.mask()
    }

    fn mask(&self) -> u64 {
        (1 << self.width) - 1
    }

    fn skip(&mut self, count: usize) {
        self.left -= count;
        if let Run::Packed(bit) = &mut self.run {
            *bit += count * self.width;
        }
    }
}

/// Levels of a page.
pub(crate) struct Levels {
    hybrid: Hybrid,
    value: i16,
    /// How often it follows at least.
    count: usize,
}

impl Levels {
    /// Levels 0 .. `most`; none are stored if they can only be 0.
    pub(crate) fn new(bytes: &[u8], most: i16) -> Self {
        let width = (i16::BITS - most.leading_zeros()) as usize;
        let count = if most == 0 { usize::MAX } else { 0 };
        Self { hybrid: Hybrid::new(bytes, width), value: 0, count }
    }

    /// The next level, and how often it follows at least.
    ///
    /// # Errors
    /// [`ParquetError`] at the end.
    pub(crate) fn peek(&mut self) -> Result<(i16, usize), ParquetError> {
        if self.count == 0 {
            let hybrid = &mut self.hybrid;
            hybrid.fill()?;
            let (value, count) = match hybrid.run {
                Run::Same(value) => (value, hybrid.left),
                Run::Packed(bit) => {
                    let value = hybrid.word(bit);
                    let same = |&k: &usize| hybrid.word(bit + k * hybrid.width) == value;
                    (value as u32, 1 + (1..hybrid.left).take_while(same).count())
                }
            };
            hybrid.skip(count);
            self.value = value as i16;
            self.count = count;
        }
        Ok((self.value, self.count))
    }

    /// Steps over levels that [`peek`](Self::peek) has shown.
    pub(crate) fn skip(&mut self, count: usize) {
        self.count -= count;
    }
}

/// Dictionary indices of a page.
pub(crate) struct Indices(Hybrid);

impl Indices {
    /// A byte with the width, then the numbers.
    ///
    /// # Errors
    /// [`ParquetError`] for an impossible width.
    pub(crate) fn new(bytes: &[u8]) -> Result<Self, ParquetError> {
        match bytes.split_first() {
            Some((&width @ 0..=32, rest)) => Ok(Self(Hybrid::new(rest, usize::from(width)))),
            // A page without values may have no bytes at all.
            None => Ok(Self(Hybrid::new(&[], 0))),
            Some((width, _)) => {
                Err(ParquetError::General(format!("dictionary indices of {width} bits")))
            }
        }
    }

    /// Appends what the next `count` indices stand for.
    ///
    /// # Errors
    /// [`ParquetError`] for an index outside the dictionary, or at the end.
    pub(super) fn read<T: Copy>(
        &mut self,
        mut count: usize,
        dictionary: &Dictionary<T>,
        values: &mut Vec<T>,
    ) -> Result<(), ParquetError> {
        let hybrid = &mut self.0;
        let outside = || ParquetError::General("an index outside its dictionary".to_string());
        values.reserve(count.min(8 * hybrid.bytes.len()));
        while count > 0 {
            hybrid.fill()?;
            let taken = hybrid.left.min(count);
            match hybrid.run {
                Run::Same(index) => {
                    let value = dictionary.get(index as usize).ok_or_else(outside)?;
                    values.resize(values.len() + taken, value);
                }
                Run::Packed(bit) => {
                    if !dictionary.look_up(&hybrid.bytes, bit, hybrid.width, taken, values) {
                        return Err(outside());
                    }
                }
            }
            hybrid.skip(taken);
            count -= taken;
        }
        Ok(())
    }
}

/// The fault of bytes that end too soon.
pub(crate) fn cut() -> ParquetError {
    ParquetError::EOF("a page ends before its values".to_string())
}
