//! Format `nemo`: Parquet as Megatron-Bridge and `NeMo` read packed sequences.

mod read;
mod write;

use super::reader::Reader;
use super::sink::AnySink;
use super::{Facts, Layout, RowFormat};
use crate::Fault;
use crate::output::Manifest;
use read::NemoReader;
use std::path::{Path, PathBuf};
use write::NemoSink;

/// The format `nemo`.
pub(super) struct Nemo;

impl RowFormat for Nemo {
    fn facts(&self) -> &'static Facts {
        const FACTS: Facts = Facts {
            name: "nemo",
            labels: true,
            weights: false,
            carries: false,
            aligns: false,
            ..Facts::TABLE
        };
        &FACTS
    }

    fn sink(&self, layout: &Layout<'_>) -> Result<Box<dyn AnySink>, Fault> {
        let Layout { content, options, shard_bytes, .. } = *layout;
        let (compression, capacity) = (options.compression, options.pack.capacity);
        Ok(Box::new(NemoSink::new(content, compression, shard_bytes, capacity)?))
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
