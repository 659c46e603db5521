//! Epochs: the ids of a plan's packs as a pure function of (seed, epoch, k), without state.

pub mod balance;
mod classes;
mod cut;
#[expect(clippy::module_inception, reason = "the file of the word; the folder holds what it needs")]
mod epoch;
mod index;
mod locate;
mod order;
pub mod permutation;
mod planned;
mod range;

pub use cut::LengthIndexView;
pub use epoch::{Entry, Epoch, EpochOptions};
pub use index::{LengthIndex, Outline};
pub use locate::{Locator, Seat};
pub use order::{Order, PackOrder, PackPlaces};
pub use planned::Comparison;
pub use range::PackingRange;
