//! The small files with which `datasets.load_from_disk` finds the shards of `hf`, `trl` and
//! `llamafactory`: all their keys must be there, name these files, and describe these columns.

use crate::Fault;
use crate::format::shape::json::{expect, object};
use crate::format::shape::table::TableReader;
use crate::output::Manifest;
use arrow_schema::{DataType, Field, Schema};
use serde_json::{Map, Value, json};
use std::path::Path;

/// Proves `state.json` and `dataset_info.json` below `prefix`.
///
/// # Errors
/// [`Fault::Invalid`] with the key that is wrong; [`Fault::Io`] and [`Fault::Format`] for files
/// that can't be read.
pub(crate) fn check(
    folder: &Path,
    prefix: &str,
    manifest: &Manifest,
    reader: &TableReader,
) -> Result<(), Fault> {
    let path = folder.join(format!("{prefix}state.json"));
    let state = object(&path)?;
    let inside = |path: &str| path.strip_prefix(prefix).unwrap_or(path).to_string();
    let names = manifest.files.iter().map(|file| json!({ "filename": inside(&file.path) }));
    expect(&path, &state, "_data_files", &Value::Array(names.collect()))?;
    // The reader fails without any of these keys.
    for (key, wanted) in [
        ("_format_columns", Value::Null),
        ("_format_kwargs", json!({})),
        ("_format_type", Value::Null),
        ("_output_all_columns", json!(false)),
        ("_split", json!("train")),
    ] {
        expect(&path, &state, key, &wanted)?;
    }
    let is_hash = |text: &str| text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if !state.get("_fingerprint").and_then(Value::as_str).is_some_and(is_hash) {
        let detail = "_fingerprint is missing, or not of 16 hex digits".to_string();
        return Err(Fault::invalid(&path, None, detail));
    }
    let path = folder.join(format!("{prefix}dataset_info.json"));
    let info = object(&path)?;
    let schema = reader.tables().first().and_then(|table| table.schema());
    let wanted = schema.map(|schema| features(schema)).unwrap_or_default();
    expect(&path, &info, "features", &Value::Object(wanted))
}

/// Proves that `dataset_dict.json` names the one split.
///
/// # Errors
/// As [`check`].
pub(crate) fn check_splits(folder: &Path) -> Result<(), Fault> {
    let path = folder.join("dataset_dict.json");
    expect(&path, &object(&path)?, "splits", &json!(["train"]))
}

/// A schema in the words of `datasets`, in the spelling that all its versions read.
fn features(schema: &Schema) -> Map<String, Value> {
    let feature = |field: &Field| {
        let DataType::List(item) = field.data_type() else { return Value::Null };
        let dtype = match item.data_type() {
            DataType::Int32 => "int32",
            DataType::Float32 => "float32",
            _ => return Value::Null,
        };
        json!({ "feature": { "dtype": dtype, "_type": "Value" }, "_type": "Sequence" })
    };
    schema.fields().iter().map(|field| (field.name().clone(), feature(field))).collect()
}
