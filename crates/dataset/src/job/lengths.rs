//! Lengths of the sequences of source files, in order.
//!
//! O(values of one column); 8 bytes per sequence at the peak. Where the format allows, tokens
//! aren't decoded.

use crate::progress::Meter;
use crate::source::{Columns, Part, Sources, concatenated};
use crate::{Fault, parallel};
use stowage_engine::{Stage, Watch};

/// The length of every sequence of `inputs`: files, folders or patterns of Parquet, Arrow IPC,
/// JSON lines and `.npy`. `column` is a list of integers or an integer column of lengths.
///
/// # Errors
/// [`Fault::Io`], [`Fault::Format`] or [`Fault::Column`] for the first file, in order, that can't
/// be read; [`stowage_engine::Fault::TooManySequences`]; a cancel.
pub fn read_lengths(
    inputs: &[String],
    column: &str,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Vec<u32>, Fault> {
    let sources = Sources::open(inputs, watch)?;
    let columns = Columns { tokens: column.to_string(), lengths_only: true, ..Columns::default() };
    let meter = Meter::new(watch, Stage::Read, sources.rows);
    let lists = parallel::each(sources.parts.len(), threads, |index| {
        let Part { table, number, first_row } = sources.parts[index];
        let mut lengths = Vec::new();
        sources.tables[table].read(number, first_row, &columns, &mut |rows| {
            lengths.extend_from_slice(&rows.lengths);
            meter.add(rows.lengths.len() as u64)
        })?;
        Ok(lengths)
    })?;
    sources.unchanged()?;
    concatenated(lists)
}
