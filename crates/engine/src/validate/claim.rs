//! What is to be proved.

/// A packing and the promises it was made under.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Tokens that a pack holds.
    pub capacity: u32,
    /// Each entry takes a multiple of this, 1 ..= capacity.
    pub alignment: u32,
    /// At most this many entries in a pack; `u32::MAX`: no limit.
    pub limit: u32,
    /// Pack k holds the entries `offsets[k] .. offsets[k + 1]`.
    pub offsets: &'a [u32],
    /// The sequence of each entry.
    pub sequences: &'a [u32],
    /// Start and length of each entry; none: whole sequences.
    pub pieces: Option<(&'a [u32], &'a [u32])>,
    /// Sequences left out.
    pub dropped: &'a [u32],
    /// Tokens that all packs together are said to hold, where something is said.
    pub tokens_packed: Option<u64>,
}
