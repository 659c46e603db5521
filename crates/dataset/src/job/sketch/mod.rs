//! A packed data set at a glance: what its packs look like, in one pass and bounded results.
//!
//! O(places). Memory: the different packs, as templates, what they are mixed of, and a few batches per
//! thread. Nothing is proved: that is what `verify` is for.

mod mixture;

pub use mixture::SketchedSource;

use super::listed;
use super::report::DatasetReport;
use super::verify::totals;
use crate::format::reader::{Carried, Reader, Wanted};
use crate::format::{self, Format};
use crate::output::{MANIFEST, Manifest, empty_name, overlong_name};
use crate::progress::Meter;
use crate::warnings::told as named;
use crate::{Fault, parallel};
use mixture::Mixture;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use stowage_engine::seeded::Generator;
use stowage_engine::stats::Fills;
use stowage_engine::template::{Run, Templates, sequences, tokens};
use stowage_engine::{Stage, Watch};

/// What [`sketch_dataset`] looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SketchOptions {
    /// The folder.
    pub folder: PathBuf,
    /// Packs drawn.
    pub packs: u64,
    /// Of the draw.
    pub seed: u64,
    /// The carried column that names sources.
    pub column: Option<String>,
}

/// One pack of the sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SketchedPack {
    /// Its number, from 0.
    pub number: u64,
    /// Tokens of its sequences, in its order.
    pub lengths: Vec<u32>,
    /// The sequences, where the format has their ids.
    pub ids: Option<Vec<i64>>,
    /// Places of their sources in [`Sketch::sources`], if a column names them.
    pub sources: Option<Vec<u32>>,
}

/// Packs that are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SketchedTemplate {
    /// Lengths, falling, each with how often it stands there.
    pub runs: Vec<(u32, u32)>,
    /// How many packs have them.
    pub multiplicity: u64,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Sketch {
    /// Figures, format, files, as a proof would report them.
    pub report: DatasetReport,
    /// Name of the strategy.
    pub strategy: String,
    /// Name of the policy.
    pub overlong: &'static str,
    /// Name of the policy.
    pub empty: &'static str,
    /// The limit.
    pub max_sequences_per_pack: Option<u32>,
    /// The alignment.
    pub sequence_alignment: u32,
    /// Kind, parameter and number of weights of the certificate.
    pub certificate: (&'static str, Option<u64>, usize),
    /// Pieces of each length, ascending.
    pub lengths: Vec<(u32, u64)>,
    /// Packs by padding tokens, from 0, 1, 2, 4, 8 … on.
    pub padding: Vec<(u64, u64)>,
    /// Packs by sequences, likewise.
    pub per_pack: Vec<(u64, u64)>,
    /// Sum of the squared lengths.
    pub squares: f64,
    /// Names of the carried columns.
    pub carried: Vec<String>,
    /// What the packs are mixed of, if a column says so; the source with the most tokens first.
    pub sources: Option<Vec<SketchedSource>>,
    /// Packs drawn, by number.
    pub sample: Vec<SketchedPack>,
    /// The emptiest.
    pub worst: Vec<SketchedTemplate>,
    /// The most repeated.
    pub top: Vec<SketchedTemplate>,
}

/// At most this many packs are named beside the sample.
const NAMED: usize = 12;

/// Looks at a packed data set of rows.
///
/// # Errors
/// [`Fault::Format`] and [`Fault::Io`] for files that can't be read, [`Fault::Invalid`] for others than
/// the manifest lists or rows that can't be; `ERR_OPTION` for a data set that holds a plan instead of
/// packs; [`Fault::Column`] for a column that isn't carried, or names no sources; a cancel.
pub fn sketch_dataset(
    options: &SketchOptions,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Sketch, Fault> {
    let folder = &options.folder;
    let manifest = Manifest::read(folder, true)?;
    let format = match format::find(&manifest.format) {
        Some(Format::Rows(format)) => format,
        Some(Format::Plan(_)) => {
            let name = &manifest.format;
            return Err(Fault::option(format!(
                "format '{name}' holds a plan and no packs; look at its source instead"
            )));
        }
        None => {
            let detail = format!("'format' is '{}', which is unknown", manifest.format);
            return Err(Fault::format(&folder.join(MANIFEST), None, detail));
        }
    };
    let listed = listed::check(folder, &manifest, format.facts())?;
    let reader = format.open(folder, &listed.paths, &manifest)?;
    let carried = reader.carried();
    if let Some(column) = options.column.as_ref().filter(|name| !carried.contains(name)) {
        let detail = not_carried(column, &carried);
        return Err(Fault::missing(folder, None, detail, carried));
    }
    let seen = packs(reader.as_ref(), &listed.paths, &manifest, options, threads, watch)?;
    listed.unchanged()?;
    told(manifest, seen, carried, options)
}

fn not_carried(column: &str, carried: &[String]) -> String {
    let way = if carried.is_empty() {
        "; pack to 'parquet' or 'arrow' and name it in columns.carry"
    } else {
        ""
    };
    let carried = named(carried);
    format!("the data set carries no column '{column}'; it carries {carried}{way}")
}

/// What a part has.
struct Seen {
    path: PathBuf,
    templates: Templates,
    mixture: Option<Mixture>,
    sample: Vec<SketchedPack>,
}

fn packs(
    reader: &dyn Reader,
    paths: &[PathBuf],
    manifest: &Manifest,
    options: &SketchOptions,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Vec<Seen>, Fault> {
    let folder = &options.folder;
    let wanted = drawn(options.seed, manifest.pack_count, options.packs);
    // The number of each file's first pack.
    let mut before = BTreeMap::new();
    let mut total = 0;
    for (file, path) in manifest.files.iter().zip(paths) {
        before.insert(path.clone(), total);
        total += file.rows;
    }
    let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
    let meter = Meter::new(watch, Stage::Read, bytes);
    let carried = options.column.clone().map_or(Carried::None, Carried::Only);
    let columns = Wanted { carried, ..Wanted::PROVED };
    let parts = reader.parts();
    let seen = parallel::each(parts.len(), threads, |part| {
        let path = parts[part].clone();
        let first = before.get(&path).copied().unwrap_or(0);
        let mixture = options.column.as_deref().map(Mixture::of);
        let (templates, sample) = (Templates::new(), Vec::new());
        let mut seen = Seen { path: path.clone(), templates, mixture, sample };
        reader.read(part, &columns, &mut |found| {
            let mixed = seen.mixture.as_mut().map(|it| it.batch(&found, &path)).transpose()?;
            for row in 0..found.rows() {
                let pack = found.row(row);
                let at = found.first_row + row as u64;
                let lengths = pack.counts.unwrap_or(pack.lengths);
                let sound = lengths.iter().all(|&length| length > 0);
                let sum: i64 = lengths.iter().map(|&length| i64::from(length)).sum();
                if !sound || sum > i64::from(manifest.capacity) {
                    let detail =
                        format!("{sum} tokens in a pack of capacity {}", manifest.capacity);
                    return Err(Fault::invalid(&path, Some(at), detail));
                }
                let lengths: Vec<u32> = lengths.iter().map(|&length| length as u32).collect();
                seen.templates.push(&runs(&lengths), 1);
                let sources = match (seen.mixture.as_mut(), &mixed) {
                    (Some(mixture), Some(batch)) => {
                        Some(mixture.pack(batch, row, &lengths, folder)?)
                    }
                    _ => None,
                };
                if wanted.contains(&(first + at)) {
                    let ids = pack.sequences.map(<[i64]>::to_vec);
                    let (number, sources) = (first + at, sources.map(<[u32]>::to_vec));
                    seen.sample.push(SketchedPack { number, lengths, ids, sources });
                }
            }
            meter.add(bytes * found.rows() as u64 / manifest.pack_count.max(1))
        })?;
        seen.templates = std::mem::take(&mut seen.templates).into_plan_order();
        Ok(seen)
    })?;
    let found: u64 = seen.iter().map(|part| part.templates.pack_count()).sum();
    if found == manifest.pack_count {
        return Ok(seen);
    }
    let detail = format!("{found} packs; the manifest says {}", manifest.pack_count);
    let path = seen.first().map_or_else(|| folder.join(MANIFEST), |part| part.path.clone());
    Err(Fault::invalid(&path, None, detail))
}

/// `wanted` of the numbers below `total`, all if there are fewer (Floyd; Bentley 1987).
fn drawn(seed: u64, total: u64, wanted: u64) -> BTreeSet<u64> {
    let mut random = Generator::new(seed);
    let mut found = BTreeSet::new();
    let total = total.min(1 << 32); // as many as packs have ids for
    for top in total.saturating_sub(wanted)..total {
        let number = random.below(top + 1);
        found.insert(if found.contains(&number) { top } else { number });
    }
    found
}

/// Lengths in any order as runs, the longest first.
fn runs(lengths: &[u32]) -> Vec<Run> {
    let mut sorted = lengths.to_vec();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    let run = |run: &[u32]| Run { length: run[0], times: run.len() as u32 };
    sorted.chunk_by(|a, b| a == b).map(run).collect()
}

/// The figures of what was seen.
///
/// # Errors
/// [`Fault::Column`] if the parts together have too many sources.
fn told(
    manifest: Manifest,
    seen: Vec<Seen>,
    carried: Vec<String>,
    options: &SketchOptions,
) -> Result<Sketch, Fault> {
    let mut templates = Templates::new();
    let mut sample = Vec::new();
    let mut whole = options.column.as_deref().map(Mixture::of);
    for mut part in seen {
        if let (Some(whole), Some(mixture)) = (&mut whole, part.mixture.take()) {
            let here = whole.add(mixture, &options.folder)?;
            renumber(&mut part.sample, &here);
        }
        for (runs, multiplicity) in part.templates.iter() {
            templates.push(runs, multiplicity);
        }
        sample.extend(part.sample);
    }
    let templates = templates.into_plan_order();
    let sources = whole.map(|whole| {
        let (sources, places) = whole.told(templates.pack_count());
        renumber(&mut sample, &places);
        sources
    });
    sample.sort_unstable_by_key(|pack: &SketchedPack| pack.number);
    let (mut lengths, mut padding, mut per_pack) =
        <(BTreeMap<_, _>, BTreeMap<_, _>, BTreeMap<_, _>)>::default();
    let mut squares = 0.0;
    for (runs, multiplicity) in templates.iter() {
        let room = u64::from(manifest.capacity) - tokens(runs);
        *padding.entry(octave(room)).or_insert(0) += multiplicity;
        *per_pack.entry(octave(sequences(runs))).or_insert(0) += multiplicity;
        for run in runs {
            let count = u64::from(run.times) * multiplicity;
            *lengths.entry(run.length).or_insert(0) += count;
            squares += f64::from(run.length) * f64::from(run.length) * count as f64;
        }
    }
    let by = |value: &dyn Fn(usize) -> u64| {
        let mut order: Vec<usize> = (0..templates.len()).collect();
        order.sort_unstable_by_key(|&t| (std::cmp::Reverse(value(t)), t));
        order.truncate(NAMED);
        order.into_iter().map(|t| sketched(templates.get(t))).collect()
    };
    let certificate = &manifest.certificate;
    Ok(Sketch {
        strategy: manifest.strategy.clone(),
        overlong: overlong_name(manifest.overlong),
        empty: empty_name(manifest.empty),
        max_sequences_per_pack: manifest.max_sequences_per_pack,
        sequence_alignment: manifest.sequence_alignment,
        certificate: (certificate.kind.name(), certificate.parameter, certificate.weights.len()),
        lengths: lengths.into_iter().collect(),
        padding: padding.into_iter().collect(),
        per_pack: per_pack.into_iter().collect(),
        squares,
        carried,
        sources,
        sample,
        worst: by(&|t| u64::from(manifest.capacity) - tokens(templates.get(t).0)),
        top: by(&|t| templates.get(t).1),
        report: totals::proved(manifest, &Fills::of_templates(&templates), 0),
    })
}

/// Numbers of sources as others have them.
fn renumber(sample: &mut [SketchedPack], numbers: &[u32]) {
    for source in sample.iter_mut().filter_map(|pack| pack.sources.as_mut()).flatten() {
        *source = numbers[*source as usize];
    }
}

fn sketched((runs, multiplicity): (&[Run], u64)) -> SketchedTemplate {
    let runs = runs.iter().map(|run| (run.length, run.times)).collect();
    SketchedTemplate { runs, multiplicity }
}

/// 0, 1, 2, 2, 4, 4, 4, 4, 8 …
fn octave(value: u64) -> u64 {
    value.checked_ilog2().map_or(0, |exponent| 1 << exponent)
}
