//! Parquet files: lists of three levels, plain values, zstd level 1 unless said otherwise.
//!
//! A block becomes a row group. Column chunks are encoded and compressed on any thread and spliced
//! into the file in order.

use super::chunk::{self, codec};
use super::schema::parquet_schema;
use crate::Fault;
use crate::format::shape::table::{Table, TableSchema};
use crate::format::sink::{Cut, Finished, Shards, Sink, shard_name};
use crate::options::Compression;
use crate::output::{DataWriter, Output};
use crate::source::parquet::node::{Node, nodes};
use crate::store::Content;
use crate::store::{Block, Span};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::types::{ColumnDescPtr, SchemaDescriptor};
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;

/// Bytes collected before they are written.
const BYTES_AT_ONCE: usize = 1 << 20;

/// The format `parquet`, and others that are Parquet files with columns of their own.
pub(crate) struct ParquetSink<T = TableSchema> {
    table: T,
    schema: SchemaDescriptor,
    nodes: Vec<Node>,
    compression: Compression,
    properties: WriterPropertiesPtr,
    shard_bytes: u64,
    ending: &'static str,
    rows: u64,
}

/// A block, encoded.
pub(crate) type Encoded = Vec<chunk::Encoded>;

/// The open shard, and those that are complete.
pub(crate) struct ParquetFiles {
    count: usize,
    open: Option<Shard>,
    done: Vec<Finished>,
}

struct Shard {
    index: usize,
    rows: u64,
    writer: SerializedFileWriter<BufWriter<DataWriter>>,
}

impl ParquetSink {
    /// # Errors
    /// [`Fault`] of the options if a carried column has a type that Parquet can't hold.
    pub(crate) fn new(
        content: &Content,
        compression: Compression,
        shard_bytes: u64,
    ) -> Result<Self, Fault> {
        let table = TableSchema::new(content, "element");
        Self::with_table(table, compression, shard_bytes, "parquet", 2048)
    }
}

impl<T: Table> ParquetSink<T> {
    /// Files with the columns of `table`, whose names end with `ending` and whose row groups have
    /// `rows` rows at most.
    pub(crate) fn with_table(
        table: T,
        compression: Compression,
        shard_bytes: u64,
        ending: &'static str,
        rows: u64,
    ) -> Result<Self, Fault> {
        let properties = WriterProperties::builder()
            .set_compression(codec(compression))
            .set_dictionary_enabled(false)
            .set_statistics_enabled(EnabledStatistics::None)
            .set_created_by(format!("stowage version {}", env!("CARGO_PKG_VERSION")))
            .build();
        let properties = Arc::new(properties);
        let schema = parquet_schema(table.schema()).map_err(|error| {
            Fault::option(format!("a carried column can't be written as Parquet: {error}"))
        })?;
        let nodes = nodes(&schema);
        Ok(Self { table, schema, nodes, compression, properties, shard_bytes, ending, rows })
    }

    fn name(&self, index: usize, count: usize) -> String {
        shard_name("train", index, count, self.ending)
    }

    fn open(&self, output: &Output, index: usize, count: usize) -> Result<Shard, Fault> {
        let name = self.name(index, count);
        let file = output.create(&name)?;
        let path = file.path().to_path_buf();
        let writer = SerializedFileWriter::new(
            BufWriter::with_capacity(BYTES_AT_ONCE, file),
            self.schema.root_schema_ptr(),
            Arc::clone(&self.properties),
        );
        let writer = writer.map_err(|error| refused(&path, error))?;
        Ok(Shard { index, rows: 0, writer })
    }

    /// The columns of a top-level column.
    fn leaves(&self, root: usize) -> Vec<ColumnDescPtr> {
        let columns = self.schema.columns().iter().enumerate();
        columns
            .filter(|&(leaf, _)| self.schema.get_column_root_idx(leaf) == root)
            .map(|(_, column)| ColumnDescPtr::clone(column))
            .collect()
    }
}

impl<T: Table> Sink for ParquetSink<T> {
    type Part = Encoded;
    type Files = ParquetFiles;

    fn columns(&self) -> Vec<String> {
        self.table.names()
    }

    fn cut(&self) -> Cut {
        Cut { rows: self.rows, bytes: 16 << 20, shard_bytes: Some(self.shard_bytes) }
    }

    fn pack_bytes(&self, places: u64, segments: u64) -> u64 {
        self.table.pack_bytes(places, segments)
    }

    fn shard_name(&self, index: usize, count: usize) -> Option<String> {
        Some(self.name(index, count))
    }

    fn begin(&self, output: &Output, shards: &Shards) -> Result<ParquetFiles, Fault> {
        let open = Some(self.open(output, shards.first, shards.count)?);
        Ok(ParquetFiles { count: shards.count, open, done: Vec::new() })
    }

    fn encode(
        &self,
        block: Block,
        go_on: &dyn Fn() -> Result<(), Fault>,
    ) -> Result<Self::Part, Fault> {
        let batch = self.table.batch(block, go_on)?;
        let mut chunks = Vec::new();
        for (root, (node, column)) in self.nodes.iter().zip(batch.columns()).enumerate() {
            let leaves = self.leaves(root);
            chunks.extend(chunk::encode(node, &leaves, column, self.compression, go_on)?);
        }
        Ok(chunks)
    }

    fn append(
        &self,
        files: &mut ParquetFiles,
        output: &Output,
        span: &Span,
        chunks: Self::Part,
    ) -> Result<(), Fault> {
        if files.open.as_ref().is_none_or(|shard| shard.index != span.shard) {
            files.close()?;
            files.open = Some(self.open(output, span.shard, files.count)?);
        }
        let shard = files.open.as_mut().expect("opened above");
        shard.rows += span.packs.end - span.packs.start;
        let path = shard.writer.inner().get_ref().path().to_path_buf();
        let splice = || {
            let mut group = shard.writer.next_row_group()?;
            for chunk in chunks {
                group.append_column(&chunk.bytes, chunk.close)?;
            }
            group.close().map(|_| ())
        };
        splice().map_err(|error| refused(&path, error))
    }

    fn finish(&self, mut files: ParquetFiles, _output: &Output) -> Result<Vec<Finished>, Fault> {
        files.close()?;
        Ok(files.done)
    }
}

impl ParquetFiles {
    fn close(&mut self) -> Result<(), Fault> {
        let Some(shard) = self.open.take() else { return Ok(()) };
        let path = shard.writer.inner().get_ref().path().to_path_buf();
        let buffered = shard.writer.into_inner().map_err(|error| refused(&path, error))?;
        let file = buffered.into_inner();
        let file = file.map_err(|error| Fault::io("write", &path, error.error()))?;
        self.done.push(Finished::plain(file.finish(shard.rows)?));
        Ok(())
    }
}

/// While writing, the system's refusals are all that can go wrong.
fn refused(path: &Path, error: ParquetError) -> Fault {
    match error {
        ParquetError::External(error) => match error.downcast::<std::io::Error>() {
            Ok(error) => Fault::io("write", path, &error),
            Err(other) => Fault::io("write", path, &std::io::Error::other(other)),
        },
        other => Fault::io("write", path, &std::io::Error::other(other)),
    }
}
