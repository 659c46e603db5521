//! Carried values of some sequences, in their order.

use super::ingest::Ingested;
use crate::Fault;
use arrow_array::{ArrayRef, make_array, new_empty_array};
use arrow_data::transform::MutableArrayData;
use arrow_schema::FieldRef;

/// A column for each of `fields`, which are the carried ones of `sources`.
///
/// # Errors
/// `ERR_OPTION` for values that can't be put together.
pub(crate) fn taken(
    sources: &Ingested,
    fields: &[FieldRef],
    sequences: &[u32],
) -> Result<Vec<ArrayRef>, Fault> {
    let failed = |error| Fault::option(format!("a column can't be carried: {error}"));
    let column = |(field, runs): (&FieldRef, &Vec<arrow_data::ArrayData>)| {
        if sequences.is_empty() || runs.is_empty() {
            return Ok(new_empty_array(field.data_type()));
        }
        let mut values = MutableArrayData::new(runs.iter().collect(), true, sequences.len());
        for &sequence in sequences {
            let (run, place) = sources.carried_place(sequence);
            values.try_extend(run, place, place + 1).map_err(failed)?;
        }
        Ok(make_array(values.freeze()))
    };
    fields.iter().zip(&sources.carried).map(column).collect()
}
