//! Format `seqpack`: a plan and pools of ids instead of rows, as Python's `seqpack` prepares them.
//!
//! With the sources each id must stand in the pool of its length, in input order; without them each
//! row must stand in one pool, if ids are rows.

mod pools;
mod read;
mod write;

use super::facts::Facts;
use super::plan::{FoundPlan, PlanFormat};
use crate::Fault;
use crate::options::DatasetOptions;
use crate::output::{DataFile, Manifest, Output};
use crate::progress::Meter;
use crate::source::ids::Sequences;
use std::path::Path;
use stowage_engine::plan::Plan;
use stowage_engine::{Stage, Watch};

/// The format `seqpack`.
pub(super) struct Seqpack;

impl PlanFormat for Seqpack {
    fn facts(&self) -> &'static Facts {
        const FACTS: Facts = Facts {
            name: "seqpack",
            masks: false,
            weights: false,
            carries: false,
            cuts: false,
            shard_bytes: None,
            ..Facts::TABLE
        };
        &FACTS
    }

    fn refuse(&self, options: &DatasetOptions) -> Result<(), Fault> {
        if options.eos_token_id.is_some() || options.epoch > 0 {
            return Err(Fault::option(
                "format 'seqpack' holds lengths and ids alone, for every epoch; leave eosTokenId \
                 and epoch out",
            ));
        }
        Ok(())
    }

    fn write(
        &self,
        plan: &Plan,
        sequences: &Sequences,
        output: &Output,
        watch: &dyn Watch,
    ) -> Result<Vec<DataFile>, Fault> {
        let meter = Meter::new(watch, Stage::Write, 8 * sequences.lengths.len() as u64);
        let mut files = write::write_plan(plan, output)?;
        write::write_pools(&plan.classes(), sequences, output, &meter, &mut files)?;
        meter.add(0)?;
        Ok(files)
    }

    fn columns(&self, sequences: &Sequences) -> Vec<String> {
        vec![pools::column(sequences).to_string()]
    }

    fn open(&self, folder: &Path, manifest: &Manifest) -> Result<FoundPlan, Fault> {
        read::open(folder, manifest)
    }

    fn prove_ids(
        &self,
        folder: &Path,
        manifest: &Manifest,
        found: &FoundPlan,
        sequences: Option<&Sequences>,
        watch: &dyn Watch,
    ) -> Result<(), Fault> {
        match sequences {
            Some(sequences) => {
                pools::prove_sources(folder, manifest, &found.classes, sequences, watch)
            }
            None => pools::prove_ids(folder, manifest, &found.classes, watch),
        }
    }
}
