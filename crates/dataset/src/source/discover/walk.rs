//! The source files below a folder. Links are followed, but never into a folder that stands above:
//! that would read the same files again and again.

use super::endings::Ending;
use super::order::in_byte_order;
use super::packed::is_packed;
use super::saved::{dataset_dict, state_files};
use crate::Fault;
use crate::source::identity::Which;
use std::io;
use std::path::{Path, PathBuf};

/// Folders within folders; a path has no room for many more.
const DEPTH: usize = 512;

/// Files that belong together, in order.
#[derive(Debug)]
pub(super) struct Group {
    /// The place in the order of all: the file, or the folder that says the order of its files.
    pub key: PathBuf,
    pub files: Vec<PathBuf>,
    /// The split that a `dataset_dict.json` above says.
    pub split: Option<String>,
}

/// What lies below a folder.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub groups: Vec<Group>,
    /// Folders that hold packed data sets, passed over.
    pub packed: Vec<PathBuf>,
}

/// Walks through `folder`; names that begin with `_` or `.` are not data (as in Spark).
pub(super) fn walk(folder: &Path) -> Result<Found, Fault> {
    let mut found = Found::default();
    each_folder(folder, &mut Vec::new(), None, &mut found)?;
    found.groups.sort_unstable_by(|a, b| in_byte_order(&a.key, &b.key));
    Ok(found)
}

/// Every file below `folder` and whether it is hidden; of hidden folders only if `hidden`.
pub(super) fn files(folder: &Path, hidden: bool) -> Result<Vec<PathBuf>, Fault> {
    fn each(
        folder: &Path,
        above: &mut Vec<Which>,
        hidden: bool,
        files: &mut Vec<PathBuf>,
    ) -> Result<(), Fault> {
        if !enter(folder, above)? {
            return Ok(());
        }
        for path in entries(folder)? {
            if !path.is_dir() {
                files.push(path);
            } else if hidden || !starts_with(&path, b".") {
                each(&path, above, hidden, files)?;
            }
        }
        above.pop();
        Ok(())
    }
    let mut all = Vec::new();
    each(folder, &mut Vec::new(), hidden, &mut all)?;
    Ok(all)
}

fn each_folder(
    folder: &Path,
    above: &mut Vec<Which>,
    split: Option<&str>,
    found: &mut Found,
) -> Result<(), Fault> {
    if !above.is_empty() && is_packed(folder) {
        found.packed.push(folder.to_path_buf());
        return Ok(());
    }
    if !enter(folder, above)? {
        return Ok(());
    }
    let split_of = || split.map(str::to_string);
    if let Some(files) = state_files(folder)? {
        found.groups.push(Group { key: folder.to_path_buf(), files, split: split_of() });
    } else if let Some(splits) = dataset_dict(folder)? {
        for name in splits {
            each_folder(&folder.join(&name), above, Some(&name), found)?;
        }
    } else {
        for path in entries(folder)? {
            if starts_with(&path, b"_") || starts_with(&path, b".") {
                continue;
            }
            if path.is_dir() {
                each_folder(&path, above, split, found)?;
            } else if Ending::of(&path).is_some() {
                let files = vec![path.clone()];
                found.groups.push(Group { key: path, files, split: split_of() });
            }
        }
    }
    above.pop();
    Ok(())
}

/// Puts `folder` on the way from the root, unless it stands there already.
fn enter(folder: &Path, above: &mut Vec<Which>) -> Result<bool, Fault> {
    let which = Which::of(folder).map_err(|error| Fault::io("read", folder, &error))?;
    if above.contains(&which) {
        return Ok(false);
    }
    if above.len() >= DEPTH {
        let error = io::Error::other(format!("more than {DEPTH} folders within one another"));
        return Err(Fault::io("read", folder, &error));
    }
    above.push(which);
    Ok(true)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let refused = |error| Fault::io("read", folder, &error);
    let entries = std::fs::read_dir(folder).map_err(refused)?;
    entries.map(|entry| Ok(entry.map_err(refused)?.path())).collect()
}

fn starts_with(path: &Path, start: &[u8]) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(start))
}
