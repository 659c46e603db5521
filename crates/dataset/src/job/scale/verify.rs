//! Step *verify*: one shard against plan and layout, so that a large data set is proved by many.
//!
//! What `verify_dataset` proves of each pack and segment, without the sources; and that the shard has the
//! packs that the plan foresees there, in their order. That each sequence stands once is proved by
//! finalizing, by sums and digests.

use super::folder::{PLAN, numbered};
use super::given::{Job, Mode, must_have};
use super::layout::{Layout, LayoutGroup};
use super::plan::{content_of, epoch_options, sink};
use super::plans;
use super::written::{self, Written, sha256};
use crate::Fault;
use crate::format::RowFormat;
use crate::job::manifest::{self, manifest};
use crate::job::pack::labels_of;
use crate::job::report::{DatasetReport, Times};
use crate::job::verify::prove_files;
use crate::output::{Manifest, Output};
use crate::progress::Meter;
use crate::store::Targetless;
use serde_json::json;
use std::path::Path;
use stowage_engine::epoch::Locator;
use stowage_engine::plan::Plan;
use stowage_engine::template::Templates;
use stowage_engine::{Stage, Watch};

/// Proves shard `shard` of the job in `folder`, which lies in `output` (none: that of the job). The
/// report is JSON.
///
/// # Errors
/// [`Fault::JobIncomplete`] for a shard that isn't written; [`Fault::Invalid`] with the first promise
/// that is broken; [`Fault::Format`] and [`Fault::Io`].
pub fn verify_shard(
    folder: &Path,
    shard: usize,
    output: Option<&Path>,
    threads: usize,
    watch: &dyn Watch,
) -> Result<String, Fault> {
    let job = Job::open(folder)?;
    let layout = Layout::read(&job.folder)?;
    must_have(shard, layout.shards.len(), "shard")?;
    let format = job.format()?;
    let (plan, seed, first) = plan_of(&job, &layout, shard)?;
    let report = report_of(&job, &layout, shard)?;
    let target = output.unwrap_or(&job.options.output);
    let path = target.join(&report.file.path);
    let meter = Meter::new(watch, Stage::Verify, report.file.bytes);
    let hash = sha256(&path, &|| meter.add(0))?;
    if hash != report.sha256 {
        let detail = format!("its sha256 is {hash}, its report says {}", report.sha256);
        return Err(Fault::invalid(&path, None, detail));
    }
    let of = &layout.shards[shard];
    let locator = Locator::new(&plan.templates, &epoch_options(&job, seed));
    let mut planned = Templates::new();
    for k in first..first + of.sizes.packs {
        planned.push(plan.templates.get(locator.template_at(k)).0, 1);
    }
    let in_order: Vec<u64> =
        planned.iter().map(|(runs, _)| stowage_engine::template::tokens(runs)).collect();
    let said = said(&job, &layout, format, plan, &report)?;
    // A folder of this shard alone, with what describes it: some readers begin there.
    let alone = tempfile::tempdir()
        .map_err(|error| Fault::io("create a folder in", &std::env::temp_dir(), &error))?;
    let content = content_of(&job, &layout, format);
    let describing = Output::within(alone.path())?;
    sink(&job, format, &content)?.describe(&[report.finished()], &describing)?;
    let names: Vec<String> = describing.described().into_iter().map(|file| file.path).collect();
    describing.place(names.iter().map(String::as_str))?;
    let link = alone.path().join(&report.file.path);
    beside(&path, &link)?;
    let parts = prove_files(format, alone.path(), &[link], &said, threads, &meter)
        .map_err(|fault| named(fault, alone.path(), target))?;
    let mut found = Templates::new();
    let mut fills = Vec::with_capacity(in_order.len());
    for part in &parts {
        fills.extend(part.claims.fills.iter().map(|&tokens| u64::from(tokens)));
        for (runs, multiplicity) in part.claims.templates.iter() {
            found.push(runs, multiplicity);
        }
    }
    if found.into_plan_order() != planned.into_plan_order() {
        let detail = "its packs aren't those that the plan has there".to_string();
        return Err(Fault::invalid(&path, None, detail));
    }
    if let Some(row) = fills.iter().zip(&in_order).position(|(found, planned)| found != planned) {
        let detail = format!("{} tokens, and the plan has {} there", fills[row], in_order[row]);
        return Err(Fault::invalid(&path, Some(row as u64), detail));
    }
    let report = json!({
        "shard": shard,
        "path": report.file.path,
        "packs": of.sizes.packs,
        "segments": of.sizes.segments,
        "tokens": fills.iter().sum::<u64>(),
    });
    Ok(report.to_string())
}

/// The plan that a shard is of, its seed, and which of its packs the shard begins with.
fn plan_of(job: &Job, layout: &Layout, shard: usize) -> Result<(Plan, u64, u64), Fault> {
    let first_pack = layout.shards[shard].first_pack;
    if job.mode == Mode::Shuffle {
        let plan = plans::read(&job.folder, PLAN, &job.options.pack)?;
        return Ok((plan, job.options.pack.seed, first_pack));
    }
    let (group, own) = group_of(layout, shard)?;
    let plan = plans::of_group(job, group, layout.groups.len())?;
    let seed = plan.options.seed;
    Ok((plan, seed, first_pack - layout.shards[own.shards.0].first_pack))
}

fn group_of(layout: &Layout, shard: usize) -> Result<(usize, &LayoutGroup), Fault> {
    let of = |(_, group): &(usize, &LayoutGroup)| (group.shards.0..group.shards.1).contains(&shard);
    let found = layout.groups.iter().enumerate().find(of);
    found.ok_or_else(|| Fault::Job(format!("layout.json has no group of shard {shard}")))
}

fn report_of(job: &Job, layout: &Layout, shard: usize) -> Result<Written, Fault> {
    let name = match job.mode {
        Mode::Shuffle => numbered("written", shard, layout.shards.len(), "json"),
        Mode::Local => {
            let (group, _) = group_of(layout, shard)?;
            numbered("written", group, layout.groups.len(), "json")
        }
    };
    let reports = written::read(&job.folder, &name)?.unwrap_or_default();
    let own = reports.into_iter().find(|report| report.shard == shard);
    own.ok_or_else(|| Fault::JobIncomplete(format!("shard {shard} isn't written: see {name}")))
}

/// What would be said of a data set that is this shard alone.
fn said(
    job: &Job,
    layout: &Layout,
    format: &dyn RowFormat,
    plan: Plan,
    report: &Written,
) -> Result<Manifest, Fault> {
    let columns = sink(job, format, &content_of(job, layout, format))?.columns();
    let mut stats = plan.stats();
    stats.pack_count = report.file.rows;
    stats.lower_bound = 0;
    stats.sequence_count = layout.partitions.iter().map(|of| of.sequences).sum();
    let without_targets = report.without_targets.map(|(sequences, packs)| Targetless {
        sequences,
        packs,
        dropped: 0,
    });
    let said = DatasetReport {
        stats,
        times: Times::default(),
        plan_id: None,
        format: job.options.format.clone(),
        files: vec![report.file.clone()],
        spilled_bytes: 0,
        without_targets,
        warnings: Vec::new(),
    };
    let facts = manifest::Facts {
        certificate: plan.certificate,
        labels: labels_of(job.labelled(), format.facts()),
        columns,
        text: None,
        groups: None,
    };
    Ok(manifest(&job.options, &said, facts, Vec::new()))
}

/// Puts a file under another name, too.
fn beside(path: &Path, link: &Path) -> Result<(), Fault> {
    let refused = |error: std::io::Error| Fault::io("read", path, &error);
    let path = std::path::absolute(path).map_err(refused)?;
    if let Some(folder) = link.parent() {
        std::fs::create_dir_all(folder).map_err(refused)?;
    }
    #[cfg(unix)]
    let linked = std::os::unix::fs::symlink(&path, link);
    #[cfg(not(unix))]
    let linked = std::fs::copy(&path, link).map(|_| ());
    linked.map_err(refused)
}

/// A fault of the shard where it really lies.
fn named(fault: Fault, alone: &Path, target: &Path) -> Fault {
    let real = |place: crate::Place| match place.path.strip_prefix(alone) {
        Ok(name) => crate::Place { path: target.join(name), ..place },
        Err(_) => place,
    };
    match fault {
        Fault::Format(place) => Fault::Format(real(place)),
        Fault::Invalid(place) => Fault::Invalid(real(place)),
        other => other,
    }
}
