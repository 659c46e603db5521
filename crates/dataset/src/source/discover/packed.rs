//! Packed data sets among the sources: their rows are packs, whose boundaries would be lost.

use crate::Fault;
use crate::warnings::{Warnings, listed};
use std::path::{Path, PathBuf};

/// The manifest by which they are known.
const MANIFEST: &str = "_stowage.json";

/// What becomes of a packed data set that is named as an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packed {
    /// A fault: it would be packed again.
    Refuse,
    /// Read, with a warning.
    Warn,
    /// Read: the caller has said so.
    Read,
}

pub(super) fn is_packed(folder: &Path) -> bool {
    folder.join(MANIFEST).is_file()
}

/// # Errors
/// `ERR_OPTION` for a folder that holds a packed data set, where these are refused.
pub(super) fn refuse_folder(
    folder: &Path,
    packed: Packed,
    warnings: &mut Warnings,
) -> Result<(), Fault> {
    if !is_packed(folder) {
        return Ok(());
    }
    said(&folder.display().to_string(), packed, warnings)
}

/// # Errors
/// `ERR_OPTION` for a file of a packed data set, where these are refused.
pub(super) fn refuse_file(
    file: &Path,
    packed: Packed,
    warnings: &mut Warnings,
) -> Result<(), Fault> {
    match packed_folder(file) {
        Some(folder) => said(&folder.display().to_string(), packed, warnings),
        None => Ok(()),
    }
}

/// The matches of a pattern without those of packed data sets, unless there are no others.
///
/// # Errors
/// As [`refuse_file`], where there are no others.
pub(super) fn without(
    files: Vec<PathBuf>,
    packed: Packed,
    warnings: &mut Warnings,
) -> Result<Vec<PathBuf>, Fault> {
    if packed == Packed::Read {
        return Ok(files);
    }
    let (ours, others): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|file| packed_folder(file).is_some());
    if others.is_empty() {
        if let Some(file) = ours.first() {
            refuse_file(file, packed, warnings)?;
        }
        return Ok(ours);
    }
    let mut folders: Vec<PathBuf> = ours.iter().filter_map(|file| packed_folder(file)).collect();
    folders.sort_unstable();
    folders.dedup();
    passed_over(&folders, warnings);
    Ok(others)
}

/// Warns of packed data sets that were met and passed over.
pub(super) fn passed_over(folders: &[PathBuf], warnings: &mut Warnings) {
    if folders.is_empty() {
        return;
    }
    let names: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
    warnings.add(format!(
        "passed over, since stowage packed it: {} (rows are packs there, not sequences)",
        listed(&names)
    ));
}

/// The packed data set that a file belongs to: its folder, or the one above a folder of a split.
fn packed_folder(file: &Path) -> Option<PathBuf> {
    let folder = file.parent()?;
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    if is_packed(folder) {
        return Some(folder.to_path_buf());
    }
    let is_split = matches!(folder.file_name()?.to_str()?, "train" | "pools");
    let above = folder.parent().filter(|above| is_split && is_packed(above))?;
    Some(above.to_path_buf())
}

fn said(name: &str, packed: Packed, warnings: &mut Warnings) -> Result<(), Fault> {
    match packed {
        Packed::Read => Ok(()),
        Packed::Warn => {
            warnings.add(format!(
                "{name} is a data set that stowage packed: its rows are packs, not sequences"
            ));
            Ok(())
        }
        Packed::Refuse => Err(Fault::option(format!(
            "{name} is a data set that stowage packed: its rows are packs, and their boundaries \
             would be lost; name its sources, or set repack to take each pack for one sequence"
        ))),
    }
}
