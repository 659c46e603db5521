//! Which sequences have been met.

use crate::{Fault, memory};

/// A set of sequences, one bit each.
pub(super) struct Seen(Vec<u64>);

impl Seen {
    pub(super) fn new(count: usize) -> Result<Self, Fault> {
        Ok(Self(memory::filled(0, count.div_ceil(64))?))
    }

    /// False if the sequence was there.
    pub(super) fn add(&mut self, sequence: u32) -> bool {
        let word = &mut self.0[sequence as usize / 64];
        let bit = 1 << (sequence % 64);
        let fresh = *word & bit == 0;
        *word |= bit;
        fresh
    }

    /// The lowest sequence of `0 .. count` that is not there.
    pub(super) fn first_missing(&self, count: usize) -> Option<u32> {
        let gap = self.0.iter().position(|&word| word != u64::MAX)?;
        let missing = gap * 64 + self.0[gap].trailing_ones() as usize;
        (missing < count).then_some(missing as u32)
    }
}
