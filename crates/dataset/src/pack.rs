//! Source files to a packed data set, in one pass over the sources.
//!
//! Read (tokens checked and put away uncompressed: up to 128 MiB in memory, the rest beside the
//! output) → plan → write (packs gathered from there, encoded in parallel, appended in order) →
//! manifest → rename. Memory: 16 bytes per sequence, those 128 MiB and at most two blocks of 16 MiB
//! per thread, whatever the token bytes.

use crate::Fault;
use crate::decide::{Decided, decide};
use crate::formats;
use crate::gather::Gatherer;
use crate::ingest::{Ingested, ingest};
use crate::manifest::{MANIFEST, Manifest};
use crate::options::{DatasetOptions, order_name};
use crate::output::Output;
use crate::progress::Meter;
use crate::report::DatasetReport;
use crate::sink::{
    ArrowSink, Content, FolderSink, HfTable, LlamaFactoryTable, MdsSink, MegatronSink, NemoSink,
    NpySink, ParquetSink, SafetensorsSink, Sink, TrlTable, prepare, spans, write,
};
use stowage_engine::options::{Overlong, Strategy};
use stowage_engine::stats::{self, Context};
use stowage_engine::{Stage, Watch, strategy};

/// Packs the sequences of source files into a data set that a trainer opens.
///
/// # Errors
/// [`Fault::OutputExists`] before anything is read; the faults of sources, policies and options;
/// [`Fault::Io`] for refused writes. Nothing stands under the output's name then.
pub fn pack_dataset(
    options: &DatasetOptions,
    threads: usize,
    watch: &dyn Watch,
) -> Result<DatasetReport, Fault> {
    options.check()?;
    let output = Output::begin(&options.output, options.overwrite)?;
    if options.format == "seqpack" {
        return prepare(options, output, threads, watch);
    }
    let (columns, end) = (&options.columns, options.eos_token_id);
    let sources = ingest(&options.inputs, columns, end, output.parent(), threads, watch)?;
    let content = content(options, &sources);
    let job = Job { options, content: &content, threads, watch };
    let (capacity, pad) = (options.pack.capacity, options.pad());
    let shard = formats::shard_bytes(options);
    match options.format.as_str() {
        "arrow" => job.run(&ArrowSink::new(&content, shard), sources, output),
        "hf" => {
            let table = HfTable::new(&content, capacity, pad);
            job.run(&FolderSink::new(table, shard), sources, output)
        }
        "trl" => job.run(&FolderSink::new(TrlTable::new(), shard), sources, output),
        "llamafactory" => {
            let table = LlamaFactoryTable::new(capacity, pad)?;
            job.run(&FolderSink::with_split(table, shard), sources, output)
        }
        "nemo" => {
            let sink = NemoSink::new(&content, options.compression, shard, capacity)?;
            job.run(&sink, sources, output)
        }
        "megatron" => {
            let narrow = formats::narrow_tokens(options, sources.narrow);
            job.run(&MegatronSink::new(&content, capacity, pad, narrow), sources, output)
        }
        "mds" => job.run(&MdsSink::new(&content, shard), sources, output),
        "npy" => job.run(&NpySink::new(&content), sources, output),
        "safetensors" => {
            job.run(&SafetensorsSink::new(&content, capacity, pad, shard), sources, output)
        }
        _ => {
            let sink = ParquetSink::new(&content, options.compression, shard)?;
            job.run(&sink, sources, output)
        }
    }
}

/// The columns that these options and sources call for.
fn content(options: &DatasetOptions, sources: &Ingested) -> Content {
    Content {
        labels: sources.label_lane.is_some() || formats::has_labels(&options.format),
        weights: sources.weight_lane.is_some(),
        starts: matches!(options.pack.overlong, Overlong::Truncate | Overlong::Split),
        counts: options.pack.sequence_alignment > 1,
        carried: sources.carried_fields.clone(),
    }
}

/// What every format's writing takes.
struct Job<'a> {
    options: &'a DatasetOptions,
    content: &'a Content,
    threads: usize,
    watch: &'a dyn Watch,
}

impl Job<'_> {
    fn run<S: Sink>(
        &self,
        sink: &S,
        sources: Ingested,
        output: Output,
    ) -> Result<DatasetReport, Fault> {
        let Self { options, content, threads, watch } = *self;
        let decided = decide(&sources.lengths, options, threads, watch)?;
        let Decided { packs, lower_bound, ledger, plan_id, times } = decided;
        let gatherer = Gatherer {
            sources: &sources,
            packs: &packs,
            content,
            alignment: options.pack.sequence_alignment,
            pad: options.pad(),
        };
        let spans = spans(sink, gatherer.sizes());
        let meter = Meter::new(watch, Stage::Write, spans.bytes.iter().sum());
        let gather = |span: &_, go_on: &dyn Fn() -> _| {
            let block = gatherer.block(span, go_on)?;
            formats::check_weights(&options.format, block.weights.as_deref().unwrap_or_default())?;
            Ok(block)
        };
        let files = write(sink, &output, &spans, gather, threads, &meter)?;
        let fills = stats::fills(&packs.offsets, |entry| gatherer.tokens_of(entry))?;
        let context = Context {
            capacity: options.pack.capacity,
            sequence_count: sources.lengths.len() as u64,
            lower_bound,
            ledger,
        };
        let report = DatasetReport {
            stats: stats::of_packing(&fills, &packs.offsets, &context)?,
            times,
            plan_id,
            format: options.format.clone(),
            files,
            spilled_bytes: sources.spill.bytes(),
            warnings: sink.warnings(),
        };
        drop(sources); // gives the temporary file's room back before the output is made visible
        let manifest = manifest(options, &report, sink.columns());
        output.write(MANIFEST, manifest.to_json().as_bytes())?;
        meter.add(0)?;
        output.commit()?;
        Ok(report)
    }
}

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
        strategy: strategy_name(pack.strategy).to_string(),
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

fn strategy_name(strategy: Strategy) -> &'static str {
    strategy::info(strategy).name
}
