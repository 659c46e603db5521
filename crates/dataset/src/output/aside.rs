//! A temporary folder beside an output, for sources that aren't files: named like that of a job, so
//! that what a killed process leaves there is found and removed like everything of its kind.

use super::replace::may_be_written;
use super::writer;
use crate::Fault;
use std::path::{Path, PathBuf};

/// Makes the folder in the nearest folder above `target` that exists. Whoever asks removes it.
///
/// # Errors
/// [`Fault::OutputExists`] if something is there that may not be replaced, `ERR_OPTION` for a folder
/// that no output may replace; [`Fault::Io`].
pub(crate) fn beside(target: &Path, overwrite: bool) -> Result<PathBuf, Fault> {
    let target = std::path::absolute(target).map_err(|error| Fault::io("use", target, &error))?;
    may_be_written(&target, overwrite)?;
    let above = target.ancestors().skip(1).find(|folder| folder.is_dir());
    let above = above.unwrap_or(&target).to_path_buf();
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    within(&above, &name)
}

/// Makes the folder in `folder`, in the name of the output `name`.
///
/// # Errors
/// [`Fault::Io`].
pub(crate) fn within(folder: &Path, name: &str) -> Result<PathBuf, Fault> {
    let made = tempfile::Builder::new()
        .prefix(&writer::prefix(name))
        .suffix(writer::TEMPORARY)
        .tempdir_in(folder)
        .map_err(|error| Fault::io("create a folder in", folder, &error))?;
    Ok(made.keep())
}
