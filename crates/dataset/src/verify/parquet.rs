//! Formats `parquet` and `arrow`: unpadded rows with ids, labels and weights where they were asked
//! for, and carried columns, whose contents aren't proved.

use super::found::{Found, Shape};
use super::table::{Batch, TableReader};
use crate::Fault;
use crate::manifest::Manifest;
use arrow_array::types::{Float32Type, Int32Type, Int64Type};
use std::path::PathBuf;

pub(crate) fn open(paths: &[PathBuf], manifest: &Manifest) -> Result<TableReader, Fault> {
    TableReader::open(paths, manifest, Shape::UNPADDED, found)
}

fn found(batch: &Batch<'_>) -> Result<Found, Fault> {
    let tokens = batch.needed::<Int32Type>("input_ids")?;
    let lengths = batch.needed::<Int32Type>("seq_lengths")?;
    Ok(Found {
        sequences: Some(batch.needed::<Int64Type>("sequence_ids")?),
        labels: batch.list::<Int32Type>("labels")?,
        weights: batch.list::<Float32Type>("loss_weights")?,
        starts: batch.list::<Int64Type>("piece_starts")?,
        counts: batch.list::<Int32Type>("token_counts")?,
        ..Found::new(batch.first_row, tokens, lengths)
    })
}
