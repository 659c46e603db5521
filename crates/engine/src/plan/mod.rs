//! A histogram to a plan: templates with multiplicities, and the proof of how good they are.
//!
//! Policies first, then the strategy over length classes, then the bound. Nothing here depends on
//! the number of sequences. Which sequence stands where is the business of [`crate::packing`].

mod group;
#[expect(clippy::module_inception, reason = "the file of the word; the folder holds what it needs")]
mod plan;
mod proof;
mod solve;

pub use group::{group_seed, plan_group};
pub use plan::{Plan, plan};
pub(crate) use solve::{Solved, quick_bound, solve};
