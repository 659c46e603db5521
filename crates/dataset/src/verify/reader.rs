//! Reading back what was written: a [`Reader`] per format hands on packs, whatever they lie in.

use crate::Fault;
use crate::source::Table;
use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Float32Type, Int32Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Packs as they stand in a file.
pub(crate) struct Found {
    /// Row of the file that the first pack is.
    pub first_row: u64,
    pub tokens: List<i32>,
    /// Places of each segment.
    pub lengths: List<i32>,
    pub sequences: List<i64>,
    pub labels: Option<List<i32>>,
    pub weights: Option<List<f32>>,
    pub starts: Option<List<i64>>,
    pub counts: Option<List<i32>>,
}

/// A list of numbers per pack.
pub(crate) struct List<T: arrow_buffer::ArrowNativeType> {
    offsets: OffsetBuffer<i32>,
    values: ScalarBuffer<T>,
}

impl<T: arrow_buffer::ArrowNativeType> List<T> {
    /// Number of packs.
    pub(crate) fn rows(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Where the numbers of pack `row` lie.
    pub(crate) fn range(&self, row: usize) -> Range<usize> {
        self.offsets[row] as usize..self.offsets[row + 1] as usize
    }

    /// All numbers, as [`range`](Self::range) counts them.
    pub(crate) fn all(&self) -> &[T] {
        &self.values
    }

    /// The numbers of pack `row`.
    pub(crate) fn row(&self, row: usize) -> &[T] {
        &self.values[self.range(row)]
    }
}

/// A data set being read back, in parts that several threads may take at once.
pub(crate) trait Reader: Sync {
    /// The file of each part, in the order of packs.
    fn parts(&self) -> Vec<PathBuf>;

    /// Hands on the packs of a part, in order.
    ///
    /// # Errors
    /// [`Fault::Format`] for files that can't be read, [`Fault::Invalid`] for columns that are
    /// missing or of another type, and whatever `take` returns.
    fn read(
        &self,
        part: usize,
        take: &mut dyn FnMut(&Found) -> Result<(), Fault>,
    ) -> Result<(), Fault>;
}

/// The reader of the formats `parquet` and `arrow`.
pub(crate) struct TableReader {
    tables: Vec<Table>,
    /// Table, part of it, first row of that part.
    parts: Vec<(usize, usize, u64)>,
}

impl TableReader {
    pub(crate) fn open(paths: &[PathBuf]) -> Result<Self, Fault> {
        let (mut tables, mut parts) = (Vec::new(), Vec::new());
        for path in paths {
            let table = Table::open(path)?;
            let mut first_row = 0;
            for (part, rows) in table.parts().into_iter().enumerate() {
                parts.push((tables.len(), part, first_row));
                first_row += rows.unwrap_or(0);
            }
            tables.push(table);
        }
        Ok(Self { tables, parts })
    }
}

/// The columns that are proved; carried ones are not.
const COLUMNS: [&str; 7] = [
    "input_ids",
    "seq_lengths",
    "sequence_ids",
    "labels",
    "loss_weights",
    "piece_starts",
    "token_counts",
];

impl Reader for TableReader {
    fn parts(&self) -> Vec<PathBuf> {
        self.parts.iter().map(|&(table, ..)| self.tables[table].path().to_path_buf()).collect()
    }

    fn read(
        &self,
        part: usize,
        take: &mut dyn FnMut(&Found) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let (table, part, first_row) = self.parts[part];
        let table = &self.tables[table];
        table.batches(part, &COLUMNS, &mut |batch, row| {
            take(&found(&batch, first_row + row, table.path())?)
        })
    }
}

fn found(batch: &RecordBatch, first_row: u64, path: &Path) -> Result<Found, Fault> {
    let columns = Batch { columns: batch, first_row, path };
    let needed = |name: &str| Fault::invalid(path, None, format!("column {name} is missing"));
    Ok(Found {
        first_row,
        tokens: columns.list::<Int32Type>("input_ids")?.ok_or_else(|| needed("input_ids"))?,
        lengths: columns.list::<Int32Type>("seq_lengths")?.ok_or_else(|| needed("seq_lengths"))?,
        sequences: columns
            .list::<Int64Type>("sequence_ids")?
            .ok_or_else(|| needed("sequence_ids"))?,
        labels: columns.list::<Int32Type>("labels")?,
        weights: columns.list::<Float32Type>("loss_weights")?,
        starts: columns.list::<Int64Type>("piece_starts")?,
        counts: columns.list::<Int32Type>("token_counts")?,
    })
}

struct Batch<'a> {
    columns: &'a RecordBatch,
    first_row: u64,
    path: &'a Path,
}

impl Batch<'_> {
    /// The column as lists of exactly this type, if it is there.
    fn list<T: ArrowPrimitiveType>(&self, name: &str) -> Result<Option<List<T::Native>>, Fault> {
        let Some(column) = self.columns.column_by_name(name) else { return Ok(None) };
        let fault = |row: Option<u64>, detail: String| Fault::invalid(self.path, row, detail);
        let list = column.as_list_opt::<i32>();
        let values = list.and_then(|list| list.values().as_primitive_opt::<T>());
        let (Some(list), Some(values)) = (list, values) else {
            let found = column.data_type();
            let detail = format!("column {name} is {found}, not a list of {}", T::DATA_TYPE);
            return Err(fault(None, detail));
        };
        if let Some(row) = (0..list.len()).find(|&row| list.is_null(row)) {
            return Err(fault(Some(self.first_row + row as u64), format!("{name} is null")));
        }
        if values.null_count() > 0 {
            let has_null = |&row: &usize| list.value(row).null_count() > 0;
            if let Some(row) = (0..list.len()).find(has_null) {
                let detail = format!("{name} has a null element");
                return Err(fault(Some(self.first_row + row as u64), detail));
            }
        }
        Ok(Some(List { offsets: list.offsets().clone(), values: values.values().clone() }))
    }
}
