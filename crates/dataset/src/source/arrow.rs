//! Arrow IPC: files (one part per record batch, in any order) and streams (one part).
//!
//! O(bytes of the batches). Nothing a damaged footer says is allocated before the file is known to
//! be that long.

use super::Columns;
use super::file::SourceFile;
use super::rows::Rows;
use super::table::Layout;
use crate::Fault;
use crate::fault::guarded;
use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::{FileDecoder, StreamDecoder, read_footer_length};
use arrow_ipc::{Block, root_as_footer, root_as_message};
use arrow_schema::{Schema, SchemaRef};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The end of a file: footer length and magic.
const TRAILER: u64 = 10;
/// The first bytes of a file: magic, padded.
const HEADER: u64 = 8;
/// Bytes of a stream read at once.
const READ_AT_ONCE: usize = 1 << 20;
/// Rows handed on at once, so that a cancel is felt inside a large batch.
const ROWS_AT_ONCE: usize = 1024;

/// An open Arrow IPC file.
pub(crate) struct ArrowTable {
    path: PathBuf,
    schema: SchemaRef,
    body: Body,
}

enum Body {
    File { decoder: FileDecoder, blocks: Vec<Block>, rows: Vec<u64> },
    Stream,
}

impl ArrowTable {
    /// Opens the file format.
    pub(crate) fn open_file(path: &Path) -> Result<Self, Fault> {
        let file = SourceFile::open(path)?;
        let (schema, body) = guarded(path, || open_file(&file, path))?;
        Ok(Self { path: path.to_path_buf(), schema, body })
    }

    /// Opens the stream format.
    pub(crate) fn open_stream(path: &Path) -> Result<Self, Fault> {
        let file = SourceFile::open(path)?;
        let mut found = None;
        let mut decoder = StreamDecoder::new();
        let mut reader = file.cursor(0);
        while found.is_none() {
            let mut bytes = next_bytes(&mut reader, path)?;
            if bytes.is_empty() {
                return Err(damaged(path, "the stream ends before its schema"));
            }
            guarded(path, || decoder.decode(&mut bytes).map_err(|error| damaged(path, error)))?;
            found = decoder.schema();
        }
        let schema = found.unwrap_or_else(|| Arc::new(Schema::empty()));
        Ok(Self { path: path.to_path_buf(), schema, body: Body::Stream })
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Rows of each part, where they are known without reading it.
    pub(crate) fn parts(&self) -> Vec<Option<u64>> {
        match &self.body {
            Body::File { rows, .. } => rows.iter().copied().map(Some).collect(),
            Body::Stream => vec![None],
        }
    }

    /// Decodes part `part`, whose first row is `first_row` of the file.
    pub(crate) fn read(
        &self,
        part: usize,
        first_row: u64,
        columns: &Columns,
        take: &mut dyn FnMut(&mut Rows) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let layout = Layout::new(&self.schema, columns, &self.path)?;
        let mut rows = layout.rows();
        self.batches(part, &mut |batch, row| {
            rows.clear();
            layout.take(&batch, first_row + row, &mut rows)?;
            take(&mut rows)
        })
    }

    /// Decodes part `part`, some rows at a time, with the row of the part that they begin with.
    pub(crate) fn batches(
        &self,
        part: usize,
        take: &mut dyn FnMut(RecordBatch, u64) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut row = 0;
        // Opened for each part: a data set may have more files than a process may hold open.
        let file = SourceFile::open(&self.path)?;
        let mut each = |batch: RecordBatch| {
            for start in (0..batch.num_rows()).step_by(ROWS_AT_ONCE) {
                let length = ROWS_AT_ONCE.min(batch.num_rows() - start);
                take(batch.slice(start, length), row)?;
                row += length as u64;
            }
            Ok(())
        };
        match &self.body {
            Body::File { decoder, blocks, .. } => {
                let batch =
                    guarded(&self.path, || self.block(&file, decoder, &blocks[part], part))?;
                each(batch)
            }
            Body::Stream => self.stream(&file, &mut each),
        }
    }

    fn block(
        &self,
        file: &SourceFile,
        decoder: &FileDecoder,
        block: &Block,
        part: usize,
    ) -> Result<RecordBatch, Fault> {
        let bytes = read_block(file, block, &self.path)?;
        let batch = decoder.read_record_batch(block, &bytes);
        batch
            .map_err(|error| damaged(&self.path, format!("record batch {part}: {error}")))?
            .ok_or_else(|| damaged(&self.path, format!("record batch {part} is empty")))
    }

    fn stream(
        &self,
        file: &SourceFile,
        each: &mut dyn FnMut(RecordBatch) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut decoder = StreamDecoder::new();
        let mut reader = file.cursor(0);
        loop {
            let mut bytes = next_bytes(&mut reader, &self.path)?;
            if bytes.is_empty() {
                break;
            }
            while !bytes.is_empty() {
                let batch = guarded(&self.path, || {
                    decoder.decode(&mut bytes).map_err(|error| damaged(&self.path, error))
                })?;
                if let Some(batch) = batch {
                    each(batch)?;
                }
            }
        }
        let end = decoder.finish();
        end.map_err(|_| damaged(&self.path, "the stream ends in the middle of a message"))
    }
}

fn open_file(file: &SourceFile, path: &Path) -> Result<(SchemaRef, Body), Fault> {
    let fault = |error: &dyn std::fmt::Display| damaged(path, error);
    let end = file.size().checked_sub(TRAILER).filter(|&end| end >= HEADER);
    let end = end.ok_or_else(|| fault(&"too short for a footer; the file was cut off"))?;
    let trailer = file.read(end, TRAILER as usize).map_err(|error| fault(&error))?;
    let trailer = trailer.try_into().expect("as many bytes as asked for");
    let length =
        read_footer_length(trailer).map_err(|_| fault(&"no footer; the file was cut off"))?;
    let start = end.checked_sub(length as u64).filter(|&start| start >= HEADER);
    let start = start.ok_or_else(|| fault(&"the footer is longer than the file"))?;
    let footer = file.read(start, length).map_err(|error| fault(&error))?;
    let footer = root_as_footer(&footer).map_err(|error| fault(&error))?;
    let schema = footer.schema().ok_or_else(|| fault(&"the footer has no schema"))?;
    let schema = Arc::new(try_fb_to_schema(schema).map_err(|error| fault(&error))?);
    let mut decoder = FileDecoder::new(Arc::clone(&schema), footer.version());
    for block in footer.dictionaries().iter().flatten() {
        let bytes = read_block(file, block, path)?;
        decoder.read_dictionary(block, &bytes).map_err(|error| fault(&error))?;
    }
    let blocks: Vec<Block> =
        footer.recordBatches().map(|blocks| blocks.iter().copied().collect()).unwrap_or_default();
    let rows = blocks.iter().map(|block| row_count(file, block, path)).collect::<Result<_, _>>()?;
    Ok((schema, Body::File { decoder, blocks, rows }))
}

fn read_block(file: &SourceFile, block: &Block, path: &Path) -> Result<Buffer, Fault> {
    let (start, _, length) = bounds(file, block, path)?;
    let bytes = file.read(start, length).map_err(|error| damaged(path, error))?;
    Ok(Buffer::from_vec(bytes))
}

/// Start, length of the metadata, length of the whole.
fn bounds(file: &SourceFile, block: &Block, path: &Path) -> Result<(u64, usize, usize), Fault> {
    let parts = || {
        let start = u64::try_from(block.offset()).ok()?;
        let metadata = usize::try_from(block.metaDataLength()).ok()?;
        let length = usize::try_from(block.bodyLength()).ok()?.checked_add(metadata)?;
        let end = start.checked_add(length as u64)?;
        (end <= file.size() && metadata >= 8).then_some((start, metadata, length))
    };
    parts().ok_or_else(|| damaged(path, "a record batch lies past the end of the file"))
}

/// Rows of a batch, from its metadata alone.
fn row_count(file: &SourceFile, block: &Block, path: &Path) -> Result<u64, Fault> {
    let (start, metadata, _) = bounds(file, block, path)?;
    let bytes = file.read(start, metadata).map_err(|error| damaged(path, error))?;
    // Since format version 0.15 a marker of four 0xFF stands before the length.
    let start = if bytes.starts_with(&[0xFF; 4]) { 8 } else { 4 };
    let message = root_as_message(&bytes[start..]).map_err(|error| damaged(path, error))?;
    let batch = message.header_as_record_batch();
    let batch = batch.ok_or_else(|| damaged(path, "a block isn't a record batch"))?;
    u64::try_from(batch.length()).map_err(|_| damaged(path, "a record batch of negative length"))
}

fn next_bytes(reader: &mut impl Read, path: &Path) -> Result<Buffer, Fault> {
    let mut bytes = Vec::new();
    let read = reader.by_ref().take(READ_AT_ONCE as u64).read_to_end(&mut bytes);
    read.map_err(|error| Fault::io("read", path, &error))?;
    Ok(Buffer::from_vec(bytes))
}

fn damaged(path: &Path, error: impl std::fmt::Display) -> Fault {
    Fault::format(path, None, format!("not a readable Arrow IPC file: {error}"))
}
