//! How sequences find their packs.

pub mod best_fit_decreasing;
mod groups;
mod length_set;
pub mod problem;
mod rooms;
pub mod worst_fit_decreasing;

pub use problem::Problem;
