//! An output folder that appears complete or not at all.
//!
//! Files are written into a folder of a temporary name beside the target, flushed to the disk, and
//! the folder is renamed when everything stands. A failed or cancelled job removes it; a killed one
//! leaves it under its temporary name, never under the final one.

use super::file::{DataFile, DataWriter};
use super::manifest::{self, MANIFEST};
use crate::Fault;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tempfile::TempDir;

/// A data set being written.
pub(crate) struct Output {
    target: PathBuf,
    folder: TempDir,
    overwrite: bool,
    described: Mutex<Vec<DataFile>>,
}

impl Output {
    /// Makes the temporary folder. Folders above the target are created where they are missing.
    ///
    /// # Errors
    /// [`Fault::OutputExists`] if something is there that may not be replaced; [`Fault::Io`].
    pub(crate) fn begin(target: &Path, overwrite: bool) -> Result<Self, Fault> {
        let target =
            std::path::absolute(target).map_err(|error| Fault::io("use", target, &error))?;
        may_be_written(&target, overwrite)?;
        let parent = parent_of(&target);
        fs::create_dir_all(parent).map_err(|error| Fault::io("create", parent, &error))?;
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let folder = tempfile::Builder::new()
            .prefix(&format!(".{name}.stowage-"))
            .suffix(".tmp")
            .tempdir_in(parent)
            .map_err(|error| Fault::io("create a folder in", parent, &error))?;
        Ok(Self { target, folder, overwrite, described: Mutex::new(Vec::new()) })
    }

    /// The folder that the target stands in: the place for temporary files.
    pub(crate) fn parent(&self) -> &Path {
        parent_of(&self.target)
    }

    /// Starts the file `name` (relative, `/` between folders).
    pub(crate) fn create(&self, name: &str) -> Result<DataWriter, Fault> {
        let path = self.target.join(name);
        let place = self.folder.path().join(name);
        let create = || {
            fs::create_dir_all(place.parent().unwrap_or(&place))?;
            // Readable, so that a format whose header comes last can be written in one pass.
            File::options().read(true).write(true).create_new(true).open(&place)
        };
        let file = create().map_err(|error| Fault::io("create", &path, &error))?;
        Ok(DataWriter::new(file, name, path))
    }

    /// Writes a small file at once.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<DataFile, Fault> {
        let mut file = self.create(name)?;
        file.write_all(bytes).map_err(|error| file.refused(&error))?;
        file.finish(0)
    }

    /// Writes a small file that describes the data: the manifest lists it apart from them.
    pub(crate) fn describe(&self, name: &str, bytes: &[u8]) -> Result<(), Fault> {
        let file = self.write(name, bytes)?;
        self.described.lock().unwrap_or_else(PoisonError::into_inner).push(file);
        Ok(())
    }

    /// The files that describe the data, so far.
    pub(crate) fn described(&self) -> Vec<DataFile> {
        self.described.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Gives the folder its name. Nothing is visible under it before.
    pub(crate) fn commit(self) -> Result<(), Fault> {
        let failed =
            |error: io::Error| Fault::io("rename the finished output to", &self.target, &error);
        // A private folder is made by `tempdir`; an output is as open as any new folder.
        #[cfg(unix)]
        open_to_readers(self.folder.path()).map_err(failed)?;
        sync_folders(self.folder.path()).map_err(failed)?;
        // Looked at again: another job may have finished meanwhile.
        may_be_written(&self.target, self.overwrite)?;
        let old = if self.target.symlink_metadata().is_ok() {
            let aside = tempfile::Builder::new()
                .prefix(".stowage-replaced-")
                .tempdir_in(self.parent())
                .map_err(failed)?;
            fs::rename(&self.target, aside.path().join("old")).map_err(failed)?;
            Some(aside)
        } else {
            None
        };
        if let Err(error) = fs::rename(self.folder.path(), &self.target) {
            if let Some(aside) = &old {
                // The old output goes back; if even that fails it stays where it was put.
                let _ = fs::rename(aside.path().join("old"), &self.target);
            }
            return Err(failed(error));
        }
        let parent = self.parent().to_path_buf();
        let target = self.target.clone();
        drop(self.folder.keep());
        sync_folder(&parent).map_err(|error| Fault::io("sync", &target, &error))
    }
}

fn parent_of(target: &Path) -> &Path {
    target.parent().unwrap_or(target)
}

/// # Errors
/// [`Fault::OutputExists`] if `target` exists and isn't to be replaced, or isn't ours to delete.
fn may_be_written(target: &Path, overwrite: bool) -> Result<(), Fault> {
    let refuse = |detail: String| Err(Fault::OutputExists { path: target.to_path_buf(), detail });
    if target.symlink_metadata().is_err() {
        return Ok(());
    }
    let shown = target.display();
    if !overwrite {
        return refuse(format!("{shown} exists; choose another output or set overwrite"));
    }
    if manifest::written_by_us(target) || is_empty_folder(target) {
        return Ok(());
    }
    refuse(format!(
        "{shown} exists and stowage did not write it (no {MANIFEST}); remove it yourself"
    ))
}

fn is_empty_folder(path: &Path) -> bool {
    fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

#[cfg(unix)]
fn open_to_readers(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    // What `mkdir` would have given: a sibling shows which bits the umask leaves.
    let sibling = folder.join(".mode");
    fs::create_dir(&sibling)?;
    let mode = fs::metadata(&sibling)?.permissions().mode();
    fs::remove_dir(&sibling)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(mode))
}

fn sync_folders(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sync_folders(&path)?;
        }
    }
    sync_folder(folder)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Windows flushes folder entries with the file system's journal; a folder can't be opened.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
