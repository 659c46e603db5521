//! Names and types of carried columns, as text in the files of a job: the hexadecimal digits of an
//! Arrow stream that has a schema and no batches.

use crate::Fault;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{FieldRef, Schema};
use std::fmt::Write;
use std::io::Cursor;

/// The columns as text; nothing for none.
///
/// # Errors
/// `ERR_OPTION` for a type that Arrow can't write.
pub(super) fn to_text(fields: &[FieldRef]) -> Result<String, Fault> {
    if fields.is_empty() {
        return Ok(String::new());
    }
    let bytes = empty_stream(&Schema::new(fields.to_vec()))?;
    let mut digits = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(digits, "{byte:02x}"); // a string takes every byte
    }
    Ok(digits)
}

/// The columns of a text; none for what isn't one.
pub(super) fn parse(digits: &str) -> Option<Vec<FieldRef>> {
    if digits.is_empty() {
        return Some(Vec::new());
    }
    if !digits.is_ascii() || !digits.len().is_multiple_of(2) {
        return None;
    }
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
    let stream = StreamReader::try_new(Cursor::new(bytes?), None).ok()?;
    Some(stream.schema().fields().iter().cloned().collect())
}

/// An Arrow stream of these columns that ends at once.
///
/// # Errors
/// `ERR_OPTION` for a type that Arrow can't write.
pub(super) fn empty_stream(schema: &Schema) -> Result<Vec<u8>, Fault> {
    let write = || {
        let mut stream = StreamWriter::try_new(Vec::new(), schema)?;
        stream.finish()?;
        stream.into_inner()
    };
    write().map_err(|error| Fault::option(format!("a column can't be carried: {error}")))
}
