//! The files of an output: one being written, and what is said of a finished one.

use super::digest::{self, Digest, Digesting};
use crate::Fault;
use crate::source::positioned::write_all_at;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A finished file of the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFile {
    /// Name within the output folder, `/` between folders.
    pub path: String,
    /// Packs in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// Of its contents.
    pub digest: Digest,
}

/// One file of the output, which counts and digests its bytes. Errors name the file's final path.
pub(crate) struct DataWriter {
    file: File,
    name: String,
    path: PathBuf,
    bytes: u64,
    /// None once bytes were written out of their order: then they are read again.
    digest: Option<Digesting>,
}

impl DataWriter {
    /// Writes to `file`, which will stand at `path` and is called `name` within the output.
    pub(super) fn new(file: File, name: &str, path: PathBuf) -> Self {
        Self { file, name: name.to_string(), path, bytes: 0, digest: Some(Digesting::new()) }
    }

    /// The final path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes written so far, those of [`write_at`](Self::write_at) excepted.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Writes at a position, without moving the end that `write` appends at.
    pub(crate) fn write_at(&mut self, bytes: &[u8], position: u64) -> Result<(), Fault> {
        self.digest = None;
        write_all_at(&self.file, bytes, position)
            .map_err(|error| Fault::io("write", &self.path, &error))
    }

    /// Flushes the file, which has so many packs, to the disk.
    pub(crate) fn finish(self, rows: u64) -> Result<DataFile, Fault> {
        let refused = |error: io::Error| Fault::io("write", &self.path, &error);
        self.file.sync_all().map_err(refused)?;
        let bytes = self.file.metadata().map_err(refused)?.len();
        let digest = match &self.digest {
            Some(digest) => digest.finish(),
            None => digest::of_file(&self.file, &self.path, bytes, &|_| Ok(()))?,
        };
        Ok(DataFile { path: self.name, rows, bytes, digest })
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
        if let Some(digest) = &mut self.digest {
            digest.add(&bytes[..written]);
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
