//! Tables of lists, a row per pack: what the formats of Parquet and Arrow files share.

mod columns;
mod read;
mod write;

pub(crate) use columns::{TableSchema, open_columns};
pub(crate) use read::{Batch, TableReader};
pub(crate) use write::{Table, list_field, primitive_name};
