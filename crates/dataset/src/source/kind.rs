//! A source file, whatever its kind: opened by its first bytes, read part by part.

use super::arrow::ArrowTable;
use super::columns::Columns;
use super::discover::{Ending, Wrapping};
use super::identity::Identity;
use super::json::JsonTable;
use super::layout::missing;
use super::npy::NpyTable;
use super::parquet::ParquetTable;
use super::positioned::SourceFile;
use super::rows::Rows;
use super::text::{Batch, Texts, Work, of_batch};
use crate::Fault;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// An open source file.
pub(crate) struct Table {
    path: PathBuf,
    identity: Identity,
    size: u64,
    kind: Kind,
}

enum Kind {
    Parquet(ParquetTable),
    Arrow(ArrowTable),
    Json(JsonTable),
    Npy(NpyTable),
}

impl Table {
    /// Opens a file by what its first bytes say, or else by its name.
    ///
    /// # Errors
    /// [`Fault::Io`] if it can't be read, [`Fault::Format`] if it is damaged or of no known kind.
    pub(crate) fn open(path: &Path) -> Result<Self, Fault> {
        let file = SourceFile::open(path)?;
        let identity = file.identity();
        let start = file.read(0, 8.min(file.size() as usize));
        let start = start.map_err(|error| Fault::io("read", path, &error))?;
        let kind = Self::kind(path, identity, &start).map_err(|fault| {
            // Bytes that are wrong because somebody is writing them are another matter.
            identity.still_at(path).err().unwrap_or(fault)
        })?;
        Ok(Self { path: path.to_path_buf(), identity, size: file.size(), kind })
    }

    fn kind(path: &Path, identity: Identity, start: &[u8]) -> Result<Kind, Fault> {
        let unread = |detail: String| Err(Fault::format(path, None, detail));
        let parquet = || ParquetTable::open(path, identity).map(Kind::Parquet);
        let json = || JsonTable::open(path, identity).map(Kind::Json);
        Ok(match (start, Ending::of(path)) {
            ([b'P', b'A', b'R', b'1', ..], _) => parquet()?,
            ([b'A', b'R', b'R', b'O', b'W', b'1', ..], _) => {
                Kind::Arrow(ArrowTable::open_file(path, identity)?)
            }
            ([0xFF, 0xFF, 0xFF, 0xFF, ..], _) => {
                Kind::Arrow(ArrowTable::open_stream(path, identity)?)
            }
            ([0x93, b'N', b'U', b'M', b'P', b'Y', ..], _) | (_, Some((Ending::Npy, None))) => {
                Kind::Npy(NpyTable::open(path, identity)?)
            }
            (
                [b'{' | b'[', ..]
                | [0xEF, 0xBB, 0xBF, b'{' | b'[', ..]
                | [0x1F, 0x8B, ..]
                | [0x28, 0xB5, 0x2F, 0xFD, ..],
                _,
            )
            | (
                _,
                Some(
                    (Ending::JsonLines | Ending::Json, None)
                    | (_, Some(Wrapping::Gzip | Wrapping::Zstd)),
                ),
            ) => json()?,
            (_, Some((Ending::Parquet, None))) => parquet()?,
            (_, Some((Ending::ArrowFile, None))) => {
                Kind::Arrow(ArrowTable::open_file(path, identity)?)
            }
            (_, Some((Ending::ArrowStream, None))) => {
                Kind::Arrow(ArrowTable::open_stream(path, identity)?)
            }
            (_, Some((_, Some(Wrapping::Other(packing))))) => {
                return unread(format!(
                    "packed with {packing}, which isn't read; use gzip or zstd"
                ));
            }
            _ => {
                return unread("neither Parquet, Arrow IPC, JSON nor .npy".to_string());
            }
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// # Errors
    /// [`Fault::InputChanged`] unless the name still stands for the file that was opened.
    pub(crate) fn unchanged(&self) -> Result<(), Fault> {
        self.identity.still_at(&self.path)
    }

    /// Whether it is JSON, whose columns have no types.
    pub(crate) fn is_json(&self) -> bool {
        matches!(self.kind, Kind::Json(_))
    }

    /// The columns, where the format has a schema.
    pub(crate) fn schema(&self) -> Option<&SchemaRef> {
        match &self.kind {
            Kind::Parquet(table) => Some(table.schema()),
            Kind::Arrow(table) => Some(table.schema()),
            Kind::Json(_) | Kind::Npy(_) => None,
        }
    }

    /// Rows of each part, where they are known without reading it.
    pub(crate) fn parts(&self) -> Vec<Option<u64>> {
        match &self.kind {
            Kind::Parquet(table) => table.parts(),
            Kind::Arrow(table) => table.parts(),
            Kind::Json(_) => vec![None],
            Kind::Npy(table) => vec![Some(table.rows())],
        }
    }

    /// Bytes of the file.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Whether its parts may be read apart from one another: by other processes, too.
    pub(crate) fn divides(&self) -> bool {
        matches!(self.kind, Kind::Parquet(_) | Kind::Arrow(_))
    }

    /// Whether rows are read without those before them in their part.
    pub(crate) fn seeks(&self) -> bool {
        matches!(self.kind, Kind::Arrow(_))
    }

    /// Reads part `part`, whose first row is `first_row` of the file (0 where it isn't known),
    /// some rows at a time, in order.
    pub(crate) fn read(
        &self,
        part: usize,
        first_row: u64,
        columns: &Columns,
        take: &mut dyn FnMut(&mut Rows) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let read = match &self.kind {
            Kind::Parquet(table) => table.read(part, first_row, columns, take),
            Kind::Arrow(table) => table.read(part, first_row, columns, take),
            Kind::Json(table) => table.read(columns, take),
            Kind::Npy(_) if !columns.lengths_only => {
                let detail = "a .npy file holds lengths, not tokens".to_string();
                Err(Fault::column(&self.path, None, detail))
            }
            Kind::Npy(table) => table.read(&mut |lengths| {
                let mut rows = Rows { lengths: lengths.to_vec(), ..Rows::default() };
                take(&mut rows)
            }),
        };
        read.map_err(|fault| self.or_changed(fault))
    }

    /// Reads the text columns of part `part` as [`read`](Self::read) reads those of tokens, with the
    /// columns `carry` taken along.
    pub(crate) fn read_text(
        &self,
        part: usize,
        first_row: u64,
        texts: &Texts,
        carry: &[String],
        work: &Work<'_>,
        take: &mut dyn FnMut(&mut Rows) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        match &self.kind {
            Kind::Json(table) => {
                return table.read_text(texts, work, take).map_err(|fault| self.or_changed(fault));
            }
            Kind::Npy(_) => {
                let detail = "a .npy file holds numbers, not text".to_string();
                return Err(Fault::column(&self.path, None, detail));
            }
            Kind::Parquet(_) | Kind::Arrow(_) => {}
        }
        let mut columns = texts.columns.names();
        columns.extend(carry.iter().map(String::as_str));
        let schema = self.schema().expect("such files have one");
        if let Some(name) = columns.iter().find(|name| schema.index_of(name).is_err()) {
            let names: Vec<&str> = schema.fields().iter().map(|it| it.name().as_str()).collect();
            return Err(missing(&self.path, name, &names, None));
        }
        columns.sort_unstable();
        columns.dedup();
        self.batches(part, &columns, 0..u64::MAX, &mut |batch, start| {
            let first_row = first_row + start;
            let row =
                |at: usize| of_batch(&batch, at, &texts.columns, &self.path, first_row + at as u64);
            let own = Batch { path: &self.path, first_row, count: batch.num_rows(), row: &row };
            let mut rows = texts.tokens(&own, work)?;
            let array = |name: &String| batch.column_by_name(name).cloned();
            rows.carried = carry.iter().filter_map(array).collect();
            take(&mut rows)
        })
    }

    /// Reads rows `rows` of columns of part `part` as Arrow arrays, for formats that have a schema; the
    /// columns that aren't there are left out.
    pub(crate) fn batches(
        &self,
        part: usize,
        columns: &[&str],
        rows: Range<u64>,
        take: &mut dyn FnMut(RecordBatch, u64) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let index = |name: &&str| self.schema()?.index_of(name).ok();
        let roots: Vec<usize> = columns.iter().filter_map(index).collect();
        let read = match &self.kind {
            Kind::Parquet(table) => table.batches(part, &roots, rows, take),
            Kind::Arrow(table) => table.batches(part, &roots, rows, take),
            Kind::Json(_) | Kind::Npy(_) => {
                Err(Fault::format(&self.path, None, "a table with a schema is needed".to_string()))
            }
        };
        read.map_err(|fault| self.or_changed(fault))
    }

    /// A fault of this file's bytes means another thing where somebody has changed them.
    fn or_changed(&self, fault: Fault) -> Fault {
        let own = fault.path() == Some(&self.path);
        if own { self.unchanged().err().unwrap_or(fault) } else { fault }
    }
}
