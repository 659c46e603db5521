//! Format `seqpack`: the prepared folder of Python's `seqpack`, a plan and pools of ids, no tokens.
//!
//! `counts.json` has the sequences of each length, `templates.json` each template once (its reader
//! keeps the last of equal ones), `pools/{length}.npy` the ids of that length in input order. Only
//! lengths are read: O(n log L), 16 bytes per sequence.

use super::pools::grouped;
use crate::Fault;
use crate::format::shape::npy::header;
use crate::output::{DataFile, Output};
use crate::progress::Meter;
use crate::source::ids::Sequences;
use arrow_buffer::ToByteSlice;
use serde_json::json;
use std::fmt::Write;
use stowage_engine::plan::Plan;
use stowage_engine::strategy;

pub(super) fn write_plan(plan: &Plan, output: &Output) -> Result<Vec<DataFile>, Fault> {
    let stats = plan.stats();
    let classes = plan.classes();
    let (mut templates, mut counts) = (String::from("["), String::from("{"));
    for (runs, multiplicity) in plan.templates.iter() {
        templates.push_str(if templates.len() > 1 { ", [[" } else { "[[" });
        let lengths =
            runs.iter().flat_map(|run| std::iter::repeat_n(run.length, run.times as usize));
        for (k, length) in lengths.enumerate() {
            let _ = write!(templates, "{}{length}", if k > 0 { ", " } else { "" }); // never fails
        }
        let _ = write!(templates, "], {multiplicity}]");
    }
    for (k, (length, count)) in classes.iter().enumerate() {
        let _ = write!(counts, "{}\"{length}\": {count}", if k > 0 { ", " } else { "" });
    }
    templates.push_str("]\n");
    counts.push_str("}\n");
    let places = stats.pack_count * u64::from(plan.options.capacity);
    let packed: u64 = classes.iter().map(|&(_, count)| count).sum();
    let manifest = json!({
        "max_seq_len": plan.options.capacity,
        "packer": strategy::info(plan.options.strategy).name,
        "n_sequences": packed,
        "n_bins": stats.pack_count,
        "distinct_lengths": classes.len(),
        "distinct_templates": plan.templates.len(),
        "total_tokens": stats.ledger.tokens_packed,
        "total_capacity": places,
        "efficiency": if places == 0 { 0.0 } else { stats.ledger.tokens_packed as f64 / places as f64 },
        "format_version": 1,
        "plan_id": plan.id(),
    });
    let mut files = Vec::new();
    for (path, text, rows) in [
        ("manifest.json", format!("{manifest:#}\n"), 0),
        ("counts.json", counts, 0),
        ("templates.json", templates, stats.pack_count),
    ] {
        files.push(DataFile { rows, ..output.write(path, text.as_bytes())? });
    }
    Ok(files)
}

/// Writes the ids of each length.
pub(super) fn write_pools(
    classes: &[(u32, u64)],
    sequences: &Sequences,
    output: &Output,
    meter: &Meter<'_>,
    files: &mut Vec<DataFile>,
) -> Result<(), Fault> {
    let mut classes = classes.to_vec();
    classes.sort_unstable();
    let pools = grouped(sequences, &classes)?;
    let mut rest = &pools[..];
    for &(length, count) in &classes {
        let (pool, others) = rest.split_at(count as usize);
        rest = others;
        let path = format!("pools/{length}.npy");
        let mut bytes = header("<i8", count);
        bytes.extend_from_slice(pool.to_byte_slice());
        files.push(output.write(&path, &bytes)?);
        meter.add(8 * count)?;
    }
    Ok(())
}
