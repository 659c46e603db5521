//! `.npy` files of one dimension, as `NumPy` writes them: headers, and the boundaries of segments and
//! packs that several formats keep in such files.

use crate::Fault;
use crate::format::shape::array::{ARRAYS, Array, Extent, Kind};
use crate::source::positioned::SourceFile;
use crate::store::Block;
use arrow_buffer::Buffer;
use std::path::Path;

/// Ends of the block's segments, in places of the whole data set.
pub(crate) fn segment_ends(block: &Block) -> Buffer {
    let mut end = block.span.places.start.cast_signed();
    let ends = block.lengths.iter().map(|&length| {
        end += i64::from(length);
        end
    });
    Buffer::from_vec(ends.collect::<Vec<i64>>())
}

/// Ends of the block's packs, in segments of the whole data set.
pub(crate) fn pack_ends(block: &Block) -> Buffer {
    let start = block.span.segments.start.cast_signed();
    let ends = block.segment_offsets[1..].iter().map(|&end| start + i64::from(end));
    Buffer::from_vec(ends.collect::<Vec<i64>>())
}

/// The header of a flat array of `count` values, format 1.0: 128 bytes, whatever the count.
pub(crate) fn header(descr: &str, count: u64) -> Vec<u8> {
    let words = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({count},), }}");
    let mut header = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    header.extend_from_slice(words.as_bytes());
    header.resize(127, b' ');
    header.push(b'\n');
    header
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
    let words = file.read(10, length.into()).map_err(|_| damaged("its header is cut off"))?;
    let found = [start, words.clone()].concat();
    let words = String::from_utf8(words).map_err(|_| damaged("its header isn't text"))?;
    let value = |key: &str| {
        let value = words.split_once(&format!("'{key}':")).map(|(_, value)| value.trim_start());
        value.ok_or_else(|| damaged(&format!("its header has no {key}")))
    };
    let descr = match kind {
        Kind::U16 => "<u2",
        Kind::I32 => "<i4",
        Kind::I64 => "<i8",
        Kind::F32 => "<f4",
    };
    let kind_found = value("descr")?;
    if !kind_found.starts_with(&format!("'{descr}'")) {
        let found = kind_found.split(',').next().unwrap_or_default();
        return Err(Fault::invalid(path, None, format!("{name} is of {found}, not '{descr}'")));
    }
    let shape = value("shape")?.strip_prefix('(').and_then(|shape| shape.split_once(",)"));
    let count: Option<u64> = shape.and_then(|(count, _)| count.parse().ok());
    if !value("fortran_order")?.starts_with("False") || count.is_none() {
        return Err(damaged("its header isn't that of one dimension"));
    }
    let start = 10 + u64::from(length);
    let count = count.unwrap_or(0);
    // To the byte: NumPy takes the header for a Python expression and refuses others than this.
    if found != header(descr, count) {
        return Err(damaged("its header isn't spelled as NumPy writes it"));
    }
    if count.checked_mul(kind.width()) != Some(file.size() - start) {
        let held = file.size() - start;
        let detail = format!("the header says {count} values, the file has {held} bytes of them");
        return Err(Fault::format(path, None, detail));
    }
    Ok(Array { name, path: path.to_path_buf(), start, count, kind })
}

#[cfg(test)]
mod tests {
    use super::header;

    #[test]
    fn the_header_is_the_one_numpy_writes() {
        let text = "{'descr': '<i4', 'fortran_order': False, 'shape': (12,), }";
        let mut want = b"\x93NUMPY\x01\x00v\x00".to_vec();
        want.extend_from_slice(text.as_bytes());
        want.extend(std::iter::repeat_n(b' ', 128 - want.len() - 1));
        want.push(b'\n');
        assert_eq!(header("<i4", 12), want);
        assert_eq!(header("<i8", u64::MAX).len(), 128);
    }
}
