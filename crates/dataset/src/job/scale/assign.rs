//! Step *assign* of mode *shuffle*: every segment of a partition with the place where it goes.
//!
//! A place follows from length and rank, and the rank from how many of that length stand before. Memory:
//! 32 bytes a segment, the plan's locator, up to 128 MiB of tokens, and a batch.

use super::counts::Offsets;
use super::folder::{PLAN, numbered};
use super::given::{Job, Mode, must_have};
use super::layout::Layout;
use super::partition::{Source, as_counted, columns_of};
use super::plan::epoch_options;
use super::plans;
use super::rows::{Batch, Placed, pieces};
use super::runs::{BATCH_BYTES, RunWriter, run_name};
use super::standard::{Asking, STANDARD};
use super::stream::Lanes;
use crate::Fault;
use crate::progress::Meter;
use crate::store::Keep;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::ArrowError;
use serde_json::json;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use stowage_engine::epoch::Locator;
use stowage_engine::{PackOptions, STRIDE, Stage, Watch};

/// Bytes of a batch of a stream, at most, unless one row has more.
const STREAM_BYTES: usize = 32 << 20;
/// Rows of a batch, at most.
const STREAM_ROWS: usize = 1 << 16;

/// The name of a partition's report.
pub(super) fn report_name(partition: usize, count: usize) -> String {
    numbered("assign", partition, count, "json")
}

/// Assigns the sequences of partition `partition` of the job in `folder`, or of the rows of `input` in
/// its place ("-": standard input), their places, and writes them to `runs/` (none), standard output
/// ("-") or a file. The report is JSON.
///
/// # Errors
/// Those of sources; [`Fault::InputChanged`] for rows that aren't those counted; [`Fault::Job`].
pub fn assign_partition(
    folder: &Path,
    partition: usize,
    input: Option<&str>,
    output: Option<&str>,
    threads: usize,
    watch: &dyn Watch,
) -> Result<String, Fault> {
    let job = Job::open(folder)?;
    job.must_be(Mode::Shuffle, "assigning")?;
    let count = job.partitions.len();
    must_have(partition, count, "partition")?;
    let layout = Layout::read(&job.folder)?;
    let plan = plans::read(&job.folder, PLAN, &job.options.pack)?;
    let offsets = Offsets::read(&job.folder, partition, count)?;
    if offsets.first_id != layout.partitions[partition].first_id {
        return Err(Fault::Job(format!(
            "the first sequence of partition {partition} is {} by its offsets and {} by layout.json",
            offsets.first_id, layout.partitions[partition].first_id
        )));
    }
    if u64::from(job.options.pack.usable()) * 4 > i32::MAX as u64 {
        return Err(Fault::option("a row of a stream holds below 2^29 tokens; lower the capacity"));
    }
    let columns = columns_of(&job, job.format()?.facts().masks);
    let source = Source::new(&job, &[partition], input, watch)?;
    let keep = if layout.weights { Keep::Weighted } else { Keep::All };
    let read = source.read(&columns, keep, &std::env::temp_dir(), threads, watch)?;
    as_counted(&job, &[partition], &layout.partitions, &read.sources.lengths)?;
    let locator = Locator::new(&plan.templates, &epoch_options(&job, job.options.pack.seed));
    let mut rows = placed(read.lengths(), &read.options.pack, &locator, offsets, partition, watch)?;
    let lanes = Lanes::of(&job, &layout);
    let schema = lanes.schema(&layout);
    let first_id = layout.partitions[partition].first_id;
    let mut batch =
        Batch::new(&read.sources, lanes, Arc::clone(&schema), layout.carried.len(), first_id);
    let tokens: u64 = rows.iter().map(|row| u64::from(row.count)).sum();
    let meter = Meter::new(watch, Stage::Write, 4 * tokens);
    let go_on = || meter.add(0);
    let sorted = output.is_none();
    let (bytes, most) =
        if sorted { (BATCH_BYTES, STREAM_ROWS) } else { (STREAM_BYTES, STREAM_ROWS) };
    let mut out = match output {
        None => {
            rows.sort_unstable_by_key(|row| (row.pack, row.slot));
            let run = RunWriter::begin(&job.folder, &run_name(partition, count), &schema)?;
            Out::Run(Box::new(run))
        }
        Some(path) => Out::stream(path, &schema, &go_on)?,
    };
    let mut open = 0;
    for row in &rows {
        let shard = layout.shard_of(row.pack);
        let more = 4 * row.count as usize;
        let full = batch.rows() == most || batch.bytes() + more > bytes || sorted && shard != open;
        if batch.rows() > 0 && full {
            meter.add(batch.bytes() as u64)?;
            out.write(open, &mut batch, &go_on)?;
        }
        open = shard;
        batch.push(shard, row)?;
    }
    if batch.rows() > 0 {
        out.write(open, &mut batch, &go_on)?;
    }
    out.finish(&go_on)?;
    let report = json!({
        "version": 1,
        "partition": partition,
        "rows": batch.total_rows,
        "tokens": batch.total_tokens,
        "digest": batch.contents.text(),
    })
    .to_string();
    job.folder.keep(&report_name(partition, count), format!("{report}\n").as_bytes())?;
    Ok(report)
}

/// The places of all segments, in the order of reading.
fn placed(
    lengths: &[u32],
    options: &PackOptions,
    locator: &Locator,
    offsets: Offsets,
    partition: usize,
    watch: &dyn Watch,
) -> Result<Vec<Placed>, Fault> {
    let mut next: HashMap<u32, u64> = offsets.before.into_iter().collect();
    let mut rows = Vec::new();
    for (sequence, &length) in (0_u32..).zip(lengths) {
        if (sequence as usize).is_multiple_of(STRIDE) {
            watch.step(Stage::Bind, sequence.into(), lengths.len() as u64)?;
        }
        for (start, count) in pieces(length, options) {
            let rank = next.entry(count).or_default();
            let seat = locator.seat(count, *rank).ok_or_else(|| {
                Fault::Job(format!(
                    "the plan has no place for member {rank} of length {count}, which is in \
                     partition {partition}: plan, offsets and counts aren't of one job"
                ))
            })?;
            *rank += 1;
            rows.push(Placed { pack: seat.pack, slot: seat.slot, sequence, start, count });
        }
    }
    Ok(rows)
}

/// Where rows go.
enum Out<'a> {
    Run(Box<RunWriter>),
    Standard(Box<StreamWriter<BufWriter<Asking<'a, File>>>>),
    File(Box<StreamWriter<BufWriter<File>>>, PathBuf),
}

impl<'a> Out<'a> {
    fn stream(
        path: &str,
        schema: &arrow_schema::Schema,
        go_on: &'a dyn Fn() -> Result<(), Fault>,
    ) -> Result<Self, Fault> {
        if path == STANDARD {
            let out = BufWriter::with_capacity(1 << 20, Asking::output(go_on)?);
            let stream = StreamWriter::try_new(out, schema);
            return Ok(Self::Standard(Box::new(
                stream.map_err(|error| refused(None, error, go_on))?,
            )));
        }
        let path = PathBuf::from(path);
        let file = File::create(&path).map_err(|error| Fault::io("create", &path, &error))?;
        let stream = StreamWriter::try_new(BufWriter::with_capacity(1 << 20, file), schema);
        let stream = stream.map_err(|error| refused(Some(&path), error, go_on))?;
        Ok(Self::File(Box::new(stream), path))
    }

    fn write(
        &mut self,
        shard: usize,
        batch: &mut Batch<'_>,
        go_on: &dyn Fn() -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let batch = batch.take()?;
        match self {
            Self::Run(run) => run.write(shard, &batch),
            Self::Standard(stream) => {
                stream.write(&batch).map_err(|error| refused(None, error, go_on))
            }
            Self::File(stream, path) => {
                stream.write(&batch).map_err(|error| refused(Some(path), error, go_on))
            }
        }
    }

    fn finish(self, go_on: &dyn Fn() -> Result<(), Fault>) -> Result<(), Fault> {
        match self {
            Self::Run(run) => run.keep(),
            Self::Standard(mut stream) => {
                let finished = stream.finish().and_then(|()| Ok(stream.get_mut().flush()?));
                finished.map_err(|error| refused(None, error, go_on))
            }
            Self::File(mut stream, path) => {
                let finished = stream.finish().and_then(|()| Ok(stream.get_mut().flush()?));
                finished.map_err(|error| refused(Some(&path), error, go_on))
            }
        }
    }
}

/// A refused write; standard output also refuses when the caller has given up.
fn refused(path: Option<&Path>, error: ArrowError, go_on: &dyn Fn() -> Result<(), Fault>) -> Fault {
    if let Err(fault) = go_on() {
        return fault;
    }
    let path = path.unwrap_or_else(|| Path::new("standard output"));
    match error {
        ArrowError::IoError(_, error) => Fault::io("write", path, &error),
        other => Fault::io("write", path, &std::io::Error::other(other)),
    }
}
