//! Inputs as a list of files: an array keeps its order; folders and patterns expand in byte order.

use crate::Fault;
use std::io;
use std::path::{Path, PathBuf};

/// File name endings that a folder is searched for.
const ENDINGS: [&str; 9] =
    ["parquet", "arrow", "arrows", "ipc", "feather", "jsonl", "ndjson", "json", "npy"];

/// The files that `inputs` name.
///
/// # Errors
/// [`Fault::Io`] for a file that isn't there, a folder without source files, a pattern without
/// match.
pub(crate) fn expand(inputs: &[String]) -> Result<Vec<PathBuf>, Fault> {
    let mut files = Vec::new();
    for input in inputs {
        let path = Path::new(input);
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => files.extend(sorted(in_folder(path)?)),
            Ok(_) => files.push(path.to_path_buf()),
            Err(_) if input.contains(['*', '?', '[']) => files.extend(sorted(matches(input)?)),
            Err(error) => return Err(Fault::io("open", path, &error)),
        }
    }
    Ok(files)
}

fn sorted(mut files: Vec<PathBuf>) -> Vec<PathBuf> {
    files.sort_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
    files
}

fn matches(pattern: &str) -> Result<Vec<PathBuf>, Fault> {
    let path = Path::new(pattern);
    let found = glob::glob(pattern)
        .map_err(|error| Fault::io("expand", path, &io::Error::other(error.to_string())))?;
    let mut files = Vec::new();
    for entry in found {
        let file = entry.map_err(|error| Fault::io("read", error.path(), error.error()))?;
        if !file.is_dir() {
            files.push(file);
        }
    }
    none_found(files, path, "no file matches the pattern")
}

/// Source files below `folder`; names that begin with `_` or `.` are not data (as in Spark).
fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let refused = |error| Fault::io("read", &folder, &error);
        for entry in std::fs::read_dir(&folder).map_err(refused)? {
            let entry = entry.map_err(refused)?;
            let (path, name) = (entry.path(), entry.file_name());
            if name.as_encoded_bytes().starts_with(b"_")
                || name.as_encoded_bytes().starts_with(b".")
            {
                continue;
            }
            let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
            if path.is_dir() {
                folders.push(path);
            } else if ending.to_str().is_some_and(|ending| ENDINGS.contains(&ending)) {
                files.push(path);
            }
        }
    }
    none_found(files, folder, "no source files in this folder")
}

fn none_found(files: Vec<PathBuf>, path: &Path, detail: &str) -> Result<Vec<PathBuf>, Fault> {
    if files.is_empty() {
        let error = io::Error::new(io::ErrorKind::NotFound, detail.to_string());
        return Err(Fault::io("read", path, &error));
    }
    Ok(files)
}
