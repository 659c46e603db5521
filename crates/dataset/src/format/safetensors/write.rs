//! Format `safetensors`: shards of tensors `[packs, capacity]`, read in slices without loading all.
//!
//! The size of every tensor is known before its shard is written, so the header comes first and
//! each block goes straight to its place: memory doesn't grow with the shard. Wider types come
//! first, which keeps each tensor aligned.

use crate::Fault;
use crate::format::shape::padded::PaddedRows;
use crate::format::sink::{Cut, Finished, Shards, Sink, Sizes, shard_name};
use crate::output::{DataWriter, Output};
use crate::store::Content;
use crate::store::{Block, Span};
use arrow_buffer::{Buffer, ToByteSlice};
use serde_json::{Map, Value, json};

/// The format `safetensors`.
pub(crate) struct SafetensorsSink {
    tensors: Vec<Tensor>,
    capacity: u32,
    pad: i32,
    shard_bytes: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    Rows,
    Segments,
    /// Boundaries of segments or packs: a 0 before the first.
    SegmentEnds,
    PackEnds,
}

#[derive(Clone, Copy)]
struct Tensor {
    name: &'static str,
    dtype: &'static str,
    extent: Extent,
}

impl Tensor {
    fn width(&self) -> u64 {
        if self.dtype == "I64" { 8 } else { 4 }
    }
}

/// The open shard, and those that are complete.
pub(crate) struct SafetensorsFiles {
    shards: Shards,
    open: Option<Shard>,
    done: Vec<Finished>,
}

struct Shard {
    index: usize,
    file: DataWriter,
    /// Where each tensor begins in the file.
    starts: Vec<u64>,
    written: Sizes,
}

impl SafetensorsSink {
    pub(crate) fn new(content: &Content, capacity: u32, pad: i32, shard_bytes: u64) -> Self {
        let tensor = |name, dtype, extent| Tensor { name, dtype, extent };
        let mut tensors = vec![tensor("sequence_ids", "I64", Extent::Segments)];
        if content.starts {
            tensors.push(tensor("piece_starts", "I64", Extent::Segments));
        }
        for name in ["input_ids", "labels", "position_ids", "attention_mask"] {
            tensors.push(tensor(name, "I32", Extent::Rows));
        }
        tensors.push(tensor("cu_seqlens", "I32", Extent::SegmentEnds));
        tensors.push(tensor("pack_offsets", "I32", Extent::PackEnds));
        if content.counts {
            tensors.push(tensor("token_counts", "I32", Extent::Segments));
        }
        if content.weights {
            tensors.push(tensor("loss_weights", "F32", Extent::Rows));
        }
        Self { tensors, capacity, pad, shard_bytes }
    }

    fn count(&self, tensor: &Tensor, sizes: Sizes) -> u64 {
        match tensor.extent {
            Extent::Rows => sizes.packs * u64::from(self.capacity),
            Extent::Segments => sizes.segments,
            Extent::SegmentEnds => sizes.segments + 1,
            Extent::PackEnds => sizes.packs + 1,
        }
    }

    /// The header, and where each tensor begins behind it.
    fn header(&self, sizes: Sizes) -> (Vec<u8>, Vec<u64>) {
        let mut entries = Map::new();
        let capacity = self.capacity.to_string();
        let pad = self.pad.to_string();
        let metadata = json!({ "format": "np", "capacity": capacity, "pad_token_id": pad });
        entries.insert("__metadata__".to_string(), metadata);
        let (mut begin, mut starts) = (0, Vec::new());
        for tensor in &self.tensors {
            let count = self.count(tensor, sizes);
            let end = begin + count * tensor.width();
            let shape = match tensor.extent {
                Extent::Rows => json!([sizes.packs, self.capacity]),
                _ => json!([count]),
            };
            let entry =
                json!({ "dtype": tensor.dtype, "shape": shape, "data_offsets": [begin, end] });
            entries.insert(tensor.name.to_string(), entry);
            starts.push(begin);
            begin = end;
        }
        let mut words = Value::Object(entries).to_string().into_bytes();
        words.resize(words.len().next_multiple_of(8), b' ');
        let mut header = (words.len() as u64).to_le_bytes().to_vec();
        header.append(&mut words);
        (header, starts)
    }

    fn open(&self, output: &Output, shards: &Shards, index: usize) -> Result<Shard, Fault> {
        let name = name(index, shards.count);
        let mut file = output.create(&name)?;
        let (header, mut starts) = self.header(shards.sizes(index));
        file.write_at(&header, 0)?;
        for (start, tensor) in starts.iter_mut().zip(&self.tensors) {
            *start += header.len() as u64;
            if matches!(tensor.extent, Extent::SegmentEnds | Extent::PackEnds) {
                file.write_at(&0_i32.to_le_bytes(), *start)?;
            }
        }
        Ok(Shard { index, file, starts, written: Sizes::default() })
    }

    fn values(&self, tensor: &Tensor, rows: &PaddedRows<'_>) -> Result<Buffer, Fault> {
        let block = rows.block;
        Ok(match tensor.name {
            "input_ids" => Buffer::from_vec(rows.input_ids(self.pad)?),
            "labels" => Buffer::from_vec(rows.labels()?),
            "position_ids" => Buffer::from_vec(rows.position_ids()?),
            "attention_mask" => Buffer::from_vec(rows.attention_mask()?),
            "loss_weights" => {
                Buffer::from_vec(rows.weights()?.expect("the content of this data set has weights"))
            }
            "sequence_ids" => block.sequences.inner().clone(),
            "piece_starts" => block.starts.inner().clone(),
            "token_counts" => block.counts.inner().clone(),
            "cu_seqlens" => ends(block.lengths.iter().copied()),
            _ => Buffer::from_slice_ref(&block.segment_offsets[1..]),
        })
    }
}

/// Running sums: ends counted from the beginning of the block.
fn ends(lengths: impl Iterator<Item = i32>) -> Buffer {
    let mut end = 0;
    let ends = lengths.map(|length| {
        end += length;
        end
    });
    Buffer::from_vec(ends.collect::<Vec<i32>>())
}

fn name(index: usize, count: usize) -> String {
    shard_name("data", index, count, "safetensors")
}

impl Sink for SafetensorsSink {
    type Part = Vec<Buffer>;
    type Files = SafetensorsFiles;

    fn columns(&self) -> Vec<String> {
        self.tensors.iter().map(|tensor| tensor.name.to_string()).collect()
    }

    fn cut(&self) -> Cut {
        Cut { rows: u64::MAX, bytes: 16 << 20, shard_bytes: Some(self.shard_bytes) }
    }

    fn pack_bytes(&self, _places: u64, segments: u64) -> u64 {
        let one = Sizes { packs: 1, segments, places: 0 };
        let bytes = |tensor: &Tensor| match tensor.extent {
            Extent::SegmentEnds => segments * 4,
            Extent::PackEnds => 4,
            _ => self.count(tensor, one) * tensor.width(),
        };
        self.tensors.iter().map(bytes).sum()
    }

    fn shard_name(&self, index: usize, count: usize) -> Option<String> {
        Some(name(index, count))
    }

    fn begin(&self, output: &Output, shards: &Shards) -> Result<SafetensorsFiles, Fault> {
        let most = i32::MAX as u64;
        let mut sizes = shards.all_sizes().iter();
        if let Some(shard) = sizes.find(|shard| shard.places > most || shard.segments > most) {
            let detail = format!(
                "a shard of {} tokens is too large for its int32 boundaries; lower shardSize",
                shard.places
            );
            return Err(Fault::option(detail));
        }
        let open = Some(self.open(output, shards, shards.first)?);
        Ok(SafetensorsFiles { shards: shards.clone(), open, done: Vec::new() })
    }

    fn encode(
        &self,
        block: Block,
        go_on: &dyn Fn() -> Result<(), Fault>,
    ) -> Result<Vec<Buffer>, Fault> {
        let rows = PaddedRows { block: &block, width: self.capacity as usize };
        let values = |tensor| {
            go_on()?;
            self.values(tensor, &rows)
        };
        self.tensors.iter().map(values).collect()
    }

    fn append(
        &self,
        files: &mut SafetensorsFiles,
        output: &Output,
        span: &Span,
        part: Vec<Buffer>,
    ) -> Result<(), Fault> {
        if files.open.as_ref().is_none_or(|shard| shard.index != span.shard) {
            files.close()?;
            files.open = Some(self.open(output, &files.shards, span.shard)?);
        }
        let shard = files.open.as_mut().expect("opened above");
        let before = shard.written;
        for ((tensor, start), values) in self.tensors.iter().zip(&shard.starts).zip(part) {
            let position = start + self.count(tensor, before) * tensor.width();
            let base = match tensor.extent {
                Extent::SegmentEnds => before.places as i32,
                Extent::PackEnds => before.segments as i32,
                _ => 0,
            };
            if base == 0 {
                shard.file.write_at(&values, position)?;
            } else {
                let ends: Vec<i32> =
                    values.typed_data::<i32>().iter().map(|end| base + end).collect();
                shard.file.write_at(ends.to_byte_slice(), position)?;
            }
        }
        shard.written.packs += span.packs.end - span.packs.start;
        shard.written.segments += span.segments.end - span.segments.start;
        shard.written.places += span.places.end - span.places.start;
        Ok(())
    }

    fn finish(&self, mut files: SafetensorsFiles, _: &Output) -> Result<Vec<Finished>, Fault> {
        files.close()?;
        Ok(files.done)
    }
}

impl SafetensorsFiles {
    fn close(&mut self) -> Result<(), Fault> {
        let Some(shard) = self.open.take() else { return Ok(()) };
        self.done.push(Finished::plain(shard.file.finish(shard.written.packs)?));
        Ok(())
    }
}
