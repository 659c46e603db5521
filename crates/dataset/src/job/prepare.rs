//! Source files to a data set that holds a plan instead of rows: only lengths and ids are read.
//!
//! Read → plan → write → manifest → rename. O(n log L), 16 bytes per sequence.

use super::decide::{milliseconds, planned};
use super::manifest::{self, write_manifest};
use super::report::{DatasetReport, Times};
use crate::Fault;
use crate::format::PlanFormat;
use crate::options::DatasetOptions;
use crate::output::{Labels, Output};
use crate::source::ids::Sequences;
use std::time::Instant;
use stowage_engine::{Fault as EngineFault, Histogram, Watch, strategy};

/// Reads lengths, plans, and writes the folder.
///
/// # Errors
/// As [`pack_dataset`](super::pack::pack_dataset); `ERR_STRATEGY` for a strategy without a plan.
pub(super) fn prepare(
    format: &dyn PlanFormat,
    options: &DatasetOptions,
    output: Output,
    threads: usize,
    watch: &dyn Watch,
) -> Result<DatasetReport, Fault> {
    let info = strategy::info(options.pack.strategy);
    if !info.plans {
        let detail = format!(
            "{} has no plan, and format '{}' is a plan; use auto, optimal or a decreasing strategy",
            info.name, options.format
        );
        return Err(EngineFault::Strategy { detail }.into());
    }
    let start = Instant::now();
    let mut sequences = Sequences::read(&options.inputs(), &options.columns, threads, watch)?;
    let read = milliseconds(start);
    let warnings = std::mem::take(&mut sequences.warnings);
    let start = Instant::now();
    let histogram = Histogram::from_lengths(&sequences.lengths, threads, watch)?;
    let count = milliseconds(start);
    let start = Instant::now();
    let plan = planned(&histogram, &sequences.lengths, &options.pack, threads, watch)?;
    let planning = milliseconds(start);
    let start = Instant::now();
    let files = format.write(&plan, &sequences, &output, watch)?;
    let mut report = DatasetReport {
        stats: plan.stats(),
        times: Times { read, count, plan: planning, ..Times::default() },
        plan_id: Some(plan.id()),
        format: options.format.clone(),
        files,
        spilled_bytes: 0,
        without_targets: None,
        warnings: [warnings, output.warnings()].concat(),
    };
    let described = manifest::Facts {
        certificate: plan.certificate,
        labels: Labels::None,
        columns: format.columns(&sequences),
        text: None,
        groups: None,
    };
    write_manifest(options, &report, described, &output)?;
    output.commit()?;
    report.times.write = milliseconds(start);
    Ok(report)
}
