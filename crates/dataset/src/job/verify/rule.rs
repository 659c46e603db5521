//! What packs and segments are held against, and the fault of a rule that is broken.

use super::expected::Kept;
use crate::Fault;
use crate::format::reader::Shape;
use crate::options::WithoutTargets;
use crate::output::{Labels, Manifest};
use crate::store::Ingested;
use stowage_engine::PackOptions;

/// What packs are held against.
pub(crate) struct Promises<'a> {
    pub manifest: &'a Manifest,
    pub options: PackOptions,
    pub shape: Shape,
    pub sources: Option<&'a Ingested>,
    /// What the format keeps of them.
    pub kept: Kept,
}

/// What is wrong with a pack, in which column; or with reading the sources.
pub(crate) enum RowFault {
    Broken { column: &'static str, detail: String },
    Other(Fault),
}

impl From<Fault> for RowFault {
    fn from(fault: Fault) -> Self {
        Self::Other(fault)
    }
}

/// The fault of `column`, unless the law holds.
pub(crate) fn need(
    column: &'static str,
    holds: bool,
    detail: impl FnOnce() -> String,
) -> Result<(), RowFault> {
    if holds { Ok(()) } else { Err(RowFault::Broken { column, detail: detail() }) }
}

impl Promises<'_> {
    /// Whether each token is its own label: the manifest says so, or no columns of labels are named.
    pub(crate) fn plain_labels(&self) -> bool {
        let named = self.sources.is_none_or(|sources| sources.label_lane.is_some());
        self.manifest.labels == Labels::Tokens || !named
    }

    /// Tokens of a sequence of the sources, 0 where it was left out for want of a target.
    pub(crate) fn packed_length(&self, sources: &Ingested, sequence: usize) -> u32 {
        let drops = self.manifest.source.without_targets == WithoutTargets::Drop;
        if drops && sources.is_targetless(sequence as u32) {
            return 0;
        }
        sources.lengths[sequence]
    }

    /// Whether the packs say which sequences they hold.
    pub(crate) fn has_ids(&self) -> bool {
        self.shape.ids_aside || self.manifest.columns.iter().any(|column| column == "sequence_ids")
    }
}
