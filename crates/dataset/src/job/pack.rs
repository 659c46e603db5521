//! Source files to a packed data set, in one pass over the sources.
//!
//! Read (tokens checked and put away uncompressed: up to 128 MiB in memory, the rest beside the
//! output) → plan → write (packs gathered from there, encoded in parallel, appended in order) →
//! manifest → rename. Memory: 16 bytes per sequence, those 128 MiB and at most two blocks of 16 MiB
//! per thread, whatever the token bytes.

use super::decide::{Decided, milliseconds};
use super::left_out::decide_without;
use super::manifest::{self, write_manifest};
use super::places;
use super::prepare::prepare;
use super::report::{DatasetReport, Times};
use super::write::{spans, write};
use crate::Fault;
use crate::format::sink::Shards;
use crate::format::{self, Facts, Format, SinkOptions, cuts};
use crate::options::DatasetOptions;
use crate::output::{Labels, Output};
use crate::progress::Meter;
use crate::source::{Asks, Columns, Texts};
use crate::store::{Content, Gatherer, Ids, Keep, Rules, Tally, ingest};
use arrow_schema::FieldRef;
use std::time::Instant;
use stowage_engine::epoch::Order;
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
    let texts = options.text.as_ref().map(Texts::load).transpose()?;
    let resolved = texts.as_ref().map(|texts| with_text(options, texts)).transpose()?;
    let options = resolved.as_ref().unwrap_or(options);
    let format = checked(options)?;
    places::apart(&options.inputs, &options.output)?;
    let output = Output::begin(&options.output, options.overwrite)?;
    let format = match format {
        Format::Rows(format) => format,
        Format::Plan(_) if texts.is_some() => {
            return Err(Fault::option(format!(
                "format '{}' is a plan over sequences that the trainer reads as tokens, and these are \
                 text; pack them into rows, or tokenize them first",
                options.format
            )));
        }
        Format::Plan(format) => return prepare(format, options, output, threads, watch),
    };
    let facts = format.facts();
    let columns = Columns { asks: Asks::Yes { labels: facts.masks }, ..options.columns.clone() };
    let rules = Rules {
        end_of_document: options.eos_token_id,
        pack: &options.pack,
        text: texts.as_ref(),
        keep: Keep::All,
    };
    let inputs = options.inputs();
    let start = Instant::now();
    let mut sources = ingest(&inputs, &columns, rules, output.parent(), threads, watch)?;
    let read = milliseconds(start);
    let (labelled, weighted) = (sources.label_lane.is_some(), sources.weight_lane.is_some());
    let content = content(options, labelled, weighted, &sources.carried_fields, facts);
    let given = SinkOptions {
        content: &content,
        options,
        shard_bytes: facts.shard_bytes(options),
        narrow: sources.narrow,
    };
    let sink = format.sink(&given)?;
    let (decided, left_out) = decide_without(&sources, options, threads, watch)?;
    let Decided { packs, lower_bound, certificate, ledger, outcome, plan_id, times } = decided;
    let gatherer = Gatherer {
        sources: &sources,
        packs: &packs,
        content: &content,
        alignment: options.pack.sequence_alignment,
        pad: options.pad(),
        ids: Ids::default(),
        without_targets: Tally::default(),
    };
    let start = Instant::now();
    let spans = spans(sink.as_ref(), gatherer.sizes());
    let meter = Meter::new(watch, Stage::Write, spans.bytes.iter().sum());
    let gather = |span: &_, go_on: &dyn Fn() -> _| {
        let block = gatherer.block(span, None, go_on)?;
        facts.check_weights(block.weights.as_deref().unwrap_or_default())?;
        Ok(block)
    };
    let shards = Shards::all(spans.shards.clone());
    let files = write(sink.as_ref(), &output, &shards, &spans, gather, threads, &meter)?;
    sink.describe(&files, &output)?;
    let fills = stats::fills(&packs.offsets, |entry| gatherer.tokens_of(entry))?;
    let context = Context {
        capacity: options.pack.capacity,
        sequence_count: sources.lengths.len() as u64,
        lower_bound,
        ledger,
        outcome,
    };
    let targets = sources.label_lane.map(|_| gatherer.without_targets.counts(left_out));
    let mut warnings = std::mem::take(&mut sources.warnings);
    [output.warnings(), sink.warnings()].concat().iter().for_each(|text| warnings.add(text));
    if let Some(counts) = &targets {
        counts.warn(options.without_targets, &mut warnings);
    }
    let mut report = DatasetReport {
        stats: stats::of_packing(&fills, &packs.offsets, &context)?,
        times: Times { read, ..times },
        plan_id,
        format: options.format.clone(),
        files: files.into_iter().map(|finished| finished.file).collect(),
        spilled_bytes: sources.spill.bytes(),
        without_targets: targets,
        warnings: warnings.into_list(),
    };
    let labels = labels_of(labelled, facts);
    drop(sources); // gives the temporary file's room back before the output is made visible
    let text = texts.as_ref().map(Texts::record);
    let columns = sink.columns();
    let described = manifest::Facts { certificate, labels, columns, text, groups: None };
    write_manifest(options, &report, described, &output)?;
    meter.add(0)?;
    output.commit()?;
    report.times.write = milliseconds(start);
    Ok(report)
}

/// The options, with what the tokenizer says where the caller didn't.
///
/// # Errors
/// `ERR_OPTION` for a token that isn't one, and for columns of tokens beside text.
fn with_text(options: &DatasetOptions, texts: &Texts) -> Result<DatasetOptions, Fault> {
    let mut all = options.clone();
    let Columns { labels, loss_mask, attention_mask, .. } = &options.columns;
    if labels.is_some() || loss_mask.is_some() || attention_mask.is_some() {
        return Err(Fault::option(
            "with text, columns may name 'carry' alone: what is trained on is text.trainOn",
        ));
    }
    if let Some(name) = options.text.as_ref().and_then(|text| text.eos_token.as_ref()) {
        all.eos_token_id = Some(texts.token(name)?);
    }
    let narrows = format::find(&options.format).is_some_and(|format| format.facts().vocabulary);
    if narrows && all.vocab_size.is_none() {
        all.vocab_size = Some(texts.encoder().vocabulary());
    }
    Ok(all)
}

/// The format, when the options mean something to it and go together.
///
/// # Errors
/// `ERR_OPTION` for a format that doesn't exist, an option that means nothing to it, or options
/// that don't go together.
pub(super) fn checked(options: &DatasetOptions) -> Result<Format, Fault> {
    let name = &options.format;
    let Some(format) = format::find(name) else {
        let names = format::names().join(", ");
        return Err(Fault::option(format!("format '{name}' is unknown; known are {names}")));
    };
    format.check(options)?;
    if options.plans() {
        return Ok(format);
    }
    let name = strategy::info(options.pack.strategy).name;
    let why = format!("{name} has no plan here (a tolerance above 1 takes it away)");
    if options.epoch > 0 {
        return Err(Fault::option(format!("{why}, so it has no epochs; epoch must be 0")));
    }
    if matches!(options.order, Order::Balanced { .. }) {
        return Err(Fault::option(format!("{why}; order 'balanced' needs one")));
    }
    Ok(format)
}

/// The columns that these options and sources call for: sources with labels or a mask are `labelled`,
/// with a mask of floats `weighted`.
pub(super) fn content(
    options: &DatasetOptions,
    labelled: bool,
    weighted: bool,
    carried: &[FieldRef],
    facts: &Facts,
) -> Content {
    Content {
        labels: labelled || facts.labels,
        weights: weighted,
        starts: cuts(options.pack.overlong),
        counts: options.pack.sequence_alignment > 1,
        carried: carried.to_vec(),
    }
}

/// Where the labels of a data set come from, whose sources are `labelled`.
pub(super) fn labels_of(labelled: bool, facts: &Facts) -> Labels {
    match (labelled, facts.labels) {
        (true, _) => Labels::Columns,
        (false, true) => Labels::Tokens,
        (false, false) => Labels::None,
    }
}
