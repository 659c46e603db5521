//! Source files: which there are, of which kind, and their rows in order.
//!
//! A file is read in parts (row groups, record batches), which several threads may take at once;
//! rows keep the order of the files and of the parts.

mod arrow;
mod column;
mod columns;
mod discover;
pub(crate) mod identity;
pub(crate) mod ids;
mod json;
mod kind;
mod layout;
mod npy;
pub(crate) mod parquet;
pub(crate) mod positioned;
mod rows;
mod sources;
mod text;

pub(crate) use columns::Asks;
pub use columns::Columns;
pub(crate) use discover::{Inputs, Packed, matches};
pub(crate) use kind::Table;
pub(crate) use rows::{IGNORE, Rows};
pub(crate) use sources::{Part, Sources, concatenated};
pub use text::{TextColumns, TextSource};
pub(crate) use text::{Texts, Work, all_trained};
