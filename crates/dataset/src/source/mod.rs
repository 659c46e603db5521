//! Source files: which there are, of which kind, and their rows in order.
//!
//! A file is read in parts (row groups, record batches), which several threads may take at once;
//! rows keep the order of the files and of the parts.

mod arrow;
mod column;
mod columns;
pub(crate) mod file;
pub(crate) mod identity;
pub(crate) mod ids;
mod jsonl;
mod layout;
mod npy;
pub(crate) mod parquet;
mod paths;
mod rows;
mod sources;
mod table;

pub use columns::Columns;
pub(crate) use paths::expand;
pub(crate) use rows::{IGNORE, Rows};
pub(crate) use sources::{Part, Sources, concatenated};
pub(crate) use table::Table;
