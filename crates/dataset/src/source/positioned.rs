//! Reading at a position: safe from many threads, since no cursor is shared, and never past the
//! end nor more than the file holds, whatever a damaged footer asks for.

use super::identity::Identity;
use crate::Fault;
use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use std::fs::{File, FileType};
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// An open file of known size.
#[derive(Clone, Debug)]
pub(crate) struct SourceFile {
    file: Arc<File>,
    size: u64,
    identity: Identity,
    reached: Arc<AtomicU64>,
}

/// A cursor of its own over a shared file.
pub(crate) struct Cursor {
    file: Arc<File>,
    position: u64,
    reached: Arc<AtomicU64>,
}

impl SourceFile {
    /// Opens a regular file: what is read at positions must have them, and opening a pipe would wait
    /// for its writer.
    ///
    /// # Errors
    /// [`Fault::Io`]; [`Fault::Format`] for a pipe, a socket or a device.
    pub(crate) fn open(path: &Path) -> Result<Self, Fault> {
        let refused = |error| Fault::io("open", path, &error);
        let file = open_at_once(path).map_err(refused)?;
        let metadata = file.metadata().map_err(refused)?;
        let kind = metadata.file_type();
        if kind.is_dir() {
            return Err(refused(io::Error::from(io::ErrorKind::IsADirectory)));
        }
        if !kind.is_file() {
            let detail = format!("it is {}, and only regular files are read", name_of(kind));
            return Err(Fault::format(path, None, detail));
        }
        let identity = Identity::of(&metadata);
        Ok(Self { size: metadata.len(), file: Arc::new(file), identity, reached: Arc::default() })
    }

    /// Opens a file again: it must be the one of the first time, unchanged.
    ///
    /// # Errors
    /// As [`open`](Self::open); [`Fault::InputChanged`].
    pub(crate) fn reopen(path: &Path, first: Identity) -> Result<Self, Fault> {
        let file = Self::open(path)?;
        first.same(file.identity, path)?;
        Ok(file)
    }

    /// The file, as it was when it was opened.
    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }

    /// All bytes of the file at `path`, which has at most `limit`.
    ///
    /// # Errors
    /// As [`open`](Self::open); [`Fault::Format`] for a larger file.
    pub(crate) fn read_whole(path: &Path, limit: u64) -> Result<Vec<u8>, Fault> {
        let file = Self::open(path)?;
        if file.size > limit {
            let detail = format!("{} bytes; such a file has at most {limit}", file.size);
            return Err(Fault::format(path, None, detail));
        }
        let bytes = usize::try_from(file.size).map_err(io::Error::other);
        let bytes = bytes.and_then(|size| file.read(0, size));
        bytes.map_err(|error| Fault::io("read", path, &error))
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// How far its cursors have come: for progress.
    pub(crate) fn reached(&self) -> u64 {
        self.reached.load(Relaxed)
    }

    /// The file itself, whose own cursor is nobody's.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    pub(crate) fn cursor(&self, position: u64) -> Cursor {
        Cursor { file: Arc::clone(&self.file), position, reached: Arc::clone(&self.reached) }
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
        self.reached.fetch_max(self.position, Relaxed);
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

/// Opens without waiting for whoever writes to a pipe.
#[cfg(unix)]
fn open_at_once(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let at_once = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    File::options().read(true).custom_flags(at_once).open(path)
}

#[cfg(not(unix))]
fn open_at_once(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(unix)]
fn name_of(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match kind {
        _ if kind.is_fifo() => "a pipe",
        _ if kind.is_socket() => "a socket",
        _ if kind.is_char_device() || kind.is_block_device() => "a device",
        _ => "no file",
    }
}

#[cfg(not(unix))]
fn name_of(_kind: FileType) -> &'static str {
    "no file"
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
