//! What a job over a data set says when it is done.

use crate::output::DataFile;
use crate::store::Targetless;
use stowage_engine::stats::Stats;

/// Milliseconds per stage.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Times {
    /// Reading the sources.
    pub read: f64,
    /// Counting lengths.
    pub count: f64,
    /// Planning; for strategies without a plan: all of packing.
    pub plan: f64,
    /// Giving sequences their places.
    pub bind: f64,
    /// Gathering, encoding and writing, until the folder has its name.
    pub write: f64,
}

/// The figures of a packed data set.
#[derive(Clone, Debug, PartialEq)]
pub struct DatasetReport {
    /// The figures of its packing.
    pub stats: Stats,
    /// Time per stage.
    pub times: Times,
    /// Hash of the plan, where the strategy plans.
    pub plan_id: Option<String>,
    /// Name of the format.
    pub format: String,
    /// The data files, relative to the output folder.
    pub files: Vec<DataFile>,
    /// Bytes of the temporary file that held the tokens.
    pub spilled_bytes: u64,
    /// What has nothing to train on, if a column of labels or a loss mask was named.
    pub without_targets: Option<Targetless>,
    /// What the caller should know of the contents.
    pub warnings: Vec<String>,
}
