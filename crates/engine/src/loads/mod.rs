//! Equal loads: sequences in exactly k packs so that the largest load of a pack is as small as it
//! gets, with a bound that says how small it can be at most.
//!
//! Longest first to the least loaded pack, exchanges between the heaviest pack and the others,
//! differencing where that ends above the bound, exchanges by chance where both do, and for token loads a
//! search over capacities. It works on sequences, not on length classes: O(n log n) to begin with. Bounded by counted work; the
//! same result on every run and platform.

mod balance;
mod bound;
mod capacity;
mod cost;
mod differencing;
mod exchange;
mod longest_first;
mod packs;
mod pooling;
mod question;
mod shaking;

pub use balance::{Balanced, balance, stands_before};
pub use bound::{LoadBound, load_bound, verify_load};
pub use cost::LoadCost;
pub use question::{MOST_SEQUENCES, Question};
