//! The text columns of an object of JSON; its other fields are skipped unread.

use super::TextColumns;
use crate::Fault;
use crate::source::layout::missing;
use serde_core::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;
use std::path::Path;
use stowage_text::Row;

/// The object `bytes` as row `row` of a file.
///
/// # Errors
/// [`Fault::Format`] for what isn't JSON, [`Fault::Column`] for a column that it lacks.
pub(crate) fn of_object(
    bytes: &[u8],
    columns: &TextColumns,
    path: &Path,
    row: u64,
) -> Result<Row, Fault> {
    let names = columns.names();
    let mut found = vec![None; names.len()];
    let mut others = Vec::new();
    let mut decoder = serde_json::Deserializer::from_slice(bytes);
    let seed = Wanted { names: &names, found: &mut found, others: &mut others };
    let decoded = seed.deserialize(&mut decoder).and_then(|()| decoder.end());
    decoded.map_err(|error| Fault::format(path, row, format!("not JSON as expected: {error}")))?;
    let mut values = Vec::with_capacity(names.len());
    for (place, (name, value)) in names.iter().zip(found).enumerate() {
        match value {
            Some(value) => values.push(value),
            None if columns.is_optional(place) => values.push(Value::Null),
            None => {
                let others: Vec<&str> = others.iter().map(String::as_str).collect();
                return Err(missing(path, name, &others, Some(row)));
            }
        }
    }
    Ok(columns.row(values))
}

/// Reads the fields of these names, and the names of all.
struct Wanted<'a> {
    names: &'a [&'a str],
    found: &'a mut [Option<Value>],
    others: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Wanted<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, decoder: D) -> Result<(), D::Error> {
        decoder.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Wanted<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match self.names.iter().position(|name| *name == key) {
                Some(place) => self.found[place] = Some(map.next_value()?),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
            self.others.push(key);
        }
        Ok(())
    }
}
