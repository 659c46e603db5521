//! Format `npy`: one flat array per column, each in a file of its own.

mod read;
mod write;

use super::facts::Facts;
use super::reader::Reader;
use super::row::{RowFormat, SinkOptions};
use super::sink::AnySink;
use crate::Fault;
use crate::output::Manifest;
use read::NpyReader;
use std::path::{Path, PathBuf};
use write::NpySink;

/// The format `npy`.
pub(super) struct Npy;

impl RowFormat for Npy {
    fn facts(&self) -> &'static Facts {
        const FACTS: Facts =
            Facts { name: "npy", carries: false, shard_bytes: None, ..Facts::TABLE };
        &FACTS
    }

    fn sink(&self, given: &SinkOptions<'_>) -> Result<Box<dyn AnySink>, Fault> {
        Ok(Box::new(NpySink::new(given.content)))
    }

    fn open(
        &self,
        folder: &Path,
        _paths: &[PathBuf],
        manifest: &Manifest,
    ) -> Result<Box<dyn Reader>, Fault> {
        Ok(Box::new(NpyReader::open(folder, manifest)?))
    }
}
