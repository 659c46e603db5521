//! Proof of a written data set: it is read back, and every promise is held against it, with the
//! sources if they are given.
//!
//! Each format's [`Reader`] hands on packs; the rules of a pack and of a segment are the same for
//! all. Then each sequence must stand in one pack: by its id where the format has ids, else by its
//! content, which needs the sources.
//!
//! O(places). Memory: at most 16 bytes per sequence (24 by content) and a few batches per thread.

mod bound;
mod by_content;
mod by_id;
mod carried;
mod claims;
mod digests;
mod expected;
mod pack;
mod rule;
mod segment;
mod text;
pub(super) mod totals;

use super::report::DatasetReport;
use crate::format::reader::{Carried, Reader, Wanted};
use crate::format::{self, Format, PlanFormat, RowFormat};
use crate::output::{MANIFEST, Manifest, SourceNotes};
use crate::progress::Meter;
use crate::source::ids::Sequences;
use crate::source::{Columns, Inputs, Packed, TextSource, Texts};
use crate::store::{Keep, Rules, ingest};
use crate::warnings::told;
use crate::{Fault, parallel};
use claims::{Claims, PartClaims};
use expected::Kept;
use rule::Promises;
use std::path::{Path, PathBuf};
use stowage_engine::stats::Fills;
use stowage_engine::{Fault as EngineFault, Stage, Watch};

/// What [`verify_dataset`] proves.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifyOptions {
    /// The folder.
    pub output: PathBuf,
    /// The sources it was made from; none: what the data set says about itself is proved.
    pub inputs: Option<Vec<String>>,
    /// Their columns.
    pub columns: Columns,
    /// Text in place of a column of tokens.
    pub text: Option<TextSource>,
    /// Every file must have the digest that the manifest says: false for outputs that were
    /// rewritten on purpose.
    pub digests: bool,
}

/// Proves a packed data set.
///
/// # Errors
/// [`Fault::Invalid`] for the first promise broken, with file and row; [`Fault::Format`] and
/// [`Fault::Io`] for files that can't be read; the faults of the sources; a cancel.
pub fn verify_dataset(
    options: &VerifyOptions,
    threads: usize,
    watch: &dyn Watch,
) -> Result<DatasetReport, Fault> {
    let folder = &options.output;
    let manifest = Manifest::read(folder, options.digests)?;

    let Some(format) = format::find(&manifest.format) else {
        let detail = format!("'format' is '{}', which is unknown", manifest.format);
        return Err(Fault::format(&folder.join(MANIFEST), None, detail));
    };
    let texts =
        text::same(options.text.as_ref(), manifest.text.as_ref(), options.inputs.is_some())?;
    let listed = super::listed::check(folder, &manifest, format.facts())?;
    format.facts().check_columns(&options.columns)?;
    let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
    let passes = if options.digests { 2 } else { 1 };
    let meter = Meter::new(watch, Stage::Verify, passes * bytes);
    if options.digests {
        digests::prove(folder, &manifest, threads, &meter)?;
    }
    let proved = match format {
        Format::Rows(format) => {
            let paths = &listed.paths;
            rows(format, options, texts.as_ref(), manifest, paths, threads, watch, &meter)
        }
        Format::Plan(format) => plan(format, options, manifest, threads, watch),
    };
    // Whatever was found, it was found in these files only if they are what they were.
    let cancelled = matches!(proved, Err(Fault::Engine(EngineFault::Cancelled)));
    if !cancelled {
        listed.unchanged()?;
    }
    proved
}

/// Proves a data set of rows.
#[expect(clippy::too_many_arguments, reason = "what a proof needs, each once")]
fn rows(
    format: &dyn RowFormat,
    options: &VerifyOptions,
    texts: Option<&Texts>,
    manifest: Manifest,
    paths: &[PathBuf],
    threads: usize,
    watch: &dyn Watch,
    meter: &Meter<'_>,
) -> Result<DatasetReport, Fault> {
    let folder = &options.output;
    let reader = format.open(folder, paths, &manifest)?;
    let end = manifest.eos_token_id;
    let sources = match &options.inputs {
        Some(inputs) => {
            let beside = scratch_folder(folder);
            let mut columns = with_notes(&options.columns, &manifest.source);
            columns.carry = carried_columns(reader.as_ref(), &columns)?;
            let keep = Keep::All;
            let pack = &manifest.options();
            let rules = Rules { end_of_document: end, pack, text: texts, keep };
            let mut inputs = inputs_of(inputs, &columns, &manifest.source);
            if let Some(texts) = texts {
                inputs.column = texts.columns.first();
            }
            Some(ingest(&inputs, &columns, rules, &beside, threads, watch)?)
        }
        None => None,
    };
    if let Some(sources) = &sources {
        same_size(folder, &manifest, &sources.lengths)?;
    }
    let sources = sources.as_ref();
    let promises = Promises {
        manifest: &manifest,
        options: manifest.options(),
        shape: reader.shape(),
        sources,
        kept: Kept::of(&manifest, format.facts(), sources, folder)?,
    };
    let noted = manifest.source.targetless;
    // Without sources a digest says as much of carried columns as reading them does.
    let carried = sources.is_some() || !options.digests;
    let read = || read_back(reader.as_ref(), &promises, carried, threads, meter);
    let mut parts = read()?;
    totals::row_counts(&manifest, paths, &parts)?;
    prove_coverage(&promises, &mut parts, folder, threads, meter, &read)?;
    bound::prove_groups(&manifest, &parts, folder)?;
    bound::prove(&manifest, &mut parts, folder, watch)?;
    reader.check_sums(&totals::sums(&parts))?;
    if let Some(noted) = noted {
        totals::targets(&noted, &parts, &promises, folder)?;
    }
    let warnings = sources.map(|sources| sources.warnings.clone()).unwrap_or_default();
    let spilled_bytes = sources.map_or(0, |sources| sources.spill.bytes());
    let report = totals::report(manifest, parts, spilled_bytes)?;
    Ok(DatasetReport { warnings: warnings.into_list(), ..report })
}

/// Reads back some files and holds every promise of a pack and of a segment against them, without the
/// sources. `paths` are all files of the manifest.
///
/// # Errors
/// As [`verify_dataset`].
pub(super) fn prove_files(
    format: &dyn RowFormat,
    folder: &Path,
    paths: &[PathBuf],
    manifest: &Manifest,
    threads: usize,
    meter: &Meter<'_>,
) -> Result<Vec<PartClaims>, Fault> {
    let reader = format.open(folder, paths, manifest)?;
    let promises = Promises {
        manifest,
        options: manifest.options(),
        shape: reader.shape(),
        sources: None,
        kept: Kept::of(manifest, format.facts(), None, folder)?,
    };
    let parts = read_back(reader.as_ref(), &promises, false, threads, meter)?;
    totals::row_counts(manifest, paths, &parts)?;
    Ok(parts)
}

/// Proves a data set that holds a plan.
fn plan(
    format: &dyn PlanFormat,
    options: &VerifyOptions,
    manifest: Manifest,
    threads: usize,
    watch: &dyn Watch,
) -> Result<DatasetReport, Fault> {
    let folder = &options.output;
    let found = format.open(folder, &manifest)?;
    let sequences = match &options.inputs {
        Some(inputs) => {
            let inputs = inputs_of(inputs, &options.columns, &manifest.source);
            let sequences = Sequences::read(&inputs, &options.columns, threads, watch)?;
            same_size(folder, &manifest, &sequences.lengths)?;
            Some(sequences)
        }
        None => None,
    };
    let warnings = sequences.as_ref().map(|all| all.warnings.clone()).unwrap_or_default();
    format.prove_ids(folder, &manifest, &found, sequences.as_ref(), watch)?;
    bound::prove_plan(&manifest, &found.templates, folder, watch)?;
    let report = totals::proved(manifest, &Fills::of_templates(&found.templates), 0);
    Ok(DatasetReport { warnings, ..report })
}

/// The columns as they were read when packing: what the manifest notes, unless it is named anew.
fn with_notes(columns: &Columns, notes: &SourceNotes) -> Columns {
    let mut columns = columns.clone();
    columns.attention_mask = columns.attention_mask.or_else(|| notes.attention_mask.clone());
    columns
}

/// The carried columns of the data set, which are those to read from the sources.
///
/// # Errors
/// `ERR_OPTION` for one that was named and isn't among them.
fn carried_columns(reader: &dyn Reader, columns: &Columns) -> Result<Vec<String>, Fault> {
    let carried = reader.carried();
    let Some(other) = columns.carry.iter().find(|name| !carried.contains(name)) else {
        return Ok(carried);
    };
    Err(Fault::option(format!(
        "the data set carries no column '{other}'; it carries {}",
        told(&carried)
    )))
}

/// The sources as they were found when packing.
fn inputs_of<'a>(paths: &'a [String], columns: &'a Columns, notes: &'a SourceNotes) -> Inputs<'a> {
    let has_folder = paths.iter().any(|path| Path::new(path).is_dir());
    Inputs {
        paths,
        // A file or pattern that is named instead of the folder says which split it is.
        split: notes.split.as_deref().filter(|_| has_folder),
        packed: if notes.repack { Packed::Read } else { Packed::Refuse },
        column: &columns.tokens,
        arrays: false,
        ranges: &[],
    }
}

/// Each sequence once, by ids or by content, and the ledger.
fn prove_coverage(
    promises: &Promises<'_>,
    parts: &mut [PartClaims],
    folder: &Path,
    threads: usize,
    meter: &Meter<'_>,
    read: &dyn Fn() -> Result<Vec<PartClaims>, Fault>,
) -> Result<(), Fault> {
    if promises.has_ids() {
        by_id::prove(promises, parts, folder)?;
    } else {
        if let Some(sources) = promises.sources {
            by_content::prove(promises, sources, parts, folder, threads, meter, read)?;
        }
        by_content::prove_count(promises, parts, folder)?;
    }
    by_id::prove_ledger(promises, parts, folder)
}

/// The sources have as many sequences and tokens as the manifest says.
fn same_size(folder: &Path, manifest: &Manifest, lengths: &[u32]) -> Result<(), Fault> {
    let (given, said) = (lengths.len() as u64, manifest.sequence_count);
    let tokens: u64 = lengths.iter().map(|&length| u64::from(length)).sum();
    if given == said && tokens == manifest.ledger.tokens_in {
        return Ok(());
    }
    let detail = format!(
        "the sources have {given} sequences and {tokens} tokens, the data set was made from \
         {said} and {}",
        manifest.ledger.tokens_in
    );
    Err(Fault::invalid(&folder.join(MANIFEST), None, detail))
}

/// Where the tokens of the sources may be spilled: beside the data set, or else where the system
/// keeps temporary files.
pub(super) fn scratch_folder(folder: &Path) -> PathBuf {
    let beside = std::path::absolute(folder).ok().and_then(|path| path.parent().map(PathBuf::from));
    let writable = |path: &PathBuf| tempfile::tempfile_in(path).is_ok();
    beside.filter(writable).unwrap_or_else(std::env::temp_dir)
}

fn read_back(
    reader: &dyn Reader,
    promises: &Promises<'_>,
    carried: bool,
    threads: usize,
    meter: &Meter<'_>,
) -> Result<Vec<PartClaims>, Fault> {
    let carried = if carried { Carried::All } else { Carried::None };
    let wanted = Wanted { carried, ..Wanted::PROVED };
    let parts = reader.parts();
    let files = &promises.manifest.files;
    let bytes: u64 = files.iter().map(|file| file.bytes).sum();
    let packs: u64 = files.iter().map(|file| file.rows).sum();
    parallel::each(parts.len(), threads, |part| {
        let path = &parts[part];
        let fault = |column: &str, row, detail| {
            Fault::invalid(reader.file_of(column).as_ref().unwrap_or(path), row, detail)
        };
        let mut claims = Claims::default();
        let (mut first_row, mut next_row) = (None, None);
        let read = reader.read(part, &wanted, &mut |found| {
            first_row.get_or_insert(found.first_row);
            next_row = Some(found.first_row + found.rows() as u64);
            promises.check(&found, &mut claims, &fault)?;
            carried::prove(&found, promises.sources, &fault)?;
            meter.add(bytes * found.rows() as u64 / packs.max(1))
        });
        read.map_err(|fault| fault.at_row(next_row))?;
        claims.end_part();
        Ok(PartClaims { path: path.clone(), first_row: first_row.unwrap_or(0), claims })
    })
}
