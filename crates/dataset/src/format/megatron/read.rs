//! Format `megatron`: one document of exactly `capacity` tokens per pack, whose index must say so,
//! and side files with boundaries and ids. Every segment ends with the end-of-document id, and
//! padding is that id.

use crate::Fault;
use crate::format::cuts;
use crate::format::found::Found;
use crate::format::reader::{Reader, Shape, Wanted};
use crate::format::shape::array::{Array, Extent, Kind};
use crate::format::shape::flat::Flat;
use crate::format::shape::npy;
use crate::output::{MANIFEST, Manifest};
use crate::source::positioned::SourceFile;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Bytes before the lengths: magic, version, type, two counts.
const HEADER: u64 = 34;
/// Index entries that are read together.
const AT_ONCE: u64 = 1 << 16;

pub(crate) struct MegatronReader {
    flat: Flat,
    parts: Vec<Range<u64>>,
    folder: PathBuf,
    capacity: u32,
    end: i32,
}

impl MegatronReader {
    pub(crate) fn open(folder: &Path, manifest: &Manifest) -> Result<Self, Fault> {
        let capacity = manifest.capacity;
        let end = manifest.eos_token_id.ok_or_else(|| {
            let detail = "eosTokenId is missing, which this format needs".to_string();
            Fault::format(&folder.join(MANIFEST), None, detail)
        })?;
        let (packs, kind) = index(&file(folder, "idx"), capacity)?;
        let path = file(folder, "bin");
        let size = SourceFile::open(&path)?.size();
        let count = packs * u64::from(capacity);
        if count.checked_mul(kind.width()) != Some(size) {
            let detail = format!("{size} bytes for {packs} packs of {capacity} tokens");
            return Err(Fault::format(&path, None, detail));
        }
        let tokens = Array { name: "input_ids", path, start: 0, count, kind };
        let mut arrays = vec![(tokens, Extent::Places)];
        let mut names = vec!["cu_seqlens", "pack_offsets", "sequence_ids"];
        if manifest.sequence_alignment > 1 {
            names.push("token_counts");
        }
        if cuts(manifest.overlong) {
            names.push("piece_starts");
        }
        for name in names {
            arrays.push(npy::side(name, &file(folder, &format!("{name}.npy")))?);
        }
        let flat = Flat::new(arrays, Some(capacity.into()), capacity, folder)?;
        let parts = flat.ranges().collect();
        Ok(Self { flat, parts, folder: folder.to_path_buf(), capacity, end })
    }
}

fn file(folder: &Path, ending: &str) -> PathBuf {
    folder.join(format!("packed_text_document.{ending}"))
}

impl Reader for MegatronReader {
    fn parts(&self) -> Vec<PathBuf> {
        vec![file(&self.folder, "bin"); self.parts.len()]
    }

    fn packs(&self) -> Vec<u64> {
        self.parts.iter().map(|part| part.end - part.start).collect()
    }

    fn shape(&self) -> Shape {
        let width = Some(self.capacity as usize);
        Shape { width, boundaries: "cu_seqlens", end: Some(self.end), ids_aside: true }
    }

    fn file_of(&self, column: &str) -> Option<PathBuf> {
        (column != "input_ids").then(|| file(&self.folder, &format!("{column}.npy")))
    }

    fn read(
        &self,
        part: usize,
        wanted: &Wanted,
        take: &mut dyn FnMut(Found) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.flat.read(wanted.within(&self.parts[part]), take)
    }
}

/// Number of packs and kind of tokens, from an index whose entries are all right.
fn index(path: &Path, capacity: u32) -> Result<(u64, Kind), Fault> {
    let file = SourceFile::open(path)?;
    let damaged = |detail: &str| Fault::format(path, None, format!("not an index: {detail}"));
    let head = file.read(0, HEADER as usize).map_err(|_| damaged("it is cut off"))?;
    if !head.starts_with(b"MMIDIDX\0\0\x01\0\0\0\0\0\0\0") {
        return Err(damaged("it doesn't begin with MMIDIDX and version 1"));
    }
    let kind = match head[17] {
        8 => Kind::U16,
        4 => Kind::I32,
        code => return Err(damaged(&format!("tokens of type {code}, neither uint16 nor int32"))),
    };
    let number = |at: usize| {
        u64::from_le_bytes(head[at..at + 8].try_into().expect("a slice of eight bytes"))
    };
    let (packs, documents) = (number(18), number(26));
    let bytes = packs.checked_mul(20).and_then(|bytes| bytes.checked_add(HEADER + 8));
    if documents != packs.wrapping_add(1) || bytes != Some(file.size()) {
        let size = file.size();
        return Err(damaged(&format!("{packs} packs, {documents} documents in {size} bytes")));
    }
    let part =
        |name, start, count, kind| Array { name, path: path.to_path_buf(), start, count, kind };
    let lengths = part("length", HEADER, packs, Kind::I32);
    let offsets = part("offset", HEADER + 4 * packs, packs, Kind::I64);
    let documents = part("document", HEADER + 12 * packs, packs + 1, Kind::I64);
    let (capacity, width) = (u64::from(capacity), kind.width());
    entries(&lengths, |_| capacity)?;
    entries(&offsets, |pack| pack * capacity * width)?;
    entries(&documents, |document| document)?;
    Ok((packs, kind))
}

/// Every entry is what `wanted` says of its number.
fn entries(array: &Array, wanted: impl Fn(u64) -> u64) -> Result<(), Fault> {
    let open = array.open(&[])?;
    let mut first = 0;
    while first < array.count {
        let end = array.count.min(first + AT_ONCE);
        for (entry, value) in (first..).zip(open.i64s(first..end)?) {
            let wanted = wanted(entry);
            if u64::try_from(value) != Ok(wanted) {
                let detail = format!("{} {entry} is {value}, not {wanted}", array.name);
                return Err(Fault::invalid(&array.path, entry, detail));
            }
        }
        first = end;
    }
    Ok(())
}
