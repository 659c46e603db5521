//! What a format gives that holds a plan instead of rows.

use super::facts::Facts;
use crate::Fault;
use crate::options::DatasetOptions;
use crate::output::{DataFile, Manifest, Output};
use crate::source::ids::Sequences;
use std::path::Path;
use stowage_engine::Watch;
use stowage_engine::plan::Plan;
use stowage_engine::template::Templates;

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
