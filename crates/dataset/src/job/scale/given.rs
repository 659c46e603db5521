//! `job.json`: what a job was asked for. The surface has checked each option; what is read here must
//! still hold when somebody has changed the file.

use super::fields::Given;
use super::folder::{JOB, JobFolder};
use crate::Fault;
use crate::format::{self, Format, RowFormat};
use crate::job::pack::checked;
use crate::options::{Compression, DatasetOptions, WithoutTargets};
use crate::source::Columns;
use serde_json::Value;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use stowage_engine::epoch::Order;
use stowage_engine::epoch::balance::Cost;
use stowage_engine::options::{Empty, Overlong};
use stowage_engine::plan::group_seed;
use stowage_engine::strategy::{self, STRATEGIES};
use stowage_engine::{Fault as EngineFault, PackOptions};

/// Partitions and how they are packed.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub folder: JobFolder,
    /// Of the job, as it stands in its file.
    pub id: String,
    pub mode: Mode,
    /// Without inputs: partitions have them.
    pub options: DatasetOptions,
    pub partitions: Vec<Vec<JobInput>>,
    /// Packs more than one plan needs, relative to these.
    pub max_loss: f64,
    /// Packs in a group.
    pub group_packs: u64,
}

/// How partitions become packs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Groups of partitions, each planned and written by itself.
    Local,
    /// One plan, whose packs draw from all partitions.
    Shuffle,
}

/// A file of a partition, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JobInput {
    pub path: String,
    /// Size of the file.
    pub bytes: u64,
    /// Row groups or record batches, if not all.
    pub parts: Option<(u64, u64)>,
}

/// Finds out whether a job can be what its file says.
///
/// # Errors
/// `ERR_OPTION`, `ERR_STRATEGY`; [`Fault::Job`] for what isn't such a file.
pub fn check_job(text: &str) -> Result<(), Fault> {
    Job::parse(&JobFolder::new(Path::new("")), text.as_bytes()).map(|_| ())
}

impl Job {
    /// Reads the job in `folder`.
    ///
    /// # Errors
    /// As [`check_job`]; [`Fault::JobIncomplete`] if there is none.
    pub(super) fn open(folder: &Path) -> Result<Self, Fault> {
        let folder = JobFolder::new(folder);
        let Some(bytes) = folder.read(JOB)? else {
            let detail =
                format!("there is no {JOB} in {}; begin with init", folder.path().display());
            return Err(Fault::JobIncomplete(detail));
        };
        Self::parse(&folder, &bytes)
    }

    fn parse(folder: &JobFolder, bytes: &[u8]) -> Result<Self, Fault> {
        let no_job = |why: String| Fault::Job(format!("{JOB} is no job: {why}"));
        let value: Value =
            serde_json::from_slice(bytes).map_err(|error| no_job(error.to_string()))?;
        let fields = value.as_object().ok_or_else(|| no_job("not an object".to_string()))?;
        let given = Given { fields, name: "" };
        if given.whole("version")? != Some(1) {
            return Err(no_job(format!("its version is {}, known is 1", value["version"])));
        }
        let (theirs, ours) = (given.text("productVersion")?, env!("CARGO_PKG_VERSION"));
        if theirs != Some(ours) {
            let theirs = theirs.unwrap_or("an unknown version");
            return Err(Fault::Job(format!(
                "the job was begun by stowage {theirs}, and this is {ours}: every step must run the \
                 same version"
            )));
        }
        let mode = match given.text("mode")?.unwrap_or("local") {
            "local" => Mode::Local,
            "shuffle" => Mode::Shuffle,
            _ => return Err(given.wrong("mode")),
        };
        let format = given.text("format")?.ok_or_else(|| given.wrong("format"))?;
        let output = PathBuf::from(given.text("output")?.ok_or_else(|| given.wrong("output"))?);
        let pack = pack(&Given { fields: given.object("pack")?, name: "pack." })?;
        let dataset = Given { fields: given.object("dataset")?, name: "dataset." };
        let options =
            dataset_options(&dataset, DatasetOptions::new(Vec::new(), output, format, pack))?;
        let partitions = given.fields.get("partitions").and_then(Value::as_array);
        let partitions = partitions.and_then(|all| all.iter().map(partition).collect());
        let job = Self {
            folder: folder.clone(),
            id: given.text("id")?.unwrap_or_default().to_string(),
            mode,
            options,
            partitions: partitions.ok_or_else(|| given.wrong("partitions"))?,
            max_loss: given.number("maxLoss")?.unwrap_or(0.0001),
            group_packs: given.whole("groupPacks")?.unwrap_or(20_000).max(1),
        };
        job.check()?;
        Ok(job)
    }

    fn check(&self) -> Result<(), Fault> {
        let Self { options, mode, .. } = self;
        let pack = &options.pack;
        if self.partitions.is_empty() {
            return Err(Fault::option("a job needs at least one partition"));
        }
        if !options.plans() {
            let detail = format!(
                "{} has no plan, which a job needs; use auto, optimal or a decreasing strategy, with \
                 tolerance 1",
                strategy::info(pack.strategy).name
            );
            return Err(EngineFault::Strategy { detail }.into());
        }
        if *mode == Mode::Local && pack.pack_count.is_some() {
            let detail = "packCount can't be met by groups that are planned apart; use mode \
                          'shuffle', or packCountMultipleOf, which holds in each group";
            return Err(Fault::option(detail));
        }
        self.format().map(|_| ())
    }

    /// The format.
    ///
    /// # Errors
    /// `ERR_OPTION` for options that mean nothing to it, and for one that is a single file.
    pub(super) fn format(&self) -> Result<&'static dyn RowFormat, Fault> {
        let name = &self.options.format;
        let one_file = || {
            let sharded = format::sharded().join("', '");
            Fault::option(format!(
                "format '{name}' is one file, which one process must write; pack into parquet first \
                 ('{sharded}' are written by many)"
            ))
        };
        match checked(&self.options)? {
            Format::Rows(format) if format.facts().shard_bytes.is_some() => Ok(format),
            _ => Err(one_file()),
        }
    }

    /// The options of a group: as of the whole, with a seed of its own.
    pub(super) fn group_options(&self, group: usize) -> DatasetOptions {
        let mut options = self.options.clone();
        options.pack.seed = group_seed(options.pack.seed, group as u64);
        options
    }

    /// Whether the sources have labels or a mask.
    pub(super) fn labelled(&self) -> bool {
        self.options.columns.labels.is_some() || self.options.columns.loss_mask.is_some()
    }

    /// # Errors
    /// [`Fault::Job`] for a step of the other mode.
    pub(super) fn must_be(&self, mode: Mode, step: &str) -> Result<(), Fault> {
        if self.mode == mode {
            return Ok(());
        }
        let (is, wants) = match mode {
            Mode::Local => ("shuffle", "local"),
            Mode::Shuffle => ("local", "shuffle"),
        };
        Err(Fault::Job(format!("{step} is a step of mode '{wants}', and this job is '{is}'")))
    }
}

/// # Errors
/// [`Fault::Job`] for a number that none of `count` items has.
pub(super) fn must_have(index: usize, count: usize, what: &str) -> Result<(), Fault> {
    if index < count {
        return Ok(());
    }
    Err(Fault::Job(format!("{what} {index} of {count}: they are numbered from 0")))
}

fn pack(given: &Given<'_>) -> Result<PackOptions, Fault> {
    given.only(&[
        "capacity",
        "strategy",
        "maxSequencesPerPack",
        "sequenceAlignment",
        "packCountMultipleOf",
        "packCount",
        "overlong",
        "empty",
        "seed",
        "tolerance",
        "harmonicClasses",
        "effort",
    ])?;
    let capacity = given.small("capacity")?.filter(|&it| (1..=i32::MAX as u32).contains(&it));
    let mut options = PackOptions::new(capacity.ok_or_else(|| given.wrong("capacity"))?);
    if let Some(name) = given.text("strategy")? {
        let info = STRATEGIES.iter().find(|it| it.name == name || it.aliases.contains(&name));
        options.strategy = info.ok_or_else(|| given.wrong("strategy"))?.strategy;
    }
    options.max_sequences_per_pack = given.small("maxSequencesPerPack")?.and_then(NonZeroU32::new);
    options.sequence_alignment = given.small("sequenceAlignment")?.unwrap_or(1);
    if !(1..=options.capacity).contains(&options.sequence_alignment) {
        return Err(given.wrong("sequenceAlignment"));
    }
    options.pack_count_multiple_of = given.whole("packCountMultipleOf")?.unwrap_or(1).max(1);
    options.pack_count = given.whole("packCount")?;
    let overlong = [
        ("error", Overlong::Error),
        ("drop", Overlong::Drop),
        ("truncate", Overlong::Truncate),
        ("split", Overlong::Split),
        ("truncate-start", Overlong::TruncateStart),
    ];
    options.overlong = given.named("overlong", &overlong)?.unwrap_or_default();
    let empty = [("error", Empty::Error), ("drop", Empty::Drop)];
    options.empty = given.named("empty", &empty)?.unwrap_or_default();
    let seed = |value: &Value| match value {
        // Beyond what JavaScript's numbers hold.
        Value::String(digits) => digits.parse().ok(),
        number => number.as_u64(),
    };
    options.seed = given.read("seed", seed)?.unwrap_or(0);
    options.tolerance = given.small("tolerance")?.unwrap_or(1).max(1);
    options.harmonic_classes = given.small("harmonicClasses")?.unwrap_or(10);
    options.effort = given.number("effort")?.unwrap_or(1.0);
    Ok(options)
}

fn dataset_options(given: &Given<'_>, base: DatasetOptions) -> Result<DatasetOptions, Fault> {
    given.only(&[
        "columns",
        "withoutTargets",
        "eosTokenId",
        "padTokenId",
        "vocabSize",
        "shardSize",
        "compression",
        "epoch",
        "order",
        "cost",
        "worldSize",
        "split",
        "repack",
    ])?;
    let mut options = base;
    if given.value("columns").is_some() {
        let names = Given { fields: given.object("columns")?, name: "dataset.columns." };
        names.only(&["tokens", "labels", "lossMask", "attentionMask", "ignore", "carry"])?;
        let owned = |name| Ok::<_, Fault>(names.text(name)?.map(str::to_string));
        let tokens = owned("tokens")?.unwrap_or(options.columns.tokens);
        let carry = names.texts("carry")?;
        options.columns = Columns::new(tokens, owned("labels")?, owned("lossMask")?, carry);
        options.columns.attention_mask = owned("attentionMask")?;
        options.columns.ignore = names.texts("ignore")?;
    }
    let without_targets = |value: &Value| WithoutTargets::find(value.as_str()?);
    options.without_targets = given.read("withoutTargets", without_targets)?.unwrap_or_default();
    options.eos_token_id = given.id("eosTokenId")?;
    options.pad_token_id = given.id("padTokenId")?;
    options.vocab_size = given.small("vocabSize")?;
    options.shard_size = given.whole("shardSize")?;
    let compressions =
        [("zstd", Compression::Zstd), ("snappy", Compression::Snappy), ("none", Compression::None)];
    options.compression = given.named("compression", &compressions)?.unwrap_or_default();
    options.epoch = given.whole("epoch")?.unwrap_or(0);
    options.split = given.text("split")?.map(str::to_string);
    options.repack = given.flag("repack")?;
    options.order = match given.text("order")?.unwrap_or("shuffled") {
        "shuffled" => Order::Shuffled,
        "plan" => Order::Plan,
        "balanced" => {
            let mut cost = Cost::default();
            if given.value("cost").is_some() {
                let parts = Given { fields: given.object("cost")?, name: "dataset.cost." };
                cost.linear = parts.number("linear")?.unwrap_or(cost.linear);
                cost.quadratic = parts.number("quadratic")?.unwrap_or(cost.quadratic);
            }
            let world_size = given.whole("worldSize")?.filter(|ranks| *ranks > 0);
            let world_size = world_size.ok_or_else(|| given.wrong("worldSize"))?;
            Order::Balanced { cost, world_size }
        }
        _ => return Err(given.wrong("order")),
    };
    Ok(options)
}

fn partition(value: &Value) -> Option<Vec<JobInput>> {
    let input = |value: &Value| {
        let parts = match value.get("rowGroups") {
            None | Some(Value::Null) => None,
            Some(range) => match &range.as_array()?[..] {
                [from, to] => Some((from.as_u64()?, to.as_u64()?)),
                _ => return None,
            },
        };
        let path = value.get("path")?.as_str()?.to_string();
        Some(JobInput { path, bytes: value.get("bytes")?.as_u64()?, parts })
    };
    value.get("inputs")?.as_array()?.iter().map(input).collect()
}
