//! Which file a name stood for, and in which state: an input must be the same from the first look at
//! it to the end of the job, or its rows would be a mixture.
//!
//! What the system says in one call: device and number of the file, size, and the time of the last
//! change in nanoseconds. A change that keeps all of them goes unseen.

use crate::Fault;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A file in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Device and number, where the system numbers files.
    file: Option<(u64, u64)>,
    size: u64,
    modified: Option<SystemTime>,
}

impl Identity {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self { file: number(metadata), size: metadata.len(), modified: metadata.modified().ok() }
    }

    /// What has changed between the first look and `now`; none if nothing has.
    fn difference(self, now: Self) -> Option<String> {
        if self.file != now.file {
            return Some("another file has taken its name".to_string());
        }
        if self.size != now.size {
            return Some(format!("it had {} bytes and has {}", self.size, now.size));
        }
        (self.modified != now.modified).then(|| "it was written to".to_string())
    }

    /// # Errors
    /// [`Fault::InputChanged`] unless the file is as it was.
    pub(crate) fn same(self, now: Self, path: &Path) -> Result<(), Fault> {
        let Some(how) = self.difference(now) else { return Ok(()) };
        Err(Fault::input_changed(path, &how))
    }

    /// As [`same`](Self::same), for what stands under the name now.
    pub(crate) fn still_at(self, path: &Path) -> Result<(), Fault> {
        match std::fs::metadata(path) {
            Ok(metadata) => self.same(Self::of(&metadata), path),
            Err(error) => Err(Fault::input_changed(path, &format!("it is gone: {error}"))),
        }
    }
}

/// Which file or folder a name stands for, whatever the name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Which {
    /// Device and number.
    Numbered(u64, u64),
    /// Its path without links, where the system doesn't number files.
    At(PathBuf),
}

impl Which {
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        match number(&std::fs::metadata(path)?) {
            Some((device, number)) => Ok(Self::Numbered(device, number)),
            None => std::fs::canonicalize(path).map(Self::At),
        }
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere there is none")]
fn number(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn number(_metadata: &Metadata) -> Option<(u64, u64)> {
    None
}
