//! The shuffle by files: `runs/P.arrow` holds what partition P gives to every shard, sorted by place, in
//! record batches none of which is of two shards. Its footer says which batches a shard has, so that one
//! who writes a shard reads its own alone.

use super::folder::{JobFolder, Pending, numbered};
use crate::Fault;
use crate::fault::guarded;
use arrow_array::RecordBatch;
use arrow_ipc::reader::FileReader;
use arrow_ipc::writer::FileWriter;
use arrow_schema::{ArrowError, Schema};
use std::fs::File;
use std::io::BufReader;
use std::ops::Range;
use std::path::PathBuf;

/// Bytes of a batch, at most, unless one row has more: one of each partition is held while a shard is
/// written.
pub(super) const BATCH_BYTES: usize = 1 << 16;

/// Where the footer says which batches belong to whom.
const INDEX: &str = "stowage.shards";

/// The name of a partition's run.
pub(super) fn run_name(partition: usize, count: usize) -> String {
    numbered("runs", partition, count, "arrow")
}

/// A run that is being written.
pub(super) struct RunWriter {
    file: FileWriter<Pending>,
    path: PathBuf,
    /// Shard, its first batch, and the first of the next.
    index: Vec<(usize, usize, usize)>,
    batches: usize,
}

impl RunWriter {
    pub(super) fn begin(folder: &JobFolder, name: &str, schema: &Schema) -> Result<Self, Fault> {
        let (path, pending) = (folder.place(name), folder.begin(name)?);
        let file = FileWriter::try_new(pending, schema).map_err(|error| refused(&path, error))?;
        Ok(Self { file, path, index: Vec::new(), batches: 0 })
    }

    /// Appends a batch of `shard`; shards rise.
    pub(super) fn write(&mut self, shard: usize, batch: &RecordBatch) -> Result<(), Fault> {
        self.file.write(batch).map_err(|error| refused(&self.path, error))?;
        self.batches += 1;
        match self.index.last_mut().filter(|last| last.0 == shard) {
            Some(last) => last.2 = self.batches,
            None => self.index.push((shard, self.batches - 1, self.batches)),
        }
        Ok(())
    }

    pub(super) fn keep(mut self) -> Result<(), Fault> {
        let index = serde_json::to_string(&self.index).expect("numbers");
        self.file.write_metadata(INDEX, index);
        let pending = self.file.into_inner().map_err(|error| refused(&self.path, error))?;
        pending.keep()
    }
}

/// The batches that a partition gives to a shard.
pub(super) struct Run {
    file: FileReader<BufReader<File>>,
    path: PathBuf,
    batches: Range<usize>,
}

impl Run {
    /// Opens the run of `partition` for `shard`; none if it gives nothing to it.
    ///
    /// # Errors
    /// [`Fault::JobIncomplete`] for a partition that isn't assigned; [`Fault::Stream`] for what isn't a
    /// run; [`Fault::Io`].
    pub(super) fn open(
        folder: &JobFolder,
        partition: usize,
        count: usize,
        shard: usize,
    ) -> Result<Option<Self>, Fault> {
        let name = run_name(partition, count);
        let path = folder.place(&name);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let detail = format!("partition {partition} isn't assigned: there is no {name}");
                return Err(Fault::JobIncomplete(detail));
            }
            Err(error) => return Err(Fault::io("open", &path, &error)),
        };
        let file = guarded(&path, || {
            FileReader::try_new(BufReader::with_capacity(1 << 14, file), None)
                .map_err(|error| damaged(&path, &error.to_string()))
        })?;
        let index = file.custom_metadata().get(INDEX);
        let index = index.and_then(|text| serde_json::from_str(text).ok());
        let index: Vec<(usize, usize, usize)> =
            index.ok_or_else(|| damaged(&path, "its footer doesn't say which batches it has"))?;
        let own = index.into_iter().find(|entry| entry.0 == shard);
        Ok(own.map(|(_, first, end)| Self { file, path, batches: first..end }))
    }

    /// The next batch.
    ///
    /// # Errors
    /// [`Fault::Stream`] for damaged bytes.
    pub(super) fn next(&mut self) -> Result<Option<RecordBatch>, Fault> {
        let Some(index) = self.batches.next() else { return Ok(None) };
        let (file, path) = (&mut self.file, &self.path);
        let batch = guarded(path, || {
            let wrong = |error: ArrowError| damaged(path, &error.to_string());
            file.set_index(index).map_err(wrong)?;
            file.next().transpose().map_err(wrong)
        })?;
        batch.map(Some).ok_or_else(|| damaged(path, "a batch is missing"))
    }
}

fn damaged(path: &std::path::Path, why: &str) -> Fault {
    Fault::Stream(format!("{} is damaged: {why}; assign its partition again", path.display()))
}

fn refused(path: &std::path::Path, error: ArrowError) -> Fault {
    match error {
        ArrowError::IoError(_, error) => Fault::io("write", path, &error),
        other => Fault::io("write", path, &std::io::Error::other(other)),
    }
}
