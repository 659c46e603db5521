//! Inputs as a list of files: an array keeps its order; folders and patterns expand in byte order.
//!
//! O(entries of the folders). What is passed over in a folder is said in a warning; what could mean
//! two things (several splits, a packed data set as a source) is a fault with the ways out.

mod braces;
mod endings;
mod files;
mod hive;
mod inputs;
mod order;
mod packed;
mod pattern;
mod saved;
mod sidecar;
mod splits;
mod walk;

pub(crate) use endings::{Ending, Wrapping};
pub(crate) use files::discover;
pub(crate) use hive::{PartitionType, Partitions};
pub(crate) use inputs::Inputs;
pub(crate) use packed::Packed;
pub(crate) use pattern::matches;
