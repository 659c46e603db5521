//! Folders that `datasets.save_to_disk` writes: `state.json` names the data files in their order,
//! `dataset_dict.json` the splits. Whatever else lies there (`cache-*.arrow`) is no data.

use crate::Fault;
use serde_json::Value;
use std::path::{Component, Path, PathBuf};

/// Such a file has some hundred bytes, and a line per shard.
const LIMIT: u64 = 64 << 20;

/// The data files that the `state.json` of `folder` names; none if it has no such file.
///
/// # Errors
/// [`Fault::Format`] for a name that isn't one of a file in this folder.
pub(super) fn state_files(folder: &Path) -> Result<Option<Vec<PathBuf>>, Fault> {
    let path = folder.join("state.json");
    let Some(state) = document(&path) else { return Ok(None) };
    let Some(files) = state.get("_data_files").and_then(Value::as_array) else { return Ok(None) };
    let files = files.iter().map(|file| {
        let name = file.get("filename").and_then(Value::as_str);
        let name = name.filter(|name| is_inside(name));
        let wrong = || {
            let detail = "an entry of _data_files has no filename within this folder".to_string();
            Fault::format(&path, None, detail)
        };
        name.map(|name| folder.join(name)).ok_or_else(wrong)
    });
    files.collect::<Result<_, _>>().map(Some)
}

/// The splits that the `dataset_dict.json` of `folder` names; none if it has no such file.
///
/// # Errors
/// [`Fault::Format`] for a split whose folder isn't there.
pub(super) fn dataset_dict(folder: &Path) -> Result<Option<Vec<String>>, Fault> {
    let path = folder.join("dataset_dict.json");
    let Some(document) = document(&path) else { return Ok(None) };
    let Some(splits) = document.get("splits").and_then(Value::as_array) else { return Ok(None) };
    let splits = splits.iter().map(|name| {
        let name = name.as_str().filter(|name| is_inside(name) && folder.join(name).is_dir());
        let wrong = || {
            let detail = "an entry of splits has no folder of its name here".to_string();
            Fault::format(&path, None, detail)
        };
        name.map(str::to_string).ok_or_else(wrong)
    });
    splits.collect::<Result<_, _>>().map(Some)
}

fn document(path: &Path) -> Option<Value> {
    let metadata = std::fs::metadata(path).ok()?;
    if !metadata.is_file() || metadata.len() > LIMIT {
        return None;
    }
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

fn is_inside(name: &str) -> bool {
    !name.is_empty()
        && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
}
