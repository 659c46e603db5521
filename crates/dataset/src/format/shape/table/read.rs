//! Tables as packs: what the formats of Parquet and Arrow files share. Each says which columns
//! become what; here rows are read, and columns must be those of the manifest, of exact types.
//!
//! O(values). A few thousand rows are held at a time, as the decoders hand them on.

use crate::Fault;
use crate::format::found::{Found, List};
use crate::format::reader::{Carried, Reader, Shape, Wanted};
use crate::output::Manifest;
use crate::source::Table;
use crate::warnings::told;
use arrow_array::cast::AsArray;
use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{Array, ListArray, RecordBatch};
use std::path::{Path, PathBuf};

/// The columns of our own; carried ones come where they are wanted.
const PROVED: [&str; 11] = [
    "input_ids",
    "seq_lengths",
    "seq_start_id",
    "sequence_ids",
    "labels",
    "loss_weights",
    "loss_mask",
    "position_ids",
    "attention_mask",
    "piece_starts",
    "token_counts",
];

/// The packs that a batch of rows stands for.
pub(crate) type Interpret = fn(&Batch<'_>) -> Result<Found, Fault>;

/// The reader of the formats that are tables.
pub(crate) struct TableReader {
    tables: Vec<Table>,
    /// Table, part of it, first row of that part.
    parts: Vec<(usize, usize, u64)>,
    packs: Vec<u64>,
    /// Columns that the caller of the packing took along.
    carried: Vec<String>,
    shape: Shape,
    pad: i32,
    alignment: u32,
    interpret: Interpret,
}

impl TableReader {
    /// # Errors
    /// [`Fault::Format`] for a file that can't be read, [`Fault::Invalid`] for other columns than
    /// the manifest has.
    pub(crate) fn open(
        paths: &[PathBuf],
        manifest: &Manifest,
        shape: Shape,
        interpret: Interpret,
    ) -> Result<Self, Fault> {
        let (mut tables, mut parts, mut packs) = (Vec::new(), Vec::new(), Vec::new());
        for path in paths {
            let table = Table::open(path)?;
            check_columns(&table, manifest)?;
            let mut first_row = 0;
            for (part, rows) in table.parts().into_iter().enumerate() {
                parts.push((tables.len(), part, first_row));
                packs.push(rows.unwrap_or(0));
                first_row += rows.unwrap_or(0);
            }
            tables.push(table);
        }
        let (pad, alignment) = (manifest.pad_token_id, manifest.sequence_alignment);
        let carried = Vec::new();
        Ok(Self { tables, parts, packs, carried, shape, pad, alignment, interpret })
    }

    /// The same, with columns that are handed on as they are, where they are wanted.
    pub(crate) fn with_carried(self, carried: Vec<String>) -> Self {
        Self { carried, ..self }
    }

    /// The files.
    pub(crate) fn tables(&self) -> &[Table] {
        &self.tables
    }
}

fn check_columns(table: &Table, manifest: &Manifest) -> Result<(), Fault> {
    let fields = table.schema().map(|schema| schema.fields().iter());
    let found: Vec<&str> =
        fields.into_iter().flatten().map(|field| field.name().as_str()).collect();
    if manifest.columns == found {
        return Ok(());
    }
    let said: Vec<&str> = manifest.columns.iter().map(String::as_str).collect();
    let (found, said) = (told(&found), told(&said));
    let detail = format!("the columns are {found}; the manifest says {said}");
    Err(Fault::invalid(table.path(), None, detail))
}

impl Reader for TableReader {
    fn parts(&self) -> Vec<PathBuf> {
        self.parts.iter().map(|&(table, ..)| self.tables[table].path().to_path_buf()).collect()
    }

    fn packs(&self) -> Vec<u64> {
        self.packs.clone()
    }

    fn carried(&self) -> Vec<String> {
        self.carried.clone()
    }

    fn seeks(&self) -> bool {
        self.tables.iter().all(Table::seeks)
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn read(
        &self,
        part: usize,
        wanted: &Wanted,
        take: &mut dyn FnMut(Found) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let (table, part, first_row) = self.parts[part];
        let table = &self.tables[table];
        let carried = match &wanted.carried {
            Carried::None => &[],
            Carried::All => &self.carried[..],
            Carried::Only(name) => std::slice::from_ref(name),
        };
        let names: Vec<&str> =
            PROVED.into_iter().chain(carried.iter().map(String::as_str)).collect();
        table.batches(part, &names, wanted.packs.clone(), &mut |batch, row| {
            let batch = Batch {
                columns: &batch,
                first_row: first_row + row,
                path: table.path(),
                pad: self.pad,
                alignment: self.alignment,
            };
            let mut found = (self.interpret)(&batch)?;
            for name in carried {
                found.carried.push((name.clone(), batch.carried(name)?));
            }
            take(found)
        })
    }
}

/// Rows of a table.
pub(crate) struct Batch<'a> {
    columns: &'a RecordBatch,
    pub first_row: u64,
    pub path: &'a Path,
    /// The padding id of the data set.
    pub pad: i32,
    /// Each segment takes a multiple of this.
    pub alignment: u32,
}

impl Batch<'_> {
    /// Lists of exactly this type, in a column that must be there.
    ///
    /// # Errors
    /// [`Fault::Invalid`] if it isn't, or has nulls, with the first row of them.
    pub(crate) fn needed<T: ArrowPrimitiveType>(
        &self,
        name: &str,
    ) -> Result<List<T::Native>, Fault> {
        let missing = || Fault::invalid(self.path, None, format!("column {name} is missing"));
        self.list::<T>(name)?.ok_or_else(missing)
    }

    /// The same of a column that may be absent.
    ///
    /// # Errors
    /// As [`needed`](Self::needed), for a column that is there.
    pub(crate) fn list<T: ArrowPrimitiveType>(
        &self,
        name: &str,
    ) -> Result<Option<List<T::Native>>, Fault> {
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
        Ok(Some(List::new(list.offsets().clone(), values.values().clone())))
    }

    /// A carried column: a list per pack, of whatever type, as it lies in the file.
    ///
    /// # Errors
    /// [`Fault::Invalid`] if it isn't there, or no list.
    pub(crate) fn carried(&self, name: &str) -> Result<ListArray, Fault> {
        let column = self.columns.column_by_name(name);
        let list = column.and_then(|column| column.as_list_opt::<i32>());
        let other = || Fault::invalid(self.path, None, format!("column {name} is no list"));
        list.cloned().ok_or_else(other)
    }
}
