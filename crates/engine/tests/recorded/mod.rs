//! Recorded results, read from `__test__/data/conformance.json.gz`, and packings to compare them
//! with.

use std::io::Read;
use std::num::NonZeroU32;
use std::path::Path;

use sha2::{Digest, Sha256};
use stowage_engine::options::{Empty, Overlong};
use stowage_engine::seeded::mix;
use stowage_engine::stats::{self, Context, Outcome, Stats};
use stowage_engine::validate::{Claim, verify};
use stowage_engine::{Fault, PackOptions, Packing, Unwatched, strategy};

pub use serde_json::Value as Json;

/// A list of the recorded file.
pub fn recorded(list: &str) -> Vec<Json> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../__test__/data/conformance.json.gz");
    let bytes = std::fs::read(&path).expect("the recorded results lie beside the tests");
    let mut json = String::new();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut json).expect("gzipped text");
    let mut document: Json = serde_json::from_str(&json).expect("JSON");
    serde_json::from_value(document[list].take()).expect("a list of that name")
}

pub fn field<'a>(object: &'a Json, key: &str) -> &'a Json {
    object.get(key).unwrap_or_else(|| panic!("no {key} in {object}"))
}

pub fn text(value: &Json) -> &str {
    value.as_str().expect("a text")
}

pub fn number(value: &Json) -> u64 {
    value.as_u64().expect("an integer >= 0")
}

pub fn numbers(value: &Json) -> Vec<u32> {
    let list = value.as_array().expect("a list").iter();
    list.map(|value| u32::try_from(number(value)).expect("below 2^32")).collect()
}

pub fn lengths_of(instance: &Json) -> Vec<u32> {
    numbers(field(instance, "lengths"))
}

/// The options of a recorded result of an instance.
pub fn options_of(instance: &Json, result: &Json) -> PackOptions {
    let small = |value: &Json| u32::try_from(number(value)).expect("below 2^32");
    let mut options = PackOptions::new(small(field(instance, "capacity")));
    let name = text(field(result, "strategy"));
    options.strategy = strategy::parse(name).expect("a known strategy");
    for (key, value) in result.get("options").and_then(Json::as_object).into_iter().flatten() {
        match key.as_str() {
            "maxSequencesPerPack" => options.max_sequences_per_pack = NonZeroU32::new(small(value)),
            "sequenceAlignment" => options.sequence_alignment = small(value),
            "seed" => options.seed = number(value),
            "tolerance" => options.tolerance = small(value),
            "harmonicClasses" => options.harmonic_classes = small(value),
            "overlong" => {
                options.overlong = match text(value) {
                    "error" => Overlong::Error,
                    "drop" => Overlong::Drop,
                    "truncate" => Overlong::Truncate,
                    "split" => Overlong::Split,
                    other => panic!("overlong {other}"),
                }
            }
            "empty" if text(value) == "drop" => options.empty = Empty::Drop,
            "empty" => options.empty = Empty::Error,
            other => panic!("option {other}"),
        }
    }
    options
}

/// The lengths of a big instance.
pub fn generate(big: &Json) -> Vec<u32> {
    let generator = field(big, "generator");
    let at = |path: &str| number(generator.pointer(path).expect("a parameter"));
    let seed = at("/seed");
    let length = |j: u64| {
        let x = mix(seed.wrapping_add((j + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)));
        let h = x >> 32;
        let between = |low: u64, high: u64| low + ((h * (high - low + 1)) >> 32);
        match text(field(generator, "kind")) {
            "uniform" => between(at("/low"), at("/high")),
            "product" => {
                let (a, b, c) = (x >> 43, (x >> 22) & 2097151, (x >> 1) & 2097151);
                1 + ((((((a * b) >> 21) * c) >> 21) * at("/high")) >> 21)
            }
            "choice" => {
                let values = numbers(field(generator, "values"));
                u64::from(values[((h * values.len() as u64) >> 32) as usize])
            }
            "mixture" if (x & 1023) < at("/share") => between(at("/first/0"), at("/first/1")),
            "mixture" => between(at("/second/0"), at("/second/1")),
            other => panic!("generator {other}"),
        }
    };
    let capacity = number(field(big, "capacity"));
    (0..number(field(big, "sequences"))).map(|j| length(j).min(capacity) as u32).collect()
}

/// Fails unless `packing` keeps every promise.
pub fn prove(packing: &Packing, lengths: &[u32], options: &PackOptions) {
    let pieces = packing.pieces.as_ref();
    let claim = Claim {
        capacity: options.capacity,
        alignment: options.sequence_alignment,
        limit: options.limit(),
        offsets: &packing.offsets,
        sequences: &packing.sequences,
        pieces: pieces.map(|pieces| (&pieces.starts[..], &pieces.lengths[..])),
        dropped: &packing.dropped,
        tokens_packed: Some(packing.ledger.tokens_packed),
    };
    assert_eq!(verify(&claim, lengths, &Unwatched), Ok(()), "{options:?}");
    assert!(packing.lower_bound < packing.offsets.len() as u64, "{options:?}");
}

/// The figures of `packing`.
pub fn stats_of(packing: &Packing, lengths: &[u32]) -> Stats {
    let length = |entry: usize| match &packing.pieces {
        Some(pieces) => pieces.lengths[entry],
        None => lengths[packing.sequences[entry] as usize],
    };
    let fills = stats::fills(&packing.offsets, length).expect("little memory");
    let context = Context {
        capacity: packing.capacity,
        sequence_count: lengths.len() as u64,
        lower_bound: packing.lower_bound,
        ledger: packing.ledger,
        outcome: Outcome::default(),
    };
    stats::of_packing(&fills, &packing.offsets, &context).expect("little memory")
}

/// Hex SHA-256 of offsets, then sequences, little-endian.
pub fn digest(packed: &Packing) -> String {
    let mut hash = Sha256::new();
    for value in packed.offsets.iter().chain(&packed.sequences) {
        hash.update(value.to_le_bytes());
    }
    hash.finalize().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

pub fn assert_fault(name: &str, fault: &Fault, recorded: &Json) {
    assert_eq!(fault.code(), text(field(recorded, "code")), "{name}");
    let (index, length) = match *fault {
        Fault::Overlong { index, length, .. } => (index, Some(u64::from(length))),
        Fault::Empty { index } => (index, None),
        _ => (None, None),
    };
    assert_eq!(index, recorded.get("index").map(number), "{name}");
    if let Some(length) = length {
        assert_eq!(length, number(field(recorded, "length")), "{name}");
    }
}
