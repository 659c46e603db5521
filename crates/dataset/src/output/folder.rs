//! An output folder that appears complete or not at all.
//!
//! Files are written into a folder of a temporary name beside the target, flushed to the disk, and
//! when everything stands the two exchange their names, or the folder takes the free name. A failed or
//! cancelled job removes it; a killed one leaves it under its temporary name, never under the final
//! one, and the next job for that output says so.

use super::file::{DataFile, DataWriter};
use super::leftover::{self, Leftover};
use super::replace::{may_be_written, replace};
use super::writer::{self, Life};
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
    /// What earlier jobs for this output have left.
    left: Vec<Leftover>,
}

impl Output {
    /// Makes the temporary folder. Folders above the target are created where they are missing. With
    /// `overwrite`, what processes of this host have left of earlier jobs for it is removed.
    ///
    /// # Errors
    /// `ERR_OPTION` for the working directory or a folder above it; [`Fault::OutputExists`] if
    /// something is there that may not be replaced; [`Fault::Io`].
    pub(crate) fn begin(target: &Path, overwrite: bool) -> Result<Self, Fault> {
        let target =
            std::path::absolute(target).map_err(|error| Fault::io("use", target, &error))?;
        may_be_written(&target, overwrite)?;
        let parent = parent_of(&target);
        create_folders(parent).map_err(|error| Fault::io("create", parent, &error))?;
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let mut left = leftover::find(parent, Some(&name))?;
        left.retain(|one| one.life != Life::Running);
        for one in left.iter_mut().filter(|one| overwrite && one.life == Life::Gone) {
            leftover::remove(one)?;
        }
        let folder = tempfile::Builder::new()
            .prefix(&writer::prefix(&name))
            .suffix(writer::TEMPORARY)
            .tempdir_in(parent)
            .map_err(|error| Fault::io("create a folder in", parent, &error))?;
        Ok(Self { target, folder, overwrite, described: Mutex::new(Vec::new()), left })
    }

    /// Makes a temporary folder within the output, for files that get their names there one by one.
    ///
    /// # Errors
    /// [`Fault::Io`].
    pub(crate) fn within(target: &Path) -> Result<Self, Fault> {
        let target =
            std::path::absolute(target).map_err(|error| Fault::io("use", target, &error))?;
        create_folders(&target).map_err(|error| Fault::io("create", &target, &error))?;
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let folder = tempfile::Builder::new()
            .prefix(&writer::prefix(&name))
            .suffix(writer::TEMPORARY)
            .tempdir_in(&target)
            .map_err(|error| Fault::io("create a folder in", &target, &error))?;
        let described = Mutex::new(Vec::new());
        Ok(Self { target, folder, overwrite: false, described, left: Vec::new() })
    }

    /// Where a file lies until it gets its name.
    pub(crate) fn place_of(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Gives finished files their names, in this order, in the place of what stands there.
    ///
    /// # Errors
    /// [`Fault::Io`].
    pub(crate) fn place<'a>(&self, names: impl Iterator<Item = &'a str>) -> Result<(), Fault> {
        for name in names {
            let path = self.target.join(name);
            let refused = |error: io::Error| Fault::io("rename a finished file to", &path, &error);
            let folder = parent_of(&path);
            create_folders(folder).map_err(refused)?;
            fs::rename(self.place_of(name), &path).map_err(refused)?;
            sync_folder(folder).map_err(refused)?;
        }
        Ok(())
    }

    /// What is to be said of earlier jobs for this output.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let say = |one: &Leftover| {
            if one.removed {
                format!("an earlier job was killed: {one}")
            } else {
                format!("an earlier job was killed and left {one}; `stowage clean` removes it")
            }
        };
        self.left.iter().map(say).collect()
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
    ///
    /// # Errors
    /// [`Fault::Io`], [`Fault::OutputExists`]; what stood there before still does, or the error says
    /// where it is.
    pub(crate) fn commit(self) -> Result<(), Fault> {
        let failed =
            |error: io::Error| Fault::io("rename the finished output to", &self.target, &error);
        // A private folder is made by `tempdir`; an output is as open as any new folder.
        #[cfg(unix)]
        open_to_readers(self.folder.path()).map_err(failed)?;
        sync_folders(self.folder.path()).map_err(failed)?;
        // Looked at again: another job may have finished meanwhile.
        may_be_written(&self.target, self.overwrite)?;
        replace(self.folder, &self.target)?;
        let parent = parent_of(&self.target);
        sync_folder(parent).map_err(|error| Fault::io("sync", &self.target, &error))
    }
}

/// Creates a folder and those above it, each flushed to the disk with the one that it stands in.
fn create_folders(folder: &Path) -> io::Result<()> {
    let mut missing = folder;
    let mut made = Vec::new();
    while !missing.is_dir() {
        made.push(missing);
        match missing.parent() {
            Some(above) => missing = above,
            None => break,
        }
    }
    fs::create_dir_all(folder)?;
    for folder in made.iter().rev() {
        sync_folder(parent_of(folder))?;
    }
    Ok(())
}

fn parent_of(target: &Path) -> &Path {
    target.parent().unwrap_or(target)
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
