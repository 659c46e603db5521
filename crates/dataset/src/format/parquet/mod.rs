//! Format `parquet`: shards of lists of three levels, with everything that there is room for.

mod cells;
mod chunk;
mod runs;
mod schema;
mod shred;
mod write;

pub(super) use write::{Encoded, ParquetFiles, ParquetSink};

use super::facts::Facts;
use super::reader::Reader;
use super::row::{RowFormat, SinkOptions};
use super::shape::table::open_columns;
use super::sink::AnySink;
use crate::Fault;
use crate::output::Manifest;
use std::path::{Path, PathBuf};

/// The format `parquet`.
pub(super) struct Parquet;

impl RowFormat for Parquet {
    fn facts(&self) -> &'static Facts {
        const FACTS: Facts = Facts { name: "parquet", compresses: true, ..Facts::TABLE };
        &FACTS
    }

    fn sink(&self, given: &SinkOptions<'_>) -> Result<Box<dyn AnySink>, Fault> {
        let SinkOptions { content, options, shard_bytes, .. } = *given;
        Ok(Box::new(ParquetSink::new(content, options.compression, shard_bytes)?))
    }

    fn open(
        &self,
        _folder: &Path,
        paths: &[PathBuf],
        manifest: &Manifest,
    ) -> Result<Box<dyn Reader>, Fault> {
        Ok(Box::new(open_columns(paths, manifest)?))
    }
}
