//! Writers, one per format. Each is a [`Sink`]: it says how packs are cut into blocks and files,
//! encodes blocks on any thread in any order, and appends what came out in the order of packs.

mod arrow;
mod folder;
mod hf;
mod llamafactory;
mod mds;
mod megatron;
mod nemo;
mod npy;
mod padded;
mod parquet;
mod safetensors;
mod seqpack;
mod table;
mod trl;
mod write;

pub(crate) use arrow::ArrowSink;
pub(crate) use folder::FolderSink;
pub(crate) use hf::HfTable;
pub(crate) use llamafactory::LlamaFactoryTable;
pub(crate) use mds::MdsSink;
pub(crate) use megatron::MegatronSink;
pub(crate) use nemo::NemoSink;
pub(crate) use npy::NpySink;
pub use parquet::Compression;
pub(crate) use parquet::ParquetSink;
pub(crate) use safetensors::SafetensorsSink;
pub(crate) use seqpack::{OWN_IDS, ROW_IDS, Sequences, prepare};
pub(crate) use trl::TrlTable;
pub(crate) use write::{spans, write};

use crate::Fault;
use crate::block::{Block, Span};
use crate::output::{DataFile, Output};
use arrow_schema::FieldRef;

/// The optional columns that a data set has.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent columns, each there or not")]
pub(crate) struct Content {
    /// Labels (`labels`).
    pub labels: bool,
    /// Loss weights (`loss_weights`).
    pub weights: bool,
    /// Sequences may be cut (`piece_starts`).
    pub starts: bool,
    /// Sequences are aligned (`token_counts`).
    pub counts: bool,
    /// Columns taken along: name and type of one value.
    pub carried: Vec<FieldRef>,
}

/// How packs are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Packs in a block, at most.
    pub rows: u64,
    /// Bytes in a block, at most, unless one pack has more. A block and what it is encoded to are
    /// held once or twice per thread: 16 MiB keeps 8 threads well within 512 MiB.
    pub bytes: u64,
    /// Bytes in a file, at most, unless one pack has more; none: a single file.
    pub shard_bytes: Option<u64>,
}

/// Sizes of one output file, known before anything is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub packs: u64,
    pub segments: u64,
    pub places: u64,
}

/// A format. The value itself holds options and never changes; what grows is in `Files`.
pub(crate) trait Sink: Sync {
    /// A block, encoded.
    type Part: Send;
    /// The open files.
    type Files: Send;

    /// Names of the columns written, for the manifest.
    fn columns(&self) -> Vec<String>;

    /// What the caller should know of the contents, when all blocks are encoded.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// How packs are cut into blocks and files.
    fn cut(&self) -> Cut;

    /// Bytes of column data, uncompressed, of a pack of `places` and `segments`. Blocks and shards
    /// are cut by it, so it depends on nothing else.
    fn pack_bytes(&self, places: u64, segments: u64) -> u64;

    /// Starts the output. `shards` has the sizes of each file; it is never empty: a data set
    /// without packs has one shard without packs.
    fn begin(&self, output: &Output, shards: &[Sizes]) -> Result<Self::Files, Fault>;

    /// Encodes a block; runs on several threads at once, in any order. `go_on` must be asked every
    /// few milliseconds of work and its fault returned.
    fn encode(
        &self,
        block: Block,
        go_on: &dyn Fn() -> Result<(), Fault>,
    ) -> Result<Self::Part, Fault>;

    /// Appends the block that lies at `span`; called in the order of packs.
    fn append(
        &self,
        files: &mut Self::Files,
        output: &Output,
        span: &Span,
        part: Self::Part,
    ) -> Result<(), Fault>;

    /// Completes all files, the manifest excepted.
    fn finish(&self, files: Self::Files, output: &Output) -> Result<Vec<DataFile>, Fault>;
}

/// The name of shard `index` of `count`: `train-00000-of-00003.parquet`. Numbers have five digits, as
/// `datasets` writes them, and more where the last needs more: names sort as their numbers do.
pub(crate) fn shard_name(stem: &str, index: usize, count: usize, ending: &str) -> String {
    let digits = count.saturating_sub(1).to_string().len().max(5);
    format!("{stem}-{index:0digits$}-of-{count:0digits$}.{ending}")
}

#[cfg(test)]
mod tests {
    use super::shard_name;

    #[test]
    fn names_of_shards_sort_as_their_numbers_do() {
        for count in [1, 3, 99_999, 100_000, 100_001, 1_000_001] {
            let names: Vec<_> =
                (0..count).map(|index| shard_name("data", index, count, "arrow")).collect();
            assert!(names.is_sorted(), "{count}");
            assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "{count}");
        }
    }

    #[test]
    fn names_of_shards_have_five_digits_or_what_the_last_needs() {
        assert_eq!(shard_name("train", 2, 3, "parquet"), "train-00002-of-00003.parquet");
        assert_eq!(shard_name("data", 99_999, 100_000, "arrow"), "data-99999-of-100000.arrow");
        assert_eq!(shard_name("data", 7, 100_001, "arrow"), "data-000007-of-100001.arrow");
    }
}
