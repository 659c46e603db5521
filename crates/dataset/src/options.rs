//! What a caller asks of a packed data set. Types and ranges of single options are checked at the
//! surface, what a format has room for by its facts, what belongs together by the job.

use crate::source::Columns;
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

/// Options of [`pack_dataset`](crate::pack_dataset).
#[derive(Clone, Debug, PartialEq)]
pub struct DatasetOptions {
    /// Files, folders or patterns.
    pub inputs: Vec<String>,
    /// The folder to make.
    pub output: PathBuf,
    /// Name of the format.
    pub format: String,
    /// Capacity, strategy, policies.
    pub pack: PackOptions,
    /// Source columns.
    pub columns: Columns,
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
            output,
            format: format.to_string(),
            pack,
            columns: Columns::default(),
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

    /// Whether the packing comes from a plan, which gives it epochs and a hash.
    pub(crate) fn plans(&self) -> bool {
        strategy::info(self.pack.strategy).plans && self.pack.tolerance == 1
    }
}
