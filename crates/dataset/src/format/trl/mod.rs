//! Format `trl`: unpadded rows without ids, in a folder for `datasets.load_from_disk`.

mod read;
mod write;

use super::facts::Facts;
use super::reader::Reader;
use super::row::{RowFormat, SinkOptions};
use super::shape::folder::FolderSink;
use super::sink::AnySink;
use crate::Fault;
use crate::output::Manifest;
use std::path::{Path, PathBuf};
use write::TrlTable;

/// The format `trl`.
pub(super) struct Trl;

impl RowFormat for Trl {
    fn facts(&self) -> &'static Facts {
        const FACTS: Facts =
            Facts { name: "trl", labels: true, weights: false, carries: false, ..Facts::TABLE };
        &FACTS
    }

    fn sink(&self, given: &SinkOptions<'_>) -> Result<Box<dyn AnySink>, Fault> {
        Ok(Box::new(FolderSink::new(
            TrlTable::new(given.options.pad(), given.options.pack.sequence_alignment),
            given.shard_bytes,
        )))
    }

    fn open(
        &self,
        folder: &Path,
        paths: &[PathBuf],
        manifest: &Manifest,
    ) -> Result<Box<dyn Reader>, Fault> {
        Ok(Box::new(read::open(folder, paths, manifest)?))
    }
}
