//! Lengths to packs: everything is decided before memory for the result exists, then it is filled.
//!
//! A caller asks for a [`Prepared`], makes arrays of the sizes it names, and has them filled. The
//! strategies that plan cost three passes over the lengths and four bytes per sequence besides the
//! result; the others are one sequence after another.

mod counted;
mod order;
mod output;
mod pack;
mod planned;
mod prepared;

pub use output::{Output, Packing, Pieces};
pub use pack::{pack, prepare, prepare_owned};
pub use prepared::Prepared;
