//! The moment in which a finished folder takes the output's name, and what may be replaced by it.
//!
//! Where the system can exchange two names (Linux, macOS), the old or the new output stands under the
//! name at every moment. Elsewhere the old one is put aside first, as `.NAME.stowage-….old`: a job that
//! is killed between leaves it there, and the next one for this output says so.

use super::manifest::{self, MANIFEST};
use super::writer::{ASIDE, TEMPORARY};
use crate::Fault;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// # Errors
/// `ERR_OPTION` for the working directory or a folder above it; [`Fault::OutputExists`] if `target`
/// exists and isn't to be replaced, or isn't ours to delete, or holds something that isn't.
pub(super) fn may_be_written(target: &Path, overwrite: bool) -> Result<(), Fault> {
    let refuse = |detail: String| Err(Fault::OutputExists { path: target.to_path_buf(), detail });
    if target.symlink_metadata().is_err() {
        return Ok(());
    }
    let shown = target.display();
    if let (Ok(real), Ok(here)) = (target.canonicalize(), std::env::current_dir())
        && here.canonicalize().is_ok_and(|here| here.starts_with(&real))
    {
        return Err(Fault::option(format!(
            "the output {shown} is the working directory or above it; name a folder inside"
        )));
    }
    if !overwrite {
        return refuse(format!("{shown} exists; choose another output or set overwrite"));
    }
    let Some(listed) = manifest::listed(target) else {
        if is_empty_folder(target) {
            return Ok(());
        }
        return refuse(format!(
            "{shown} exists and stowage did not write it (no {MANIFEST}); remove it yourself"
        ));
    };
    let mut foreign = Vec::new();
    walk(target, Path::new(""), &mut |name| {
        if !listed.iter().any(|listed| Path::new(listed) == name) {
            foreign.push(name.to_path_buf());
        }
    })
    .map_err(|error| Fault::io("read", target, &error))?;
    match foreign.iter().min() {
        None => Ok(()),
        Some(first) => refuse(format!(
            "{shown} holds {} that stowage did not write, the first is {}; move {} elsewhere",
            if foreign.len() == 1 {
                "a file".to_string()
            } else {
                format!("{} files", foreign.len())
            },
            first.display(),
            if foreign.len() == 1 { "it" } else { "them" },
        )),
    }
}

/// Calls `each` for every file below `folder`, and for every empty folder, by its name within it.
fn walk(folder: &Path, within: &Path, each: &mut dyn FnMut(&Path)) -> io::Result<()> {
    let mut empty = true;
    for entry in fs::read_dir(folder.join(within))? {
        let entry = entry?;
        let name = within.join(entry.file_name());
        empty = false;
        if entry.file_type()?.is_dir() {
            walk(folder, &name, each)?;
        } else {
            each(&name);
        }
    }
    if empty && within != Path::new("") {
        each(within);
    }
    Ok(())
}

fn is_empty_folder(path: &Path) -> bool {
    fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

/// Gives `folder` the name `target`; what has it now is deleted afterwards.
///
/// # Errors
/// [`Fault::Io`]; what stood under the name still does, or the error says where it is.
pub(super) fn replace(folder: TempDir, target: &Path) -> Result<(), Fault> {
    let failed = |error: io::Error| Fault::io("rename the finished output to", target, &error);
    if target.symlink_metadata().is_err() {
        fs::rename(folder.path(), target).map_err(failed)?;
        let _ = folder.keep();
        return Ok(());
    }
    if exchange(folder.path(), target).map_err(failed)? {
        // The old output lies under the temporary name now.
        let place = folder.path().to_path_buf();
        return folder
            .close()
            .map_err(|error| Fault::io("remove the old output at", &place, &error));
    }
    let aside = aside_of(folder.path());
    fs::rename(target, &aside).map_err(failed)?;
    if let Err(error) = fs::rename(folder.path(), target) {
        return Err(match fs::rename(&aside, target) {
            Ok(()) => failed(error),
            Err(again) => Fault::Io {
                path: target.to_path_buf(),
                detail: format!(
                    "cannot rename the finished output to {}: {error}; nor could the old output be \
                     put back: {again}. It is whole, at {}",
                    target.display(),
                    aside.display()
                ),
            },
        });
    }
    let _ = folder.keep();
    let removed = match aside.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(&aside),
        _ => fs::remove_file(&aside),
    };
    removed.map_err(|error| Fault::io("remove the old output at", &aside, &error))
}

/// Where the old output is put while the new one takes its name.
fn aside_of(folder: &Path) -> PathBuf {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_suffix(TEMPORARY).unwrap_or(&name);
    folder.with_file_name(format!("{name}{ASIDE}"))
}

/// Exchanges two names; false where the system or the file system can't.
#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn exchange(a: &Path, b: &Path) -> io::Result<bool> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        Err(Errno::NOSYS | Errno::INVAL | Errno::NOTSUP | Errno::PERM) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
#[expect(clippy::unnecessary_wraps, reason = "as where names can be exchanged")]
fn exchange(_a: &Path, _b: &Path) -> io::Result<bool> {
    Ok(false)
}
