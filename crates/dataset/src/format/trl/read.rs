//! Format `trl`: unpadded rows without ids, in a folder for `datasets.load_from_disk`.

use crate::Fault;
use crate::format::found::Found;
use crate::format::reader::Shape;
use crate::format::shape::folder;
use crate::format::shape::table::{Batch, TableReader};
use crate::output::Manifest;
use arrow_array::types::Int32Type;
use std::path::{Path, PathBuf};

pub(crate) fn open(
    folder: &Path,
    paths: &[PathBuf],
    manifest: &Manifest,
) -> Result<TableReader, Fault> {
    let reader = TableReader::open(paths, manifest, Shape::UNPADDED, found)?;
    folder::check(folder, "", manifest, &reader)?;
    Ok(reader)
}

fn found(batch: &Batch<'_>) -> Result<Found, Fault> {
    let tokens = batch.needed::<Int32Type>("input_ids")?;
    let lengths = batch.needed::<Int32Type>("seq_lengths")?;
    let labels = Some(batch.needed::<Int32Type>("labels")?);
    Ok(Found { labels, ..Found::new(batch.first_row, tokens, lengths) })
}
