//! `stowage_dataset::sketch_dataset` for JavaScript.

use crate::dataset::DatasetResult;
use crate::job::{self, JobControl};
use napi::bindgen_prelude::{Env, Object, Result};
use napi_derive::napi;
use stowage_dataset::{Sketch, SketchOptions, SketchedPack, SketchedSource, SketchedTemplate};

/// A number and how often it was seen.
#[napi(object, object_from_js = false)]
pub struct Counted {
    /// The number, or where its class begins.
    pub from: f64,
    /// How often.
    pub count: f64,
}

/// One pack of the sample.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct DrawnPack {
    /// Its number.
    pub number: f64,
    /// Tokens of its sequences.
    pub lengths: Vec<u32>,
    /// The sequences.
    pub ids: Option<Vec<f64>>,
    /// Places of their sources.
    pub sources: Option<Vec<u32>>,
}

/// A source of sequences.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct SeenSource {
    /// What the column holds.
    pub name: Option<String>,
    /// Sequences and pieces.
    pub sequences: f64,
    /// Their tokens.
    pub tokens: f64,
    /// Packs that have any.
    pub packs: f64,
    /// Tokens in a pack: percentiles 10, 50 and 90.
    pub per_pack: Vec<u32>,
}

/// Packs that are alike.
#[napi(object, object_from_js = false)]
pub struct AlikePacks {
    /// Length and times, one after the other.
    pub runs: Vec<u32>,
    /// How many packs.
    pub multiplicity: f64,
}

/// What was seen of a data set.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct SketchResult {
    /// Figures, format, files.
    pub report: DatasetResult,
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
    /// Kind of the certificate.
    pub kind: &'static str,
    /// Its parameter.
    pub parameter: Option<f64>,
    /// Its weights.
    pub weights: u32,
    /// Pieces of each length.
    pub lengths: Vec<Counted>,
    /// Packs by padding.
    pub padding: Vec<Counted>,
    /// Packs by sequences.
    pub per_pack: Vec<Counted>,
    /// Sum of squared lengths.
    pub squares: f64,
    /// Names of carried columns.
    pub carried: Vec<String>,
    /// The sources.
    pub sources: Option<Vec<SeenSource>>,
    /// The sample.
    pub sample: Vec<DrawnPack>,
    /// The emptiest.
    pub worst: Vec<AlikePacks>,
    /// The most repeated.
    pub top: Vec<AlikePacks>,
}

fn counted<T: Into<u64>>(pairs: Vec<(T, u64)>) -> Vec<Counted> {
    let each = pairs.into_iter();
    each.map(|(from, count)| Counted { from: from.into() as f64, count: count as f64 }).collect()
}

fn drawn(pack: SketchedPack) -> DrawnPack {
    let ids = pack.ids.map(|ids| ids.into_iter().map(|id| id as f64).collect());
    let (number, sources) = (pack.number as f64, pack.sources);
    DrawnPack { number, lengths: pack.lengths, ids, sources }
}

fn source(source: SketchedSource) -> SeenSource {
    SeenSource {
        name: source.name,
        sequences: source.sequences as f64,
        tokens: source.tokens as f64,
        packs: source.packs as f64,
        per_pack: source.per_pack.to_vec(),
    }
}

fn alike(packs: SketchedTemplate) -> AlikePacks {
    let runs = packs.runs.into_iter().flat_map(|(length, times)| [length, times]).collect();
    AlikePacks { runs, multiplicity: packs.multiplicity as f64 }
}

impl From<Sketch> for SketchResult {
    fn from(sketch: Sketch) -> Self {
        let (kind, parameter, weights) = sketch.certificate;
        Self {
            report: sketch.report.into(),
            strategy: sketch.strategy,
            overlong: sketch.overlong,
            empty: sketch.empty,
            max_sequences_per_pack: sketch.max_sequences_per_pack,
            sequence_alignment: sketch.sequence_alignment,
            kind,
            parameter: parameter.map(|parameter| parameter as f64),
            weights: weights as u32,
            lengths: counted(sketch.lengths),
            padding: counted(sketch.padding),
            per_pack: counted(sketch.per_pack),
            squares: sketch.squares,
            carried: sketch.carried,
            sources: sketch.sources.map(|all| all.into_iter().map(source).collect()),
            sample: sketch.sample.into_iter().map(drawn).collect(),
            worst: sketch.worst.into_iter().map(alike).collect(),
            top: sketch.top.into_iter().map(alike).collect(),
        }
    }
}

/// Looks at a packed data set.
///
/// # Errors
/// As `stowage_dataset::sketch_dataset`.
#[napi(catch_unwind, ts_return_type = "Promise<SketchResult>")]
pub fn sketch_dataset<'env>(
    env: &'env Env,
    folder: String,
    packs: u32,
    seed: f64,
    column: Option<String>,
    threads: u32,
    control: &JobControl,
) -> Result<Object<'env>> {
    let (folder, packs, seed) = (folder.into(), packs.into(), seed as u64);
    let options = SketchOptions { folder, packs, seed, column };
    job::spawn(
        env,
        control,
        threads,
        move |watch, threads| stowage_dataset::sketch_dataset(&options, threads, watch),
        |_, sketch| Ok(SketchResult::from(sketch)),
    )
}
