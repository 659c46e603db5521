//! Format `mds`: shards of samples whose index must repeat each shard's own configuration, whose
//! offsets must rise to the end of the file, and whose arrays must fill their samples.

use super::sample::{Samples, is_wide};
use crate::Fault;
use crate::format::found::Found;
use crate::format::reader::{Reader, Shape, Wanted};
use crate::format::shape::json::{self, expect};
use crate::output::Manifest;
use crate::source::positioned::SourceFile;
use serde_json::{Map, Value, json};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Bytes of samples that are read together, unless one has more.
const BYTES_AT_ONCE: u64 = 4 << 20;
/// Samples that are read together at most.
const SAMPLES_AT_ONCE: u64 = 1024;

pub(crate) struct MdsReader {
    shards: Vec<Shard>,
    columns: Vec<String>,
}

struct Shard {
    path: PathBuf,
    samples: u64,
}

impl MdsReader {
    pub(crate) fn open(
        folder: &Path,
        paths: &[PathBuf],
        manifest: &Manifest,
    ) -> Result<Self, Fault> {
        let path = folder.join("index.json");
        let index = json::object(&path)?;
        expect(&path, &index, "version", &json!(2))?;
        let empty = Vec::new();
        let entries = index.get("shards").and_then(Value::as_array).unwrap_or(&empty);
        if entries.len() != paths.len() {
            let (found, wanted) = (entries.len(), paths.len());
            let detail = format!("it names {found} shards, the manifest {wanted}");
            return Err(Fault::invalid(&path, None, detail));
        }
        let mut shards = Vec::new();
        for ((entry, file), shard) in entries.iter().zip(&manifest.files).zip(paths) {
            let mut wanted = config(shard, file.rows)?;
            check_columns(shard, &wanted, manifest)?;
            let data = json!({ "basename": file.path, "bytes": file.bytes, "hashes": {} });
            wanted.insert("raw_data".to_string(), data);
            wanted.insert("samples".to_string(), json!(file.rows));
            wanted.insert("zip_data".to_string(), Value::Null);
            if *entry != Value::Object(wanted) {
                let detail = format!("what it says of {} isn't what that shard holds", file.path);
                return Err(Fault::invalid(&path, None, detail));
            }
            shards.push(Shard { path: shard.clone(), samples: file.rows });
        }
        Ok(Self { shards, columns: manifest.columns.clone() })
    }
}

impl Reader for MdsReader {
    fn parts(&self) -> Vec<PathBuf> {
        self.shards.iter().map(|shard| shard.path.clone()).collect()
    }

    fn packs(&self) -> Vec<u64> {
        self.shards.iter().map(|shard| shard.samples).collect()
    }

    fn shape(&self) -> Shape {
        Shape::UNPADDED
    }

    fn read(
        &self,
        part: usize,
        wanted: &Wanted,
        take: &mut dyn FnMut(Found) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let Shard { path, samples } = &self.shards[part];
        let file = SourceFile::open(path)?;
        let Range { start: mut first, end } = wanted.within(&(0..*samples));
        while first < end {
            let at_once = SAMPLES_AT_ONCE.min(end - first);
            let offsets = offsets(&file, path, first, at_once + 1)?;
            let near = |end: &&u32| u64::from(**end) - u64::from(offsets[0]) <= BYTES_AT_ONCE;
            let count = offsets[1..].iter().take_while(near).count().max(1);
            let start = u64::from(offsets[0]);
            let bytes = file.read(start, (offsets[count] - offsets[0]) as usize);
            let bytes = bytes.map_err(|error| Fault::format(path, first, error.to_string()))?;
            let mut found = Samples::new(&self.columns);
            for (sample, pair) in (first..).zip(offsets[..=count].windows(2)) {
                let [from, to] = [pair[0], pair[1]].map(|at| (at - offsets[0]) as usize);
                let pushed = found.push(&bytes[from..to]);
                pushed.map_err(|detail| Fault::format(path, sample, detail))?;
            }
            let found = found.into_found(first);
            take(found.map_err(|detail| Fault::invalid(path, first, detail))?)?;
            first += count as u64;
        }
        Ok(())
    }
}

/// `count` offsets from `first` on, which rise.
fn offsets(file: &SourceFile, path: &Path, first: u64, count: u64) -> Result<Vec<u32>, Fault> {
    let damaged = |row: u64, detail: String| Fault::format(path, row, detail);
    let bytes = file.read(4 + 4 * first, 4 * count as usize);
    let bytes = bytes.map_err(|error| damaged(first, error.to_string()))?;
    let offsets: Vec<u32> =
        bytes.as_chunks::<4>().0.iter().map(|&bytes| u32::from_le_bytes(bytes)).collect();
    match (first..).zip(offsets.windows(2)).find(|(_, pair)| pair[0] >= pair[1]) {
        None => Ok(offsets),
        Some((sample, pair)) => {
            let detail = format!("the sample goes from byte {} to byte {}", pair[0], pair[1]);
            Err(damaged(sample, detail))
        }
    }
}

/// The configuration in a shard's head, when the head is that of `samples` samples.
fn config(path: &Path, samples: u64) -> Result<Map<String, Value>, Fault> {
    let file = SourceFile::open(path)?;
    let damaged = |detail: String| Fault::format(path, None, format!("not a shard: {detail}"));
    let cut = |_| damaged("it is cut off".to_string());
    let count = file.read(0, 4).map_err(cut)?;
    let count = u32::from_le_bytes(count.try_into().expect("as many bytes as asked for"));
    if u64::from(count) != samples {
        return Err(damaged(format!("it has {count} samples; the manifest says {samples}")));
    }
    let at = |sample: u64| -> Result<u64, Fault> {
        let bytes = file.read(4 + 4 * sample, 4).map_err(cut)?;
        Ok(u32::from_le_bytes(bytes.try_into().expect("as many bytes as asked for")).into())
    };
    let (start, end, head) = (at(0)?, at(samples)?, 4 + 4 * (samples + 1));
    if start < head || end != file.size() {
        let size = file.size();
        return Err(damaged(format!("samples from byte {start} to {end} in {size} bytes")));
    }
    let bytes = file.read(head, (start - head) as usize).map_err(cut)?;
    serde_json::from_slice(&bytes).map_err(|error| damaged(format!("its configuration: {error}")))
}

/// The columns are those of the manifest, in the order of their names, with their types.
fn check_columns(
    path: &Path,
    config: &Map<String, Value>,
    manifest: &Manifest,
) -> Result<(), Fault> {
    let encoding = |name: &String| match name.as_str() {
        name if is_wide(name) => "ndarray:int64",
        "loss_weights" => "ndarray:float32",
        _ => "ndarray:int32",
    };
    let names = &manifest.columns;
    let encodings: Vec<_> = names.iter().map(encoding).collect();
    expect(path, config, "column_names", &json!(names))?;
    expect(path, config, "column_encodings", &json!(encodings))?;
    expect(path, config, "column_sizes", &json!(vec![Value::Null; names.len()]))?;
    expect(path, config, "compression", &Value::Null)?;
    expect(path, config, "format", &json!("mds"))?;
    expect(path, config, "hashes", &json!([]))?;
    expect(path, config, "version", &json!(2))?;
    if names.is_sorted() {
        return Ok(());
    }
    let detail = format!("the columns {names:?} aren't in the order of their names");
    Err(Fault::invalid(path, None, detail))
}
