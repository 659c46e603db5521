//! What is written down of a finished data set.

use super::report::DatasetReport;
use crate::Fault;
use crate::options::{DatasetOptions, order_name};
use crate::output::{DataFile, Labels, MANIFEST, Manifest, Output, PartitionGroup, SourceNotes};
use stowage_engine::certificate::Certificate;
use stowage_engine::strategy;

/// What the report doesn't say of the data set.
pub(super) struct Facts {
    pub certificate: Certificate,
    pub labels: Labels,
    pub columns: Vec<String>,
    /// How text became tokens, if it did.
    pub text: Option<serde_json::Value>,
    /// The parts that were planned apart, if any were.
    pub groups: Option<Vec<PartitionGroup>>,
}

/// Writes the manifest, the last file of an output.
///
/// # Errors
/// [`Fault::Io`] for refused writes.
pub(super) fn write_manifest(
    options: &DatasetOptions,
    report: &DatasetReport,
    facts: Facts,
    output: &Output,
) -> Result<(), Fault> {
    let manifest = manifest(options, report, facts, output.described());
    output.write(MANIFEST, manifest.to_json().as_bytes()).map(|_| ())
}

/// The manifest of a data set that the files `described` describe.
pub(super) fn manifest(
    options: &DatasetOptions,
    report: &DatasetReport,
    facts: Facts,
    described: Vec<DataFile>,
) -> Manifest {
    let (pack, stats) = (&options.pack, &report.stats);
    let Facts { certificate, labels, columns, text, groups } = facts;
    Manifest {
        format: options.format.clone(),
        capacity: pack.capacity,
        pack_count: stats.pack_count,
        sequence_count: stats.sequence_count,
        ledger: stats.ledger,
        lower_bound: stats.lower_bound,
        certificate,
        pack_count_multiple_of: pack.pack_count_multiple_of,
        packs_asked: pack.pack_count,
        max_sequences_per_pack: pack.max_sequences_per_pack.map(std::num::NonZeroU32::get),
        pad_token_id: options.pad(),
        eos_token_id: options.eos_token_id,
        plan_id: report.plan_id.clone(),
        groups,
        strategy: strategy::info(pack.strategy).name.to_string(),
        seed: pack.seed,
        epoch: options.epoch,
        order: order_name(options.order).to_string(),
        overlong: pack.overlong,
        empty: pack.empty,
        sequence_alignment: pack.sequence_alignment,
        labels,
        source: SourceNotes {
            attention_mask: options.columns.attention_mask.clone(),
            ignore: options.columns.ignore.clone(),
            split: options.split.clone(),
            repack: options.repack,
            without_targets: options.without_targets,
            targetless: report.without_targets,
        },
        columns,
        text,
        files: report.files.clone(),
        described,
    }
}
