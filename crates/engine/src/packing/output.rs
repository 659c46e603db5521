//! Where a packing goes: arrays of the caller, or memory of its own.

use crate::certificate::Certificate;
use crate::policy::Ledger;

/// Where the packing goes: arrays of exactly the sizes that [`Prepared`] names.
#[derive(Debug)]
pub struct Output<'a> {
    /// `pack_count + 1`: pack k holds `sequences[offsets[k] .. offsets[k + 1]]`.
    pub offsets: &'a mut [u32],
    /// `entry_count`: sequence indices, pack by pack.
    pub sequences: &'a mut [u32],
    /// `entry_count` if [`cut`](Prepared::cut), else empty: first token of each piece.
    pub starts: &'a mut [u32],
    /// As `starts`: tokens of each piece.
    pub piece_lengths: &'a mut [u32],
    /// `dropped_count`: sequences left out, ascending.
    pub dropped: &'a mut [u32],
}

/// Which part of its sequence each entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pieces {
    /// First tokens.
    pub starts: Vec<u32>,
    /// Numbers of tokens.
    pub lengths: Vec<u32>,
}

/// Which sequences stand in which pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packing {
    /// Tokens that a pack holds.
    pub capacity: u32,
    /// Pack k holds `sequences[offsets[k] .. offsets[k + 1]]`.
    pub offsets: Vec<u32>,
    /// Sequence indices, pack by pack.
    pub sequences: Vec<u32>,
    /// Parallel to `sequences`; none unless a sequence was cut.
    pub pieces: Option<Pieces>,
    /// Sequences left out by the policies, ascending.
    pub dropped: Vec<u32>,
    /// No packing of these sequences under these options has fewer packs.
    pub lower_bound: u64,
    /// The proof of the bound.
    pub certificate: Certificate,
    /// Where the tokens went.
    pub ledger: Ledger,
}
