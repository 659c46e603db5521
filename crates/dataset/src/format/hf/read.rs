//! Format `hf`: rows padded to the capacity, with positions and without ids, in a folder for
//! `datasets.load_from_disk`.

use crate::Fault;
use crate::format::found::Found;
use crate::format::reader::Shape;
use crate::format::shape::folder;
use crate::format::shape::table::{Batch, TableReader};
use crate::output::Manifest;
use arrow_array::types::{Float32Type, Int32Type};
use std::path::{Path, PathBuf};

pub(crate) fn open(
    folder: &Path,
    paths: &[PathBuf],
    manifest: &Manifest,
) -> Result<TableReader, Fault> {
    let shape = Shape { width: Some(manifest.capacity as usize), ..Shape::UNPADDED };
    let reader = TableReader::open(paths, manifest, shape, found)?;
    folder::check(folder, "", manifest, &reader)?;
    Ok(reader)
}

fn found(batch: &Batch<'_>) -> Result<Found, Fault> {
    let tokens = batch.needed::<Int32Type>("input_ids")?;
    let lengths = batch.needed::<Int32Type>("seq_lengths")?;
    Ok(Found {
        labels: Some(batch.needed::<Int32Type>("labels")?),
        positions: Some(batch.needed::<Int32Type>("position_ids")?),
        weights: batch.list::<Float32Type>("loss_weights")?,
        counts: batch.list::<Int32Type>("token_counts")?,
        ..Found::new(batch.first_row, tokens, lengths)
    })
}
