//! Packing an endless stream in bounded memory: sequences in, closed packs out.
//!
//! Three ways to place them: [`next_fit`], [`harmonic`] and best fit behind a [`lookahead`]. What a
//! stream returns doesn't depend on how it is cut into calls, and a snapshot goes on to the byte.
//! When all lengths are known beforehand, a plan needs fewer packs and proves how few there can be.

mod arrivals;
mod checksum;
mod closed;
mod entry;
mod harmonic;
mod ledger;
mod leeway;
mod lookahead;
mod next_fit;
mod open_pack;
mod open_packs;
mod options;
mod packer;
mod place;
mod restore;
mod snapshot;

pub use closed::Closed;
pub use ledger::Ledger;
pub use leeway::Leeway;
pub use options::{StreamOptions, StreamStrategy};
pub use packer::{Pending, StreamPacker};
