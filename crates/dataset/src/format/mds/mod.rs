//! Format `mds`: shards as Mosaic's `streaming` writes them, with their index.

mod read;
mod sample;
mod write;

use super::facts::Facts;
use super::reader::Reader;
use super::row::{RowFormat, SinkOptions};
use super::sink::AnySink;
use crate::Fault;
use crate::options::DatasetOptions;
use crate::output::Manifest;
use read::MdsReader;
use std::path::{Path, PathBuf};
use write::MdsSink;

/// The format `mds`.
pub(super) struct Mds;

impl RowFormat for Mds {
    fn facts(&self) -> &'static Facts {
        const FACTS: Facts =
            Facts { name: "mds", carries: false, shard_bytes: Some(64 << 20), ..Facts::TABLE };
        &FACTS
    }

    fn refuse(&self, options: &DatasetOptions) -> Result<(), Fault> {
        if options.shard_size.is_some_and(|bytes| bytes >= 1 << 32) {
            return Err(Fault::option(
                "shardSize must be below 4 GiB for format 'mds', whose offsets have 32 bits",
            ));
        }
        Ok(())
    }

    fn sink(&self, given: &SinkOptions<'_>) -> Result<Box<dyn AnySink>, Fault> {
        Ok(Box::new(MdsSink::new(given.content, given.shard_bytes)))
    }

    fn open(
        &self,
        folder: &Path,
        paths: &[PathBuf],
        manifest: &Manifest,
    ) -> Result<Box<dyn Reader>, Fault> {
        Ok(Box::new(MdsReader::open(folder, paths, manifest)?))
    }
}
