//! Proof that a packing keeps its promises: every sequence in one place or dropped for a reason,
//! no pack over capacity, all tokens accounted for.
//!
//! O(n) and one bit per sequence; with pieces O(n log c) for c pieces of one sequence, and 8 n
//! bytes. Trusts nothing: a packing may come from a file or from another program. Checks run in a
//! fixed order, and the first fault is named. One file per kind of promise.

mod claim;
mod packs;
mod pieces;
mod proof;
mod seen;
mod sequences;
mod shape;
mod verify;

pub use claim::Claim;
pub use verify::verify;
