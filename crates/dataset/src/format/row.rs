//! What a format of rows gives: facts, writer, reader.

use super::facts::Facts;
use super::reader::Reader;
use super::sink::AnySink;
use crate::Fault;
use crate::options::DatasetOptions;
use crate::output::Manifest;
use crate::store::Content;
use std::path::{Path, PathBuf};

/// What a sink is made from.
pub(crate) struct SinkOptions<'a> {
    /// The columns that options and sources call for.
    pub content: &'a Content,
    pub options: &'a DatasetOptions,
    /// Bytes of column data in a shard.
    pub shard_bytes: u64,
    /// Token ids of the sources have at most 16 bits.
    pub narrow: bool,
}

/// A format of rows.
pub(crate) trait RowFormat: Sync {
    /// What it has room for.
    fn facts(&self) -> &'static Facts;

    /// What else is wrong with options that its facts allow.
    ///
    /// # Errors
    /// `ERR_OPTION`.
    fn refuse(&self, _options: &DatasetOptions) -> Result<(), Fault> {
        Ok(())
    }

    /// How it is written.
    ///
    /// # Errors
    /// `ERR_OPTION` for a carried column that can't be written, or a capacity that is too large.
    fn sink(&self, given: &SinkOptions<'_>) -> Result<Box<dyn AnySink>, Fault>;

    /// How it is read back. `paths` are the files of the manifest, in its order.
    ///
    /// # Errors
    /// [`Fault::Format`] for files that can't be read, [`Fault::Invalid`] for others than promised.
    fn open(
        &self,
        folder: &Path,
        paths: &[PathBuf],
        manifest: &Manifest,
    ) -> Result<Box<dyn Reader>, Fault>;
}
