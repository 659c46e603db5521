//! Parquet: one part per row group, decoded a few pages at a time, named columns only.
//!
//! O(values of those columns). A row group is read as a stream, so memory doesn't grow with it.

use super::assemble::{Columns as LeafColumns, array_of, leaves_below};
use super::footer;
use super::integers::IntegerLists;
use super::leaf::LeafReader;
use super::node::{Node, nodes};
use super::pages::Pages;
use crate::Fault;
use crate::fault::guarded;
use crate::source::columns::Columns;
use crate::source::identity::Identity;
use crate::source::layout::{self, Layout};
use crate::source::positioned::SourceFile;
use crate::source::rows::Rows;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{FieldRef, Schema, SchemaRef};
use parquet::basic::Type as PhysicalType;
use parquet::column::page::PageReader;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use std::fmt::Display;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Tokens decoded at once: what stays in the second-level cache until it is put away.
const TOKENS_AT_ONCE: u64 = 1 << 16;

/// Bytes of text that are worth a token: 4 MiB of it are decoded at once.
const BYTES_OF_TEXT: u64 = 64;

/// An open Parquet file.
pub(crate) struct ParquetTable {
    path: PathBuf,
    identity: Identity,
    metadata: ParquetMetaData,
    nodes: Vec<Node>,
    schema: SchemaRef,
}

impl ParquetTable {
    pub(crate) fn open(path: &Path, identity: Identity) -> Result<Self, Fault> {
        let file = SourceFile::reopen(path, identity)?;
        if let Some(fault) = footer::fault(&file) {
            return Err(Fault::format(path, None, format!("not a readable Parquet file: {fault}")));
        }
        let (metadata, nodes) = guarded(path, || {
            let metadata = ParquetMetaDataReader::new().parse_and_finish(&file);
            let metadata = metadata.map_err(|error| damaged(path, &error))?;
            let nodes = nodes(metadata.file_metadata().schema_descr());
            Ok((metadata, nodes))
        })?;
        let schema =
            Schema::new(nodes.iter().map(|node| Arc::clone(&node.field)).collect::<Vec<_>>());
        Ok(Self { path: path.to_path_buf(), identity, metadata, nodes, schema: Arc::new(schema) })
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Rows of each part.
    pub(crate) fn parts(&self) -> Vec<Option<u64>> {
        let groups = self.metadata.row_groups();
        groups.iter().map(|group| u64::try_from(group.num_rows()).ok()).collect()
    }

    /// Decodes row group `part`, whose first row is `first_row` of the file. Of a group that isn't
    /// there, or has no rows, there are the columns: they must be those that are asked for.
    pub(crate) fn read(
        &self,
        part: usize,
        first_row: u64,
        columns: &Columns,
        take: &mut dyn FnMut(&mut Rows) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let layout = Layout::new(self.schema(), columns, &self.path)?;
        let mut rows = layout.rows();
        if self.metadata.row_groups().get(part).is_none_or(|group| group.num_rows() == 0) {
            layout.take(&layout::no_rows(self.schema(), &layout.roots), 0, &mut rows)?;
            return take(&mut rows);
        }
        let group = Group::new(self, part, &layout.roots)?;
        if columns.lengths_only
            && let [root] = layout.roots[..]
            && let Some(mut lists) = group.integers(root, true)?
        {
            return group.each(&mut |count, _| {
                let lengths = group.decoded(|| lists.lengths(count))?;
                let read = lengths.len();
                rows.lengths = lengths;
                take(&mut rows).map(|()| read)
            });
        }
        // Carried columns keep their types; what becomes tokens is wanted as 32 bits anyway.
        let carried = |root: usize| columns.carry.contains(self.schema.field(root).name());
        group.batches(u64::MAX, &|root| !carried(root), &mut |batch, row| {
            rows.clear();
            layout.take(&batch, first_row + row, &mut rows)?;
            take(&mut rows)
        })
    }

    /// Decodes rows `wanted` of the columns `roots` of row group `part`, with the row of the group that
    /// each batch begins with.
    pub(crate) fn batches(
        &self,
        part: usize,
        roots: &[usize],
        wanted: Range<u64>,
        take: &mut dyn FnMut(RecordBatch, u64) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let group = Group::new(self, part, roots)?;
        let all = group.rows as u64;
        // Rows lie in pages whose borders aren't those of rows: what stands before is decoded, too.
        group.batches(wanted.end.min(all), &|_| false, &mut |batch, row| {
            let skipped = wanted.start.saturating_sub(row).min(batch.num_rows() as u64);
            let end = wanted.end.min(all).saturating_sub(row).min(batch.num_rows() as u64);
            if skipped >= end {
                return Ok(());
            }
            let some = batch.slice(skipped as usize, (end - skipped) as usize);
            take(some, row + skipped)
        })
    }
}

/// A row group, and what is read of it.
struct Group<'a> {
    table: &'a ParquetTable,
    part: usize,
    metadata: &'a RowGroupMetaData,
    roots: &'a [usize],
    file: Arc<SourceFile>,
    rows: usize,
    rows_at_once: usize,
}

/// A top-level column, being read.
enum Column {
    Integers(Box<IntegerLists>),
    Any(Vec<(usize, LeafReader)>),
}

impl<'a> Group<'a> {
    fn new(table: &'a ParquetTable, part: usize, roots: &'a [usize]) -> Result<Self, Fault> {
        let metadata = table.metadata.row_group(part);
        let rows = usize::try_from(metadata.num_rows()).unwrap_or(0);
        let mut leaves = Vec::new();
        for &root in roots {
            leaves_below(&table.nodes[root], &mut leaves);
        }
        let values = leaves.iter().map(|&leaf| {
            let column = metadata.column(leaf);
            let values = u64::try_from(column.num_values()).unwrap_or(0);
            // Strings count by their bytes: a row of text may be as long as a thousand of tokens.
            let bytes = u64::try_from(column.uncompressed_size()).unwrap_or(0);
            let is_text = column.column_type() == PhysicalType::BYTE_ARRAY;
            if is_text { values.max(bytes / BYTES_OF_TEXT) } else { values }
        });
        let values = values.max().unwrap_or(0);
        let at_once = u128::from(TOKENS_AT_ONCE) * rows as u128 / u128::from(values.max(1));
        let rows_at_once = at_once.clamp(1, 8192) as usize;
        // Opened for each part: a data set may have more files than a process may hold open.
        let file = Arc::new(SourceFile::reopen(&table.path, table.identity)?);
        Ok(Self { table, part, metadata, roots, file, rows, rows_at_once })
    }

    fn pages(&self, leaf: usize) -> Result<Box<dyn PageReader>, ParquetError> {
        let (file, column) = (Arc::clone(&self.file), self.metadata.column(leaf));
        Ok(Box::new(Pages::new(file, column, self.rows)?))
    }

    /// The reader of a list of integers.
    fn integers(&self, root: usize, widen: bool) -> Result<Option<IntegerLists>, Fault> {
        let node = &self.table.nodes[root];
        let mut leaves = Vec::new();
        leaves_below(node, &mut leaves);
        let [leaf] = leaves[..] else { return Ok(None) };
        let column = self.metadata.column(leaf);
        self.decoded(|| IntegerLists::new(node, column, &|| self.pages(leaf), widen))
    }

    fn column(&self, root: usize, widen: bool) -> Result<Column, Fault> {
        if let Some(lists) = self.integers(root, widen)? {
            return Ok(Column::Integers(Box::new(lists)));
        }
        let mut leaves = Vec::new();
        leaves_below(&self.table.nodes[root], &mut leaves);
        let open = |leaf: usize| {
            let descriptor = self.metadata.column(leaf).column_descr_ptr();
            let pages = self.decoded(|| self.pages(leaf))?;
            Ok((leaf, LeafReader::new(&descriptor, pages)))
        };
        Ok(Column::Any(leaves.into_iter().map(open).collect::<Result<_, Fault>>()?))
    }

    /// Reads as far as row `end`, or to the end of the row group.
    fn batches(
        &self,
        end: u64,
        widen: &dyn Fn(usize) -> bool,
        take: &mut dyn FnMut(RecordBatch, u64) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let columns = self.roots.iter().map(|&root| self.column(root, widen(root)));
        let mut columns = columns.collect::<Result<Vec<_>, _>>()?;
        let fields = self.roots.iter().zip(&columns).map(|(&root, column)| match column {
            Column::Integers(lists) => FieldRef::clone(lists.field()),
            Column::Any(_) => FieldRef::clone(&self.table.nodes[root].field),
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        self.each_until(end, &mut |count, row| {
            let mut arrays: Vec<ArrayRef> = Vec::new();
            for (&root, column) in self.roots.iter().zip(&mut columns) {
                // The first column says how many rows; the others have as many.
                let leads = arrays.is_empty();
                let count = arrays.first().map_or(count, |first| first.len());
                arrays.push(self.decoded(|| match column {
                    Column::Integers(lists) => lists.read(count, leads),
                    Column::Any(leaves) => {
                        let mut rows = LeafColumns::new();
                        for (leaf, reader) in leaves {
                            rows.insert(*leaf, reader.read(count)?);
                        }
                        array_of(&self.table.nodes[root], &mut rows)
                            .map_err(|error| ParquetError::External(Box::new(error)))
                    }
                })?);
            }
            let read = arrays.first().map_or(count, |array| array.len());
            let options = RecordBatchOptions::new().with_row_count(Some(read));
            let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options);
            take(batch.map_err(|error| self.undecoded(&error))?, row).map(|()| read)
        })
    }

    /// Goes through the rows, some at a time; `take` gets how many and the first of them, and says
    /// how many there were.
    fn each(&self, take: &mut dyn FnMut(usize, u64) -> Result<usize, Fault>) -> Result<(), Fault> {
        self.each_until(u64::MAX, take)
    }

    fn each_until(
        &self,
        end: u64,
        take: &mut dyn FnMut(usize, u64) -> Result<usize, Fault>,
    ) -> Result<(), Fault> {
        let mut row = 0;
        while row < self.rows {
            if row as u64 >= end {
                return Ok(());
            }
            let read = take(self.rows_at_once.min(self.rows - row), row as u64)?;
            if read == 0 {
                break;
            }
            row += read;
        }
        layout::all_there(&self.table.path, row as u64, self.rows as u64)
    }

    fn decoded<T>(&self, decode: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, Fault> {
        guarded(&self.table.path, || decode().map_err(|error| self.undecoded(&error)))
    }

    fn undecoded(&self, error: &dyn Display) -> Fault {
        let detail = format!("row group {} cannot be decoded: {error}", self.part);
        Fault::format(&self.table.path, None, detail)
    }
}

fn damaged(path: &Path, error: &ParquetError) -> Fault {
    Fault::format(path, None, format!("not a readable Parquet file: {error}"))
}
