//! `NumPy`'s array files: a one-dimensional array of integers is a list of lengths.
//!
//! O(bytes), read in blocks. Format: numpy.lib.format, versions 1.0 to 3.0.

use super::identity::Identity;
use super::positioned::SourceFile;
use crate::Fault;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes read at once: a multiple of every element size.
const READ_AT_ONCE: usize = 1 << 19;
/// Longer headers than this are a fault: `NumPy`'s own are below 200 bytes for one dimension.
const HEADER_LIMIT: usize = 1 << 16;

/// An open `.npy` file.
pub(crate) struct NpyTable {
    path: PathBuf,
    identity: Identity,
    data: u64,
    count: u64,
    element: Element,
}

#[derive(Clone, Copy)]
struct Element {
    bytes: usize,
    signed: bool,
    big_endian: bool,
}

impl NpyTable {
    pub(crate) fn open(path: &Path, identity: Identity) -> Result<Self, Fault> {
        let file = SourceFile::reopen(path, identity)?;
        let damaged = |detail: String| Fault::format(path, None, detail);
        let cut = |_| damaged("not a readable .npy file: the header is cut off".to_string());
        let start = file.read(0, 12.min(file.size() as usize)).map_err(cut)?;
        if start.len() < 12 || !start.starts_with(b"\x93NUMPY") {
            return Err(damaged("not a .npy file: it doesn't begin with \\x93NUMPY".to_string()));
        }
        let (at, length) = match start[6] {
            1 => (10, usize::from(u16::from_le_bytes([start[8], start[9]]))),
            2 | 3 => (12, u32::from_le_bytes([start[8], start[9], start[10], start[11]]) as usize),
            version => return Err(damaged(format!(".npy format version {version} is unknown"))),
        };
        if length > HEADER_LIMIT {
            return Err(damaged(format!("the .npy header says {length} bytes")));
        }
        let header = file.read(at, length).map_err(cut)?;
        let header = String::from_utf8_lossy(&header).into_owned();
        let element = element(path, &header)?;
        let count = shape(path, &header)?;
        let data = at + length as u64;
        let need = count.checked_mul(element.bytes as u64);
        if need != Some(file.size() - data) {
            let held = file.size() - data;
            return Err(damaged(format!(
                "the header says {count} values of {} bytes, the file holds {held} bytes of them",
                element.bytes
            )));
        }
        Ok(Self { path: path.to_path_buf(), identity, data, count, element })
    }

    /// How many lengths.
    pub(crate) fn rows(&self) -> u64 {
        self.count
    }

    /// Hands on the lengths, some at a time.
    pub(crate) fn read(
        &self,
        take: &mut dyn FnMut(&[u32]) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut reader = SourceFile::reopen(&self.path, self.identity)?.cursor(self.data);
        let mut left = self.count as usize * self.element.bytes;
        let mut bytes = vec![0; READ_AT_ONCE.min(left)];
        let mut lengths = Vec::new();
        let mut row = 0;
        while left > 0 {
            let part = &mut bytes[..READ_AT_ONCE.min(left)];
            reader.read_exact(part).map_err(|error| Fault::io("read", &self.path, &error))?;
            left -= part.len();
            lengths.clear();
            for value in part.chunks_exact(self.element.bytes) {
                let value = self.element.value(value);
                let length = u32::try_from(value).map_err(|_| {
                    let detail = format!("{value} is not a length (0 .. 4294967295)");
                    Fault::column(&self.path, row, detail)
                })?;
                lengths.push(length);
                row += 1;
            }
            take(&lengths)?;
        }
        Ok(())
    }
}

impl Element {
    fn value(self, bytes: &[u8]) -> i128 {
        let mut value: u64 = 0;
        for k in 0..bytes.len() {
            let byte = if self.big_endian { bytes[k] } else { bytes[bytes.len() - 1 - k] };
            value = value << 8 | u64::from(byte);
        }
        if !self.signed {
            return i128::from(value);
        }
        let unused = 64 - 8 * bytes.len() as u32;
        i128::from((value << unused).cast_signed() >> unused)
    }
}

/// What stands behind `key` in the header, a Python dictionary of known shape.
fn field<'a>(path: &Path, header: &'a str, key: &str) -> Result<&'a str, Fault> {
    let quoted = [format!("'{key}':"), format!("\"{key}\":")];
    let at =
        quoted.iter().find_map(|quoted| header.find(quoted.as_str()).map(|at| at + quoted.len()));
    at.map(|at| header[at..].trim_start()).ok_or_else(|| {
        Fault::format(path, None, format!("not a readable .npy file: the header has no {key}"))
    })
}

fn element(path: &Path, header: &str) -> Result<Element, Fault> {
    let value = field(path, header, "descr")?;
    let name = value.trim_start_matches(['\'', '"']);
    let name = &name[..name.find(['\'', '"', ',']).unwrap_or(name.len())];
    let mut letters = name.chars();
    let (order, kind, size) = (letters.next(), letters.next(), letters.as_str());
    let bytes = size.parse().ok().filter(|bytes| matches!(bytes, 1 | 2 | 4 | 8));
    if let (Some('<' | '>' | '|' | '='), Some(kind @ ('i' | 'u')), Some(bytes)) =
        (order, kind, bytes)
    {
        return Ok(Element { bytes, signed: kind == 'i', big_endian: order == Some('>') });
    }
    let detail = format!("the array is of {name}; lengths are integers (i1 .. i8, u1 .. u8)");
    Err(Fault::column(path, None, detail))
}

fn shape(path: &Path, header: &str) -> Result<u64, Fault> {
    let value = field(path, header, "shape")?;
    let inside = value.strip_prefix('(').and_then(|value| value.split(')').next());
    let sizes: Option<Vec<u64>> = inside.and_then(|inside| {
        let parts = inside.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| part.trim_end_matches('L').parse().ok()).collect()
    });
    match sizes.as_deref() {
        Some([count]) => Ok(*count),
        Some(sizes) => {
            let detail = format!("the array has {} dimensions; lengths have one", sizes.len());
            Err(Fault::column(path, None, detail))
        }
        None => Err(Fault::format(path, None, "the .npy header has no readable shape".to_string())),
    }
}
