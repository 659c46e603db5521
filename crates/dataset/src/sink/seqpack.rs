//! Format `seqpack`: the prepared folder of Python's `seqpack`, a plan and pools of ids, no tokens.
//!
//! `counts.json` has the sequences of each length, `templates.json` each template once (its reader
//! keeps the last of equal ones), `pools/{length}.npy` the ids of that length in input order. Only
//! lengths are read: O(n log L), 16 bytes per sequence.

use super::npy::header;
use crate::manifest::MANIFEST;
use crate::options::DatasetOptions;
use crate::output::{DataFile, Output};
use crate::progress::Meter;
use crate::read::{Part, Sources};
use crate::report::{DatasetReport, Times};
use crate::source::Columns;
use crate::{Fault, pack, parallel};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_buffer::ToByteSlice;
use arrow_schema::DataType;
use serde_json::json;
use std::fmt::Write;
use std::path::Path;
use stowage_engine::plan::{self, Plan};
use stowage_engine::{Fault as EngineFault, Histogram, Stage, Watch, policy, strategy};

/// Name of the ids in the manifest: the caller's own.
pub(crate) const OWN_IDS: &str = "ids";
/// Name of the ids in the manifest: rows of the sources.
pub(crate) const ROW_IDS: &str = "sequence_ids";

/// Lengths, and the caller's own ids.
pub(crate) struct Sequences {
    pub lengths: Vec<u32>,
    pub ids: Option<Vec<i64>>,
}

/// Reads lengths, plans, and writes the folder.
///
/// # Errors
/// As [`pack_dataset`](crate::pack_dataset); `ERR_STRATEGY` for a strategy without a plan.
pub(crate) fn prepare(
    options: &DatasetOptions,
    output: Output,
    threads: usize,
    watch: &dyn Watch,
) -> Result<DatasetReport, Fault> {
    let info = strategy::info(options.pack.strategy);
    if !info.plans {
        let detail = format!(
            "{} has no plan, and format 'seqpack' is a plan; use auto, optimal or a decreasing strategy",
            info.name
        );
        return Err(EngineFault::Strategy { detail }.into());
    }
    let sequences = Sequences::read(&options.inputs, &options.columns, threads, watch)?;
    let histogram = Histogram::from_lengths(&sequences.lengths, threads, watch)?;
    let plan =
        plan::plan(&histogram, &options.pack, threads, watch).map_err(|fault| match fault {
            // A histogram doesn't know which sequence it was; the policies do.
            EngineFault::Overlong { .. } | EngineFault::Empty { .. } => {
                policy::admit(&sequences.lengths, &options.pack, watch).err().unwrap_or(fault)
            }
            other => other,
        })?;
    let meter = Meter::new(watch, Stage::Write, 8 * sequences.lengths.len() as u64);
    let mut files = write_plan(&plan, &output)?;
    write_pools(&plan.classes(), &sequences, &output, &meter, &mut files)?;
    let report = DatasetReport {
        stats: plan.stats(),
        times: Times::default(),
        plan_id: Some(plan.id()),
        format: options.format.clone(),
        files,
        spilled_bytes: 0,
        warnings: Vec::new(),
    };
    let ids = if sequences.ids.is_some() { OWN_IDS } else { ROW_IDS };
    let columns = vec![ids.to_string()];
    let manifest = pack::manifest(options, &report, columns);
    output.write(MANIFEST, manifest.to_json().as_bytes())?;
    meter.add(0)?;
    output.commit()?;
    Ok(report)
}

impl Sequences {
    /// Reads them from the named columns.
    ///
    /// # Errors
    /// That of the first source that can't be read; a cancel.
    pub(crate) fn read(
        inputs: &[String],
        named: &Columns,
        threads: usize,
        watch: &dyn Watch,
    ) -> Result<Self, Fault> {
        let sources = Sources::open(inputs, watch)?;
        let columns = Columns {
            tokens: named.lengths.as_ref().unwrap_or(&named.tokens).clone(),
            carry: named.ids.iter().cloned().collect(),
            lengths_only: true,
            ..Columns::default()
        };
        let meter = Meter::new(watch, Stage::Read, sources.rows);
        let parts = parallel::each(sources.parts.len(), threads, |index| {
            let Part { table, number, first_row } = sources.parts[index];
            let (mut lengths, mut ids) = (Vec::new(), Vec::new());
            let source = &sources.tables[table];
            source.read(number, first_row, &columns, &mut |rows| {
                lengths.extend_from_slice(&rows.lengths);
                for array in rows.carried.drain(..) {
                    ids.extend(whole_numbers(&array, source.path())?);
                }
                if !columns.carry.is_empty() && ids.len() != lengths.len() {
                    let detail = "ids are read from Parquet and Arrow files alone".to_string();
                    return Err(Fault::column(source.path(), None, detail));
                }
                meter.add(rows.lengths.len() as u64)
            })?;
            Ok((lengths, ids))
        })?;
        let (lengths, ids): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        let ids = named.ids.is_some().then(|| ids.concat());
        Ok(Self { lengths: crate::read::concatenated(lengths)?, ids })
    }

    /// Ids grouped by length, by counting: those of one length keep the order of the input.
    /// `classes` are lengths with their numbers of sequences, ascending; other lengths are in none.
    pub(crate) fn pools(&self, classes: &[(u32, u64)]) -> Result<Vec<i64>, Fault> {
        let total: u64 = classes.iter().map(|&(_, count)| count).sum();
        let mut pools = super::padded::filled(total as usize, 0_i64)?;
        let mut next = 0;
        let mut ends: Vec<usize> = Vec::with_capacity(classes.len());
        for &(_, count) in classes {
            ends.push(next);
            next += count as usize;
        }
        for (index, length) in self.lengths.iter().enumerate() {
            // Lengths that were dropped are in no class.
            let Ok(class) = classes.binary_search_by_key(length, |&(length, _)| length) else {
                continue;
            };
            pools[ends[class]] = self.ids.as_ref().map_or(index as i64, |ids| ids[index]);
            ends[class] += 1;
        }
        Ok(pools)
    }
}

fn whole_numbers(array: &ArrayRef, path: &Path) -> Result<Vec<i64>, Fault> {
    fn all<T: ArrowPrimitiveType>(array: &ArrayRef) -> Option<Vec<i64>>
    where
        T::Native: TryInto<i64>,
    {
        let values = array.as_primitive::<T>().values();
        values.iter().map(|&id| id.try_into().ok()).collect()
    }
    let ids = match array.data_type() {
        _ if array.null_count() > 0 => None,
        DataType::UInt8 => all::<UInt8Type>(array),
        DataType::Int16 => all::<Int16Type>(array),
        DataType::UInt16 => all::<UInt16Type>(array),
        DataType::Int32 => all::<Int32Type>(array),
        DataType::UInt32 => all::<UInt32Type>(array),
        DataType::Int64 => all::<Int64Type>(array),
        DataType::UInt64 => all::<UInt64Type>(array),
        _ => None,
    };
    ids.ok_or_else(|| {
        let kind = array.data_type();
        let detail = format!(
            "the column of ids must be of integers below 2^63 without nulls, not {kind} with {} nulls",
            array.null_count()
        );
        Fault::column(path, None, detail)
    })
}

fn write_plan(plan: &Plan, output: &Output) -> Result<Vec<DataFile>, Fault> {
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
        output.write(path, text.as_bytes())?;
        files.push(DataFile { path: path.to_string(), rows, bytes: text.len() as u64 });
    }
    Ok(files)
}

/// Writes the ids of each length.
fn write_pools(
    classes: &[(u32, u64)],
    sequences: &Sequences,
    output: &Output,
    meter: &Meter<'_>,
    files: &mut Vec<DataFile>,
) -> Result<(), Fault> {
    let mut classes = classes.to_vec();
    classes.sort_unstable();
    let pools = sequences.pools(&classes)?;
    let mut rest = &pools[..];
    for &(length, count) in &classes {
        let (pool, others) = rest.split_at(count as usize);
        rest = others;
        let path = format!("pools/{length}.npy");
        let mut bytes = header("<i8", count);
        bytes.extend_from_slice(pool.to_byte_slice());
        output.write(&path, &bytes)?;
        meter.add(8 * count)?;
        files.push(DataFile { path, rows: 0, bytes: bytes.len() as u64 });
    }
    Ok(())
}
