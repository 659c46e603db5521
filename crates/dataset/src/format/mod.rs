//! The formats, a folder each: facts, writer, and reader for verification. This list is the only
//! place that knows them all; everything else asks it.

mod facts;
pub(crate) mod found;
mod plan;
pub(crate) mod reader;
mod row;
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

pub(crate) use facts::{Facts, cuts};
pub(crate) use plan::PlanFormat;
pub(crate) use row::{RowFormat, SinkOptions};

use crate::Fault;
use crate::options::DatasetOptions;

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

/// The names of formats whose files may be written apart from one another.
pub(crate) fn sharded() -> Vec<&'static str> {
    let facts = FORMATS.iter().map(|format| format.facts());
    facts.filter(|facts| facts.shard_bytes.is_some()).map(|facts| facts.name).collect()
}

/// The format of this name.
pub(crate) fn find(name: &str) -> Option<Format> {
    FORMATS.into_iter().find(|format| format.facts().name == name)
}
