//! Format `safetensors`: shards of tensors `[packs, capacity]`, read in slices without loading all.

mod read;
mod write;

use super::facts::Facts;
use super::reader::Reader;
use super::row::{RowFormat, SinkOptions};
use super::sink::AnySink;
use crate::Fault;
use crate::output::Manifest;
use read::SafetensorsReader;
use std::path::{Path, PathBuf};
use write::SafetensorsSink;

/// The format `safetensors`.
pub(super) struct Safetensors;

impl RowFormat for Safetensors {
    fn facts(&self) -> &'static Facts {
        const FACTS: Facts =
            Facts { name: "safetensors", labels: true, carries: false, ..Facts::TABLE };
        &FACTS
    }

    fn sink(&self, given: &SinkOptions<'_>) -> Result<Box<dyn AnySink>, Fault> {
        let SinkOptions { content, options, shard_bytes, .. } = *given;
        let (capacity, pad) = (options.pack.capacity, options.pad());
        Ok(Box::new(SafetensorsSink::new(content, capacity, pad, shard_bytes)))
    }

    fn open(
        &self,
        _folder: &Path,
        paths: &[PathBuf],
        manifest: &Manifest,
    ) -> Result<Box<dyn Reader>, Fault> {
        Ok(Box::new(SafetensorsReader::open(paths, manifest)?))
    }
}
