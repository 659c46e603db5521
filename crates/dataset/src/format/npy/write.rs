//! Format `npy`: one flat array per column, for `np.load(..., mmap_mode='r')`; not sharded.
//!
//! `cu_seqlens` holds the ends of segments over the whole set, `pack_offsets` the segments of each
//! pack. Sizes are known before anything is written, so headers come first; each has 128 bytes.

use crate::Fault;
use crate::format::shape::npy::{header, pack_ends, segment_ends};
use crate::format::sink::{Cut, Finished, Shards, Sink};
use crate::output::{DataWriter, Output};
use crate::store::Content;
use crate::store::{Block, Span};
use arrow_buffer::Buffer;
use std::io::Write;

/// The format `npy`.
pub(crate) struct NpySink {
    arrays: Vec<Array>,
}

/// Why a column that is asked for is there.
const MISSING: &str = "the content says which arrays a block has";

/// Which array of a block, and how it is called.
#[derive(Clone, Copy)]
struct Array {
    name: &'static str,
    descr: &'static str,
    values: fn(&Block) -> Buffer,
    extent: Extent,
}

/// How many values an array has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    Places,
    Segments,
    /// Boundaries: a 0 before the first.
    SegmentEnds,
    PackEnds,
}

/// One open file per array, in the order of arrays.
pub(crate) struct NpyFiles {
    files: Vec<DataWriter>,
    packs: u64,
}

impl NpySink {
    pub(crate) fn new(content: &Content) -> Self {
        let array = |name, descr, extent, values| Array { name, descr, values, extent };
        let mut arrays = vec![
            array("input_ids", "<i4", Extent::Places, |block| block.tokens.inner().clone()),
            array("cu_seqlens", "<i8", Extent::SegmentEnds, segment_ends),
            array("pack_offsets", "<i8", Extent::PackEnds, pack_ends),
            array("sequence_ids", "<i8", Extent::Segments, |block| block.sequences.inner().clone()),
        ];
        if content.labels {
            arrays.push(array("labels", "<i4", Extent::Places, |block| {
                block.labels.as_ref().expect(MISSING).inner().clone()
            }));
        }
        if content.weights {
            arrays.push(array("loss_weights", "<f4", Extent::Places, |block| {
                block.weights.as_ref().expect(MISSING).inner().clone()
            }));
        }
        if content.starts {
            arrays.push(array("piece_starts", "<i8", Extent::Segments, |block| {
                block.starts.inner().clone()
            }));
        }
        if content.counts {
            arrays.push(array("token_counts", "<i4", Extent::Segments, |block| {
                block.counts.inner().clone()
            }));
        }
        Self { arrays }
    }
}

impl Sink for NpySink {
    type Part = Vec<Buffer>;
    type Files = NpyFiles;

    fn columns(&self) -> Vec<String> {
        self.arrays.iter().map(|array| array.name.to_string()).collect()
    }

    fn cut(&self) -> Cut {
        Cut { rows: u64::MAX, bytes: 16 << 20, shard_bytes: None }
    }

    fn pack_bytes(&self, places: u64, segments: u64) -> u64 {
        let bytes = |array: &Array| {
            let count = match array.extent {
                Extent::Places => places,
                Extent::Segments | Extent::SegmentEnds => segments,
                Extent::PackEnds => 1,
            };
            count * if array.descr == "<i8" { 8 } else { 4 }
        };
        self.arrays.iter().map(bytes).sum()
    }

    fn begin(&self, output: &Output, shards: &Shards) -> Result<NpyFiles, Fault> {
        let sizes = shards.sizes(0);
        let open = |array: &Array| {
            let count = match array.extent {
                Extent::Places => sizes.places,
                Extent::Segments => sizes.segments,
                Extent::SegmentEnds => sizes.segments + 1,
                Extent::PackEnds => sizes.packs + 1,
            };
            let mut start = header(array.descr, count);
            if matches!(array.extent, Extent::SegmentEnds | Extent::PackEnds) {
                start.extend_from_slice(&0_i64.to_le_bytes());
            }
            let mut file = output.create(&format!("{}.npy", array.name))?;
            file.write_all(&start).map_err(|error| file.refused(&error))?;
            Ok(file)
        };
        let files = self.arrays.iter().map(open).collect::<Result<_, Fault>>()?;
        Ok(NpyFiles { files, packs: sizes.packs })
    }

    fn encode(
        &self,
        block: Block,
        _go_on: &dyn Fn() -> Result<(), Fault>,
    ) -> Result<Vec<Buffer>, Fault> {
        Ok(self.arrays.iter().map(|array| (array.values)(&block)).collect())
    }

    fn append(
        &self,
        files: &mut NpyFiles,
        _output: &Output,
        _span: &Span,
        part: Vec<Buffer>,
    ) -> Result<(), Fault> {
        for (file, values) in files.files.iter_mut().zip(part) {
            file.write_all(&values).map_err(|error| file.refused(&error))?;
        }
        Ok(())
    }

    fn finish(&self, files: NpyFiles, _output: &Output) -> Result<Vec<Finished>, Fault> {
        let mut done = Vec::new();
        for (array, file) in self.arrays.iter().zip(files.files) {
            // Packs are counted once: at the tokens.
            let rows = if array.name == "input_ids" { files.packs } else { 0 };
            done.push(Finished::plain(file.finish(rows)?));
        }
        Ok(done)
    }
}
