//! Format `mds`: shards as Mosaic's `streaming` writes them, with their index.
//!
//! A shard is the number of samples, where each begins, the configuration, and the samples; a
//! sample is the size of each column and the values, columns in the order of their names. Offsets
//! have 32 bits, so a shard stays below 4 GiB. Blocks are appended behind a reserved head, which is
//! written when the sizes of the samples are known.

use crate::Fault;
use crate::format::sink::{Cut, Finished, Shards, Sink};
use crate::output::{DataFile, DataWriter, Output};
use crate::store::Content;
use crate::store::{Block, Span};
use arrow_buffer::{Buffer, ToByteSlice};
use std::io::Write;

/// Why a column that is asked for is there.
const MISSING: &str = "the content says which columns a block has";

/// The format `mds`.
pub(crate) struct MdsSink {
    columns: Vec<Column>,
    config: String,
    shard_bytes: u64,
}

#[derive(Clone, Copy)]
struct Column {
    name: &'static str,
    encoding: &'static str,
    /// All values of a block.
    values: fn(&Block) -> Buffer,
    /// One entry per token rather than per segment.
    by_token: bool,
}

impl Column {
    fn width(&self) -> usize {
        if self.encoding == "ndarray:int64" { 8 } else { 4 }
    }
}

/// Samples behind one another, and where each ends.
pub(crate) struct Part {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// The open shard, and those that are complete.
pub(crate) struct MdsFiles {
    shards: Shards,
    open: Option<Shard>,
    done: Vec<Finished>,
}

struct Shard {
    index: usize,
    file: DataWriter,
    /// Where each sample begins, and where the last one ends.
    offsets: Vec<u32>,
}

impl MdsSink {
    pub(crate) fn new(content: &Content, shard_bytes: u64) -> Self {
        let column = |name, encoding, by_token, values| Column { name, encoding, values, by_token };
        let (int32, int64) = ("ndarray:int32", "ndarray:int64");
        let mut columns = vec![
            column("input_ids", int32, true, |block| block.tokens.inner().clone()),
            column("seq_lengths", int32, false, |block| block.lengths.inner().clone()),
            column("sequence_ids", int64, false, |block| block.sequences.inner().clone()),
        ];
        if content.labels {
            columns.push(column("labels", int32, true, |block| {
                block.labels.as_ref().expect(MISSING).inner().clone()
            }));
        }
        if content.weights {
            columns.push(column("loss_weights", "ndarray:float32", true, |block| {
                block.weights.as_ref().expect(MISSING).inner().clone()
            }));
        }
        if content.starts {
            columns
                .push(column("piece_starts", int64, false, |block| block.starts.inner().clone()));
        }
        if content.counts {
            columns
                .push(column("token_counts", int32, false, |block| block.counts.inner().clone()));
        }
        columns.sort_unstable_by_key(|column| column.name);
        let config = config(&columns, shard_bytes);
        Self { columns, config, shard_bytes }
    }

    /// Bytes before the samples.
    fn head_bytes(&self, samples: u64) -> u64 {
        4 + 4 * (samples + 1) + self.config.len() as u64 + 2
    }

    fn open(&self, output: &Output, shards: &Shards, index: usize) -> Result<Shard, Fault> {
        let samples = shards.sizes(index).packs;
        let mut file = output.create(&name(index))?;
        let head = self.head_bytes(samples);
        file.write_all(&vec![0; head as usize]).map_err(|error| file.refused(&error))?;
        let mut offsets = Vec::with_capacity(samples as usize + 1);
        offsets.push(head as u32);
        Ok(Shard { index, file, offsets })
    }

    fn close(&self, files: &mut MdsFiles) -> Result<(), Fault> {
        let Some(mut shard) = files.open.take() else { return Ok(()) };
        let rows = shard.offsets.len() as u64 - 1;
        let mut head = (rows as u32).to_le_bytes().to_vec();
        head.extend_from_slice(shard.offsets.to_byte_slice());
        head.extend_from_slice(format!("{{{}}}", self.config).as_bytes());
        shard.file.write_at(&head, 0)?;
        files.done.push(Finished::plain(shard.file.finish(rows)?));
        Ok(())
    }
}

/// The first key behind those of a shard's file.
const SPLIT: &str = "\"size_limit\"";

fn name(index: usize) -> String {
    format!("shard.{index:05}.mds")
}

/// The keys that each shard and the index repeat, sorted, in the spelling of the format's own
/// writer; without the braces around them.
fn config(columns: &[Column], shard_bytes: u64) -> String {
    let list = |words: Vec<String>| format!("[{}]", words.join(", "));
    let quoted = |word: &str| format!("\"{word}\"");
    format!(
        "\"column_encodings\": {}, \"column_names\": {}, \"column_sizes\": {}, \
         \"compression\": null, \"format\": \"mds\", \"hashes\": [], \"size_limit\": {shard_bytes}, \
         \"version\": 2",
        list(columns.iter().map(|column| quoted(column.encoding)).collect()),
        list(columns.iter().map(|column| quoted(column.name)).collect()),
        list(columns.iter().map(|_| "null".to_string()).collect()),
    )
}

/// Appends an array: how wide its count is and that it has one dimension, the count, the values.
fn push_array(sample: &mut Vec<u8>, count: usize, values: &[u8]) {
    match count {
        0..=0xff => sample.extend_from_slice(&[4, count as u8]),
        0x100..=0xffff => {
            sample.push(5);
            sample.extend_from_slice(&(count as u16).to_le_bytes());
        }
        _ => {
            sample.push(6);
            sample.extend_from_slice(&(count as u32).to_le_bytes());
        }
    }
    sample.extend_from_slice(values);
}

fn array_bytes(count: u64, width: u64) -> u64 {
    let count_bytes = if count < 1 << 8 {
        1
    } else if count < 1 << 16 {
        2
    } else {
        4
    };
    1 + count_bytes + count * width
}

impl Sink for MdsSink {
    type Part = Part;
    type Files = MdsFiles;

    fn columns(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.to_string()).collect()
    }

    fn cut(&self) -> Cut {
        Cut { rows: u64::MAX, bytes: 16 << 20, shard_bytes: Some(self.shard_bytes) }
    }

    fn pack_bytes(&self, places: u64, segments: u64) -> u64 {
        let bytes = |column: &Column| {
            let count = if column.by_token { places } else { segments };
            4 + array_bytes(count, column.width() as u64)
        };
        4 + self.columns.iter().map(bytes).sum::<u64>()
    }

    fn shard_name(&self, index: usize, _count: usize) -> Option<String> {
        Some(name(index))
    }

    fn begin(&self, _output: &Output, shards: &Shards) -> Result<MdsFiles, Fault> {
        Ok(MdsFiles { shards: shards.clone(), open: None, done: Vec::new() })
    }

    fn encode(&self, block: Block, go_on: &dyn Fn() -> Result<(), Fault>) -> Result<Part, Fault> {
        let values: Vec<Buffer> =
            self.columns.iter().map(|column| (column.values)(&block)).collect();
        let mut part = Part { bytes: Vec::new(), ends: Vec::with_capacity(block.rows()) };
        for row in 0..block.rows() {
            let sizes = part.bytes.len();
            part.bytes.resize(sizes + 4 * self.columns.len(), 0);
            for (number, (column, values)) in self.columns.iter().zip(&values).enumerate() {
                let range =
                    if column.by_token { block.places_of(row) } else { block.segments_of(row) };
                let bytes = range.start * column.width()..range.end * column.width();
                let before = part.bytes.len();
                push_array(&mut part.bytes, range.len(), &values[bytes]);
                let size = (part.bytes.len() - before) as u32;
                let place = sizes + 4 * number;
                part.bytes[place..place + 4].copy_from_slice(&size.to_le_bytes());
            }
            part.ends.push(part.bytes.len());
            go_on()?;
        }
        Ok(part)
    }

    fn append(
        &self,
        files: &mut MdsFiles,
        output: &Output,
        span: &Span,
        part: Part,
    ) -> Result<(), Fault> {
        if files.open.as_ref().is_none_or(|shard| shard.index != span.shard) {
            self.close(files)?;
            files.open = Some(self.open(output, &files.shards, span.shard)?);
        }
        let shard = files.open.as_mut().expect("opened above");
        let start = shard.file.bytes();
        for end in part.ends {
            let offset = u32::try_from(start + end as u64).map_err(|_| {
                Fault::option("a shard of mds must stay below 4 GiB; lower shardSize")
            })?;
            shard.offsets.push(offset);
        }
        shard.file.write_all(&part.bytes).map_err(|error| shard.file.refused(&error))
    }

    fn finish(&self, mut files: MdsFiles, _output: &Output) -> Result<Vec<Finished>, Fault> {
        self.close(&mut files)?;
        Ok(files.done)
    }

    fn describe(&self, files: &[Finished], output: &Output) -> Result<(), Fault> {
        // The keys of a shard and those of its file, sorted together.
        let (before, after) = self.config.split_at(self.config.find(SPLIT).expect("it is a key"));
        let entry = |file: &DataFile| {
            let DataFile { path, rows, bytes, .. } = file;
            format!(
                "{{{before}\"raw_data\": {{\"basename\": \"{path}\", \"bytes\": {bytes}, \
                 \"hashes\": {{}}}}, \"samples\": {rows}, {after}, \"zip_data\": null}}"
            )
        };
        let shards: Vec<String> = files.iter().map(|finished| entry(&finished.file)).collect();
        let index = format!("{{\"shards\": [{}], \"version\": 2}}\n", shards.join(", "));
        output.describe("index.json", index.as_bytes())
    }
}
