//! Arrays of numbers that lie in files, little-endian, read a stretch at a time.

use crate::Fault;
use crate::source::positioned::SourceFile;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// How a number is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    U16,
    I32,
    I64,
    F32,
}

impl Kind {
    pub(crate) fn width(self) -> u64 {
        match self {
            Self::U16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::I64 => 8,
        }
    }
}

/// What an array has one number for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    Places,
    Segments,
    /// Boundaries: one more, the first of them 0.
    SegmentEnds,
    PackEnds,
}

/// The arrays that formats of arrays have, with their kinds; boundaries have the kind of the format.
pub(crate) const ARRAYS: [(&str, Kind, Extent); 10] = [
    ("input_ids", Kind::I32, Extent::Places),
    ("labels", Kind::I32, Extent::Places),
    ("position_ids", Kind::I32, Extent::Places),
    ("attention_mask", Kind::I32, Extent::Places),
    ("loss_weights", Kind::F32, Extent::Places),
    ("sequence_ids", Kind::I64, Extent::Segments),
    ("piece_starts", Kind::I64, Extent::Segments),
    ("token_counts", Kind::I32, Extent::Segments),
    ("cu_seqlens", Kind::I64, Extent::SegmentEnds),
    ("pack_offsets", Kind::I64, Extent::PackEnds),
];

/// An array: where it begins in its file, and how many numbers it has.
#[derive(Clone, Debug)]
pub(crate) struct Array {
    pub name: &'static str,
    pub path: PathBuf,
    pub start: u64,
    pub count: u64,
    pub kind: Kind,
}

/// An array with its file open.
pub(crate) struct OpenArray<'a> {
    array: &'a Array,
    file: SourceFile,
}

impl Array {
    /// Opens the file; one that is open already is shared.
    pub(crate) fn open<'a>(&'a self, open: &[OpenArray<'a>]) -> Result<OpenArray<'a>, Fault> {
        let same = open.iter().find(|other| other.array.path == self.path);
        let file = match same {
            Some(other) => other.file.clone(),
            None => SourceFile::open(&self.path)?,
        };
        Ok(OpenArray { array: self, file })
    }
}

impl OpenArray<'_> {
    pub(crate) fn name(&self) -> &'static str {
        self.array.name
    }

    pub(crate) fn path(&self) -> &Path {
        &self.array.path
    }

    pub(crate) fn count(&self) -> u64 {
        self.array.count
    }

    /// Numbers of 16 or 32 bits.
    pub(crate) fn i32s(&self, range: Range<u64>) -> Result<Vec<i32>, Fault> {
        let bytes = self.bytes(range)?;
        Ok(match self.array.kind {
            Kind::U16 => values(&bytes, |bytes| u16::from_le_bytes(bytes).into()),
            _ => values(&bytes, i32::from_le_bytes),
        })
    }

    /// Numbers of 32 or 64 bits.
    pub(crate) fn i64s(&self, range: Range<u64>) -> Result<Vec<i64>, Fault> {
        let bytes = self.bytes(range)?;
        Ok(match self.array.kind {
            Kind::I32 => values(&bytes, |bytes| i32::from_le_bytes(bytes).into()),
            _ => values(&bytes, i64::from_le_bytes),
        })
    }

    pub(crate) fn f32s(&self, range: Range<u64>) -> Result<Vec<f32>, Fault> {
        Ok(values(&self.bytes(range)?, f32::from_le_bytes))
    }

    fn bytes(&self, range: Range<u64>) -> Result<Vec<u8>, Fault> {
        let Array { name, start, count, kind, path } = self.array;
        let damaged = |detail| Fault::format(path, None, detail);
        let length = range.end.checked_sub(range.start).filter(|_| range.end <= *count);
        let length = length.ok_or_else(|| {
            let Range { start, end } = range;
            damaged(format!("{name} has {count} values, none from {start} to {end}"))
        })?;
        let (from, bytes) = (start + range.start * kind.width(), length * kind.width());
        self.file.read(from, bytes as usize).map_err(|error| damaged(error.to_string()))
    }
}

fn values<T, const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks::<N>().0.iter().map(|&bytes| value(bytes)).collect()
}
