//! Parquet: one part per row group, decoded a few pages at a time, named columns only.
//!
//! O(values of those columns). A row group is read as a stream, so memory doesn't grow with it.

use super::Columns;
use super::file::SourceFile;
use super::rows::Rows;
use super::table::{self, Layout};
use crate::Fault;
use crate::fault::guarded;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use std::path::{Path, PathBuf};

/// Tokens decoded at once: below a millisecond of work, and a few hundred KiB.
const TOKENS_AT_ONCE: u64 = 1 << 18;

/// An open Parquet file.
pub(crate) struct ParquetTable {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
}

impl ParquetTable {
    pub(crate) fn open(path: &Path) -> Result<Self, Fault> {
        let file = SourceFile::open(path)?;
        let options = ArrowReaderOptions::new();
        let metadata = guarded(path, || {
            ArrowReaderMetadata::load(&file, options).map_err(|error| damaged(path, &error))
        })?;
        Ok(Self { path: path.to_path_buf(), metadata })
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        self.metadata.schema()
    }

    /// Rows of each part.
    pub(crate) fn parts(&self) -> Vec<Option<u64>> {
        let groups = self.metadata.metadata().row_groups();
        groups.iter().map(|group| u64::try_from(group.num_rows()).ok()).collect()
    }

    /// Decodes row group `part`, whose first row is `first_row` of the file.
    pub(crate) fn read(
        &self,
        part: usize,
        first_row: u64,
        columns: &Columns,
        take: &mut dyn FnMut(&mut Rows) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let layout = Layout::new(self.schema(), columns, &self.path)?;
        let mut rows = layout.rows();
        self.batches(part, &layout.roots, &mut |batch, row| {
            rows.clear();
            layout.take(&batch, first_row + row, &mut rows)?;
            take(&mut rows)
        })
    }

    /// Decodes the columns `roots` of row group `part`, with the row of the group that each batch
    /// begins with.
    pub(crate) fn batches(
        &self,
        part: usize,
        roots: &[usize],
        take: &mut dyn FnMut(RecordBatch, u64) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let group = self.metadata.metadata().row_group(part);
        let expected = u64::try_from(group.num_rows()).unwrap_or(0);
        let schema = self.metadata.parquet_schema();
        let values = (0..schema.num_columns())
            .filter(|&leaf| roots.contains(&schema.get_column_root_idx(leaf)))
            .map(|leaf| u64::try_from(group.column(leaf).num_values()).unwrap_or(0))
            .max()
            .unwrap_or(0);
        let rows_at_once = (TOKENS_AT_ONCE * expected / values.max(1)).clamp(1, 8192);
        // Opened for each part: a data set may have more files than a process may hold open.
        let file = SourceFile::open(&self.path)?;
        let build = || {
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
                .with_row_groups(vec![part])
                .with_projection(ProjectionMask::roots(schema, roots.iter().copied()))
                .with_batch_size(rows_at_once as usize)
                .build()
                .map_err(|error| damaged(&self.path, &error))
        };
        let mut reader = guarded(&self.path, build)?;
        let mut row = 0;
        while let Some(batch) = guarded(&self.path, || Ok(reader.next()))? {
            let batch = batch.map_err(|error| {
                let detail = format!("row group {part} cannot be decoded: {error}");
                Fault::format(&self.path, None, detail)
            })?;
            let read = batch.num_rows() as u64;
            take(batch, row)?;
            row += read;
        }
        table::all_there(&self.path, row, expected)
    }
}

fn damaged(path: &Path, error: &ParquetError) -> Fault {
    Fault::format(path, None, format!("not a readable Parquet file: {error}"))
}
