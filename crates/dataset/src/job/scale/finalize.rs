//! Step *finalize*: proves that all shards are written and are what was planned, and writes what
//! describes them, `_stowage.json` last: a folder without it is unfinished.

use super::counts::Counts;
use super::digest;
use super::folder::{LAYOUT, PLAN, numbered, ranges};
use super::given::{Job, Mode};
use super::layout::Layout;
use super::plan::{content_of, sink};
use super::plans;
use super::written::{self, Written, sha256};
use crate::Fault;
use crate::format::RowFormat;
use crate::format::sink::Finished;
use crate::job::manifest::{self, write_manifest};
use crate::job::pack::labels_of;
use crate::job::report::{DatasetReport, Times};
use crate::output::{DataFile, MANIFEST, Output, PartitionGroup};
use crate::progress::Meter;
use crate::store::Targetless;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use stowage_engine::plan::Plan;
use stowage_engine::{Stage, Watch};

/// What tells of the job, beside the manifest.
const ACCOUNT: &str = "_stowage.job.json";

/// What [`finalize_job`] does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finalize {
    /// Where the shards are and the rest is written; none: the output of the job.
    pub output: Option<PathBuf>,
    /// Sizes of the shards by name, where they aren't files in the output: a JSON object.
    pub sizes: Option<String>,
    /// Read every shard again.
    pub rehash: bool,
}

/// Finishes the job in `folder`. The report is JSON.
///
/// # Errors
/// [`Fault::JobIncomplete`] with what isn't written yet; [`Fault::Job`] for a shard, a sum or a digest
/// that isn't as it should be. The manifest isn't written then.
pub fn finalize_job(folder: &Path, options: &Finalize, watch: &dyn Watch) -> Result<String, Fault> {
    let job = Job::open(folder)?;
    let format = job.format()?;
    let layout = Layout::read(&job.folder)?;
    let plan = plans::read(&job.folder, PLAN, &job.options.pack)?;
    if plan.id() != layout.plan_id {
        let (found, said) = (plan.id(), &layout.plan_id);
        return Err(Fault::Job(format!("{PLAN} is plan {found}, and {LAYOUT} says {said}")));
    }
    let reports = reports(&job, &layout)?;
    if options.rehash && options.sizes.is_some() {
        return Err(Fault::option("rehash reads the shards, and sizes say that they aren't here"));
    }
    let target = options.output.as_deref().unwrap_or(&job.options.output);
    as_planned(&layout, &plan, &reports)?;
    if job.mode == Mode::Shuffle {
        as_assigned(&job, &reports)?;
    }
    as_they_lie(target, options, &reports, watch)?;
    let output = Output::within(target)?;
    let names = write(&job, format, &layout, plan, &reports, &output)?;
    output.place(names.iter().map(String::as_str))?;
    // What killed writers of this host have left there.
    crate::output::clean(target, false)?;
    let given = options.sizes.is_some();
    let shards = reports.iter().map(|report| report.file.path.clone()).filter(|_| !given);
    let report = json!({
        "files": shards.chain(names).collect::<Vec<_>>(),
        "packs": layout.loss.local_packs,
        "sequences": layout.partitions.iter().map(|of| of.sequences).sum::<u64>(),
        "shards": reports.len(),
        "loss": layout.loss.to_json(),
        "manifest": MANIFEST,
    });
    Ok(report.to_string())
}

/// The reports of all shards, in order.
fn reports(job: &Job, layout: &Layout) -> Result<Vec<Written>, Fault> {
    let count = layout.shards.len();
    let (files, of) = match job.mode {
        Mode::Local => (layout.groups.len(), "groups"),
        Mode::Shuffle => (count, "shards"),
    };
    let (mut missing, mut reports) = (Vec::new(), Vec::with_capacity(count));
    for index in 0..files {
        match written::read(&job.folder, &numbered("written", index, files, "json"))? {
            Some(some) => reports.extend(some),
            None => missing.push(index),
        }
    }
    if !missing.is_empty() {
        let missing = ranges(&missing);
        return Err(Fault::JobIncomplete(format!("{of} {missing} aren't written")));
    }
    reports.sort_unstable_by_key(|report| report.shard);
    if let Some(wrong) = (0..count.max(reports.len()))
        .find(|&shard| reports.get(shard).is_none_or(|report| report.shard != shard))
    {
        return Err(Fault::Job(format!(
            "the reports in written/ should be of shards 0 to {}, each once, and aren't at {wrong}",
            count - 1
        )));
    }
    Ok(reports)
}

/// Every shard is the file that was planned, and all tokens are there.
fn as_planned(layout: &Layout, plan: &Plan, reports: &[Written]) -> Result<(), Fault> {
    for (report, shard) in reports.iter().zip(&layout.shards) {
        let found = (&report.file.path, report.file.rows, report.segments);
        let said = (&shard.path, shard.sizes.packs, shard.sizes.segments);
        if found != said {
            return Err(Fault::Job(format!(
                "the report of shard {} says {} with {} packs and {} segments, {LAYOUT} {} with {} \
                 and {}",
                report.shard, found.0, found.1, found.2, said.0, said.1, said.2
            )));
        }
    }
    let tokens: u64 = reports.iter().map(|report| report.tokens).sum();
    if tokens != plan.ledger.tokens_packed {
        let planned = plan.ledger.tokens_packed;
        return Err(Fault::Job(format!(
            "the shards hold {tokens} tokens, and {planned} are planned"
        )));
    }
    Ok(())
}

/// What was assigned is what was written.
fn as_assigned(job: &Job, reports: &[Written]) -> Result<(), Fault> {
    let count = job.partitions.len();
    let (mut missing, mut digests) = (Vec::new(), Vec::with_capacity(count));
    for partition in 0..count {
        let name = super::assign::report_name(partition, count);
        let Some(bytes) = job.folder.read(&name)? else {
            missing.push(partition);
            continue;
        };
        let value: Option<Value> = serde_json::from_slice(&bytes).ok();
        let text = value.and_then(|value| value["digest"].as_str().map(str::to_string));
        digests.push(text.ok_or_else(|| Fault::Job(format!("{name} is damaged")))?);
    }
    if !missing.is_empty() {
        let missing = ranges(&missing);
        return Err(Fault::JobIncomplete(format!("partitions {missing} aren't assigned")));
    }
    let assigned = digest::sum(digests.iter().map(String::as_str));
    let written = digest::sum(reports.iter().map(|report| report.digest.as_str()));
    if assigned.is_some() && assigned == written {
        return Ok(());
    }
    let text = |sum: Option<String>| sum.unwrap_or_else(|| "damaged".to_string());
    Err(Fault::Job(format!(
        "what was assigned has digest {}, what was written {}: a stream lost or changed rows",
        text(assigned),
        text(written)
    )))
}

/// The files have the sizes, or the bytes, that their reports say.
fn as_they_lie(
    target: &Path,
    options: &Finalize,
    reports: &[Written],
    watch: &dyn Watch,
) -> Result<(), Fault> {
    let sizes: Option<Map<String, Value>> = match &options.sizes {
        None => None,
        Some(text) => {
            let sizes = serde_json::from_str(text);
            Some(sizes.map_err(|error| Fault::option(format!("sizes are no object: {error}")))?)
        }
    };
    let total = reports.iter().map(|report| report.file.bytes).sum();
    let meter = Meter::new(watch, Stage::Write, total);
    for Written { file, sha256: said, .. } in reports {
        let DataFile { path: name, bytes, .. } = file;
        let path = target.join(name);
        let found = match &sizes {
            Some(sizes) => sizes.get(name).and_then(Value::as_u64),
            None => match std::fs::metadata(&path) {
                Ok(metadata) => Some(metadata.len()),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
                Err(error) => return Err(Fault::io("read", &path, &error)),
            },
        };
        match found {
            Some(found) if found == *bytes => {}
            Some(found) => {
                return Err(Fault::Job(format!(
                    "{name} has {found} bytes, and its report says {bytes}; write its shard again"
                )));
            }
            None => {
                let detail = format!("{name} isn't there, and its report says it was written");
                return Err(Fault::Job(format!("{detail}; remove the report and write it again")));
            }
        }
        if options.rehash && sizes.is_none() {
            let hash = sha256(&path, &|| meter.add(0))?;
            if hash != *said {
                return Err(Fault::Job(format!(
                    "{name} has sha256 {hash}, and its report says {said}: it was changed after it \
                     was written"
                )));
            }
        }
        meter.add(*bytes)?;
    }
    Ok(())
}

/// Writes what describes the data set, and returns the names in the order in which they must appear.
fn write(
    job: &Job,
    format: &dyn RowFormat,
    layout: &Layout,
    plan: Plan,
    reports: &[Written],
    output: &Output,
) -> Result<Vec<String>, Fault> {
    let sink = sink(job, format, &content_of(job, layout, format))?;
    let finished: Vec<Finished> = reports.iter().map(Written::finished).collect();
    sink.describe(&finished, output)?;
    let mut names: Vec<String> = output.described().into_iter().map(|file| file.path).collect();
    output.write(ACCOUNT, account(job, layout, reports)?.as_bytes())?;
    names.push(ACCOUNT.to_string());
    let groups = (job.mode == Mode::Local).then(|| groups(layout));
    let without_targets = job.labelled().then(|| {
        let counts = reports.iter().filter_map(|report| report.without_targets);
        let (segments, packs) = counts.fold((0, 0), |(a, b), (c, d)| (a + c, b + d));
        let dropped = layout.targetless;
        Targetless { sequences: segments + dropped, packs, dropped }
    });
    let mut stats = plan.stats();
    stats.pack_count = layout.loss.local_packs;
    let report = DatasetReport {
        stats,
        times: Times::default(),
        plan_id: groups.is_none().then(|| layout.plan_id.clone()),
        format: job.options.format.clone(),
        files: finished.into_iter().map(|finished| finished.file).collect(),
        spilled_bytes: 0,
        without_targets,
        warnings: Vec::new(),
    };
    let facts = manifest::Facts {
        certificate: plan.certificate,
        labels: labels_of(job.labelled(), format.facts()),
        columns: sink.columns(),
        text: None,
        groups,
    };
    write_manifest(&job.options, &report, facts, output)?;
    names.push(MANIFEST.to_string());
    Ok(names)
}

fn groups(layout: &Layout) -> Vec<PartitionGroup> {
    let with_files = layout.groups.iter().filter(|group| group.shards.0 < group.shards.1);
    let group = |group: &super::layout::LayoutGroup| {
        let (from, to) = group.shards;
        let packs = layout.shards[from..to].iter().map(|shard| shard.sizes.packs).sum();
        PartitionGroup { plan_id: group.plan_id.clone(), packs, files: (from, to) }
    };
    with_files.map(group).collect()
}

/// What the job was: the one file that tells of partitions.
fn account(job: &Job, layout: &Layout, reports: &[Written]) -> Result<String, Fault> {
    let count = job.partitions.len();
    let mut partitions = Vec::with_capacity(count);
    for (partition, inputs) in job.partitions.iter().enumerate() {
        let counts = Counts::read(&job.folder, partition, count)?;
        partitions.push(json!({
            "inputs": inputs.iter().map(|input| &input.path).collect::<Vec<_>>(),
            "bytes": inputs.iter().map(|input| input.bytes).sum::<u64>(),
            "sequences": layout.partitions[partition].sequences,
            "lengthsDigest": layout.partitions[partition].lengths_digest,
            "tokens": counts.map(|counts| counts.ledger.tokens_in),
        }));
    }
    let value = json!({
        "version": 1,
        "product": "stowage",
        "productVersion": env!("CARGO_PKG_VERSION"),
        "id": job.id,
        "mode": if job.mode == Mode::Local { "local" } else { "shuffle" },
        "planId": layout.plan_id,
        "loss": layout.loss.to_json(),
        "digest": digest::sum(reports.iter().map(|report| report.digest.as_str())),
        "partitions": partitions,
    });
    Ok(format!("{value:#}\n"))
}
