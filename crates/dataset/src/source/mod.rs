//! Source files: which there are, of which kind, and their rows in order.
//!
//! A file is read in parts (row groups, record batches), which several threads may take at once;
//! rows keep the order of the files and of the parts.

mod arrow;
mod column;
pub(crate) mod file;
mod ipc;
mod jsonl;
mod npy;
mod parquet;
mod paths;
mod rows;
mod table;

pub(crate) use paths::expand;
pub(crate) use rows::{IGNORE, Rows};

use crate::Fault;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use file::SourceFile;
use std::path::{Path, PathBuf};

/// Names of the source columns that a job reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Tokens: a list of integers. Where only lengths are read, an integer column too.
    pub tokens: String,
    /// Own labels, shaped like the tokens.
    pub labels: Option<String>,
    /// Loss mask or weights, shaped like the tokens.
    pub loss_mask: Option<String>,
    /// Columns taken along, a value per sequence.
    pub carry: Vec<String>,
    /// Lengths, for a format without tokens.
    pub lengths: Option<String>,
    /// The caller's ids of sequences, for a format without tokens.
    pub ids: Option<String>,
    /// Lengths are enough.
    pub(crate) lengths_only: bool,
}

impl Default for Columns {
    fn default() -> Self {
        Self {
            tokens: "input_ids".to_string(),
            labels: None,
            loss_mask: None,
            carry: Vec::new(),
            lengths: None,
            ids: None,
            lengths_only: false,
        }
    }
}

impl Columns {
    /// These columns.
    #[must_use]
    pub fn new(
        tokens: String,
        labels: Option<String>,
        loss_mask: Option<String>,
        carry: Vec<String>,
    ) -> Self {
        Self { tokens, labels, loss_mask, carry, ..Self::default() }
    }

    /// Every column named, tokens first.
    fn names(&self) -> impl Iterator<Item = &str> {
        let tokens = std::iter::once(self.tokens.as_str());
        let others = self.labels.iter().chain(&self.loss_mask).chain(&self.carry);
        tokens.chain(others.map(String::as_str))
    }
}

/// An open source file.
pub(crate) struct Table {
    path: PathBuf,
    kind: Kind,
}

enum Kind {
    Parquet(parquet::ParquetTable),
    Arrow(arrow::ArrowTable),
    JsonLines(jsonl::JsonlTable),
    Npy(npy::NpyTable),
}

impl Table {
    /// Opens a file by what its first bytes say, or else by its name.
    ///
    /// # Errors
    /// [`Fault::Io`] if it can't be read, [`Fault::Format`] if it is damaged or of no known kind.
    pub(crate) fn open(path: &Path) -> Result<Self, Fault> {
        let file = SourceFile::open(path)?;
        let start = file.read(0, 8.min(file.size() as usize));
        let start = start.map_err(|error| Fault::io("read", path, &error))?;
        let name = path.extension().unwrap_or_default().to_ascii_lowercase();
        let name = name.to_str().unwrap_or_default();
        let kind = match (&start[..], name) {
            ([b'P', b'A', b'R', b'1', ..], _) => Kind::Parquet(parquet::ParquetTable::open(path)?),
            ([b'A', b'R', b'R', b'O', b'W', b'1', ..], _) => {
                Kind::Arrow(arrow::ArrowTable::open_file(path)?)
            }
            ([0xFF, 0xFF, 0xFF, 0xFF, ..], _) => Kind::Arrow(arrow::ArrowTable::open_stream(path)?),
            ([0x93, b'N', b'U', b'M', b'P', b'Y', ..], _) | (_, "npy") => {
                Kind::Npy(npy::NpyTable::open(path)?)
            }
            ([b'{', ..], _) | (_, "jsonl" | "ndjson" | "json") => {
                Kind::JsonLines(jsonl::JsonlTable::open(path)?)
            }
            (_, "parquet") => Kind::Parquet(parquet::ParquetTable::open(path)?),
            (_, "arrow" | "ipc" | "feather") => Kind::Arrow(arrow::ArrowTable::open_file(path)?),
            (_, "arrows") => Kind::Arrow(arrow::ArrowTable::open_stream(path)?),
            _ => {
                let detail = "neither Parquet, Arrow IPC, JSON lines nor .npy".to_string();
                return Err(Fault::format(path, None, detail));
            }
        };
        Ok(Self { path: path.to_path_buf(), kind })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The columns, where the format has a schema.
    pub(crate) fn schema(&self) -> Option<&SchemaRef> {
        match &self.kind {
            Kind::Parquet(table) => Some(table.schema()),
            Kind::Arrow(table) => Some(table.schema()),
            Kind::JsonLines(_) | Kind::Npy(_) => None,
        }
    }

    /// Rows of each part, where they are known without reading it.
    pub(crate) fn parts(&self) -> Vec<Option<u64>> {
        match &self.kind {
            Kind::Parquet(table) => table.parts(),
            Kind::Arrow(table) => table.parts(),
            Kind::JsonLines(_) => vec![None],
            Kind::Npy(table) => vec![Some(table.rows())],
        }
    }

    /// A guess at the rows of a part that doesn't say, from its bytes: for progress alone.
    pub(crate) fn guess(&self) -> u64 {
        match &self.kind {
            Kind::JsonLines(table) => table.size() / 1024,
            _ => 0,
        }
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
        match &self.kind {
            Kind::Parquet(table) => table.read(part, first_row, columns, take),
            Kind::Arrow(table) => table.read(part, first_row, columns, take),
            Kind::JsonLines(table) => table.read(columns, take),
            Kind::Npy(_) if !columns.lengths_only => {
                let detail = "a .npy file holds lengths, not tokens".to_string();
                Err(Fault::column(&self.path, None, detail))
            }
            Kind::Npy(table) => table.read(&mut |lengths| {
                let mut rows = Rows { lengths: lengths.to_vec(), ..Rows::default() };
                take(&mut rows)
            }),
        }
    }

    /// Reads whole columns of part `part` as Arrow arrays, for formats that have a schema; the
    /// columns that aren't there are left out.
    pub(crate) fn batches(
        &self,
        part: usize,
        columns: &[&str],
        take: &mut dyn FnMut(RecordBatch, u64) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let index = |name: &&str| self.schema()?.index_of(name).ok();
        let roots: Vec<usize> = columns.iter().filter_map(index).collect();
        match &self.kind {
            Kind::Parquet(table) => table.batches(part, &roots, take),
            Kind::Arrow(table) => table.batches(part, &roots, take),
            Kind::JsonLines(_) | Kind::Npy(_) => {
                Err(Fault::format(&self.path, None, "a table with a schema is needed".to_string()))
            }
        }
    }
}
