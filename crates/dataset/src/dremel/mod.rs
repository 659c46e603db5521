//! Parquet columns as Arrow arrays and back: the nesting of records in repetition and definition
//! levels (Melnik et al., "Dremel", 2010).
//!
//! The `parquet` crate reads and writes footers, pages and values; its own bridge to Arrow weighs
//! more than the rest of the binary, and handles one value at a time what lies here in runs.

mod assemble;
mod cells;
mod chunk;
mod dictionary;
mod hybrid;
mod integers;
mod leaf;
mod lists;
mod node;
mod runs;
mod schema;
mod shred;

pub(crate) use assemble::{Columns as LeafColumns, array_of, leaves_below};
pub(crate) use chunk::{Encoded, codec, encode};
pub(crate) use integers::IntegerLists;
pub(crate) use leaf::LeafReader;
pub(crate) use node::{Node, nodes};
pub(crate) use schema::parquet_schema;
