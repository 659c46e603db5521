//! The small JSON files beside the data, held against what they must say.

use crate::Fault;
use crate::source::positioned::SourceFile;
use serde_core::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::path::Path;

/// A larger file isn't one of ours: the plan of a `seqpack` folder is the largest.
const LIMIT: u64 = 1 << 30;

/// The object in a JSON file.
///
/// # Errors
/// [`Fault::Io`] and [`Fault::Format`] if there is none.
pub(crate) fn object(path: &Path) -> Result<Map<String, Value>, Fault> {
    match value(path)? {
        Value::Object(object) => Ok(object),
        _ => Err(Fault::format(path, None, "not an object".to_string())),
    }
}

/// The value in a JSON file.
///
/// # Errors
/// As [`object`].
pub(crate) fn value(path: &Path) -> Result<Value, Fault> {
    typed(path)
}

/// The value in a JSON file, of a type that it must have.
///
/// # Errors
/// As [`object`].
pub(crate) fn typed<T: DeserializeOwned>(path: &Path) -> Result<T, Fault> {
    let bytes = SourceFile::read_whole(path, LIMIT)?;
    let damaged = |error| Fault::format(path, None, format!("not readable as JSON: {error}"));
    serde_json::from_slice(&bytes).map_err(damaged)
}

/// # Errors
/// [`Fault::Invalid`] unless `object` has `wanted` under `key`.
pub(crate) fn expect(
    path: &Path,
    object: &Map<String, Value>,
    key: &str,
    wanted: &Value,
) -> Result<(), Fault> {
    match object.get(key) {
        Some(found) if found == wanted => Ok(()),
        Some(found) => {
            Err(Fault::invalid(path, None, format!("{key} is {found}, where {wanted} is right")))
        }
        None => Err(Fault::invalid(path, None, format!("{key} is missing"))),
    }
}
