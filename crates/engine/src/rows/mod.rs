//! Rows: what a trainer reads of a pack. Tokens, positions, segments, labels, weights, boundaries.
//!
//! A *segment* is one sequence, or one piece of a cut one, inside a pack. [`layout`] finds where
//! each segment stands and how large every array is, [`fill`] writes the arrays of the caller,
//! [`labels`] holds the one rule of what is trained on, [`mask`] and [`unpad`] serve attention.

pub mod column;
pub mod fill;
pub mod labels;
pub mod layout;
pub mod mask;
pub mod unpad;

pub use column::{Column, Offsets, Tokens, Values, WeightValues, Weights};
pub use fill::{Places, fill};
pub use labels::IGNORE;
pub use layout::{Layout, Packs, RowOptions, Shape};
