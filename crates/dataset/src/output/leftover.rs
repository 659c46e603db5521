//! What killed jobs have left beside outputs: hidden folders, found by their names.

use super::writer::{self, Life, Temporary, Writer};
use crate::Fault;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A temporary folder that a job has left, or still writes.
#[derive(Clone, Debug)]
pub struct Leftover {
    /// Where it is.
    pub path: PathBuf,
    /// Bytes in it.
    pub bytes: u64,
    /// Seconds since it was last written to.
    pub age: u64,
    /// Who wrote it, where its name says so.
    pub writer: Option<Writer>,
    /// Whether that process still runs.
    pub life: Life,
    /// It was removed.
    pub removed: bool,
}

impl fmt::Display for Leftover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, bytes, age, writer, life, removed } = self;
        let what = if *removed { "removed " } else { "" };
        write!(f, "{what}{} ({bytes} bytes, last written {} ago", path.display(), spoken(*age))?;
        match (writer, life) {
            (Some(writer), Life::Gone) => write!(f, " by {writer}, which has ended)"),
            (Some(writer), Life::Running) => write!(f, " by {writer}, which is running)"),
            (Some(writer), Life::Unknown) => {
                write!(f, " by {writer}, of which nothing is known here)")
            }
            (None, _) => write!(f, ", by whom isn't known)"),
        }
    }
}

/// Temporary folders in `folder`: those of one output, or of all.
///
/// # Errors
/// [`Fault::Io`] for a folder that can't be read.
pub(super) fn find(folder: &Path, output: Option<&str>) -> Result<Vec<Leftover>, Fault> {
    let refused = |error| Fault::io("read", folder, &error);
    let beginning = output.map(writer::beginning);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(refused)? {
        let entry = entry.map_err(refused)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if beginning.as_ref().is_some_and(|beginning| !name.starts_with(beginning)) {
            continue;
        }
        let Some(Temporary { writer }) = writer::parse(&name) else { continue };
        let life = writer.as_ref().map_or(Life::Unknown, Writer::life);
        let (bytes, newest) = size(&entry.path());
        let age = newest.and_then(|newest| newest.elapsed().ok()).map_or(0, |age| age.as_secs());
        let path = entry.path();
        found.push(Leftover { path, bytes, age, writer, life, removed: false });
    }
    found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// Removes what killed jobs have left in `folder`: what processes of this host wrote that have
/// ended; with `force` also what nothing is known of. What a running process writes is left alone.
///
/// # Errors
/// [`Fault::Io`] for a folder that can't be read or removed.
pub fn clean(folder: &Path, force: bool) -> Result<Vec<Leftover>, Fault> {
    let mut found = find(folder, None)?;
    for leftover in &mut found {
        let may = match leftover.life {
            Life::Gone => true,
            Life::Unknown => force,
            Life::Running => false,
        };
        if may {
            remove(leftover)?;
        }
    }
    Ok(found)
}

/// Removes a temporary folder.
///
/// # Errors
/// [`Fault::Io`].
pub(super) fn remove(leftover: &mut Leftover) -> Result<(), Fault> {
    let path = &leftover.path;
    let link = path.symlink_metadata().is_ok_and(|metadata| !metadata.is_dir());
    let removed = if link { fs::remove_file(path) } else { fs::remove_dir_all(path) };
    removed.map_err(|error| Fault::io("remove", path, &error))?;
    leftover.removed = true;
    Ok(())
}

/// Bytes of all files below a folder, and when the newest was written.
fn size(path: &Path) -> (u64, Option<SystemTime>) {
    let Ok(metadata) = path.symlink_metadata() else { return (0, None) };
    let own = metadata.modified().ok();
    if !metadata.is_dir() {
        return (metadata.len(), own);
    }
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.fold((0, own), |(bytes, newest), entry| {
        let (more, other) = size(&entry.path());
        (bytes + more, newest.max(other))
    })
}

fn spoken(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86400),
    }
}
