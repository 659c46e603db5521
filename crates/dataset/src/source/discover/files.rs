//! The files that inputs name.

use super::inputs::Inputs;
use super::order::in_byte_order;
use super::{braces, packed, pattern, sidecar, splits, walk};
use crate::Fault;
use crate::source::identity::Which;
use crate::warnings::{Warnings, listed};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// The files that `inputs` name.
///
/// # Errors
/// [`Fault::Io`] for a file that isn't there, a folder without source files, a pattern without
/// match; `ERR_OPTION` for a folder of several splits, a split that isn't there, a packed data set.
pub(crate) fn discover(
    inputs: &Inputs<'_>,
    warnings: &mut Warnings,
) -> Result<Vec<PathBuf>, Fault> {
    let mut files = Vec::new();
    let mut folders = false;
    for input in inputs.paths {
        let path = Path::new(input);
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                folders = true;
                files.extend(in_folder(path, inputs, warnings)?);
            }
            Ok(_) => {
                packed::refuse_file(path, inputs.packed, warnings)?;
                files.push(path.to_path_buf());
            }
            Err(_) if input.contains(['*', '?', '[']) || braces::any(input) => {
                files.extend(matching(input, inputs, warnings)?);
            }
            Err(error) => return Err(Fault::io("open", path, &error)),
        }
    }
    if let (Some(split), false) = (inputs.split, folders) {
        let detail = format!(
            "split '{split}' chooses among the files of a folder, and no input is one; leave it out"
        );
        return Err(Fault::option(detail));
    }
    Ok(files)
}

fn in_folder(
    folder: &Path,
    inputs: &Inputs<'_>,
    warnings: &mut Warnings,
) -> Result<Vec<PathBuf>, Fault> {
    packed::refuse_folder(folder, inputs.packed, warnings)?;
    let found = walk::walk(folder)?;
    packed::passed_over(&found.packed, warnings);
    let groups = splits::choose(folder, found.groups, inputs.split, warnings)?;
    let files = groups.into_iter().flat_map(|group| group.files).collect();
    let files = sidecar::without(files, inputs, warnings)?;
    twice(&files, warnings);
    none_found(files, folder, "no source files in this folder")
}

fn matching(
    input: &str,
    inputs: &Inputs<'_>,
    warnings: &mut Warnings,
) -> Result<Vec<PathBuf>, Fault> {
    let files = sorted(expanded(input)?);
    let files = packed::without(files, inputs.packed, warnings)?;
    twice(&files, warnings);
    none_found(files, Path::new(input), "no file matches the pattern")
}

/// The matches of all that the braces of a pattern stand for. Each must have one, since each was
/// asked for; a file that several match is there once.
fn expanded(input: &str) -> Result<Vec<PathBuf>, Fault> {
    let refused = |detail| Fault::io("expand", Path::new(input), &io::Error::other(detail));
    let mut files = Vec::new();
    for one in braces::expand(input).map_err(refused)? {
        let found = if one.contains(['*', '?', '[']) {
            pattern::matches(&one)?
        } else {
            Path::new(&one).is_file().then(|| PathBuf::from(&one)).into_iter().collect()
        };
        if found.is_empty() && one != input {
            let detail = format!("no file matches, for which the braces of {input} stand");
            let error = io::Error::new(io::ErrorKind::NotFound, detail);
            return Err(Fault::io("read", Path::new(&one), &error));
        }
        files.extend(found);
    }
    Ok(files)
}

fn sorted(mut files: Vec<PathBuf>) -> Vec<PathBuf> {
    files.sort_unstable_by(|a, b| in_byte_order(a, b));
    files.dedup();
    files
}

/// Warns of files that stand there under two names, by links.
fn twice(files: &[PathBuf], warnings: &mut Warnings) {
    let mut first: BTreeMap<Which, &Path> = BTreeMap::new();
    let mut again = Vec::new();
    for file in files {
        let Ok(which) = Which::of(file) else { continue };
        if let Some(other) = first.get(&which) {
            again.push(format!("{} ({})", file.display(), other.display()));
        } else {
            first.insert(which, file);
        }
    }
    if !again.is_empty() {
        warnings.add(format!(
            "read once more under another name, which a link gives it: {}",
            listed(&again)
        ));
    }
}

fn none_found(files: Vec<PathBuf>, path: &Path, detail: &str) -> Result<Vec<PathBuf>, Fault> {
    if files.is_empty() {
        let error = io::Error::new(io::ErrorKind::NotFound, detail.to_string());
        return Err(Fault::io("read", path, &error));
    }
    Ok(files)
}
