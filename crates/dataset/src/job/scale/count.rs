//! Step *count*: how many members of each length a partition has, after the policies.
//!
//! Lengths alone are read where they say enough: with an end-of-document id, labels, masks or padding
//! the tokens tell. O(rows), nothing is put away.

use super::carried;
use super::counts::{Counts, counts_name};
use super::digest;
use super::given::{Job, must_have};
use super::partition::{Source, columns_of};
use crate::Fault;
use crate::source::{Asks, Columns};
use crate::store::Keep;
use serde_json::json;
use std::path::Path;
use stowage_engine::policy::{self, AdmittedClasses};
use stowage_engine::{Fault as EngineFault, Histogram, Watch};

/// Counts partition `partition` of the job in `folder`, or the rows of `input` in its place ("-":
/// standard input). The report is JSON.
///
/// A sequence that a policy refuses is noted, since its index in the whole isn't known here: planning
/// reports the first of all.
///
/// # Errors
/// Those of sources and options; [`Fault::Job`].
pub fn count_partition(
    folder: &Path,
    partition: usize,
    input: Option<&str>,
    threads: usize,
    watch: &dyn Watch,
) -> Result<String, Fault> {
    let job = Job::open(folder)?;
    must_have(partition, job.partitions.len(), "partition")?;
    let facts = job.format()?.facts();
    let options = &job.options;
    let whole = options.eos_token_id.is_some()
        || options.columns.attention_mask.is_some()
        || job.labelled();
    let mut columns = columns_of(&job, facts.masks);
    if !whole {
        columns = Columns { lengths_only: true, asks: Asks::No, ..columns };
    }
    let source = Source::new(&job, &[partition], input, watch)?;
    let scratch = std::env::temp_dir();
    let read = source.read(&columns, Keep::Lengths, &scratch, threads, watch)?;
    let lengths = read.lengths();
    let histogram = Histogram::from_lengths(lengths, threads, watch)?;
    let mut fault = None;
    let admitted = match policy::admit_classes(histogram.classes(), &read.options.pack) {
        Ok(admitted) => admitted,
        Err(EngineFault::Overlong { .. } | EngineFault::Empty { .. }) => {
            fault = first_fault(lengths, &read.options.pack, watch)?;
            AdmittedClasses::default()
        }
        Err(other) => return Err(other.into()),
    };
    let (targetless, tokens) = read.targetless;
    let mut ledger = admitted.ledger;
    ledger.tokens_in += tokens;
    ledger.tokens_dropped += tokens;
    let mut classes = admitted.classes;
    classes.reverse();
    let sources = &read.sources;
    let counts = Counts {
        sequences: sources.lengths.len() as u64,
        ledger,
        targetless,
        lengths_digest: digest::of_lengths(&sources.lengths),
        narrow: sources.narrow,
        weighted: sources.weighted,
        carried: carried::to_text(&sources.carried_fields)?,
        fault,
        classes,
    };
    let name = counts_name(partition, job.partitions.len());
    job.folder.keep(&name, &counts.to_bytes(partition))?;
    let mut report = json!({
        "partition": partition,
        "sequences": counts.sequences,
        "tokens": ledger.tokens_in,
        "dropped": ledger.dropped_count,
        "classes": counts.classes.len(),
        "lengthsDigest": counts.lengths_digest,
        "warnings": read.sources.warnings.clone().into_list(),
    });
    if let Some((row, length)) = counts.fault {
        let code = if length == 0 { "ERR_EMPTY_SEQUENCE" } else { "ERR_OVERLONG" };
        report["fault"] = json!({ "row": row, "length": length, "code": code });
    }
    Ok(report.to_string())
}

/// The first sequence that a policy refuses, and its length.
fn first_fault(
    lengths: &[u32],
    options: &stowage_engine::PackOptions,
    watch: &dyn Watch,
) -> Result<Option<(u64, u32)>, Fault> {
    match policy::admit(lengths, options, watch) {
        Err(EngineFault::Overlong { index: Some(index), length, .. }) => Ok(Some((index, length))),
        Err(EngineFault::Empty { index: Some(index) }) => Ok(Some((index, 0))),
        Err(other) => Err(other.into()),
        Ok(_) => Ok(None),
    }
}
