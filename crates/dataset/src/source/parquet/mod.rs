//! Parquet columns as Arrow arrays: the nesting of records in repetition and definition levels
//! (Melnik et al., "Dremel", 2010).
//!
//! The `parquet` crate reads footers, pages and values; its own bridge to Arrow weighs more than the
//! rest of the binary, and handles one value at a time what lies here in runs. What writes levels
//! is in `format/parquet/`.

mod assemble;
mod bits;
mod dictionary;
mod footer;
mod hybrid;
mod integers;
mod leaf;
mod lists;
pub(crate) mod node;
mod pages;
mod table;

pub(super) use table::ParquetTable;
