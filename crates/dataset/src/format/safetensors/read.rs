//! Format `safetensors`: shards of tensors, rows padded to the capacity. The header must name
//! exactly the manifest's columns, of exact types and shapes, behind one another without gaps.

use crate::Fault;
use crate::format::found::Found;
use crate::format::reader::{Reader, Shape, Wanted};
use crate::format::shape::array::{ARRAYS, Array, Extent, Kind};
use crate::format::shape::flat::Flat;
use crate::format::shape::json::expect;
use crate::output::Manifest;
use crate::source::positioned::SourceFile;
use serde_json::{Map, Value, json};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Longer headers than this are a fault: safetensors' own limit.
const HEADER_LIMIT: u64 = 100_000_000;

pub(crate) struct SafetensorsReader {
    shards: Vec<(PathBuf, Flat)>,
    /// Shard, and its packs.
    parts: Vec<(usize, Range<u64>)>,
    capacity: u32,
}

impl SafetensorsReader {
    pub(crate) fn open(paths: &[PathBuf], manifest: &Manifest) -> Result<Self, Fault> {
        let (mut shards, mut parts) = (Vec::new(), Vec::new());
        for path in paths {
            let flat = shard(path, manifest)?;
            parts.extend(flat.ranges().map(|range| (shards.len(), range)));
            shards.push((path.clone(), flat));
        }
        Ok(Self { shards, parts, capacity: manifest.capacity })
    }
}

impl Reader for SafetensorsReader {
    fn parts(&self) -> Vec<PathBuf> {
        self.parts.iter().map(|&(shard, _)| self.shards[shard].0.clone()).collect()
    }

    fn packs(&self) -> Vec<u64> {
        self.parts.iter().map(|(_, packs)| packs.end - packs.start).collect()
    }

    fn shape(&self) -> Shape {
        Shape { width: Some(self.capacity as usize), boundaries: "cu_seqlens", ..Shape::UNPADDED }
    }

    fn read(
        &self,
        part: usize,
        wanted: &Wanted,
        take: &mut dyn FnMut(Found) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let (shard, packs) = &self.parts[part];
        self.shards[*shard].1.read(wanted.within(packs), take)
    }
}

fn shard(path: &Path, manifest: &Manifest) -> Result<Flat, Fault> {
    let file = SourceFile::open(path)?;
    let (header, start) = header(&file, path)?;
    let metadata = header.get("__metadata__").and_then(Value::as_object).cloned();
    let metadata = metadata.unwrap_or_default();
    if let Some((key, value)) = metadata.iter().find(|(_, value)| !value.is_string()) {
        let detail = format!("the metadata {key} is {value}, and safetensors takes text alone");
        return Err(Fault::invalid(path, None, detail));
    }
    expect(path, &metadata, "format", &json!("np"))?;
    expect(path, &metadata, "capacity", &json!(manifest.capacity.to_string()))?;
    expect(path, &metadata, "pad_token_id", &json!(manifest.pad_token_id.to_string()))?;
    let tensors = header.iter().filter(|(name, _)| *name != "__metadata__");
    let names: Vec<&String> = tensors.clone().map(|(name, _)| name).collect();
    if names.len() != manifest.columns.len()
        || !manifest.columns.iter().all(|name| names.contains(&name))
    {
        let detail = format!("the tensors are {names:?}; the manifest says {:?}", manifest.columns);
        return Err(Fault::invalid(path, None, detail));
    }
    let mut arrays = Vec::new();
    let mut ranges = Vec::new();
    for (name, entry) in tensors {
        let (array, extent) = tensor(path, name, entry, start, manifest.capacity)?;
        ranges.push((array.start, array.start + array.count * array.kind.width()));
        arrays.push((array, extent));
    }
    ranges.sort_unstable();
    let mut end = start;
    for (from, to) in ranges {
        if from != end {
            let detail = format!("a tensor starts at byte {from}, the one before ends at {end}");
            return Err(Fault::format(path, None, detail));
        }
        end = to;
    }
    if end != file.size() {
        let detail = format!("the tensors end at byte {end}, the file at {}", file.size());
        return Err(Fault::format(path, None, detail));
    }
    Flat::new(arrays, Some(manifest.capacity.into()), manifest.capacity, path)
}

/// The header, and where the data begins.
fn header(file: &SourceFile, path: &Path) -> Result<(Map<String, Value>, u64), Fault> {
    let damaged = |detail: String| Fault::format(path, None, detail);
    let cut = |_| damaged("the header is cut off".to_string());
    let length = file.read(0, 8).map_err(cut)?;
    let length = u64::from_le_bytes(length.try_into().expect("as many bytes as asked for"));
    if length > HEADER_LIMIT || length % 8 != 0 {
        return Err(damaged(format!("a header of {length} bytes")));
    }
    let bytes = file.read(8, length as usize).map_err(cut)?;
    let header = serde_json::from_slice(&bytes);
    let header = header.map_err(|error| damaged(format!("the header isn't an object: {error}")))?;
    Ok((header, 8 + length))
}

fn tensor(
    path: &Path,
    name: &str,
    entry: &Value,
    start: u64,
    capacity: u32,
) -> Result<(Array, Extent), Fault> {
    let wrong = |detail: String| Fault::invalid(path, None, format!("tensor {name}: {detail}"));
    let known = ARRAYS.iter().find(|(known, ..)| *known == name);
    let &(name, kind, extent) = known.ok_or_else(|| wrong("no column is called so".to_string()))?;
    let kind = match extent {
        Extent::SegmentEnds | Extent::PackEnds => Kind::I32,
        _ => kind,
    };
    let dtype = match kind {
        Kind::F32 => "F32",
        Kind::I64 => "I64",
        _ => "I32",
    };
    if entry["dtype"] != dtype {
        return Err(wrong(format!("it is {}, not {dtype}", entry["dtype"])));
    }
    let numbers = |value: &Value| -> Option<Vec<u64>> {
        value.as_array()?.iter().map(Value::as_u64).collect()
    };
    let shape = numbers(&entry["shape"]);
    let count = match (extent, shape.as_deref()) {
        (Extent::Places, Some(&[rows, width])) if width == u64::from(capacity) => {
            rows.checked_mul(width)
        }
        (Extent::Places, _) | (_, None) => None,
        (_, Some(&[count])) => Some(count),
        _ => None,
    };
    let count = count.ok_or_else(|| wrong(format!("its shape is {}", entry["shape"])))?;
    let bytes = count.checked_mul(kind.width());
    match (numbers(&entry["data_offsets"]).as_deref(), bytes) {
        (Some(&[from, to]), Some(bytes)) if to.checked_sub(from) == Some(bytes) => {
            let start = start.checked_add(from).filter(|start| start.checked_add(bytes).is_some());
            let start = start.ok_or_else(|| wrong(format!("it starts at {from}")))?;
            Ok((Array { name, path: path.to_path_buf(), start, count, kind }, extent))
        }
        _ => Err(wrong(format!(
            "its shape {} doesn't take the bytes {}",
            entry["shape"], entry["data_offsets"]
        ))),
    }
}
