//! The files of an output: one being written, and what is said of a finished one.

use crate::Fault;
use crate::source::file::write_all_at;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A finished file of the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFile {
    /// Name within the output folder.
    pub path: String,
    /// Packs in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
}

/// One file of the output, which counts its bytes. Errors name the file's final path.
pub(crate) struct DataWriter {
    file: File,
    path: PathBuf,
    bytes: u64,
}

impl DataWriter {
    /// Writes to `file`, which will stand at `path`.
    pub(super) fn new(file: File, path: PathBuf) -> Self {
        Self { file, path, bytes: 0 }
    }

    /// The final path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes written so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Writes at a position, without moving the end that `write` appends at.
    pub(crate) fn write_at(&mut self, bytes: &[u8], position: u64) -> Result<(), Fault> {
        write_all_at(&self.file, bytes, position)
            .map_err(|error| Fault::io("write", &self.path, &error))
    }

    /// Flushes the file to the disk and returns its size.
    pub(crate) fn finish(self) -> Result<u64, Fault> {
        let size = || {
            self.file.sync_all()?;
            Ok(self.file.metadata()?.len())
        };
        size().map_err(|error: io::Error| Fault::io("write", &self.path, &error))
    }

    /// The fault of a refused write.
    pub(crate) fn refused(&self, error: &io::Error) -> Fault {
        Fault::io("write", &self.path, error)
    }
}

impl Write for DataWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
