//! Step *write group* of mode *local*: the shards of some partitions, which have a plan of their own.
//!
//! As one machine packs a data set, with the plan, the first ids and the names of the files given.

use super::digest::Contents;
use super::folder::numbered;
use super::given::{Job, Mode, must_have};
use super::layout::Layout;
use super::partition::{Source, as_counted, columns_of};
use super::plan::{content_of, sink};
use super::plans;
use super::stream::Lanes;
use super::written::{Written, place, sha256};
use crate::Fault;
use crate::format::sink::{Shards, Sizes};
use crate::job::decide::epoch;
use crate::job::write::{spans, write};
use crate::output::Output;
use crate::progress::Meter;
use crate::store::{Gatherer, Ids, Keep, Segment, Tally};
use serde_json::Value;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use stowage_engine::{Stage, Watch};

/// The name of a group's reports.
pub(super) fn written_name(group: usize, groups: usize) -> String {
    numbered("written", group, groups, "json")
}

/// What is summed up of a shard while its blocks are made.
#[derive(Debug, Default)]
struct Sums {
    contents: Contents,
    tokens: AtomicU64,
}

/// Writes the shards of group `group` of the job in `folder` into `output` (none: that of the job), from
/// its partitions or the rows of `input` in their place ("-": standard input). The reports are JSON.
///
/// # Errors
/// Those of sources; [`Fault::InputChanged`] for rows that aren't those counted; [`Fault::Job`]; refused
/// writes. Nothing stands under the names of the shards then.
pub fn write_group(
    folder: &Path,
    group: usize,
    input: Option<&str>,
    output: Option<&Path>,
    threads: usize,
    watch: &dyn Watch,
) -> Result<String, Fault> {
    let job = Job::open(folder)?;
    job.must_be(Mode::Local, "writing a group")?;
    let layout = Layout::read(&job.folder)?;
    let groups = layout.groups.len();
    must_have(group, groups, "group")?;
    let own = &layout.groups[group];
    let format = job.format()?;
    let facts = format.facts();
    let plan = plans::of_group(&job, group, groups)?;
    if plan.id() != own.plan_id {
        let (found, said) = (plan.id(), &own.plan_id);
        return Err(Fault::Job(format!(
            "the plan of group {group} is {found}, and layout.json says {said}"
        )));
    }
    let output = Output::within(output.unwrap_or(&job.options.output))?;
    let source = Source::new(&job, &own.partitions, input, watch)?;
    let columns = columns_of(&job, facts.masks);
    let keep = if layout.weights { Keep::Weighted } else { Keep::All };
    let scratch = output.place_of("");
    let read = source.read(&columns, keep, &scratch, threads, watch)?;
    as_counted(&job, &own.partitions, &layout.partitions, &read.sources.lengths)?;
    let mut options = job.group_options(group);
    options.pack.empty = read.options.pack.empty;
    let plan = stowage_engine::Plan { options: options.pack.clone(), ..plan };
    let packs = epoch(&plan, read.lengths(), &options, threads, watch)?;
    let content = content_of(&job, &layout, format);
    let lanes = Lanes::of(&job, &layout);
    let (first, end) = own.shards;
    let sums: Vec<Sums> = (first..end).map(|_| Sums::default()).collect();
    let ids = own.partitions.iter().map(|&partition| {
        let of = &layout.partitions[partition];
        (of.sequences, of.first_id)
    });
    let gatherer = Gatherer {
        sources: &read.sources,
        packs: &packs,
        content: &content,
        alignment: options.pack.sequence_alignment,
        pad: options.pad(),
        ids: Ids::of_runs(ids),
        without_targets: Tally::default(),
    };
    let sink = sink(&job, format, &content)?;
    let sink = sink.as_ref();
    let mut spans = spans(sink, gatherer.sizes());
    let sizes: Vec<Sizes> = layout.shards[first..end].iter().map(|shard| shard.sizes).collect();
    if packs.len() == 0 {
        return report(&job, &written_name(group, groups), &[], &output);
    }
    if spans.shards != sizes {
        return Err(Fault::Job(format!(
            "the packs of group {group} don't fill the files that layout.json says; plan again"
        )));
    }
    spans.blocks.iter_mut().for_each(|span| span.shard += first);
    let shards = Shards::some(first, layout.shards.len(), sizes);
    let meter = Meter::new(watch, Stage::Write, spans.bytes.iter().sum());
    let gather = |span: &crate::store::Span, go_on: &dyn Fn() -> Result<(), Fault>| {
        let sums = &sums[span.shard - first];
        let seen =
            |segment: &Segment, tokens: &[u8], labels: Option<&[u8]>, weights: Option<&[u8]>| {
                lanes.see(&sums.contents, segment, tokens, labels, weights);
            };
        let block = gatherer.block(span, Some(&seen), go_on)?;
        facts.check_weights(block.weights.as_deref().unwrap_or_default())?;
        let tokens = block.counts.iter().map(|&count| u64::from(count.unsigned_abs())).sum();
        sums.tokens.fetch_add(tokens, Relaxed);
        Ok(block)
    };
    let files = write(sink, &output, &shards, &spans, gather, threads, &meter)?;
    let targets = job.labelled().then(|| gatherer.without_targets.counts(0));
    let go_on = || meter.add(0);
    let mut reports = Vec::with_capacity(files.len());
    for ((shard, finished), sums) in (first..).zip(files).zip(&sums) {
        // Counted over the group: the first of its shards has the sum.
        let without_targets =
            targets.map(|of| if shard == first { (of.sequences, of.packs) } else { (0, 0) });
        reports.push(Written {
            shard,
            sha256: sha256(&output.place_of(&finished.file.path), &go_on)?,
            segments: layout.shards[shard].sizes.segments,
            tokens: sums.tokens.load(Relaxed),
            digest: sums.contents.text(),
            index: finished.index,
            file: finished.file,
            without_targets,
        });
    }
    report(&job, &written_name(group, groups), &reports, &output)
}

/// Gives the shards their names, and reports them.
fn report(job: &Job, name: &str, reports: &[Written], output: &Output) -> Result<String, Fault> {
    let text = reports.iter().map(Written::to_json).collect::<Value>().to_string();
    place(&job.folder, name, reports, &format!("{text}\n"), output)?;
    Ok(text)
}
