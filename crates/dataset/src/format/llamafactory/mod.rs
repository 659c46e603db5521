//! Format `llamafactory`: what `neat_packing` gives, in the split `train` of a `DatasetDict`.

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
use write::LlamaFactoryTable;

/// The format `llamafactory`.
pub(super) struct LlamaFactory;

impl RowFormat for LlamaFactory {
    fn facts(&self) -> &'static Facts {
        const FACTS: Facts = Facts {
            name: "llamafactory",
            labels: true,
            weights: false,
            carries: false,
            aligns: false,
            ..Facts::TABLE
        };
        &FACTS
    }

    fn sink(&self, given: &SinkOptions<'_>) -> Result<Box<dyn AnySink>, Fault> {
        let table = LlamaFactoryTable::new(given.options.pack.capacity, given.options.pad())?;
        Ok(Box::new(FolderSink::with_split(table, given.shard_bytes)))
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
