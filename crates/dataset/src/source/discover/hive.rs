//! Columns from the names of folders, as Hive writes them: `lang=de/year=2024/part-0.parquet`.
//!
//! Values are percent-decoded. A column is of int64 where all its values are plain integers (their
//! own shortest form: `007` is none), else of strings; Hive's name for null is null.

use arrow_array::{ArrayRef, Int64Array, StringArray, new_null_array};
use arrow_schema::DataType;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What Hive writes for null.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// The columns that the path of a file gives: name and value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Partitions(BTreeMap<String, Option<String>>);

/// The type of a column over all files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartitionType {
    Int64,
    Utf8,
}

impl PartitionType {
    /// The Arrow type.
    pub(crate) fn data_type(self) -> DataType {
        match self {
            Self::Int64 => DataType::Int64,
            Self::Utf8 => DataType::Utf8,
        }
    }
}

impl Partitions {
    /// Those of the folders in `path`; of two with one name the inner counts.
    pub(crate) fn of(path: &Path) -> Self {
        let folders = path.parent().into_iter().flat_map(Path::iter);
        let pairs = folders.filter_map(|part| part.to_str()?.split_once('='));
        Self(
            pairs
                .filter(|(name, _)| !name.is_empty())
                .map(|(name, value)| (decoded(name), (value != NULL).then(|| decoded(value))))
                .collect(),
        )
    }

    /// The value of `name`, none for null; nothing if there is no such partition.
    pub(crate) fn get(&self, name: &str) -> Option<&Option<String>> {
        self.0.get(name)
    }

    /// The type of `name` over all files that have it; none if no file has.
    pub(crate) fn type_of<'a>(
        name: &str,
        files: impl Iterator<Item = &'a Self>,
    ) -> Option<PartitionType> {
        let (mut any, mut integers, mut values) = (false, true, 0);
        for value in files.filter_map(|file| file.get(name)) {
            any = true;
            if let Some(value) = value {
                values += 1;
                integers &= is_plain_integer(value);
            }
        }
        let of = if integers && values > 0 { PartitionType::Int64 } else { PartitionType::Utf8 };
        any.then_some(of)
    }

    /// The value of `name` for `rows` rows.
    pub(crate) fn array(&self, name: &str, of: PartitionType, rows: usize) -> ArrayRef {
        match (self.get(name).and_then(Option::as_deref), of) {
            (None, _) => new_null_array(&of.data_type(), rows),
            (Some(value), PartitionType::Int64) => {
                let value: i64 = value.parse().expect("only integers make an int64 column");
                Arc::new(Int64Array::from_value(value, rows))
            }
            (Some(value), PartitionType::Utf8) => {
                Arc::new(StringArray::from_iter_values(std::iter::repeat_n(value, rows)))
            }
        }
    }
}

fn is_plain_integer(value: &str) -> bool {
    value.parse::<i64>().is_ok_and(|number| number.to_string() == value)
}

/// `text` with `%41` as `A`; what isn't such a code, or gives no UTF-8, stays.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let code = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let code = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        if let Some(byte) = code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            out.push(byte);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_string())
}

#[cfg(test)]
mod tests {
    use super::{PartitionType, Partitions};
    use std::path::Path;

    #[test]
    fn folders_give_columns_and_files_do_not() {
        let of = Partitions::of(Path::new("in/lang=de/a%2Fb=%C3%BC%zz/x=1.parquet"));
        assert_eq!(of.get("lang"), Some(&Some("de".to_string())));
        assert_eq!(of.get("a/b"), Some(&Some("ü%zz".to_string())));
        assert_eq!(of.get("x"), None);
    }

    #[test]
    fn integers_are_such_that_nothing_is_lost() {
        let of = |values: &[&str]| {
            let files: Vec<Partitions> = values
                .iter()
                .map(|value| Partitions::of(Path::new(&format!("k={value}/f"))))
                .collect();
            Partitions::type_of("k", files.iter())
        };
        let null = "__HIVE_DEFAULT_PARTITION__";
        assert_eq!(of(&["1", "-20", null]), Some(PartitionType::Int64));
        for others in [&["01"][..], &["1", "x"], &["+1"], &["9223372036854775808"], &[null], &[""]]
        {
            assert_eq!(of(others), Some(PartitionType::Utf8), "{others:?}");
        }
        assert_eq!(of(&[]), None);
    }
}
