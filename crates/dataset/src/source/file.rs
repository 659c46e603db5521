//! Reading at a position: safe from many threads, since no cursor is shared, and never past the
//! end nor more than the file holds, whatever a damaged footer asks for.

use crate::Fault;
use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

/// An open file of known size.
#[derive(Clone, Debug)]
pub(crate) struct SourceFile {
    file: Arc<File>,
    size: u64,
}

/// A cursor of its own over a shared file.
pub(crate) struct Cursor {
    file: Arc<File>,
    position: u64,
}

impl SourceFile {
    pub(crate) fn open(path: &Path) -> Result<Self, Fault> {
        let open = || {
            let file = File::open(path)?;
            let metadata = file.metadata()?;
            if metadata.is_dir() {
                return Err(io::Error::from(io::ErrorKind::IsADirectory));
            }
            Ok(Self { size: metadata.len(), file: Arc::new(file) })
        };
        open().map_err(|error| Fault::io("open", path, &error))
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The file itself, whose own cursor is nobody's.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    pub(crate) fn cursor(&self, position: u64) -> Cursor {
        Cursor { file: Arc::clone(&self.file), position }
    }

    /// `length` bytes from `start`, or an error without any allocation if they aren't there.
    pub(crate) fn read(&self, start: u64, length: usize) -> io::Result<Vec<u8>> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.size) {
            let detail = format!("{length} bytes at {start} lie past the end at {}", self.size);
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, detail));
        }
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(length).map_err(io::Error::other)?;
        bytes.resize(length, 0);
        read_exact_at(&self.file, &mut bytes, start)?;
        Ok(bytes)
    }
}

impl Read for Cursor {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = read_at(&self.file, bytes, self.position)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Length for SourceFile {
    fn len(&self) -> u64 {
        self.size
    }
}

impl ChunkReader for SourceFile {
    type T = BufReader<Cursor>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(BufReader::new(self.cursor(start)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        Ok(self.read(start, length)?.into())
    }
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, bytes, position)
}

#[cfg(windows)]
fn read_at(file: &File, bytes: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, bytes, position)
}

/// Fills `bytes` from `position` on.
pub(crate) fn read_exact_at(
    file: &File,
    mut bytes: &mut [u8],
    mut position: u64,
) -> io::Result<()> {
    while !bytes.is_empty() {
        match read_at(file, bytes, position) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                bytes = &mut bytes[read..];
                position += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes all of `bytes` from `position` on.
#[cfg(unix)]
pub(crate) fn write_all_at(file: &File, bytes: &[u8], position: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, position)
}

/// Writes all of `bytes` from `position` on.
#[cfg(windows)]
pub(crate) fn write_all_at(file: &File, mut bytes: &[u8], mut position: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, position)?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = &bytes[written..];
        position += written as u64;
    }
    Ok(())
}
