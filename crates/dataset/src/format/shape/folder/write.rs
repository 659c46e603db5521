//! A folder as `datasets.load_from_disk` reads it: shards in the Arrow stream format, uncompressed,
//! and two small files that describe them.
//!
//! `datasets` caches what it computes under the fingerprint, so that is a hash of the contents:
//! each block is hashed where it is encoded, and the hashes in the order of packs.

use crate::Fault;
use crate::format::shape::table::{Table, primitive_name};
use crate::format::sink::{Cut, Finished, Shards, Sink, shard_name};
use crate::output::{DataWriter, MANIFEST, Output};
use crate::store::{Block, Span};
use arrow_array::RecordBatch;
use arrow_buffer::ToByteSlice;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, DataType, Schema};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::io::BufWriter;
use std::path::Path;

/// A format that is such a folder: its rows are those of `T`.
pub(crate) struct FolderSink<T> {
    table: T,
    shard_bytes: u64,
    /// Folder within the output, with `/` at its end, or nothing.
    prefix: &'static str,
}

/// A block, encoded, with the hash of its contents.
pub(crate) struct Part {
    batch: RecordBatch,
    hash: [u8; 32],
}

/// The open shard, and those that are complete.
pub(crate) struct FolderFiles {
    count: usize,
    open: Option<Shard>,
    done: Vec<Finished>,
}

struct Shard {
    index: usize,
    rows: u64,
    /// Those of its blocks.
    hashes: Vec<Value>,
    writer: StreamWriter<BufWriter<DataWriter>>,
}

impl<T: Table> FolderSink<T> {
    /// A single data set.
    pub(crate) fn new(table: T, shard_bytes: u64) -> Self {
        Self { table, shard_bytes, prefix: "" }
    }

    /// A `DatasetDict` with one split, named `train`.
    pub(crate) fn with_split(table: T, shard_bytes: u64) -> Self {
        Self { table, shard_bytes, prefix: "train/" }
    }

    fn name(&self, index: usize, count: usize) -> String {
        format!("{}{}", self.prefix, shard_name("data", index, count, "arrow"))
    }

    fn open(&self, output: &Output, index: usize, count: usize) -> Result<Shard, Fault> {
        let name = self.name(index, count);
        let file = output.create(&name)?;
        let path = file.path().to_path_buf();
        let writer = StreamWriter::try_new(BufWriter::new(file), self.table.schema());
        let writer = writer.map_err(|error| refused(&path, error))?;
        Ok(Shard { index, rows: 0, hashes: Vec::new(), writer })
    }
}

impl<T: Table> Sink for FolderSink<T> {
    type Part = Part;
    type Files = FolderFiles;

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
        Some(self.name(index, count))
    }

    fn begin(&self, output: &Output, shards: &Shards) -> Result<FolderFiles, Fault> {
        let open = Some(self.open(output, shards.first, shards.count)?);
        Ok(FolderFiles { count: shards.count, open, done: Vec::new() })
    }

    fn encode(&self, block: Block, go_on: &dyn Fn() -> Result<(), Fault>) -> Result<Part, Fault> {
        let batch = self.table.batch(block, go_on)?;
        let mut hash = Sha256::new();
        for column in batch.columns() {
            for buffer in column.to_data().child_data()[0].buffers() {
                hash.update(buffer);
                go_on()?;
            }
            for offsets in column.to_data().buffers() {
                hash.update(offsets.to_byte_slice());
            }
        }
        Ok(Part { batch, hash: hash.finalize().into() })
    }

    fn append(
        &self,
        files: &mut FolderFiles,
        output: &Output,
        span: &Span,
        part: Part,
    ) -> Result<(), Fault> {
        if files.open.as_ref().is_none_or(|shard| shard.index != span.shard) {
            files.close()?;
            files.open = Some(self.open(output, span.shard, files.count)?);
        }
        let shard = files.open.as_mut().expect("opened above");
        shard.hashes.push(hex(&part.hash).into());
        shard.rows += part.batch.num_rows() as u64;
        let written = shard.writer.write(&part.batch);
        written.map_err(|error| refused(shard.writer.get_ref().get_ref().path(), error))
    }

    fn finish(&self, mut files: FolderFiles, _output: &Output) -> Result<Vec<Finished>, Fault> {
        files.close()?;
        Ok(files.done)
    }

    fn describe(&self, files: &[Finished], output: &Output) -> Result<(), Fault> {
        let mut contents = Sha256::new();
        contents.update(self.table.schema().to_string());
        for Finished { file, index } in files {
            let hashes = hashes(index).ok_or_else(|| {
                let detail = format!("the hashes of {} are missing or wrong", file.path);
                Fault::format(Path::new(MANIFEST), None, detail)
            })?;
            for hash in hashes {
                contents.update(hash);
            }
        }
        let fingerprint = hex(&contents.finalize()[..8]);
        let names = files
            .iter()
            .map(|finished| json!({ "filename": &finished.file.path[self.prefix.len()..] }));
        let state = json!({
            "_data_files": names.collect::<Vec<_>>(),
            "_fingerprint": fingerprint,
            "_format_columns": null,
            "_format_kwargs": {},
            "_format_type": null,
            "_output_all_columns": false,
            "_split": "train",
        });
        let info = json!({
            "citation": "",
            "description": "",
            "features": features(self.table.schema()),
            "homepage": "",
            "license": "",
        });
        let write = |name: &str, value: &Value| {
            output.describe(&format!("{}{name}", self.prefix), format!("{value:#}\n").as_bytes())
        };
        write("state.json", &state)?;
        write("dataset_info.json", &info)?;
        if !self.prefix.is_empty() {
            output.describe("dataset_dict.json", b"{\"splits\": [\"train\"]}\n")?;
        }
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(digits, "{byte:02x}"); // a string takes every byte
    }
    digits
}

/// The hashes of a shard's blocks, from what was noted of it.
fn hashes(index: &Value) -> Option<Vec<[u8; 32]>> {
    let read = |hash: &Value| {
        let digits = hash.as_str().filter(|digits| digits.len() == 64 && digits.is_ascii())?;
        let mut bytes = [0; 32];
        for (k, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&digits[2 * k..2 * k + 2], 16).ok()?;
        }
        Some(bytes)
    };
    index.as_array()?.iter().map(read).collect()
}

/// Columns in the words of `datasets`. "List", which versions from 4 on write for the same thing,
/// can't be read by older ones.
fn features(schema: &Schema) -> Map<String, Value> {
    let feature = |data_type: &DataType| match data_type {
        DataType::List(element) => json!({
            "feature": { "dtype": primitive_name(element.data_type()), "_type": "Value" },
            "_type": "Sequence",
        }),
        other => unreachable!("a column of {other}: all are lists"),
    };
    let fields = schema.fields().iter();
    fields.map(|field| (field.name().clone(), feature(field.data_type()))).collect()
}

impl FolderFiles {
    fn close(&mut self) -> Result<(), Fault> {
        let Some(mut shard) = self.open.take() else { return Ok(()) };
        let path = shard.writer.get_ref().get_ref().path().to_path_buf();
        shard.writer.finish().map_err(|error| refused(&path, error))?;
        let buffered = shard.writer.into_inner().map_err(|error| refused(&path, error))?;
        let file = buffered.into_inner();
        let file = file.map_err(|error| Fault::io("write", &path, error.error()))?;
        self.done.push(Finished { file: file.finish(shard.rows)?, index: shard.hashes.into() });
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
