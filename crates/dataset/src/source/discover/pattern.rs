//! Files that match a pattern of the shell: `*`, `?`, `[a-z]`, and `**` for folders of any depth.

use super::walk;
use crate::Fault;
use glob::{MatchOptions, Pattern};
use std::io;
use std::path::{Path, PathBuf};

/// The files that match, in no order.
///
/// # Errors
/// [`Fault::Io`] for a pattern that isn't one, and for folders that can't be read.
pub(crate) fn matches(pattern: &str) -> Result<Vec<PathBuf>, Fault> {
    if pattern.split(['/', std::path::MAIN_SEPARATOR]).any(|part| part == "**") {
        return any_depth(pattern);
    }
    let found = glob::glob(pattern).map_err(|error| refused(pattern, &error))?;
    let mut files = Vec::new();
    for entry in found {
        let file = entry.map_err(|error| Fault::io("read", error.path(), error.error()))?;
        if !file.is_dir() {
            files.push(file);
        }
    }
    Ok(files)
}

/// The same through folders of any depth, walked by ourselves: a link to a folder above would lead
/// the library round until the system gives up.
fn any_depth(pattern: &str) -> Result<Vec<PathBuf>, Fault> {
    let wanted = Pattern::new(pattern).map_err(|error| refused(pattern, &error))?;
    let plain = |part: &&std::ffi::OsStr| !part.to_string_lossy().contains(['*', '?', '[']);
    let root: PathBuf = Path::new(pattern).iter().take_while(plain).collect();
    let here = root.as_os_str().is_empty();
    let start = if here { Path::new(".") } else { &root };
    if !start.is_dir() {
        return Ok(Vec::new());
    }
    let hidden = pattern.split('/').any(|part| part.starts_with('.') && part.len() > 2);
    let options = MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: true,
    };
    let files = walk::files(start, hidden)?;
    let files = files.into_iter().map(|file| match file.strip_prefix("./") {
        Ok(inside) if here => inside.to_path_buf(),
        _ => file,
    });
    Ok(files.filter(|file| wanted.matches_path_with(file, options)).collect())
}

fn refused(pattern: &str, error: &glob::PatternError) -> Fault {
    Fault::io("expand", Path::new(pattern), &io::Error::other(error.to_string()))
}
