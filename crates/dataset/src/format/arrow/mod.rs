//! Format `arrow`: shards of Arrow IPC files with the columns of `parquet`.

mod write;

use super::reader::Reader;
use super::shape::table::open_columns;
use super::sink::AnySink;
use super::{Facts, Layout, RowFormat};
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

    fn sink(&self, layout: &Layout<'_>) -> Result<Box<dyn AnySink>, Fault> {
        Ok(Box::new(ArrowSink::new(layout.content, layout.shard_bytes)))
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
