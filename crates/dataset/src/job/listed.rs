//! The files of a written data set: those of the manifest, and no others that a reader would take.

use crate::Fault;
use crate::format::Facts;
use crate::output::{MANIFEST, Manifest};
use crate::source::identity::Identity;
use crate::source::positioned::SourceFile;
use std::collections::{BTreeSet, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The data files that the manifest names, each of the size it says, in the order in which readers
/// take them, and none beside them that a reader would take, too.
///
/// # Errors
/// [`Fault::Invalid`] for the first file that breaks this; [`Fault::Format`] for another size;
/// [`Fault::Io`].
pub(in crate::job) fn check(
    folder: &Path,
    manifest: &Manifest,
    facts: &Facts,
) -> Result<Listed, Fault> {
    let sharded = facts.shard_bytes.is_some();
    let falls = manifest.files.windows(2).find(|pair| sharded && pair[0].path >= pair[1].path);
    if let Some(pair) = falls {
        let (first, second) = (&pair[0].path, &pair[1].path);
        let detail = format!("{second} stands behind {first}; readers take shards by their names");
        return Err(Fault::invalid(&folder.join(MANIFEST), None, detail));
    }
    let mut paths = Vec::new();
    if let Some(extra) = unlisted(folder, manifest)? {
        let detail = "it isn't of this data set, but a reader that takes all files of its kind \
                      would read it; move it elsewhere";
        return Err(Fault::invalid(&extra, None, detail.to_string()));
    }
    let mut identities = Vec::new();
    for file in &manifest.files {
        let path = folder.join(&file.path);
        let open = SourceFile::open(&path)?;
        if open.size() != file.bytes {
            let detail = format!("{} bytes; the manifest says {}", open.size(), file.bytes);
            return Err(Fault::format(&path, None, detail));
        }
        identities.push((path.clone(), open.identity()));
        paths.push(path);
    }
    for file in &manifest.described {
        let path = folder.join(&file.path);
        identities.push((path.clone(), SourceFile::open(&path)?.identity()));
    }
    Ok(Listed { paths, identities })
}

/// The files of a data set as they were found.
pub(in crate::job) struct Listed {
    /// The data files, in the manifest's order.
    pub paths: Vec<PathBuf>,
    identities: Vec<(PathBuf, Identity)>,
}

impl Listed {
    /// # Errors
    /// [`Fault::InputChanged`] if the file at `path`, one of these, isn't what it was.
    pub(super) fn unchanged_at(&self, path: &Path) -> Result<(), Fault> {
        let listed = self.identities.iter().find(|(listed, _)| listed == path);
        listed.map_or(Ok(()), |(path, first)| first.still_at(path))
    }

    /// # Errors
    /// [`Fault::InputChanged`] for the first file that isn't what it was.
    pub(crate) fn unchanged(&self) -> Result<(), Fault> {
        self.identities.iter().try_for_each(|(path, first)| first.still_at(path))
    }
}

/// A file that the manifest doesn't list, named like its data files.
fn unlisted(folder: &Path, manifest: &Manifest) -> Result<Option<PathBuf>, Fault> {
    let all =
        || manifest.files.iter().chain(&manifest.described).map(|file| folder.join(&file.path));
    let listed: HashSet<PathBuf> = all().collect();
    let endings: HashSet<_> =
        all().filter_map(|path| path.extension().map(OsStr::to_owned)).collect();
    let folders: BTreeSet<PathBuf> =
        all().filter_map(|path| path.parent().map(Path::to_path_buf)).collect();
    for folder in folders {
        let refused = |error| Fault::io("read", &folder, &error);
        let mut extra = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(refused)? {
            let entry = entry.map_err(refused)?;
            let (path, name) = (entry.path(), entry.file_name());
            // Readers pass over such names, as over the manifest.
            let hidden = name.as_encoded_bytes().starts_with(b"_")
                || name.as_encoded_bytes().starts_with(b".");
            let alike = path.extension().is_some_and(|ending| endings.contains(ending));
            if !hidden && alike && !listed.contains(&path) {
                extra.push(path);
            }
        }
        if let Some(first) = extra.into_iter().min() {
            return Ok(Some(first));
        }
    }
    Ok(None)
}
