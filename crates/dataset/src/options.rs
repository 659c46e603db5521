//! What a caller asks of a packed data set. Types and ranges of single options are checked at the
//! surface, what a format has room for by its facts, what belongs together by the job.

use crate::source::{Columns, Inputs, Packed, TextSource};
use std::path::PathBuf;
use stowage_engine::epoch::Order;
use stowage_engine::{PackOptions, strategy};

/// Name of an order of packs in the public surface.
pub(crate) fn order_name(order: Order) -> &'static str {
    match order {
        Order::Shuffled => "shuffled",
        Order::Plan => "plan",
        Order::Balanced { .. } => "balanced",
    }
}

/// Codec of Parquet pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Level 1: half the bytes at several hundred MB/s.
    #[default]
    Zstd,
    /// Faster, larger.
    Snappy,
    /// Pages as they are.
    None,
}

/// What happens to a sequence without any target: with all its labels -100, or its mask 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WithoutTargets {
    /// It is packed, counted and warned about.
    #[default]
    Keep,
    /// It is left out.
    Drop,
    /// The first is a fault.
    Error,
}

impl WithoutTargets {
    const ALL: [Self; 3] = [Self::Keep, Self::Drop, Self::Error];

    /// Name in the public surface.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Drop => "drop",
            Self::Error => "error",
        }
    }

    /// The policy of this name.
    pub(crate) fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.name() == name)
    }
}

/// Options of [`pack_dataset`](crate::pack_dataset).
#[derive(Clone, Debug, PartialEq)]
pub struct DatasetOptions {
    /// Files, folders or patterns.
    pub inputs: Vec<String>,
    /// Which split of an input folder; needed where it has several.
    pub split: Option<String>,
    /// Take packed data sets as sources, each pack for one sequence.
    pub repack: bool,
    /// What happens to sequences without targets.
    pub without_targets: WithoutTargets,
    /// The folder to make.
    pub output: PathBuf,
    /// Name of the format.
    pub format: String,
    /// Capacity, strategy, policies.
    pub pack: PackOptions,
    /// Source columns.
    pub columns: Columns,
    /// Text in place of a column of tokens.
    pub text: Option<TextSource>,
    /// Padding; none: the end-of-document id, else 0.
    pub pad_token_id: Option<i32>,
    /// Appended to every sequence that doesn't end with it.
    pub eos_token_id: Option<i32>,
    /// Size of the vocabulary, for formats with tokens of two widths.
    pub vocab_size: Option<u32>,
    /// Bytes of column data per file; none: the format's default.
    pub shard_size: Option<u64>,
    /// Parquet only.
    pub compression: Compression,
    /// Which epoch's pairing and order.
    pub epoch: u64,
    /// The order of packs.
    pub order: Order,
    /// Replace an output that we wrote.
    pub overwrite: bool,
}

impl DatasetOptions {
    /// The defaults of the public surface.
    #[must_use]
    pub fn new(inputs: Vec<String>, output: PathBuf, format: &str, pack: PackOptions) -> Self {
        Self {
            inputs,
            split: None,
            repack: false,
            without_targets: WithoutTargets::default(),
            output,
            format: format.to_string(),
            pack,
            columns: Columns::default(),
            text: None,
            pad_token_id: None,
            eos_token_id: None,
            vocab_size: None,
            shard_size: None,
            compression: Compression::default(),
            epoch: 0,
            order: Order::Shuffled,
            overwrite: false,
        }
    }

    /// The padding id that these options give.
    #[must_use]
    pub fn pad(&self) -> i32 {
        self.pad_token_id.or(self.eos_token_id).unwrap_or(0)
    }

    /// What is read.
    pub(crate) fn inputs(&self) -> Inputs<'_> {
        Inputs {
            paths: &self.inputs,
            split: self.split.as_deref(),
            packed: if self.repack { Packed::Read } else { Packed::Refuse },
            column: self.text.as_ref().map_or(&self.columns.tokens, |text| text.columns.first()),
            arrays: false,
            ranges: &[],
        }
    }

    /// Whether the packing comes from a plan, which gives it epochs and a hash.
    pub(crate) fn plans(&self) -> bool {
        strategy::info(self.pack.strategy).plans && self.pack.tolerance == 1
    }
}
