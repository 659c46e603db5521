//! Rows: what a trainer reads of a pack. Tokens, positions, segments, labels, weights, boundaries.
//!
//! A *segment* is one sequence, or one piece of a cut one, inside a pack. [`layout`] finds where
//! each segment stands and how large every array is, [`fill`] writes the arrays of the caller,
//! [`places`] and [`boundaries`], [`labels`] holds the one rule of what is trained on, [`column`]
//! and [`values`] are the source, [`mask`] and [`unpad`] serve attention.

pub mod boundaries;
pub mod column;
pub mod fill;
pub mod labels;
pub mod layout;
pub mod mask;
pub mod places;
pub mod unpad;
pub mod values;

pub use column::{Column, Offsets, Tokens, Weights};
pub use fill::fill;
pub use layout::{Layout, Packs, RowOptions, Shape};
pub use places::Places;
pub use values::{IGNORE, Values, WeightValues};
