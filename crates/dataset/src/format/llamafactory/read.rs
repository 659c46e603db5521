//! Format `llamafactory`: rows one place wider than the capacity, whose mask says where segments
//! end, in the split `train` of a `DatasetDict`.

use crate::Fault;
use crate::format::found::{Found, List};
use crate::format::reader::Shape;
use crate::format::shape::folder;
use crate::format::shape::table::{Batch, TableReader};
use crate::output::Manifest;
use arrow_array::types::Int32Type;
use arrow_buffer::OffsetBuffer;
use std::path::{Path, PathBuf};

pub(crate) fn open(
    folder: &Path,
    paths: &[PathBuf],
    manifest: &Manifest,
) -> Result<TableReader, Fault> {
    let width = Some(manifest.capacity as usize + 1);
    let shape = Shape { width, boundaries: "attention_mask", ..Shape::UNPADDED };
    let reader = TableReader::open(paths, manifest, shape, found)?;
    folder::check(folder, "train/", manifest, &reader)?;
    folder::check_splits(folder)?;
    Ok(reader)
}

fn found(batch: &Batch<'_>) -> Result<Found, Fault> {
    let tokens = batch.needed::<Int32Type>("input_ids")?;
    let mask = batch.needed::<Int32Type>("attention_mask")?;
    let lengths = lengths(&mask);
    Ok(Found {
        labels: Some(batch.needed::<Int32Type>("labels")?),
        positions: Some(batch.needed::<Int32Type>("position_ids")?),
        attention_mask: Some(mask),
        ..Found::new(batch.first_row, tokens, lengths)
    })
}

/// How often 1, 2, ... follow each other in every row, as far as they do; the rest of a row must
/// then be padding.
fn lengths(mask: &List<i32>) -> List<i32> {
    let (mut lengths, mut counts) = (Vec::new(), Vec::new());
    for row in 0..mask.rows() {
        let before = lengths.len();
        for (run, wanted) in mask.row(row).chunk_by(|a, b| a == b).zip(1..) {
            if run[0] != wanted {
                break;
            }
            lengths.push(run.len() as i32);
        }
        counts.push(lengths.len() - before);
    }
    List::new(OffsetBuffer::from_lengths(counts), lengths.into())
}
