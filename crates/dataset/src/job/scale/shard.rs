//! Step *write shard* of mode *shuffle*: one output file from the rows that belong there.
//!
//! The plan says which rows come, in which order, of which lengths: each is held against it, and a
//! stream that ends early, repeats a row or skips one leaves nothing behind. Memory: a block of 16 MiB,
//! twice, and a record batch (by files: 64 KiB for each partition).

use super::digest::Contents;
use super::feed::{Feed, Row};
use super::folder::{PLAN, numbered};
use super::given::{Job, Mode, must_have};
use super::layout::Layout;
use super::plan::{content_of, epoch_options, sink};
use super::plans;
use super::stream::Lanes;
use super::written::{Written, place, sha256};
use crate::Fault;
use crate::format::sink::{AnySink, Finished, Shards};
use crate::job::write::spans;
use crate::output::Output;
use crate::progress::Meter;
use crate::source::IGNORE;
use crate::store::{Block, BlockBuilder, Content, Lane, Recipe, Segment, Span, Tally};
use arrow_array::{ArrayRef, make_array, new_empty_array};
use arrow_data::ArrayData;
use arrow_data::transform::MutableArrayData;
use serde_json::Value;
use std::path::Path;
use std::rc::Rc;
use stowage_engine::epoch::Locator;
use stowage_engine::template::{Templates, sequences};
use stowage_engine::{Stage, Watch};

/// Segments between two questions whether to go on.
const SEGMENTS_AT_ONCE: usize = 512;

/// Writes shards `from` to `to`, both included, of the job in `folder` into `output` (none: that of the
/// job), from the rows in `input`: an Arrow stream sorted by place ("-": standard input), or `runs/` of
/// all partitions (none). The reports are JSON.
///
/// # Errors
/// [`Fault::Stream`] with the place expected and the place found; [`Fault::Job`]; refused writes. The
/// shard that it happens in doesn't stand under its name then, nor one behind it.
pub fn write_shards(
    folder: &Path,
    from: usize,
    to: usize,
    input: Option<&str>,
    output: Option<&Path>,
    watch: &dyn Watch,
) -> Result<String, Fault> {
    let job = Job::open(folder)?;
    job.must_be(Mode::Shuffle, "writing a shard")?;
    let layout = Layout::read(&job.folder)?;
    let count = layout.shards.len();
    must_have(to, count, "shard")?;
    if from > to {
        return Err(Fault::Job(format!("shards {from} to {to} are none")));
    }
    let format = job.format()?;
    let plan = plans::read(&job.folder, PLAN, &job.options.pack)?;
    let content = content_of(&job, &layout, format);
    let sink = sink(&job, format, &content)?;
    let locator = Locator::new(&plan.templates, &epoch_options(&job, job.options.pack.seed));
    let output = Output::within(output.unwrap_or(&job.options.output))?;
    let sum: u64 = layout.shards[from..=to].iter().map(|shard| shard.sizes.places).sum();
    let meter = Meter::new(watch, Stage::Write, 4 * sum);
    let go_on = || meter.add(0);
    let lanes = Lanes::of(&job, &layout);
    let all = Writing {
        job: &job,
        layout: &layout,
        templates: &plan.templates,
        locator: &locator,
        content: &content,
        sink: sink.as_ref(),
        check_weights: &|weights| format.facts().check_weights(weights),
        lanes,
        meter: &meter,
    };
    let mut feed = match input {
        Some(path) => Some(Feed::stream(path, lanes, &layout, &go_on)?),
        None => None,
    };
    let mut reports = Vec::with_capacity(to + 1 - from);
    for shard in from..=to {
        let report = if let Some(feed) = &mut feed {
            all.write(shard, feed, &output, shard == to)?
        } else {
            let mut feed = Feed::runs(&job.folder, shard, lanes, &layout)?;
            all.write(shard, &mut feed, &output, true)?
        };
        let value = report.to_json();
        let name = numbered("written", shard, count, "json");
        place(&job.folder, &name, &[report], &format!("{value}\n"), &output)?;
        reports.push(value);
    }
    Ok(Value::Array(reports).to_string())
}

/// What is the same for all shards.
struct Writing<'a> {
    job: &'a Job,
    layout: &'a Layout,
    templates: &'a Templates,
    locator: &'a Locator,
    content: &'a Content,
    sink: &'a dyn AnySink,
    check_weights: &'a (dyn Fn(&[f32]) -> Result<(), Fault> + Sync),
    lanes: Lanes,
    meter: &'a Meter<'a>,
}

impl Writing<'_> {
    /// Writes one shard, which has no name yet; `last`: nothing may follow its rows.
    fn write(
        &self,
        shard: usize,
        feed: &mut Feed<'_>,
        output: &Output,
        last: bool,
    ) -> Result<Written, Fault> {
        let of = &self.layout.shards[shard];
        let pack = &self.job.options.pack;
        let sizes = (of.first_pack..of.first_pack + of.sizes.packs).map(|k| {
            let runs = self.templates.get(self.locator.template_at(k)).0;
            let places =
                runs.iter().map(|run| u64::from(pack.need(run.length)) * u64::from(run.times));
            (places.sum(), sequences(runs))
        });
        let mut spans = spans(self.sink, sizes);
        if spans.shards != [of.sizes] {
            return Err(Fault::Job(format!(
                "the packs of shard {shard} don't fill the file that layout.json says; plan again"
            )));
        }
        spans.blocks.iter_mut().for_each(|span| span.shard = shard);
        let (contents, tally) = (Contents::default(), Tally::default());
        let shards = Shards::some(shard, self.layout.shards.len(), vec![of.sizes]);
        let mut rows = Rows { feed, shard, tokens: 0 };
        let files = self.sink.begin(output, &shards)?;
        let go_on = || self.meter.add(0);
        let mut files = files;
        for span in &spans.blocks {
            let block = self.block(span, of.first_pack, &mut rows, &contents, &tally)?;
            (self.check_weights)(block.weights.as_deref().unwrap_or_default())?;
            let part = self.sink.encode(block, &go_on)?;
            self.sink.append(&mut files, output, span, part)?;
            self.meter.add(4 * (span.places.end - span.places.start))?;
        }
        if last && let Some(row) = rows.feed.next()? {
            let (shard, pack, slot) = row.place();
            return Err(Fault::Stream(format!(
                "the stream has a row more than was planned: shard {shard}, pack {pack}, slot {slot}"
            )));
        }
        let mut finished = self.sink.finish(files, output)?;
        let Finished { file, index } = finished.remove(0);
        let targets = tally.counts(0);
        Ok(Written {
            shard,
            sha256: sha256(&output.place_of(&file.path), &go_on)?,
            segments: of.sizes.segments,
            tokens: rows.tokens,
            digest: contents.text(),
            index,
            file,
            without_targets: self.job.labelled().then_some((targets.sequences, targets.packs)),
        })
    }

    fn block(
        &self,
        span: &Span,
        first_pack: u64,
        rows: &mut Rows<'_, '_>,
        contents: &Contents,
        tally: &Tally,
    ) -> Result<Block, Fault> {
        let options = &self.job.options;
        let recipe = Recipe {
            content: self.content,
            labelled: self.job.labelled(),
            weighted: self.lanes.weights,
            pad: options.pad(),
            without_targets: tally,
            seen: None,
        };
        let mut block = BlockBuilder::new(recipe, (span.places.end - span.places.start) as usize);
        let mut taken = Vec::new();
        for k in span.packs.clone() {
            let pack = first_pack + k;
            let mut slot = 0;
            for run in self.templates.get(self.locator.template_at(pack)).0 {
                for _ in 0..run.times {
                    if block.segments().is_multiple_of(SEGMENTS_AT_ONCE) {
                        self.meter.add(0)?;
                    }
                    let row = rows.take(pack, slot, run.length, self.lanes)?;
                    let count = run.length as usize;
                    let segment = Segment {
                        id: row.columns.id.value(row.at),
                        start: start_of(&row)?,
                        count,
                        places: options.pack.need(run.length) as usize,
                    };
                    self.push(&mut block, &segment, &row, contents)?;
                    if !self.content.carried.is_empty() {
                        taken.push(row);
                    }
                    slot += 1;
                }
            }
            block.end_pack();
        }
        let carried = carried(self.content, &taken)?;
        Ok(block.finish(span.clone(), carried))
    }

    /// Adds the segment of a row, and its digest.
    fn push(
        &self,
        block: &mut BlockBuilder<'_>,
        segment: &Segment,
        row: &Row,
        contents: &Contents,
    ) -> Result<(), Fault> {
        let Row { columns, at } = row;
        let tokens = columns.tokens.value(*at);
        let wide = (self.lanes.token_bytes == 2).then(|| widened(tokens));
        let tokens = wide.as_deref().unwrap_or(tokens);
        let lane = |column: &Option<arrow_array::BinaryArray>| {
            column.as_ref().map(|column| column.value(*at).to_vec())
        };
        let (labels, weights, mask) =
            (lane(&columns.labels), lane(&columns.weights), lane(&columns.mask));
        let all = [Some(tokens), labels.as_deref(), weights.as_deref(), mask.as_deref()];
        let lanes: Vec<&[u8]> = all.into_iter().flatten().collect();
        contents.add(segment.id, segment.start.into(), &lanes);
        block.push(segment, |lane, cells| {
            match lane {
                Lane::Tokens => cells.copy_from_slice(tokens),
                Lane::Weights => {
                    cells.copy_from_slice(weights.as_deref().expect("the job has weights"));
                }
                Lane::Labels => match (&labels, &mask, &weights) {
                    (Some(labels), ..) => cells.copy_from_slice(labels),
                    (None, Some(mask), _) => {
                        masked(tokens, mask.iter().map(|&mask| mask != 0), cells);
                    }
                    (None, None, weights) => {
                        let weights = weights.as_deref().expect("else nothing makes labels");
                        let (weights, _) = weights.as_chunks::<4>();
                        let kept = weights.iter().map(|weight| f32::from_le_bytes(*weight) != 0.0);
                        masked(tokens, kept, cells);
                    }
                },
            }
            Ok(())
        })
    }
}

/// The rows of a shard.
struct Rows<'a, 'b> {
    feed: &'a mut Feed<'b>,
    shard: usize,
    tokens: u64,
}

impl Rows<'_, '_> {
    /// The row of a place, which has so many tokens.
    ///
    /// # Errors
    /// [`Fault::Stream`] for any other.
    fn take(&mut self, pack: u64, slot: u32, length: u32, lanes: Lanes) -> Result<Row, Fault> {
        let shard = self.shard;
        let expected = || format!("shard {shard}, pack {pack}, slot {slot} of {length} tokens");
        let Some(row) = self.feed.next()? else {
            let expected = expected();
            return Err(Fault::Stream(format!("the stream ended where {expected} is expected")));
        };
        let Row { columns, at } = &row;
        let bytes = columns.tokens.value(*at).len();
        let found = row.place();
        let cells = 4 * length as usize;
        let fits = |column: &Option<arrow_array::BinaryArray>, bytes: usize| {
            column.as_ref().is_none_or(|column| column.value(*at).len() == bytes)
        };
        let right = i64::try_from(pack) == Ok(found.1)
            && i32::try_from(slot) == Ok(found.2)
            && i32::try_from(shard) == Ok(found.0)
            && bytes == lanes.token_bytes * length as usize;
        if !right {
            let (shard, pack, slot) = found;
            let tokens = bytes / lanes.token_bytes;
            return Err(Fault::Stream(format!(
                "{} is expected, and shard {shard}, pack {pack}, slot {slot} of {tokens} tokens is \
                 found",
                expected()
            )));
        }
        if !(fits(&columns.labels, cells)
            && fits(&columns.weights, cells)
            && fits(&columns.mask, length as usize))
        {
            let expected = expected();
            let detail = format!("labels, weights or mask of {expected} have another length");
            return Err(Fault::Stream(detail));
        }
        self.tokens += u64::from(length);
        Ok(row)
    }
}

/// The first token of a row's piece.
fn start_of(row: &Row) -> Result<u32, Fault> {
    let start = row.columns.start.as_ref().map_or(0, |starts| starts.value(row.at));
    u32::try_from(start).map_err(|_| {
        Fault::Stream(format!("a piece starts at token {start} of its sequence, which none can"))
    })
}

/// Labels: tokens, but for those that aren't kept.
fn masked(tokens: &[u8], kept: impl Iterator<Item = bool>, cells: &mut [u8]) {
    cells.copy_from_slice(tokens);
    let (cells, _) = cells.as_chunks_mut::<4>();
    for (cell, _) in cells.iter_mut().zip(kept).filter(|(_, kept)| !kept) {
        *cell = IGNORE.to_le_bytes();
    }
}

/// Tokens of 4 bytes from those of 2.
fn widened(tokens: &[u8]) -> Vec<u8> {
    let (cells, _) = tokens.as_chunks::<2>();
    cells.iter().flat_map(|cell| [cell[0], cell[1], 0, 0]).collect()
}

/// The carried values of some rows.
fn carried(content: &Content, rows: &[Row]) -> Result<Vec<ArrayRef>, Fault> {
    let failed = |error| Fault::option(format!("a column can't be carried: {error}"));
    let column = |(number, field): (usize, &arrow_schema::FieldRef)| {
        let (mut batches, mut places) = (Vec::<ArrayData>::new(), Vec::with_capacity(rows.len()));
        let mut known: Vec<Rc<super::feed::Columns>> = Vec::new();
        for row in rows {
            // Rows of a batch mostly follow each other; of merged runs there are as many as runs.
            let at = known.iter().rposition(|columns| Rc::ptr_eq(columns, &row.columns));
            let at = at.unwrap_or_else(|| {
                known.push(Rc::clone(&row.columns));
                batches.push(row.columns.carried[number].to_data());
                known.len() - 1
            });
            places.push((at, row.at));
        }
        if places.is_empty() {
            return Ok(new_empty_array(field.data_type()));
        }
        let mut values = MutableArrayData::new(batches.iter().collect(), true, places.len());
        for (batch, row) in places {
            values.try_extend(batch, row, row + 1).map_err(failed)?;
        }
        Ok(make_array(values.freeze()))
    };
    content.carried.iter().enumerate().map(column).collect()
}
