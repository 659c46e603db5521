//! What is written down of a finished data set.

use super::report::DatasetReport;
use crate::options::{DatasetOptions, order_name};
use crate::output::Manifest;
use stowage_engine::strategy;

/// What the manifest says of a finished data set.
pub(crate) fn manifest(
    options: &DatasetOptions,
    report: &DatasetReport,
    columns: Vec<String>,
) -> Manifest {
    let (pack, stats) = (&options.pack, &report.stats);
    Manifest {
        format: options.format.clone(),
        capacity: pack.capacity,
        pack_count: stats.pack_count,
        sequence_count: stats.sequence_count,
        ledger: stats.ledger,
        lower_bound: stats.lower_bound,
        max_sequences_per_pack: pack.max_sequences_per_pack.map(std::num::NonZeroU32::get),
        pad_token_id: options.pad(),
        eos_token_id: options.eos_token_id,
        plan_id: report.plan_id.clone(),
        strategy: strategy::info(pack.strategy).name.to_string(),
        seed: pack.seed,
        epoch: options.epoch,
        order: order_name(options.order).to_string(),
        overlong: pack.overlong,
        empty: pack.empty,
        sequence_alignment: pack.sequence_alignment,
        columns,
        files: report.files.clone(),
    }
}
