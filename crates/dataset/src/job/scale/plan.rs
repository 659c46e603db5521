//! Step *plan*: from the counts of all partitions to the plan, the layout, and what it costs to plan
//! groups of partitions apart. One process; memory in proportion to distinct lengths and output files.

use super::carried;
use super::counts::{Counts, Offsets, offsets_name};
use super::folder::{LAYOUT, PLAN, ranges};
use super::given::{Job, Mode};
use super::layout::{Layout, LayoutGroup, LayoutPartition, LayoutShard, Loss, cut};
use super::plans;
use crate::format::sink::AnySink;
use crate::format::{RowFormat, SinkOptions};
use crate::job::pack::content;
use crate::store::Content;
use crate::{Fault, parallel};
use arrow_schema::FieldRef;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use stowage_engine::epoch::{EpochOptions, Locator};
use stowage_engine::plan::{Plan, plan, plan_group};
use stowage_engine::policy::Ledger;
use stowage_engine::{Fault as EngineFault, Histogram, Stage, Watch};

/// Plans the job in `folder`, all of whose partitions are counted. The report is JSON.
///
/// # Errors
/// [`Fault::JobIncomplete`] with the partitions that aren't counted; the first sequence that a policy
/// refuses; [`Fault::Loss`] for groups that take more packs than the limit allows, before anything is
/// written; those of planning.
pub fn plan_job(folder: &Path, threads: usize, watch: &dyn Watch) -> Result<String, Fault> {
    let job = Job::open(folder)?;
    let format = job.format()?;
    let whole = Whole::read(&job, watch)?;
    let global = whole.plan(&job, threads, watch)?;
    let sink = whole.sink(&job, format)?;
    let sink = sink.as_ref();
    let packs = global.pack_count();
    if packs == 0 {
        return Err(Fault::option(
            "there is nothing to pack: no partition has a sequence that the policies leave",
        ));
    }
    let mut layout = Layout {
        plan_id: global.id(),
        partitions: whole.partitions.clone(),
        weights: whole.weights,
        token_bytes: if whole.narrow { 2 } else { 4 },
        carried: whole.carried.clone(),
        targetless: whole.targetless,
        loss: Loss {
            global_packs: packs,
            lower_bound: global.lower_bound,
            local_packs: packs,
            ratio: 0.0,
        },
        ..Layout::default()
    };
    let mut group_plans = Vec::new();
    match job.mode {
        Mode::Shuffle => {
            let which = epoch_options(&job, job.options.pack.seed);
            let locator = Locator::new(&global.templates, &which);
            let sizes = cut(sink, &global.templates, &locator, &job.options.pack, watch)?;
            layout.shards.extend(sizes.into_iter().map(shard));
        }
        Mode::Local => group_plans = local(&job, sink, &mut layout, threads, watch)?,
    }
    number(&mut layout, sink);
    let groups = group_plans.len();
    job.folder.keep(PLAN, plans::to_text(&global).as_bytes())?;
    for (group, plan) in group_plans.iter().enumerate() {
        job.folder.keep(&plans::group_name(group, groups), plan.as_bytes())?;
    }
    if job.mode == Mode::Shuffle {
        write_offsets(&job, watch)?;
    }
    job.folder.keep(LAYOUT, layout.to_text()?.as_bytes())?;
    let tokens = global.ledger.tokens_packed;
    let room = layout.loss.local_packs as f64 * f64::from(job.options.pack.capacity);
    let report = json!({
        "planId": layout.plan_id,
        "packs": layout.loss.local_packs,
        "lowerBound": global.lower_bound,
        "sequences": global.sequence_count,
        "tokens": tokens,
        "efficiency": tokens as f64 / room,
        "shards": layout.shards.len(),
        "groups": groups,
        "loss": layout.loss.to_json(),
    });
    Ok(report.to_string())
}

/// What the counts of all partitions say together.
struct Whole {
    counts: BTreeMap<u32, u64>,
    ledger: Ledger,
    partitions: Vec<LayoutPartition>,
    sequences: u64,
    targetless: u64,
    narrow: bool,
    weights: bool,
    carried: Vec<FieldRef>,
}

impl Whole {
    fn read(job: &Job, watch: &dyn Watch) -> Result<Self, Fault> {
        let count = job.partitions.len();
        let mut whole = Self {
            counts: BTreeMap::new(),
            ledger: Ledger::default(),
            partitions: Vec::with_capacity(count),
            sequences: 0,
            targetless: 0,
            narrow: true,
            weights: false,
            carried: Vec::new(),
        };
        let (mut missing, mut first, mut typed) = (Vec::new(), None::<String>, None::<bool>);
        for partition in 0..count {
            watch.step(Stage::Plan, partition as u64, count as u64)?;
            let Some(counts) = Counts::read(&job.folder, partition, count)? else {
                missing.push(partition);
                continue;
            };
            if let (Some((row, length)), true) = (counts.fault, missing.is_empty()) {
                return Err(refused(job, whole.sequences + row, length));
            }
            let text = first.get_or_insert_with(|| counts.carried.clone());
            if *text != counts.carried {
                return Err(unlike(job, partition, "carried columns have other types"));
            }
            if let Some(weighted) = counts.weighted
                && *typed.get_or_insert(weighted) != weighted
            {
                let why = "the loss mask is of weights in some partitions and of 0 and 1 in others";
                return Err(unlike(job, partition, why));
            }
            whole.add(counts);
        }
        if !missing.is_empty() {
            let missing = ranges(&missing);
            return Err(Fault::JobIncomplete(format!("partitions {missing} aren't counted")));
        }
        whole.weights = typed == Some(true);
        let carried = carried::parse(first.as_deref().unwrap_or_default());
        whole.carried = carried.ok_or_else(|| {
            Fault::Job("counts are damaged: the carried columns can't be read".to_string())
        })?;
        Ok(whole)
    }

    fn add(&mut self, counts: Counts) {
        self.partitions.push(LayoutPartition {
            first_id: self.sequences,
            sequences: counts.sequences,
            lengths_digest: counts.lengths_digest,
        });
        self.sequences += counts.sequences;
        self.targetless += counts.targetless;
        self.narrow &= counts.narrow;
        add_ledger(&mut self.ledger, &counts.ledger);
        for (length, count) in counts.classes {
            *self.counts.entry(length).or_default() += count;
        }
    }

    /// The plan of the whole, as one machine makes it.
    fn plan(&self, job: &Job, threads: usize, watch: &dyn Watch) -> Result<Plan, Fault> {
        let histogram = Histogram::from_counts(self.counts.iter().map(|(&l, &n)| (l, n)))?;
        let planned = plan(&histogram, &job.options.pack, threads, watch)?;
        Ok(Plan { ledger: self.ledger, sequence_count: self.sequences, ..planned })
    }

    fn sink(&self, job: &Job, format: &dyn RowFormat) -> Result<Box<dyn AnySink>, Fault> {
        sink(job, format, &self.content(job, format))
    }

    fn content(&self, job: &Job, format: &dyn RowFormat) -> Content {
        content(&job.options, job.labelled(), self.weights, &self.carried, format.facts())
    }
}

/// How the files of a job are written.
///
/// # Errors
/// As [`RowFormat::sink`].
pub(super) fn sink(
    job: &Job,
    format: &dyn RowFormat,
    content: &Content,
) -> Result<Box<dyn AnySink>, Fault> {
    let options = &job.options;
    let shard_bytes = format.facts().shard_bytes(options);
    format.sink(&SinkOptions { content, options, shard_bytes, narrow: false })
}

/// The columns that a planned job has.
pub(super) fn content_of(job: &Job, layout: &Layout, format: &dyn RowFormat) -> Content {
    content(&job.options, job.labelled(), layout.weights, &layout.carried, format.facts())
}

/// The epoch of a job, under the seed of the whole or of a group.
pub(super) fn epoch_options(job: &Job, seed: u64) -> EpochOptions {
    EpochOptions { seed, epoch: job.options.epoch, order: job.options.order }
}

/// Plans the groups, adds them and their files to the layout, and returns their plans as text.
fn local(
    job: &Job,
    sink: &dyn AnySink,
    layout: &mut Layout,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Vec<String>, Fault> {
    let partitions = job.partitions.len();
    let packs = layout.loss.global_packs;
    let groups = (packs / job.group_packs).clamp(1, partitions as u64) as usize;
    let made = parallel::each(groups, threads, |group| {
        // Strided: sources that stand one behind the other come into every group.
        let own: Vec<usize> = (group..partitions).step_by(groups).collect();
        let (mut counts, mut ledger, mut sequences) =
            (BTreeMap::<u32, u64>::new(), Ledger::default(), 0);
        for &partition in &own {
            let Some(of) = Counts::read(&job.folder, partition, partitions)? else {
                return Err(Fault::JobIncomplete(format!("partition {partition} isn't counted")));
            };
            add_ledger(&mut ledger, &of.ledger);
            sequences += of.sequences;
            for (length, count) in of.classes {
                *counts.entry(length).or_default() += count;
            }
        }
        let histogram = Histogram::from_counts(counts)?;
        let planned = plan_group(&histogram, &job.options.pack, group as u64, 1, watch)?;
        let plan = Plan { ledger, sequence_count: sequences, ..planned };
        let which = epoch_options(job, plan.options.seed);
        let locator = Locator::new(&plan.templates, &which);
        let sizes = cut(sink, &plan.templates, &locator, &job.options.pack, watch)?;
        Ok((own, plan.id(), plan.pack_count(), plans::to_text(&plan), sizes))
    })?;
    layout.loss.local_packs = made.iter().map(|group| group.2).sum();
    layout.loss.ratio = layout.loss.local_packs as f64 / packs as f64 - 1.0;
    if layout.loss.ratio > job.max_loss {
        return Err(too_much(job, &layout.loss, groups));
    }
    let mut texts = Vec::with_capacity(groups);
    for (own, plan_id, _, text, sizes) in made {
        let from = layout.shards.len();
        layout.shards.extend(sizes.into_iter().filter(|sizes| sizes.packs > 0).map(shard));
        let shards = (from, layout.shards.len());
        layout.groups.push(LayoutGroup { partitions: own, plan_id, shards });
        texts.push(text);
    }
    Ok(texts)
}

fn shard(sizes: crate::format::sink::Sizes) -> LayoutShard {
    LayoutShard { path: String::new(), first_pack: 0, sizes }
}

/// Gives the files their names and first packs, now that it is known how many there are.
fn number(layout: &mut Layout, sink: &dyn AnySink) {
    let count = layout.shards.len();
    let mut packs = 0;
    for (index, shard) in layout.shards.iter_mut().enumerate() {
        shard.path = sink.shard_name(index, count).expect("the format is written in shards");
        shard.first_pack = packs;
        packs += shard.sizes.packs;
    }
}

/// Members of earlier partitions, for each: what gives a sequence its rank.
fn write_offsets(job: &Job, watch: &dyn Watch) -> Result<(), Fault> {
    let count = job.partitions.len();
    let (mut before, mut first_id) = (BTreeMap::<u32, u64>::new(), 0);
    for partition in 0..count {
        watch.step(Stage::Plan, partition as u64, count as u64)?;
        let Some(counts) = Counts::read(&job.folder, partition, count)? else {
            return Err(Fault::JobIncomplete(format!("partition {partition} isn't counted")));
        };
        let mut offsets = Offsets { first_id, before: Vec::with_capacity(counts.classes.len()) };
        for (length, members) in counts.classes {
            let so_far = before.entry(length).or_default();
            offsets.before.push((length, *so_far));
            *so_far += members;
        }
        first_id += counts.sequences;
        job.folder.keep(&offsets_name(partition, count), &offsets.to_bytes())?;
    }
    Ok(())
}

fn add_ledger(all: &mut Ledger, one: &Ledger) {
    all.tokens_in += one.tokens_in;
    all.tokens_packed += one.tokens_packed;
    all.tokens_truncated += one.tokens_truncated;
    all.tokens_dropped += one.tokens_dropped;
    all.dropped_count += one.dropped_count;
}

fn refused(job: &Job, index: u64, length: u32) -> Fault {
    let pack = &job.options.pack;
    let (capacity, alignment) = (pack.capacity, pack.sequence_alignment);
    let index = Some(index);
    match length {
        0 => EngineFault::Empty { index }.into(),
        _ => EngineFault::Overlong { index, length, capacity, alignment }.into(),
    }
}

fn unlike(job: &Job, partition: usize, why: &str) -> Fault {
    let path = job.partitions[partition].first().map_or("job.json", |input| input.path.as_str());
    Fault::column(Path::new(path), None, format!("{why} (partition {partition})"))
}

fn too_much(job: &Job, loss: &Loss, groups: usize) -> Fault {
    let Loss { global_packs, local_packs, ratio, .. } = loss;
    let percent = |ratio: f64| ratio * 100.0;
    Fault::Loss(format!(
        "{groups} groups that are planned apart take {local_packs} packs, {:.4} % more than the \
         {global_packs} of one plan; at most {:.4} % is allowed. Plan larger groups (groupPacks, now \
         {}), pack with mode 'shuffle', or allow more (maxLoss)",
        percent(*ratio),
        percent(job.max_loss),
        job.group_packs
    ))
}
