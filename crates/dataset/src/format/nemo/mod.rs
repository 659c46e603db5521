//! Format `nemo`: Parquet as Megatron-Bridge and `NeMo` read packed sequences.

mod read;
mod write;

use super::facts::Facts;
use super::reader::Reader;
use super::row::{RowFormat, SinkOptions};
use super::sink::AnySink;
use crate::Fault;
use crate::output::Manifest;
use read::NemoReader;
use std::path::{Path, PathBuf};
use write::NemoSink;

/// The format `nemo`.
pub(super) struct Nemo;

impl RowFormat for Nemo {
    fn facts(&self) -> &'static Facts {
        const FACTS: Facts =
            Facts { name: "nemo", labels: true, weights: false, carries: false, ..Facts::TABLE };
        &FACTS
    }

    fn sink(&self, given: &SinkOptions<'_>) -> Result<Box<dyn AnySink>, Fault> {
        let SinkOptions { content, options, shard_bytes, .. } = *given;
        Ok(Box::new(NemoSink::new(content, options.compression, shard_bytes, options)?))
    }

    fn open(
        &self,
        folder: &Path,
        paths: &[PathBuf],
        manifest: &Manifest,
    ) -> Result<Box<dyn Reader>, Fault> {
        Ok(Box::new(NemoReader::open(folder, paths, manifest)?))
    }
}
