//! Lengths and the caller's own ids, for a format without tokens.
//!
//! O(n); 12 bytes per sequence.

use super::columns::Columns;
use super::discover::Inputs;
use super::sources::{Part, Sources, concatenated};
use crate::progress::Meter;
use crate::{Fault, parallel};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use std::path::Path;
use stowage_engine::{Stage, Watch};

/// Lengths, and the caller's own ids.
pub(crate) struct Sequences {
    pub lengths: Vec<u32>,
    pub ids: Option<Vec<i64>>,
    /// What the caller should know of the inputs.
    pub warnings: Vec<String>,
}

impl Sequences {
    /// Reads them from the named columns.
    ///
    /// # Errors
    /// That of the first source that can't be read; a cancel.
    pub(crate) fn read(
        inputs: &Inputs<'_>,
        named: &Columns,
        threads: usize,
        watch: &dyn Watch,
    ) -> Result<Self, Fault> {
        let columns = Columns {
            tokens: named.lengths.as_ref().unwrap_or(&named.tokens).clone(),
            carry: named.ids.iter().cloned().collect(),
            lengths_only: true,
            ..Columns::default()
        };
        let inputs = Inputs { column: &columns.tokens, arrays: true, ..*inputs };
        let mut sources = Sources::open(&inputs, watch)?;
        let warnings = std::mem::take(&mut sources.warnings).into_list();
        let meter = Meter::new(watch, Stage::Read, sources.bytes);
        let parts = parallel::each(sources.parts.len(), threads, |index| {
            let Part { table, .. } = sources.parts[index];
            let (mut lengths, mut ids) = (Vec::new(), Vec::new());
            let source = &sources.tables[table];
            sources.read(index, &columns, None, &mut |rows| {
                lengths.extend_from_slice(&rows.lengths);
                for array in rows.carried.drain(..) {
                    ids.extend(whole_numbers(&array, source.path())?);
                }
                if !columns.carry.is_empty() && ids.len() != lengths.len() {
                    let detail = "ids are read from Parquet and Arrow files alone".to_string();
                    return Err(Fault::column(source.path(), None, detail));
                }
                meter.add(rows.bytes)
            })?;
            Ok((lengths, ids))
        })?;
        sources.unchanged()?;
        let (lengths, ids): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        let ids = named.ids.is_some().then(|| ids.concat());
        Ok(Self { lengths: concatenated(lengths)?, ids, warnings })
    }
}

fn whole_numbers(array: &ArrayRef, path: &Path) -> Result<Vec<i64>, Fault> {
    fn all<T: ArrowPrimitiveType>(array: &ArrayRef) -> Option<Vec<i64>>
    where
        T::Native: TryInto<i64>,
    {
        let values = array.as_primitive::<T>().values();
        values.iter().map(|&id| id.try_into().ok()).collect()
    }
    let ids = match array.data_type() {
        _ if array.null_count() > 0 => None,
        DataType::UInt8 => all::<UInt8Type>(array),
        DataType::Int16 => all::<Int16Type>(array),
        DataType::UInt16 => all::<UInt16Type>(array),
        DataType::Int32 => all::<Int32Type>(array),
        DataType::UInt32 => all::<UInt32Type>(array),
        DataType::Int64 => all::<Int64Type>(array),
        DataType::UInt64 => all::<UInt64Type>(array),
        _ => None,
    };
    ids.ok_or_else(|| {
        let kind = array.data_type();
        let detail = format!(
            "the column of ids must be of integers below 2^63 without nulls, not {kind} with {} nulls",
            array.null_count()
        );
        Fault::column(path, None, detail)
    })
}
