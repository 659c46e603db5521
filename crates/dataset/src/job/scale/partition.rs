//! The rows of partitions: from their files, or from a stream that another program gives in their place.

use super::digest;
use super::folder::ranges;
use super::given::{Job, JobInput};
use super::layout::LayoutPartition;
use super::standard::{Asking, STANDARD, name_of};
use crate::Fault;
use crate::job::left_out::left;
use crate::options::{DatasetOptions, WithoutTargets};
use crate::progress::Meter;
use crate::source::{Asks, Columns, Inputs, Packed};
use crate::store::{Ingested, Keep, Rules, ingest};
use std::borrow::Cow;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use stowage_engine::{Stage, Watch};
use tempfile::TempDir;

/// Rows of some partitions, in order.
pub(super) struct Source<'a> {
    pub job: &'a Job,
    /// The files in order, with the partitions that they are of.
    inputs: Vec<&'a JobInput>,
    /// What is read instead, and the folder that it lies in.
    given: Option<(PathBuf, Option<TempDir>)>,
}

/// The rows of some partitions, read.
pub(super) struct Rows<'a> {
    pub sources: Ingested,
    /// What may be packed: 0 for a sequence that is left out for it has no target.
    pub lengths: Option<Vec<u32>>,
    /// The policies by which they are packed.
    pub options: Cow<'a, DatasetOptions>,
    /// Sequences left out because nothing in them is trained on, and their tokens.
    pub targetless: (u64, u64),
}

impl Rows<'_> {
    /// Tokens of each sequence that may be packed.
    pub(super) fn lengths(&self) -> &[u32] {
        self.lengths.as_deref().unwrap_or(&self.sources.lengths)
    }
}

impl<'a> Source<'a> {
    /// The rows of `partitions`; `input`: of an Arrow file or stream that holds them instead.
    ///
    /// # Errors
    /// [`Fault::InputChanged`] for a file of another size; [`Fault::Io`]; a cancel.
    pub(super) fn new(
        job: &'a Job,
        partitions: &[usize],
        input: Option<&str>,
        watch: &dyn Watch,
    ) -> Result<Self, Fault> {
        let inputs: Vec<&JobInput> =
            partitions.iter().flat_map(|&partition| &job.partitions[partition]).collect();
        let given = match input {
            Some(STANDARD) => {
                let folder = tempfile::tempdir().map_err(|error| {
                    Fault::io("create a folder in", &std::env::temp_dir(), &error)
                })?;
                Some((spooled(folder.path(), watch)?, Some(folder)))
            }
            Some(path) => Some((PathBuf::from(path), None)),
            None => {
                inputs.iter().try_for_each(|input| same_size(input))?;
                None
            }
        };
        Ok(Self { job, inputs, given })
    }

    /// Reads the rows, and leaves out what has no target where the policy does.
    ///
    /// # Errors
    /// Those of sources and policies.
    pub(super) fn read(
        &self,
        columns: &Columns,
        keep: Keep,
        scratch: &Path,
        threads: usize,
        watch: &dyn Watch,
    ) -> Result<Rows<'a>, Fault> {
        let options = &self.job.options;
        let paths: Vec<String> = match &self.given {
            Some((path, _)) => vec![path.to_string_lossy().into_owned()],
            None => self.inputs.iter().map(|input| input.path.clone()).collect(),
        };
        let parts: Vec<_> = match self.given {
            Some(_) => Vec::new(),
            None => self.inputs.iter().map(|input| input.parts).collect(),
        };
        let inputs = Inputs {
            paths: &paths,
            split: None,
            packed: if options.repack { Packed::Read } else { Packed::Refuse },
            column: &columns.tokens,
            arrays: false,
            ranges: &parts,
        };
        let end_of_document = options.eos_token_id.filter(|_| !columns.lengths_only);
        let rules = Rules { end_of_document, pack: &options.pack, text: None, keep };
        let sources = ingest(&inputs, columns, rules, scratch, threads, watch)?;
        let mut read =
            Rows { sources, lengths: None, options: Cow::Borrowed(options), targetless: (0, 0) };
        if read.sources.targetless.is_empty() {
            return Ok(read);
        }
        match options.without_targets {
            WithoutTargets::Keep => {}
            WithoutTargets::Error => {
                let first = read.sources.targetless[0];
                return Err(crate::job::left_out::refused(&read.sources, first));
            }
            WithoutTargets::Drop => {
                let left = left(&read.sources, options)?;
                read.targetless = (left.sequences, left.tokens);
                read.lengths = Some(left.lengths);
                read.options = Cow::Owned(left.options);
            }
        }
        Ok(read)
    }
}

/// The columns of the sources, and whether lengths alone can be read of them.
pub(super) fn columns_of(job: &Job, labels: bool) -> Columns {
    Columns { asks: Asks::Yes { labels }, ..job.options.columns.clone() }
}

/// The rows are those that were counted: as many, with the lengths of then.
///
/// # Errors
/// [`Fault::InputChanged`] with the first file of the partition that isn't.
pub(super) fn as_counted(
    job: &Job,
    partitions: &[usize],
    counted: &[LayoutPartition],
    lengths: &[u32],
) -> Result<(), Fault> {
    let mut rest = lengths;
    for &partition in partitions {
        let of = &counted[partition];
        let path = job.partitions[partition].first().map_or("the input", |input| &input.path);
        let path = Path::new(path);
        let Some((own, others)) = rest.split_at_checked(of.sequences as usize) else {
            let how = format!(
                "partition {partition} had {} sequences when it was counted and has {}",
                of.sequences,
                rest.len()
            );
            return Err(Fault::input_changed(path, &how));
        };
        rest = others;
        if digest::of_lengths(own) != of.lengths_digest {
            let how = format!("sequences of partition {partition} have other lengths than counted");
            return Err(Fault::input_changed(path, &how));
        }
    }
    if rest.is_empty() {
        return Ok(());
    }
    let last = partitions.last().and_then(|&partition| job.partitions[partition].last());
    let how = format!(
        "partitions {} have {} sequences more than were counted",
        ranges(partitions),
        rest.len()
    );
    Err(Fault::input_changed(Path::new(last.map_or("the input", |input| &input.path)), &how))
}

fn same_size(input: &JobInput) -> Result<(), Fault> {
    let path = Path::new(&input.path);
    let metadata = std::fs::metadata(path).map_err(|error| Fault::io("open", path, &error))?;
    if metadata.len() == input.bytes {
        return Ok(());
    }
    let how = format!("it had {} bytes and has {}", input.bytes, metadata.len());
    Err(Fault::input_changed(path, &how))
}

/// Standard input as a file: rows are read at positions.
fn spooled(folder: &Path, watch: &dyn Watch) -> Result<PathBuf, Fault> {
    let path = folder.join("rows.arrows");
    let meter = Meter::new(watch, Stage::Read, 0);
    let go_on = || meter.add(0);
    let mut input = Asking::open(STANDARD, &go_on)?;
    let refused = |error: std::io::Error| Fault::io("write", &path, &error);
    let mut file = std::fs::File::create_new(&path).map_err(refused)?;
    let mut bytes = vec![0; 1 << 20];
    loop {
        let count = input.read(&mut bytes).map_err(|error| {
            go_on().err().unwrap_or_else(|| Fault::io("read", Path::new(name_of(STANDARD)), &error))
        })?;
        if count == 0 {
            return Ok(path);
        }
        file.write_all(&bytes[..count]).map_err(refused)?;
        meter.add(count as u64)?;
    }
}
