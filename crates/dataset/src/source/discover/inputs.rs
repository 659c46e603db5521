//! What a job reads, as a caller names it.

use super::packed::Packed;

/// What a job reads, and how it takes the folders among that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Inputs<'a> {
    /// Files, folders, patterns.
    pub paths: &'a [String],
    /// Which split of a folder.
    pub split: Option<&'a str>,
    /// What becomes of packed data sets among them.
    pub packed: Packed,
    /// The column without which a `.json` in a folder isn't data.
    pub column: &'a str,
    /// Whether an array of lengths can be a source.
    pub arrays: bool,
    /// Which parts of each file, where all are named and not all parts are wanted: row groups or
    /// record batches.
    pub ranges: &'a [Option<(u64, u64)>],
}
