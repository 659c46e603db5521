//! What is asked of equal loads.

use super::cost::LoadCost;
use crate::optimal::Mode;

/// Sequences that equal loads take at most.
pub const MOST_SEQUENCES: u64 = 1 << 22;

/// What is to be balanced.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// (length, count), longest first, counts at least 1.
    pub classes: &'a [(u32, u64)],
    /// Packs, 1 to the number of sequences.
    pub packs: u64,
    /// The load of a sequence.
    pub cost: LoadCost,
    /// Tokens that a pack holds at most.
    pub capacity: Option<u32>,
    /// Sequences that a pack holds at most; `u32::MAX` for any number.
    pub limit: u32,
    /// Every pack holds equally many.
    pub equal_counts: bool,
    /// Each sequence takes a multiple of this many tokens of the capacity.
    pub alignment: u32,
    /// `Optimal` searches over capacities too.
    pub mode: Mode,
    /// Work relative to that of the mode.
    pub effort: f64,
}
