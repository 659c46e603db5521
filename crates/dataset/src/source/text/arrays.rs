//! The text columns of a record batch: strings, lists and structs of Arrow as values of JSON.

use super::TextColumns;
use crate::Fault;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use serde_json::{Map, Number, Value};
use std::path::Path;
use stowage_text::Row;

/// Row `at` of a batch.
///
/// # Errors
/// [`Fault::Column`] for a type that text can't have.
pub(crate) fn of_batch(
    batch: &RecordBatch,
    at: usize,
    columns: &TextColumns,
    path: &Path,
    row: u64,
) -> Result<Row, Fault> {
    let mut values = Vec::new();
    for name in columns.names() {
        let array = batch.column_by_name(name).ok_or_else(|| {
            Fault::format(path, None, format!("column '{name}' is missing from a part"))
        })?;
        let value = value(array, at)
            .map_err(|what| Fault::column(path, row, format!("column '{name}': {what}")))?;
        values.push(value);
    }
    Ok(columns.row(values))
}

/// One value; what is wrong with it otherwise.
fn value(array: &ArrayRef, at: usize) -> Result<Value, String> {
    if array.is_null(at) {
        return Ok(Value::Null);
    }
    let whole = |value: i64| Ok(Value::from(value));
    let fraction = |value: f64| match Number::from_f64(value) {
        Some(number) => Ok(Value::Number(number)),
        None => Err(format!("{value}, which JSON has no number for")),
    };
    match array.data_type() {
        DataType::Null => Ok(Value::Null),
        DataType::Utf8 => Ok(array.as_string::<i32>().value(at).into()),
        DataType::LargeUtf8 => Ok(array.as_string::<i64>().value(at).into()),
        DataType::Utf8View => Ok(array.as_string_view().value(at).into()),
        DataType::Boolean => Ok(array.as_boolean().value(at).into()),
        DataType::Int8 => whole(array.as_primitive::<Int8Type>().value(at).into()),
        DataType::Int16 => whole(array.as_primitive::<Int16Type>().value(at).into()),
        DataType::Int32 => whole(array.as_primitive::<Int32Type>().value(at).into()),
        DataType::Int64 => whole(array.as_primitive::<Int64Type>().value(at)),
        DataType::UInt8 => whole(array.as_primitive::<UInt8Type>().value(at).into()),
        DataType::UInt16 => whole(array.as_primitive::<UInt16Type>().value(at).into()),
        DataType::UInt32 => whole(array.as_primitive::<UInt32Type>().value(at).into()),
        DataType::UInt64 => Ok(array.as_primitive::<UInt64Type>().value(at).into()),
        DataType::Float32 => fraction(array.as_primitive::<Float32Type>().value(at).into()),
        DataType::Float64 => fraction(array.as_primitive::<Float64Type>().value(at)),
        DataType::Dictionary(..) => {
            let one = array.slice(at, 1);
            let dictionary = one.as_any_dictionary();
            value(dictionary.values(), dictionary.normalized_keys()[0])
        }
        DataType::List(_) => list(&array.as_list::<i32>().value(at)),
        DataType::LargeList(_) => list(&array.as_list::<i64>().value(at)),
        DataType::FixedSizeList(..) => list(&array.as_fixed_size_list().value(at)),
        DataType::Struct(fields) => {
            let own = array.as_struct();
            let mut all = Map::new();
            for (field, column) in fields.iter().zip(own.columns()) {
                all.insert(field.name().clone(), value(column, at)?);
            }
            Ok(Value::Object(all))
        }
        other => Err(format!(
            "values of type {other}; text is read from strings, lists, structs, numbers and booleans"
        )),
    }
}

fn list(items: &ArrayRef) -> Result<Value, String> {
    (0..items.len()).map(|at| value(items, at)).collect()
}
