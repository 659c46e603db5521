//! Which sequences were seen: a bit for each.

use crate::Fault;
use stowage_engine::memory;

/// A set of sequences.
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    /// Room for `count` sequences.
    pub(crate) fn new(count: u64) -> Result<Self, Fault> {
        Ok(Self(memory::filled(0, count.div_ceil(64) as usize)?))
    }

    /// Whether the sequence is in.
    pub(crate) fn contains(&self, sequence: u32) -> bool {
        self.0[sequence as usize / 64] >> (sequence % 64) & 1 == 1
    }

    /// False if it was there already.
    pub(crate) fn insert(&mut self, sequence: u32) -> bool {
        let fresh = !self.contains(sequence);
        self.0[sequence as usize / 64] |= 1 << (sequence % 64);
        fresh
    }
}
