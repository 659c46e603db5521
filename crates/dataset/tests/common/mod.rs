//! Source files for the tests, made with the libraries' own writers.
#![allow(dead_code, reason = "each test binary uses a part of this")]

use arrow_array::builder::{ArrayBuilder, GenericListBuilder, PrimitiveBuilder};
use arrow_array::types::{ArrowPrimitiveType, Int32Type};
use arrow_array::{ArrayRef, OffsetSizeTrait, RecordBatch};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use stowage_dataset::{
    DatasetOptions, DatasetReport, Fault, LengthsOptions, pack_dataset, read_lengths,
};
use stowage_engine::{PackOptions, Unwatched};

/// A row of a token column: null, or elements that may be null.
pub type Row<T> = Option<Vec<Option<T>>>;

/// Rows without nulls.
pub fn rows<T: Copy>(lists: &[&[T]]) -> Vec<Row<T>> {
    lists.iter().map(|list| Some(list.iter().copied().map(Some).collect())).collect()
}

/// A list column.
pub fn lists<O: OffsetSizeTrait, T: ArrowPrimitiveType>(rows: &[Row<T::Native>]) -> ArrayRef {
    let mut builder = GenericListBuilder::<O, _>::new(PrimitiveBuilder::<T>::new());
    for row in rows {
        for value in row.iter().flatten() {
            builder.values().append_option(*value);
        }
        builder.append(row.is_some());
    }
    Arc::new(ArrayBuilder::finish(&mut builder))
}

/// A table with these columns.
pub fn table(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let columns = columns.into_iter().map(|(name, column)| (name, column, true));
    RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length")
}

/// Writes Parquet with row groups of `group` rows.
pub fn parquet(path: &Path, batch: &RecordBatch, group: usize, codec: Compression) {
    let properties = WriterProperties::builder()
        .set_compression(codec)
        .set_max_row_group_row_count(Some(group))
        .build();
    let file = File::create(path).expect("a file");
    let mut writer =
        ArrowWriter::try_new(file, batch.schema(), Some(properties)).expect("a writer");
    writer.write(batch).expect("written");
    writer.close().expect("closed");
}

/// Writes an Arrow IPC file with batches of `group` rows.
pub fn arrow(path: &Path, batch: &RecordBatch, group: usize) {
    let file = File::create(path).expect("a file");
    let mut writer = FileWriter::try_new(file, &batch.schema()).expect("a writer");
    for start in (0..batch.num_rows()).step_by(group) {
        let part = batch.slice(start, group.min(batch.num_rows() - start));
        writer.write(&part).expect("written");
    }
    writer.finish().expect("finished");
}

/// Writes an Arrow IPC file whose buffers are compressed.
pub fn arrow_compressed(path: &Path, batch: &RecordBatch, group: usize, codec: CompressionType) {
    let file = File::create(path).expect("a file");
    let options = IpcWriteOptions::default().try_with_compression(Some(codec)).expect("a codec");
    let mut writer =
        FileWriter::try_new_with_options(file, &batch.schema(), options).expect("a writer");
    for start in (0..batch.num_rows()).step_by(group) {
        let part = batch.slice(start, group.min(batch.num_rows() - start));
        writer.write(&part).expect("written");
    }
    writer.finish().expect("finished");
}

/// Writes an Arrow IPC stream with batches of `group` rows.
pub fn arrow_stream(path: &Path, batch: &RecordBatch, group: usize) {
    let file = File::create(path).expect("a file");
    let mut writer = StreamWriter::try_new(file, &batch.schema()).expect("a writer");
    for start in (0..batch.num_rows()).step_by(group) {
        let part = batch.slice(start, group.min(batch.num_rows() - start));
        writer.write(&part).expect("written");
    }
    writer.finish().expect("finished");
}

/// zstd, level 1.
pub fn zstd() -> Compression {
    Compression::ZSTD(ZstdLevel::try_new(1).expect("a level"))
}

/// A list of path strings.
pub fn inputs(paths: &[&Path]) -> Vec<String> {
    paths.iter().map(|path| path.to_str().expect("a path of text").to_string()).collect()
}

/// Sequences of `i32` as a Parquet source.
pub fn source(path: &Path, sequences: &[Vec<i32>], group: usize) {
    let rows: Vec<Row<i32>> =
        sequences.iter().map(|list| Some(list.iter().copied().map(Some).collect())).collect();
    parquet(path, &table(vec![("input_ids", lists::<i32, Int32Type>(&rows))]), group, zstd());
}

/// What reads the column `input_ids`.
pub fn lengths_options(paths: &[&Path]) -> LengthsOptions {
    LengthsOptions {
        inputs: inputs(paths),
        column: "input_ids".to_string(),
        split: None,
        text: None,
    }
}

/// Lengths of the column `input_ids`.
pub fn lengths_of(paths: &[&Path]) -> Result<Vec<u32>, Fault> {
    read_lengths(&lengths_options(paths), 2, &Unwatched).map(|read| read.lengths)
}

/// Packs with the defaults.
pub fn pack(
    input: &Path,
    output: PathBuf,
    format: &str,
    options: PackOptions,
) -> Result<DatasetReport, Fault> {
    let options = DatasetOptions::new(inputs(&[input]), output, format, options);
    pack_dataset(&options, 2, &Unwatched)
}

/// Names in a folder, sorted, hidden ones included.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
