//! The figures of a packing: exact integers first, then one division each, so that every platform
//! prints the same digits.
//!
//! O(P) time and at most 8 P bytes for P packs; from a plan O(T log T) for T templates, whatever
//! their multiplicities. Percentiles are nearest rank, deviations those of the population.

mod figures;
mod fills;

pub use figures::{Context, Fill, LoadFigures, Outcome, Stats};
pub use fills::{Fills, fills, of_packing, of_templates};
