//! Every file as it was written, to the bit: its digest against the manifest's.
//!
//! O(bytes), before anything else is looked at.

use crate::output::{DataFile, Manifest, digest_of_file};
use crate::progress::Meter;
use crate::source::positioned::SourceFile;
use crate::{Fault, parallel};
use std::path::Path;

/// Proves all digests.
///
/// # Errors
/// [`Fault::Format`] for the first file, in the manifest's order, that was changed; [`Fault::Io`];
/// a cancel.
pub(super) fn prove(
    folder: &Path,
    manifest: &Manifest,
    threads: usize,
    meter: &Meter<'_>,
) -> Result<(), Fault> {
    let files: Vec<&DataFile> = manifest.files.iter().chain(&manifest.described).collect();
    parallel::each(files.len(), threads, |file| one(folder, files[file], meter)).map(|_| ())
}

fn one(folder: &Path, file: &DataFile, meter: &Meter<'_>) -> Result<(), Fault> {
    let path = folder.join(&file.path);
    let changed = |detail: String| Fault::format(&path, None, detail);
    let open = SourceFile::open(&path)?;
    if open.size() != file.bytes {
        let detail = format!("{} bytes; the manifest says {}", open.size(), file.bytes);
        return Err(changed(detail));
    }
    let found = digest_of_file(open.file(), &path, file.bytes, &|bytes| meter.add(bytes))?;
    if found == file.digest {
        return Ok(());
    }
    Err(changed(format!(
        "it was changed after it was written: its digest is {found}, the manifest says {}",
        file.digest
    )))
}
