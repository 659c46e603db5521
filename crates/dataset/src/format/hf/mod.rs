//! Format `hf`: rows padded to the capacity, with positions and without ids, in a folder for
//! `datasets.load_from_disk`.

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
use write::HfTable;

/// The format `hf`.
pub(super) struct Hf;

impl RowFormat for Hf {
    fn facts(&self) -> &'static Facts {
        const FACTS: Facts = Facts { name: "hf", labels: true, carries: false, ..Facts::TABLE };
        &FACTS
    }

    fn sink(&self, given: &SinkOptions<'_>) -> Result<Box<dyn AnySink>, Fault> {
        let table = HfTable::new(given.content, given.options.pack.capacity, given.options.pad());
        Ok(Box::new(FolderSink::new(table, given.shard_bytes)))
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
