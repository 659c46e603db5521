//! The formats, a folder each: facts, writer, and reader for verification. This list is the only
//! place that knows them all; everything else asks it.

mod facts;
pub(crate) mod found;
pub(crate) mod reader;
mod shape;
pub(crate) mod sink;

mod arrow;
mod hf;
mod llamafactory;
mod mds;
mod megatron;
mod nemo;
mod npy;
mod parquet;
mod safetensors;
mod seqpack;
mod trl;

pub(crate) use facts::Facts;

use crate::Fault;
use crate::options::DatasetOptions;
use crate::output::{DataFile, Manifest, Output};
use crate::source::ids::Sequences;
use crate::store::Content;
use reader::Reader;
use sink::AnySink;
use std::path::{Path, PathBuf};
use stowage_engine::Watch;
use stowage_engine::plan::Plan;
use stowage_engine::template::Templates;

/// Every format, in the order in which they are listed to people.
const FORMATS: [Format; 11] = [
    Format::Rows(&parquet::Parquet),
    Format::Rows(&arrow::Arrow),
    Format::Rows(&hf::Hf),
    Format::Rows(&trl::Trl),
    Format::Rows(&llamafactory::LlamaFactory),
    Format::Rows(&nemo::Nemo),
    Format::Rows(&megatron::Megatron),
    Format::Rows(&mds::Mds),
    Format::Rows(&npy::Npy),
    Format::Rows(&safetensors::Safetensors),
    Format::Plan(&seqpack::Seqpack),
];

/// A format, by what it holds.
#[derive(Clone, Copy)]
pub(crate) enum Format {
    /// A row of tokens per pack.
    Rows(&'static dyn RowFormat),
    /// A plan and ids, for every epoch.
    Plan(&'static dyn PlanFormat),
}

/// What a sink is made from.
pub(crate) struct Layout<'a> {
    /// The columns that options and sources call for.
    pub content: &'a Content,
    pub options: &'a DatasetOptions,
    /// Bytes of column data in a shard.
    pub shard_bytes: u64,
    /// Token ids of the sources have at most 16 bits.
    pub narrow: bool,
}

/// A format of rows.
pub(crate) trait RowFormat: Sync {
    /// What it has room for.
    fn facts(&self) -> &'static Facts;

    /// What else is wrong with options that its facts allow.
    ///
    /// # Errors
    /// `ERR_OPTION`.
    fn refuse(&self, _options: &DatasetOptions) -> Result<(), Fault> {
        Ok(())
    }

    /// How it is written.
    ///
    /// # Errors
    /// `ERR_OPTION` for a carried column that can't be written, or a capacity that is too large.
    fn sink(&self, layout: &Layout<'_>) -> Result<Box<dyn AnySink>, Fault>;

    /// How it is read back. `paths` are the files of the manifest, in its order.
    ///
    /// # Errors
    /// [`Fault::Format`] for files that can't be read, [`Fault::Invalid`] for others than promised.
    fn open(
        &self,
        folder: &Path,
        paths: &[PathBuf],
        manifest: &Manifest,
    ) -> Result<Box<dyn Reader>, Fault>;
}

/// A format that holds a plan instead of rows.
pub(crate) trait PlanFormat: Sync {
    /// What it has room for.
    fn facts(&self) -> &'static Facts;

    /// What else is wrong with options that its facts allow.
    ///
    /// # Errors
    /// `ERR_OPTION`.
    fn refuse(&self, options: &DatasetOptions) -> Result<(), Fault>;

    /// Writes the files of a plan, the manifest excepted.
    ///
    /// # Errors
    /// [`Fault::Io`] for refused writes; a cancel.
    fn write(
        &self,
        plan: &Plan,
        sequences: &Sequences,
        output: &Output,
        watch: &dyn Watch,
    ) -> Result<Vec<DataFile>, Fault>;

    /// The columns of these sequences, for the manifest.
    fn columns(&self, sequences: &Sequences) -> Vec<String>;

    /// Reads the plan back; it must keep every promise of the manifest.
    ///
    /// # Errors
    /// [`Fault::Invalid`] for the first that is broken, [`Fault::Format`] and [`Fault::Io`].
    fn open(&self, folder: &Path, manifest: &Manifest) -> Result<FoundPlan, Fault>;

    /// Proves the ids: against the sources' sequences if they are given, else among themselves.
    ///
    /// # Errors
    /// [`Fault::Invalid`] for the first id that stands wrong; a cancel.
    fn prove_ids(
        &self,
        folder: &Path,
        manifest: &Manifest,
        found: &FoundPlan,
        sequences: Option<&Sequences>,
        watch: &dyn Watch,
    ) -> Result<(), Fault>;
}

/// A plan that was read back.
pub(crate) struct FoundPlan {
    /// Sequences of each length, ascending.
    pub classes: Vec<(u32, u64)>,
    pub templates: Templates,
}

impl Format {
    pub(crate) fn facts(self) -> &'static Facts {
        match self {
            Self::Rows(format) => format.facts(),
            Self::Plan(format) => format.facts(),
        }
    }

    /// # Errors
    /// `ERR_OPTION` for options that mean nothing to the format.
    pub(crate) fn check(self, options: &DatasetOptions) -> Result<(), Fault> {
        self.facts().check(options)?;
        let columns = &options.columns;
        let plan = matches!(self, Self::Plan(_));
        if !plan && (columns.lengths.is_some() || columns.ids.is_some()) {
            return Err(Fault::option("the columns lengths and ids are for format 'seqpack'"));
        }
        match self {
            Self::Rows(format) => format.refuse(options),
            Self::Plan(format) => format.refuse(options),
        }
    }
}

/// The names of all formats, in the order in which they are listed to people.
///
/// ```
/// assert_eq!(stowage_dataset::formats()[..2], ["parquet", "arrow"]);
/// ```
#[must_use]
pub fn names() -> Vec<&'static str> {
    FORMATS.iter().map(|format| format.facts().name).collect()
}

/// The format of this name.
pub(crate) fn find(name: &str) -> Option<Format> {
    FORMATS.into_iter().find(|format| format.facts().name == name)
}
