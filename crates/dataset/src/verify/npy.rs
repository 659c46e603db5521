//! Format `npy`: one flat array per column, each in a file of its own. Headers must be as `NumPy`
//! writes them for one dimension, of exact types, and say as many values as the file holds.

use super::array::{ARRAYS, Array, Extent, Kind};
use super::flat::Flat;
use super::found::{Found, Reader, Shape};
use crate::Fault;
use crate::manifest::Manifest;
use crate::source::file::SourceFile;
use std::ops::Range;
use std::path::{Path, PathBuf};

pub(crate) struct NpyReader {
    flat: Flat,
    parts: Vec<Range<u64>>,
    folder: PathBuf,
}

impl NpyReader {
    pub(crate) fn open(folder: &Path, manifest: &Manifest) -> Result<Self, Fault> {
        let mut arrays = Vec::new();
        for column in &manifest.columns {
            let path = folder.join(format!("{column}.npy"));
            let known = ARRAYS.iter().find(|(name, ..)| name == column);
            let Some(&(name, kind, extent)) = known else {
                return Err(Fault::invalid(&path, None, format!("no column is called {column}")));
            };
            arrays.push((array(name, &path, kind)?, extent));
        }
        let flat = Flat::new(arrays, None, manifest.capacity, folder)?;
        let parts = flat.ranges().collect();
        Ok(Self { flat, parts, folder: folder.to_path_buf() })
    }
}

impl Reader for NpyReader {
    fn parts(&self) -> Vec<PathBuf> {
        vec![self.folder.join("input_ids.npy"); self.parts.len()]
    }

    fn shape(&self) -> Shape {
        Shape { boundaries: "cu_seqlens", ..Shape::UNPADDED }
    }

    fn file_of(&self, column: &str) -> Option<PathBuf> {
        Some(self.folder.join(format!("{column}.npy")))
    }

    fn read(
        &self,
        part: usize,
        take: &mut dyn FnMut(&Found) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.flat.read(self.parts[part].clone(), take)
    }
}

/// A side file of boundaries or ids, as [`ARRAYS`] has it.
///
/// # Errors
/// As [`array`].
pub(crate) fn side(name: &str, path: &Path) -> Result<(Array, Extent), Fault> {
    let known = ARRAYS.iter().find(|(known, ..)| *known == name);
    let &(name, kind, extent) = known.expect("a name of the table");
    Ok((array(name, path, kind)?, extent))
}

/// The one-dimensional array in the file at `path`.
///
/// # Errors
/// [`Fault::Io`]; [`Fault::Format`] for a damaged header or a file of another length than it says;
/// [`Fault::Invalid`] for another type.
pub(crate) fn array(name: &'static str, path: &Path, kind: Kind) -> Result<Array, Fault> {
    let file = SourceFile::open(path)?;
    let damaged = |detail: &str| Fault::format(path, None, format!("not a .npy file: {detail}"));
    let start = file.read(0, 10).map_err(|_| damaged("it is cut off"))?;
    if !start.starts_with(b"\x93NUMPY\x01\x00") {
        return Err(damaged("it doesn't begin with \\x93NUMPY and version 1.0"));
    }
    let length = u16::from_le_bytes([start[8], start[9]]);
    let header = file.read(10, length.into()).map_err(|_| damaged("its header is cut off"))?;
    let header = String::from_utf8(header).map_err(|_| damaged("its header isn't text"))?;
    let value = |key: &str| {
        let value = header.split_once(&format!("'{key}':")).map(|(_, value)| value.trim_start());
        value.ok_or_else(|| damaged(&format!("its header has no {key}")))
    };
    let wanted = match kind {
        Kind::U16 => "'<u2'",
        Kind::I32 => "'<i4'",
        Kind::I64 => "'<i8'",
        Kind::F32 => "'<f4'",
    };
    let found = value("descr")?;
    if !found.starts_with(wanted) {
        let found = found.split(',').next().unwrap_or_default();
        return Err(Fault::invalid(path, None, format!("{name} is of {found}, not {wanted}")));
    }
    let shape = value("shape")?.strip_prefix('(').and_then(|shape| shape.split_once(",)"));
    let count: Option<u64> = shape.and_then(|(count, _)| count.parse().ok());
    if !value("fortran_order")?.starts_with("False") || count.is_none() {
        return Err(damaged("its header isn't that of one dimension"));
    }
    let start = 10 + u64::from(length);
    let count = count.unwrap_or(0);
    if count.checked_mul(kind.width()) != Some(file.size() - start) {
        let held = file.size() - start;
        let detail = format!("the header says {count} values, the file has {held} bytes of them");
        return Err(Fault::format(path, None, detail));
    }
    Ok(Array { name, path: path.to_path_buf(), start, count, kind })
}
