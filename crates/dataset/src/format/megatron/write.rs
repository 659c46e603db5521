//! Format `megatron`: the token file and index of Megatron-LM's `IndexedDataset`.
//!
//! One pack is one sequence and one document of exactly `capacity` tokens; every segment ends with
//! the end-of-document id, and the pack is padded with it. So a `GPTDataset` of that sequence
//! length gives whole packs, and resets positions and mask at each of those ids. What the format
//! can't say stands beside it, in npy files.

use crate::Fault;
use crate::format::shape::npy::{header, pack_ends, segment_ends};
use crate::format::shape::padded::{PaddedRows, segments};
use crate::format::sink::{Cut, Finished, Shards, Sink};
use crate::output::{DataFile, DataWriter, Output};
use crate::store::Content;
use crate::store::{Block, Span};
use arrow_buffer::Buffer;
use std::io::{self, BufWriter, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use stowage_engine::Fault as EngineFault;

/// Name of all files, without their endings.
const STEM: &str = "packed_text_document";

/// The format `megatron`.
pub(crate) struct MegatronSink {
    capacity: u32,
    end: i32,
    narrow: bool,
    starts: bool,
    counts: bool,
    /// End-of-document ids within sequences: Megatron takes them for ends.
    inner_ends: AtomicU64,
}

/// A side file: its name, whether it holds boundaries (a 0 before the first), and its values in a
/// block.
type Side = (&'static str, bool, fn(&Block) -> Buffer);

/// Tokens and side arrays of a block.
pub(crate) struct Part {
    tokens: Buffer,
    sides: Vec<Buffer>,
}

pub(crate) struct MegatronFiles {
    tokens: DataWriter,
    sides: Vec<DataWriter>,
    packs: u64,
}

impl MegatronSink {
    /// `end` is the end-of-document id; `narrow`: tokens of 16 bits.
    pub(crate) fn new(content: &Content, capacity: u32, end: i32, narrow: bool) -> Self {
        Self {
            capacity,
            end,
            narrow,
            starts: content.starts,
            counts: content.counts,
            inner_ends: AtomicU64::new(0),
        }
    }

    fn width(&self) -> u64 {
        if self.narrow { 2 } else { 4 }
    }

    fn write_index(&self, output: &Output, packs: u64) -> Result<DataFile, Fault> {
        let path = format!("{STEM}.idx");
        let mut file = BufWriter::new(output.create(&path)?);
        let code = if self.narrow { 8 } else { 4 };
        let mut write = || {
            file.write_all(b"MMIDIDX\0\0")?;
            file.write_all(&1_u64.to_le_bytes())?;
            file.write_all(&[code])?;
            file.write_all(&packs.to_le_bytes())?;
            file.write_all(&(packs + 1).to_le_bytes())?;
            for _ in 0..packs {
                file.write_all(&self.capacity.to_le_bytes())?;
            }
            for pack in 0..packs {
                let offset = pack * u64::from(self.capacity) * self.width();
                file.write_all(&offset.to_le_bytes())?;
            }
            (0..=packs).try_for_each(|document| file.write_all(&document.to_le_bytes()))
        };
        let written: io::Result<()> = write();
        written.map_err(|error| file.get_ref().refused(&error))?;
        let place = file.get_ref().path().to_path_buf();
        let file = file.into_inner().map_err(|error| Fault::io("write", &place, error.error()))?;
        file.finish(0)
    }

    /// Tokens of 16 bits.
    fn narrowed(&self, tokens: &[i32], block: &Block) -> Result<Vec<u16>, Fault> {
        let narrowed: Result<Vec<u16>, _> = tokens.iter().map(|&id| u16::try_from(id)).collect();
        narrowed.map_err(|_| {
            let too_large = |&&id: &&i32| u16::try_from(id).is_err();
            let (sequence, id) = (0..block.rows())
                .flat_map(|row| segments(block, row).zip(block.segments_of(row)))
                .find_map(|(places, segment)| {
                    let id = block.tokens[places].iter().find(too_large)?;
                    Some((block.sequences[segment], *id))
                })
                .unwrap_or((0, self.end));
            let detail = format!(
                "sequence {sequence} has the token id {id}, which doesn't fit the uint16 tokens that \
                 vocabSize asks for; leave vocabSize out, or give the true size of the vocabulary"
            );
            Fault::Engine(EngineFault::Column { row: u64::try_from(sequence).ok(), detail })
        })
    }

    fn count_inner_ends(&self, block: &Block) {
        let segments = (0..block.rows()).flat_map(|row| segments(block, row));
        let inner = segments.zip(&*block.counts).map(|(places, &count)| {
            let tokens = &block.tokens[places.start..places.start + count as usize - 1];
            tokens.iter().filter(|&&id| id == self.end).count() as u64
        });
        self.inner_ends.fetch_add(inner.sum(), Relaxed);
    }

    fn sides(&self) -> Vec<Side> {
        let mut sides: Vec<Side> = vec![
            ("cu_seqlens", true, segment_ends),
            ("pack_offsets", true, pack_ends),
            ("sequence_ids", false, |block| block.sequences.inner().clone()),
        ];
        if self.counts {
            sides.push(("token_counts", false, |block| block.counts.inner().clone()));
        }
        if self.starts {
            sides.push(("piece_starts", false, |block| block.starts.inner().clone()));
        }
        sides
    }
}

impl Sink for MegatronSink {
    type Part = Part;
    type Files = MegatronFiles;

    fn columns(&self) -> Vec<String> {
        vec!["tokens".to_string()]
    }

    fn warnings(&self) -> Vec<String> {
        let count = self.inner_ends.load(Relaxed);
        if count == 0 {
            return Vec::new();
        }
        vec![format!(
            "{count} tokens inside sequences are the end-of-document id {}: Megatron ends a document \
             at each of them",
            self.end
        )]
    }

    fn cut(&self) -> Cut {
        Cut { rows: u64::MAX, bytes: 16 << 20, shard_bytes: None }
    }

    fn pack_bytes(&self, _places: u64, segments: u64) -> u64 {
        u64::from(self.capacity) * self.width() + 20 * segments + 8
    }

    fn begin(&self, output: &Output, shards: &Shards) -> Result<MegatronFiles, Fault> {
        let sizes = shards.sizes(0);
        let tokens = output.create(&format!("{STEM}.bin"))?;
        let open = |(name, ends, _): Side| {
            let count = match name {
                "pack_offsets" => sizes.packs + 1,
                _ => sizes.segments + u64::from(ends),
            };
            let mut start = header(if name == "token_counts" { "<i4" } else { "<i8" }, count);
            if ends {
                start.extend_from_slice(&0_i64.to_le_bytes());
            }
            let path = format!("{STEM}.{name}.npy");
            let mut file = output.create(&path)?;
            file.write_all(&start).map_err(|error| file.refused(&error))?;
            Ok(file)
        };
        let sides = self.sides().into_iter().map(open).collect::<Result<_, Fault>>()?;
        Ok(MegatronFiles { tokens, sides, packs: sizes.packs })
    }

    fn encode(&self, block: Block, go_on: &dyn Fn() -> Result<(), Fault>) -> Result<Part, Fault> {
        self.count_inner_ends(&block);
        go_on()?;
        let rows = PaddedRows { block: &block, width: self.capacity as usize };
        let tokens = rows.input_ids(self.end)?;
        go_on()?;
        let tokens = if self.narrow {
            Buffer::from_vec(self.narrowed(&tokens, &block)?)
        } else {
            Buffer::from_vec(tokens)
        };
        let sides = self.sides().into_iter().map(|(_, _, values)| values(&block)).collect();
        Ok(Part { tokens, sides })
    }

    fn append(
        &self,
        files: &mut MegatronFiles,
        _output: &Output,
        _span: &Span,
        part: Part,
    ) -> Result<(), Fault> {
        let tokens = &mut files.tokens;
        tokens.write_all(&part.tokens).map_err(|error| tokens.refused(&error))?;
        for (file, values) in files.sides.iter_mut().zip(part.sides) {
            file.write_all(&values).map_err(|error| file.refused(&error))?;
        }
        Ok(())
    }

    fn finish(&self, files: MegatronFiles, output: &Output) -> Result<Vec<Finished>, Fault> {
        let mut done = vec![files.tokens.finish(files.packs)?];
        done.push(self.write_index(output, files.packs)?);
        for file in files.sides {
            done.push(file.finish(0)?);
        }
        Ok(done.into_iter().map(Finished::plain).collect())
    }
}
