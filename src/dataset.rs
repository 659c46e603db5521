//! `stowage_dataset` for JavaScript: jobs over files. The native job is waited for after an abort,
//! so that nothing temporary is left when the promise rejects.

use crate::clock;
use crate::fault::{ColumnNames, Report};
use crate::job::{self, JobControl};
use crate::options::EngineOptions;
use crate::output::{self, Output};
use crate::stats::Figures;
use crate::text::TextColumns;
use napi::bindgen_prelude::{Env, Object, Result, Uint32ArraySlice};
use napi_derive::napi;
use std::sync::Arc;
use stowage_dataset::{
    Columns, Compression, DatasetOptions, DatasetReport, Fault, Leftover, LengthsOptions, Life,
    VerifyOptions, WithoutTargets,
};
use stowage_engine::epoch::Order;
use stowage_engine::epoch::balance::Cost;

impl From<Fault> for Report {
    fn from(fault: Fault) -> Self {
        let (code, message) = (fault.code(), fault.to_string());
        let path = fault.path().map(|path| path.to_string_lossy().into());
        let row = fault.row();
        let names = fault.columns();
        let columns = (!names.is_empty()).then(|| Box::new(ColumnNames(names.to_vec())));
        match fault {
            Fault::Engine(fault) => Self { message, ..fault.into() },
            _ => Self { code, message, path, row, columns, ..Self::default() },
        }
    }
}

/// Lengths read from files, until they are copied into an array.
#[napi]
pub struct LengthList(Arc<Vec<u32>>, Vec<String>);

#[napi]
impl LengthList {
    /// How many.
    #[napi(getter, catch_unwind)]
    #[must_use]
    pub fn count(&self) -> u32 {
        self.0.len() as u32 // at most 2^32 - 1 sequences are read
    }

    /// What to know of the inputs.
    #[napi(getter, catch_unwind)]
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.1.clone()
    }

    /// Copies them into an array of as many elements.
    #[napi(catch_unwind)]
    pub fn copy_into(&self, mut lengths: Uint32ArraySlice<'_>) {
        output::borrow(&mut lengths).copy_from_slice(&self.0);
    }

    /// As `copy_into`, on a native thread.
    ///
    /// # Errors
    /// If the environment is going away.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn copy_into_async<'env>(
        &self,
        env: &'env Env,
        lengths: Uint32ArraySlice<'_>,
        control: &JobControl,
    ) -> Result<Object<'env>> {
        let (list, mut lengths) = (Arc::clone(&self.0), Output::new(lengths));
        let work = move |_: &job::Monitor, _| {
            lengths.as_mut_slice().copy_from_slice(&list);
            Ok::<_, Fault>(())
        };
        job::spawn(env, control, 1, work, |_, ()| Ok(()))
    }
}

/// Reads the lengths of source files.
///
/// # Errors
/// As `stowage_dataset::read_lengths`.
#[napi(catch_unwind, ts_return_type = "Promise<LengthList>")]
pub fn read_lengths<'env>(
    env: &'env Env,
    inputs: Vec<String>,
    column: String,
    split: Option<String>,
    text: Option<TextColumns>,
    threads: u32,
    control: &JobControl,
) -> Result<Object<'env>> {
    let text = text.map(Into::into);
    let options = LengthsOptions { inputs, column, split, text };
    job::spawn(
        env,
        control,
        threads,
        move |watch, threads| stowage_dataset::read_lengths(&options, threads, watch),
        |_, read| Ok(LengthList(Arc::new(read.lengths), read.warnings)),
    )
}

/// Names of all formats of packed data sets.
#[napi(catch_unwind)]
#[must_use]
pub fn formats() -> Vec<String> {
    stowage_dataset::formats().into_iter().map(str::to_string).collect()
}

/// Names of source columns.
#[napi(object, object_to_js = false, use_nullable = true)]
pub struct SourceColumns {
    /// Tokens.
    pub tokens: String,
    /// Own labels.
    pub labels: Option<String>,
    /// Loss mask or weights.
    pub loss_mask: Option<String>,
    /// 0 at padding, which is left out.
    pub attention_mask: Option<String>,
    /// Columns passed over knowingly.
    pub ignore: Option<Vec<String>>,
    /// Columns taken along.
    pub carry: Vec<String>,
    /// Lengths instead of tokens.
    pub lengths: Option<String>,
    /// Ids of sequences.
    pub ids: Option<String>,
}

impl From<SourceColumns> for Columns {
    fn from(columns: SourceColumns) -> Self {
        let SourceColumns { tokens, labels, loss_mask, carry, .. } = columns;
        let mut named = Self::new(tokens, labels, loss_mask, carry);
        (named.lengths, named.ids) = (columns.lengths, columns.ids);
        named.attention_mask = columns.attention_mask;
        named.ignore = columns.ignore.unwrap_or_default();
        named
    }
}

/// Checked options; choices are places in the lists of `ts/dataset/options.ts`.
#[napi(object, object_to_js = false, use_nullable = true)]
pub struct PackDataset {
    /// Files, folders, patterns.
    pub inputs: Vec<String>,
    /// Which split of a folder.
    pub split: Option<String>,
    /// Take packed data sets as sources.
    pub repack: bool,
    /// keep, drop, error.
    pub without_targets: u32,
    /// The folder to make.
    pub output: String,
    /// Name of the format.
    pub format: String,
    /// The options of the packing.
    pub pack: EngineOptions,
    /// Source columns.
    pub columns: SourceColumns,
    /// Text in place of a column of tokens.
    pub text: Option<TextColumns>,
    /// Padding, if it isn't the default.
    pub pad_token_id: Option<i32>,
    /// The end-of-document id.
    pub eos_token_id: Option<i32>,
    /// Size of the vocabulary.
    pub vocab_size: Option<u32>,
    /// Bytes per file.
    pub shard_size: Option<f64>,
    /// zstd, snappy, none.
    pub compression: u32,
    /// Number of the epoch.
    pub epoch: f64,
    /// shuffled, plan, balanced.
    pub order: u32,
    /// Cost of a token, for balanced.
    pub linear: f64,
    /// Cost of a squared length.
    pub quadratic: f64,
    /// Packs that run side by side.
    pub world_size: u32,
    /// Replace an output of ours.
    pub overwrite: bool,
}

const COMPRESSIONS: [Compression; 3] = [Compression::Zstd, Compression::Snappy, Compression::None];

const WITHOUT_TARGETS: [WithoutTargets; 3] =
    [WithoutTargets::Keep, WithoutTargets::Drop, WithoutTargets::Error];

impl From<PackDataset> for DatasetOptions {
    fn from(given: PackDataset) -> Self {
        Self {
            columns: given.columns.into(),
            text: given.text.map(Into::into),
            pad_token_id: given.pad_token_id,
            eos_token_id: given.eos_token_id,
            vocab_size: given.vocab_size,
            shard_size: given.shard_size.map(|bytes| bytes as u64),
            compression: COMPRESSIONS[given.compression as usize],
            epoch: given.epoch as u64,
            order: match given.order {
                0 => Order::Shuffled,
                1 => Order::Plan,
                _ => Order::Balanced {
                    cost: Cost { linear: given.linear, quadratic: given.quadratic },
                    world_size: given.world_size.into(),
                },
            },
            overwrite: given.overwrite,
            split: given.split,
            repack: given.repack,
            without_targets: WITHOUT_TARGETS[given.without_targets as usize],
            ..Self::new(given.inputs, given.output.into(), &given.format, given.pack.into())
        }
    }
}

/// A file of a data set.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct DatasetFile {
    /// Name within the folder.
    pub path: String,
    /// Packs.
    pub rows: f64,
    /// Size.
    pub bytes: f64,
}

/// What a job over a data set reports.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct DatasetResult {
    /// The figures of the packing.
    pub figures: Figures,
    /// Milliseconds of reading the sources.
    pub read: f64,
    /// Milliseconds of writing.
    pub write: f64,
    /// Hash of the plan.
    pub plan_id: Option<String>,
    /// Name of the format.
    pub format: String,
    /// The files.
    pub files: Vec<DatasetFile>,
    /// Bytes of the temporary file.
    pub spilled_bytes: f64,
    /// Sequences without any target, where labels or a loss mask were named.
    pub sequences_without_targets: Option<f64>,
    /// Packs without any.
    pub packs_without_targets: Option<f64>,
    /// What the caller should know of the contents.
    pub warnings: Vec<String>,
}

impl From<DatasetReport> for DatasetResult {
    fn from(report: DatasetReport) -> Self {
        let times = clock::Times {
            count: report.times.count,
            plan: report.times.plan,
            bind: report.times.bind,
        };
        let file = |file: stowage_dataset::DataFile| DatasetFile {
            path: file.path,
            rows: file.rows as f64,
            bytes: file.bytes as f64,
        };
        Self {
            figures: Figures::new(&report.stats, times),
            read: report.times.read,
            write: report.times.write,
            plan_id: report.plan_id,
            format: report.format,
            files: report.files.into_iter().map(file).collect(),
            spilled_bytes: report.spilled_bytes as f64,
            sequences_without_targets: report.without_targets.map(|it| it.sequences as f64),
            packs_without_targets: report.without_targets.map(|it| it.packs as f64),
            warnings: report.warnings,
        }
    }
}

/// Packs source files into a data set.
///
/// # Errors
/// As `stowage_dataset::pack_dataset`.
#[napi(catch_unwind, ts_return_type = "Promise<DatasetResult>")]
pub fn pack_dataset<'env>(
    env: &'env Env,
    options: PackDataset,
    threads: u32,
    control: &JobControl,
) -> Result<Object<'env>> {
    let options: DatasetOptions = options.into();
    job::spawn(
        env,
        control,
        threads,
        move |watch, threads| stowage_dataset::pack_dataset(&options, threads, watch),
        |_, report| Ok(DatasetResult::from(report)),
    )
}

/// What a killed job has left.
#[napi(object, object_from_js = false)]
pub struct LeftoverFolder {
    /// Where it is.
    pub path: String,
    /// Bytes in it.
    pub bytes: f64,
    /// Seconds since it was last written to.
    pub age: f64,
    /// The host that wrote it.
    pub host: Option<String>,
    /// The process there.
    pub pid: Option<u32>,
    /// gone, running, unknown.
    pub life: &'static str,
    /// It was removed.
    pub removed: bool,
}

impl From<Leftover> for LeftoverFolder {
    fn from(found: Leftover) -> Self {
        Self {
            path: found.path.to_string_lossy().into_owned(),
            bytes: found.bytes as f64,
            age: found.age as f64,
            pid: found.writer.as_ref().map(|writer| writer.pid),
            host: found.writer.map(|writer| writer.host),
            life: match found.life {
                Life::Gone => "gone",
                Life::Running => "running",
                Life::Unknown => "unknown",
            },
            removed: found.removed,
        }
    }
}

/// Finds what killed jobs have left in a folder, and removes what may be.
///
/// # Errors
/// As `stowage_dataset::clean`.
#[napi(catch_unwind, ts_return_type = "Promise<LeftoverFolder[]>")]
pub fn clean<'env>(
    env: &'env Env,
    folder: String,
    force: bool,
    control: &JobControl,
) -> Result<Object<'env>> {
    job::spawn(
        env,
        control,
        1,
        move |_, _| stowage_dataset::clean(folder.as_ref(), force),
        |_, found| Ok(found.into_iter().map(LeftoverFolder::from).collect::<Vec<_>>()),
    )
}

/// Proves a packed data set.
///
/// # Errors
/// As `stowage_dataset::verify_dataset`.
#[napi(catch_unwind, ts_return_type = "Promise<DatasetResult>")]
pub fn verify_dataset<'env>(
    env: &'env Env,
    output: String,
    inputs: Option<Vec<String>>,
    columns: SourceColumns,
    text: Option<TextColumns>,
    digests: bool,
    threads: u32,
    control: &JobControl,
) -> Result<Object<'env>> {
    let (columns, text) = (columns.into(), text.map(Into::into));
    let options = VerifyOptions { output: output.into(), inputs, columns, text, digests };
    job::spawn(
        env,
        control,
        threads,
        move |watch, threads| stowage_dataset::verify_dataset(&options, threads, watch),
        |_, report| Ok(DatasetResult::from(report)),
    )
}
