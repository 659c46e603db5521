//! Carried columns: a value for every segment, and with the sources that of its sequence.
//!
//! O(values); the values of a batch once more. Where a format keeps another Arrow type than the source
//! has (all strings of Parquet are one), plain values are compared.

use crate::Fault;
use crate::format::found::Found;
use crate::job::carried::{values, wrong_count};
use crate::store::Ingested;
use arrow_array::{Array, ArrayRef};

/// Proves what `found` has of carried columns; its segments were looked at already. `fault` makes a
/// fault of a column, a row of the file and what is wrong.
///
/// # Errors
/// [`Fault::Invalid`] for the first row of the first column that has another number of values, or
/// another value than its source.
pub(super) fn prove(
    found: &Found,
    sources: Option<&Ingested>,
    fault: &dyn Fn(&str, u64, String) -> Fault,
) -> Result<(), Fault> {
    for (column, (name, list)) in found.carried.iter().enumerate() {
        let row_fault = |row: usize, detail| fault(name, found.first_row + row as u64, detail);
        for row in 0..found.rows() {
            let wanted = found.lengths.row(row).len();
            if let Some(detail) = wrong_count(name, list, row, wanted) {
                return Err(row_fault(row, detail));
            }
        }
        let (Some(sources), Some(ids)) = (sources, &found.sequences) else { continue };
        let within = |offsets: &[i32]| (offsets[0] as usize, offsets[found.rows()] as usize);
        let (first, end) = within(ids.offsets());
        let sequences = &ids.values()[first..end];
        let (start, end) = within(list.offsets());
        let own = list.values().slice(start, end - start);
        let wanted = sources.carried_values(column, sequences)?;
        let Some(segment) = first_difference(&own, &wanted) else { continue };
        let row = ids.offsets().partition_point(|&offset| offset as usize <= first + segment) - 1;
        let sequence = sequences[segment];
        return Err(row_fault(
            row,
            format!("{name} of sequence {sequence} isn't that of its source"),
        ));
    }
    Ok(())
}

/// The first value in which two arrays of equal length differ.
fn first_difference(found: &ArrayRef, wanted: &ArrayRef) -> Option<usize> {
    if found.data_type() == wanted.data_type() {
        if found == wanted {
            return None;
        }
        return (0..found.len()).find(|&k| found.slice(k, 1) != wanted.slice(k, 1));
    }
    match (values(found.as_ref()), values(wanted.as_ref())) {
        (Some(found), Some(wanted)) => found.iter().zip(&wanted).position(|(a, b)| !a.is(b)),
        // A type that no format writes in place of another.
        _ => Some(0),
    }
}
