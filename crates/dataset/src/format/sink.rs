//! How a format is written: a [`Sink`] says how packs are cut into blocks and files, encodes blocks
//! on any thread in any order, and appends what came out in the order of packs.

use crate::Fault;
use crate::output::{DataFile, Output};
use crate::store::{Block, Span};
use serde_json::Value;
use std::any::Any;

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

/// The files that are written now: all of a data set, or some that stand next to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shards {
    /// The first of these, from 0.
    pub first: usize,
    /// Files of the whole data set.
    pub count: usize,
    sizes: Vec<Sizes>,
}

impl Shards {
    /// All that the data set has.
    pub(crate) fn all(sizes: Vec<Sizes>) -> Self {
        Self { first: 0, count: sizes.len(), sizes }
    }

    /// Those from `first` on, of `count`.
    pub(crate) fn some(first: usize, count: usize, sizes: Vec<Sizes>) -> Self {
        Self { first, count, sizes }
    }

    /// The sizes of file `index` of the whole data set, which is one of these.
    pub(crate) fn sizes(&self, index: usize) -> Sizes {
        self.sizes[index - self.first]
    }

    /// The sizes of these, in order.
    pub(crate) fn all_sizes(&self) -> &[Sizes] {
        &self.sizes
    }
}

/// A complete file of data.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finished {
    pub file: DataFile,
    /// What the files that describe the data must know of it besides; null for nothing.
    pub index: Value,
}

impl Finished {
    /// A file of which nothing more is to be known.
    pub(crate) fn plain(file: DataFile) -> Self {
        Self { file, index: Value::Null }
    }
}

/// The writing of a format. The value itself holds options and never changes; what grows is in `Files`.
pub(crate) trait Sink: Sync {
    /// A block, encoded.
    type Part: Send + 'static;
    /// The open files.
    type Files: Send + 'static;

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

    /// The name of file `index` of `count`; none where files aren't shards.
    fn shard_name(&self, _index: usize, _count: usize) -> Option<String> {
        None
    }

    /// Starts the output. `shards` is never empty: a data set without packs has one shard without
    /// packs.
    fn begin(&self, output: &Output, shards: &Shards) -> Result<Self::Files, Fault>;

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

    /// Completes the files of data.
    fn finish(&self, files: Self::Files, output: &Output) -> Result<Vec<Finished>, Fault>;

    /// Writes what describes all files of the data set, which are these, in order.
    ///
    /// # Errors
    /// [`Fault::Io`] for refused writes; [`Fault::Format`] for an index that isn't of this format.
    fn describe(&self, _files: &[Finished], _output: &Output) -> Result<(), Fault> {
        Ok(())
    }
}

/// A [`Sink`] whose parts and files nobody else knows, so that a list of formats can hold it.
pub(crate) trait AnySink: Sync {
    /// As [`Sink::columns`].
    fn columns(&self) -> Vec<String>;

    /// As [`Sink::warnings`].
    fn warnings(&self) -> Vec<String>;

    /// As [`Sink::cut`].
    fn cut(&self) -> Cut;

    /// As [`Sink::pack_bytes`].
    fn pack_bytes(&self, places: u64, segments: u64) -> u64;

    /// As [`Sink::shard_name`].
    fn shard_name(&self, index: usize, count: usize) -> Option<String>;

    /// As [`Sink::begin`].
    fn begin(&self, output: &Output, shards: &Shards) -> Result<AnyFiles, Fault>;

    /// As [`Sink::encode`].
    fn encode(&self, block: Block, go_on: &dyn Fn() -> Result<(), Fault>)
    -> Result<AnyPart, Fault>;

    /// As [`Sink::append`].
    fn append(
        &self,
        files: &mut AnyFiles,
        output: &Output,
        span: &Span,
        part: AnyPart,
    ) -> Result<(), Fault>;

    /// As [`Sink::finish`].
    fn finish(&self, files: AnyFiles, output: &Output) -> Result<Vec<Finished>, Fault>;

    /// As [`Sink::describe`].
    fn describe(&self, files: &[Finished], output: &Output) -> Result<(), Fault>;
}

/// A [`Sink::Part`].
pub(crate) struct AnyPart(Box<dyn Any + Send>);

/// The [`Sink::Files`].
pub(crate) struct AnyFiles(Box<dyn Any + Send>);

const OWN: &str = "a sink gets back what it made";

impl<S: Sink> AnySink for S {
    fn columns(&self) -> Vec<String> {
        Sink::columns(self)
    }

    fn warnings(&self) -> Vec<String> {
        Sink::warnings(self)
    }

    fn cut(&self) -> Cut {
        Sink::cut(self)
    }

    fn pack_bytes(&self, places: u64, segments: u64) -> u64 {
        Sink::pack_bytes(self, places, segments)
    }

    fn shard_name(&self, index: usize, count: usize) -> Option<String> {
        Sink::shard_name(self, index, count)
    }

    fn begin(&self, output: &Output, shards: &Shards) -> Result<AnyFiles, Fault> {
        Ok(AnyFiles(Box::new(Sink::begin(self, output, shards)?)))
    }

    fn encode(
        &self,
        block: Block,
        go_on: &dyn Fn() -> Result<(), Fault>,
    ) -> Result<AnyPart, Fault> {
        Ok(AnyPart(Box::new(Sink::encode(self, block, go_on)?)))
    }

    fn append(
        &self,
        files: &mut AnyFiles,
        output: &Output,
        span: &Span,
        part: AnyPart,
    ) -> Result<(), Fault> {
        let files = files.0.downcast_mut().expect(OWN);
        Sink::append(self, files, output, span, *part.0.downcast().expect(OWN))
    }

    fn finish(&self, files: AnyFiles, output: &Output) -> Result<Vec<Finished>, Fault> {
        Sink::finish(self, *files.0.downcast().expect(OWN), output)
    }

    fn describe(&self, files: &[Finished], output: &Output) -> Result<(), Fault> {
        Sink::describe(self, files, output)
    }
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
