//! Arrow IPC files: uncompressed, so that readers map them into memory; at most 1,000 rows in a
//! record batch. The footer makes a cut file detectable.

use crate::Fault;
use crate::format::shape::table::{Table, TableSchema};
use crate::format::sink::{Cut, Finished, Shards, Sink, shard_name};
use crate::output::{DataWriter, Output};
use crate::store::Content;
use crate::store::{Block, Span};
use arrow_array::RecordBatch;
use arrow_ipc::writer::FileWriter;
use arrow_schema::ArrowError;
use std::io::BufWriter;
use std::path::Path;

/// The format `arrow`.
pub(crate) struct ArrowSink {
    table: TableSchema,
    shard_bytes: u64,
}

/// The open shard, and those that are complete.
pub(crate) struct ArrowFiles {
    count: usize,
    open: Option<Shard>,
    done: Vec<Finished>,
}

struct Shard {
    index: usize,
    rows: u64,
    writer: FileWriter<BufWriter<DataWriter>>,
}

impl ArrowSink {
    pub(crate) fn new(content: &Content, shard_bytes: u64) -> Self {
        Self { table: TableSchema::new(content, "item"), shard_bytes }
    }

    fn open(&self, output: &Output, index: usize, count: usize) -> Result<Shard, Fault> {
        let name = name(index, count);
        let file = output.create(&name)?;
        let path = file.path().to_path_buf();
        let writer = FileWriter::try_new(BufWriter::new(file), self.table.schema());
        let writer = writer.map_err(|error| refused(&path, error))?;
        Ok(Shard { index, rows: 0, writer })
    }
}

fn name(index: usize, count: usize) -> String {
    shard_name("data", index, count, "arrow")
}

impl Sink for ArrowSink {
    type Part = RecordBatch;
    type Files = ArrowFiles;

    fn columns(&self) -> Vec<String> {
        self.table.names()
    }

    fn cut(&self) -> Cut {
        Cut { rows: 1000, bytes: 16 << 20, shard_bytes: Some(self.shard_bytes) }
    }

    fn pack_bytes(&self, places: u64, segments: u64) -> u64 {
        self.table.pack_bytes(places, segments)
    }

    fn shard_name(&self, index: usize, count: usize) -> Option<String> {
        Some(name(index, count))
    }

    fn begin(&self, output: &Output, shards: &Shards) -> Result<ArrowFiles, Fault> {
        let open = Some(self.open(output, shards.first, shards.count)?);
        Ok(ArrowFiles { count: shards.count, open, done: Vec::new() })
    }

    fn encode(
        &self,
        block: Block,
        go_on: &dyn Fn() -> Result<(), Fault>,
    ) -> Result<RecordBatch, Fault> {
        self.table.batch(block, go_on)
    }

    fn append(
        &self,
        files: &mut ArrowFiles,
        output: &Output,
        span: &Span,
        batch: RecordBatch,
    ) -> Result<(), Fault> {
        if files.open.as_ref().is_none_or(|shard| shard.index != span.shard) {
            files.close()?;
            files.open = Some(self.open(output, span.shard, files.count)?);
        }
        let shard = files.open.as_mut().expect("opened above");
        shard.rows += batch.num_rows() as u64;
        let written = shard.writer.write(&batch);
        written.map_err(|error| refused(shard.writer.get_ref().get_ref().path(), error))
    }

    fn finish(&self, mut files: ArrowFiles, _output: &Output) -> Result<Vec<Finished>, Fault> {
        files.close()?;
        Ok(files.done)
    }
}

impl ArrowFiles {
    fn close(&mut self) -> Result<(), Fault> {
        let Some(mut shard) = self.open.take() else { return Ok(()) };
        let path = shard.writer.get_ref().get_ref().path().to_path_buf();
        let fault = |error: ArrowError| refused(&path, error);
        shard.writer.finish().map_err(fault)?;
        let buffered = shard.writer.into_inner().map_err(fault)?;
        let file = buffered.into_inner();
        let file = file.map_err(|error| Fault::io("write", &path, error.error()))?;
        self.done.push(Finished::plain(file.finish(shard.rows)?));
        Ok(())
    }
}

/// While writing, the system's refusals are all that can go wrong.
fn refused(path: &Path, error: ArrowError) -> Fault {
    match error {
        ArrowError::IoError(_, error) => Fault::io("write", path, &error),
        other => Fault::io("write", path, &std::io::Error::other(other)),
    }
}
