//! Format `arrow`: shards of Arrow IPC files with the columns of `parquet`.

mod write;

use super::facts::Facts;
use super::reader::Reader;
use super::row::{RowFormat, SinkOptions};
use super::shape::table::open_columns;
use super::sink::AnySink;
use crate::Fault;
use crate::output::Manifest;
use std::path::{Path, PathBuf};
use write::ArrowSink;

/// The format `arrow`.
pub(super) struct Arrow;

impl RowFormat for Arrow {
    fn facts(&self) -> &'static Facts {
        const FACTS: Facts = Facts { name: "arrow", ..Facts::TABLE };
        &FACTS
    }

    fn sink(&self, given: &SinkOptions<'_>) -> Result<Box<dyn AnySink>, Fault> {
        Ok(Box::new(ArrowSink::new(given.content, given.shard_bytes)))
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
