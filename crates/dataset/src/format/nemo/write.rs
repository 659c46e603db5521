//! Format `nemo`: Parquet as Megatron-Bridge and `NeMo` read packed sequences, with the metadata file
//! that `pad_cu_seqlens` asks for.
//!
//! The reader cuts each stored segment s[0..n) into inputs s[0..n-1) and labels s[1..n) and takes
//! the mask of the inputs: entry t is the weight of token t + 1, and the last entry is 0. It holds a
//! whole row group, so these have 500 rows at most.

use crate::Fault;
use crate::format::parquet::{Encoded, ParquetFiles, ParquetSink};
use crate::format::shape::padded::segments;
use crate::format::shape::table::{Table, list_field};
use crate::format::sink::{Cut, Finished, Shards, Sink};
use crate::options::{Compression, DatasetOptions};
use crate::output::{MANIFEST, Output};
use crate::source::IGNORE;
use crate::store::Content;
use crate::store::{Block, Span};
use arrow_array::{ArrayRef, Int8Array, Int32Array, Int64Array, ListArray, RecordBatch};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

/// The columns of the format.
pub(crate) struct NemoTable {
    schema: SchemaRef,
    int8: FieldRef,
    int32: FieldRef,
    int64: FieldRef,
    starts: bool,
    /// Sequences are aligned, with filler of this id.
    filler: Option<i32>,
}

impl NemoTable {
    fn new(content: &Content, pad: i32) -> Self {
        let element = |data_type| Arc::new(Field::new("element", data_type, true));
        let (int8, int32, int64) =
            (element(DataType::Int8), element(DataType::Int32), element(DataType::Int64));
        let mut fields = vec![
            list_field("input_ids", &int32),
            list_field("loss_mask", &int8),
            list_field("seq_start_id", &int32),
            list_field("sequence_ids", &int64),
        ];
        if content.starts {
            fields.push(list_field("piece_starts", &int64));
        }
        if content.counts {
            fields.push(list_field("token_counts", &int32));
        }
        let schema = Arc::new(Schema::new(fields));
        let filler = content.counts.then_some(pad);
        Self { schema, int8, int32, int64, starts: content.starts, filler }
    }
}

impl Table for NemoTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn pack_bytes(&self, places: u64, segments: u64) -> u64 {
        let aligned = if self.filler.is_some() { 9 } else { 0 };
        5 * places + segments * (aligned + if self.starts { 20 } else { 12 })
    }

    fn batch(
        &self,
        block: Block,
        go_on: &dyn Fn() -> Result<(), Fault>,
    ) -> Result<RecordBatch, Fault> {
        go_on()?;
        let (mask, starts) = mask_and_starts(&block, self.filler.is_some());
        let list = |element: &FieldRef, offsets: &OffsetBuffer<i32>, values: ArrayRef| {
            Arc::new(ListArray::new(Arc::clone(element), offsets.clone(), values, None)) as ArrayRef
        };
        let int64 = |values| Arc::new(Int64Array::new(values, None));
        let (places, tokens) = match self.filler {
            Some(filler) => lengthened(&block, filler),
            None => (block.token_offsets.clone(), block.tokens.clone()),
        };
        let segments = &block.segment_offsets;
        let mut columns = vec![
            list(&self.int32, &places, Arc::new(Int32Array::new(tokens, None))),
            list(&self.int8, &places, Arc::new(Int8Array::from(mask))),
            list(&self.int32, segments, Arc::new(Int32Array::from(starts))),
            list(&self.int64, segments, int64(block.sequences)),
        ];
        if self.starts {
            columns.push(list(&self.int64, segments, int64(block.starts)));
        }
        if self.filler.is_some() {
            let counts = Arc::new(Int32Array::new(block.counts, None));
            columns.push(list(&self.int32, segments, counts));
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns);
        Ok(batch.expect("columns of the schema, one list per row"))
    }
}

/// The mask, aligned to labels, and the place of each segment within its row; with one place more
/// for each, if the segments are `lengthened`.
fn mask_and_starts(block: &Block, lengthened: bool) -> (Vec<i8>, Vec<i32>) {
    let labels = block.labels.as_ref().expect("the content of this format has labels");
    let mut mask = Vec::with_capacity(labels.len());
    let mut starts = Vec::with_capacity(block.lengths.len());
    for row in 0..block.rows() {
        let (first, mut more) = (block.places_of(row).start, 0);
        for places in segments(block, row) {
            let start = places.start - first + more;
            starts.push(i32::try_from(start).expect("a pack has below 2^31 places"));
            mask.extend(
                labels[places.start + 1..places.end].iter().map(|&l| i8::from(l != IGNORE)),
            );
            mask.push(0);
            if lengthened {
                mask.push(0);
                more += 1;
            }
        }
    }
    (mask, starts)
}

/// Tokens with one more filler behind each segment, and where the rows end. The reader takes inputs
/// and labels of a segment of n + 1 tokens for n: these are the n that must be a multiple.
fn lengthened(block: &Block, filler: i32) -> (OffsetBuffer<i32>, ScalarBuffer<i32>) {
    let mut tokens = Vec::with_capacity(block.tokens.len() + block.lengths.len());
    let mut lengths = Vec::with_capacity(block.rows());
    for row in 0..block.rows() {
        let before = tokens.len();
        for places in segments(block, row) {
            tokens.extend_from_slice(&block.tokens[places]);
            tokens.push(filler);
        }
        lengths.push(tokens.len() - before);
    }
    (OffsetBuffer::from_lengths(lengths), tokens.into())
}

/// The format `nemo`.
pub(crate) struct NemoSink {
    parquet: ParquetSink<NemoTable>,
    capacity: u32,
    /// The reader finds the end of a sequence by the end-of-document id, and filler is none.
    unknown_filler: bool,
}

/// A block, encoded, with what it adds to the metadata.
pub(crate) struct Part {
    encoded: Encoded,
    tally: Tally,
}

/// Open files, and what each adds to the metadata.
pub(crate) struct NemoFiles {
    parquet: ParquetFiles,
    /// The first of these files.
    first: usize,
    tallies: Vec<Tally>,
}

/// What the metadata file says of the packs.
#[derive(Clone, Copy, Default)]
struct Tally {
    packs: u64,
    sequences: u64,
    tokens: u64,
    longest: i32,
    most: usize,
    shortest_pack: Option<usize>,
}

impl Tally {
    fn of(block: &Block) -> Self {
        let mut tally = Self { packs: block.rows() as u64, ..Self::default() };
        tally.sequences = block.lengths.len() as u64;
        tally.tokens = block.counts.iter().map(|&count| u64::from(count.unsigned_abs())).sum();
        tally.longest = block.lengths.iter().copied().max().unwrap_or(0);
        tally.most = (0..block.rows()).map(|row| block.segments_of(row).len()).max().unwrap_or(0);
        let tokens = |row| block.counts[block.segments_of(row)].iter().map(|&n| n as usize).sum();
        tally.shortest_pack = (0..block.rows()).map(tokens).min();
        tally
    }

    fn to_json(self) -> Value {
        json!({
            "packs": self.packs,
            "sequences": self.sequences,
            "tokens": self.tokens,
            "longest": self.longest,
            "most": self.most,
            "shortestPack": self.shortest_pack,
        })
    }

    /// None for what isn't one.
    fn parse(value: &Value) -> Option<Self> {
        let count = |name: &str| value.get(name)?.as_u64();
        Some(Self {
            packs: count("packs")?,
            sequences: count("sequences")?,
            tokens: count("tokens")?,
            longest: i32::try_from(count("longest")?).ok()?,
            most: usize::try_from(count("most")?).ok()?,
            shortest_pack: match value.get("shortestPack")? {
                Value::Null => None,
                tokens => Some(usize::try_from(tokens.as_u64()?).ok()?),
            },
        })
    }

    fn with(self, other: Self) -> Self {
        Self {
            packs: self.packs + other.packs,
            sequences: self.sequences + other.sequences,
            tokens: self.tokens + other.tokens,
            longest: self.longest.max(other.longest),
            most: self.most.max(other.most),
            shortest_pack: self.shortest_pack.into_iter().chain(other.shortest_pack).min(),
        }
    }
}

impl NemoSink {
    pub(crate) fn new(
        content: &Content,
        compression: Compression,
        shard_bytes: u64,
        options: &DatasetOptions,
    ) -> Result<Self, Fault> {
        let (capacity, pad) = (options.pack.capacity, options.pad());
        let unknown_filler = content.counts && options.eos_token_id != Some(pad);
        let table = NemoTable::new(content, pad);
        let parquet = ParquetSink::with_table(table, compression, shard_bytes, "idx.parquet", 500)?;
        Ok(Self { parquet, capacity, unknown_filler })
    }
}

impl Sink for NemoSink {
    type Part = Part;
    type Files = NemoFiles;

    fn columns(&self) -> Vec<String> {
        Sink::columns(&self.parquet)
    }

    fn warnings(&self) -> Vec<String> {
        if !self.unknown_filler {
            return Vec::new();
        }
        vec![
            "the filler of aligned sequences isn't the end-of-document id, by which NeMo finds where \
             they end: give eosTokenId, and no other padTokenId"
                .to_string(),
        ]
    }

    fn cut(&self) -> Cut {
        Sink::cut(&self.parquet)
    }

    fn pack_bytes(&self, places: u64, segments: u64) -> u64 {
        self.parquet.pack_bytes(places, segments)
    }

    fn shard_name(&self, index: usize, count: usize) -> Option<String> {
        Sink::shard_name(&self.parquet, index, count)
    }

    fn begin(&self, output: &Output, shards: &Shards) -> Result<NemoFiles, Fault> {
        let parquet = self.parquet.begin(output, shards)?;
        let tallies = vec![Tally::default(); shards.all_sizes().len()];
        Ok(NemoFiles { parquet, first: shards.first, tallies })
    }

    fn encode(&self, block: Block, go_on: &dyn Fn() -> Result<(), Fault>) -> Result<Part, Fault> {
        let tally = Tally::of(&block);
        Ok(Part { encoded: self.parquet.encode(block, go_on)?, tally })
    }

    fn append(
        &self,
        files: &mut NemoFiles,
        output: &Output,
        span: &Span,
        part: Part,
    ) -> Result<(), Fault> {
        let tally = &mut files.tallies[span.shard - files.first];
        *tally = tally.with(part.tally);
        self.parquet.append(&mut files.parquet, output, span, part.encoded)
    }

    fn finish(&self, files: NemoFiles, output: &Output) -> Result<Vec<Finished>, Fault> {
        let done = self.parquet.finish(files.parquet, output)?;
        let with_tally =
            |(finished, tally): (Finished, Tally)| Finished { index: tally.to_json(), ..finished };
        Ok(done.into_iter().zip(files.tallies).map(with_tally).collect())
    }

    fn describe(&self, files: &[Finished], output: &Output) -> Result<(), Fault> {
        let mut tally = Tally::default();
        for Finished { file, index } in files {
            let own = Tally::parse(index).ok_or_else(|| {
                let detail = format!("the sums of {} are missing or wrong", file.path);
                Fault::format(Path::new(MANIFEST), None, detail)
            })?;
            tally = tally.with(own);
        }
        let packs = (tally.packs as f64).max(1.0);
        let hundredths = |value: f64| (value * 100.0).round() / 100.0;
        let filled = tally.tokens as f64 / (packs * f64::from(self.capacity)) * 100.0;
        let metadata = json!([{
            "dataset_max_seqlen": tally.longest,
            "max_samples_per_bin": tally.most,
            "packing_factor": hundredths(tally.sequences as f64 / packs),
            "packing_efficiency": hundredths(filled),
            "pack_size": self.capacity,
            "min_packed_seqlen": tally.shortest_pack.unwrap_or(0),
        }]);
        output.describe("pack_metadata.json", format!("{metadata:#}\n").as_bytes())
    }
}
