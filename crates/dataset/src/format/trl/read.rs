//! Format `trl`: unpadded rows without ids, in a folder for `datasets.load_from_disk`.

use crate::Fault;
use crate::format::found::{Found, List};
use crate::format::reader::Shape;
use crate::format::shape::folder;
use crate::format::shape::table::{Batch, TableReader};
use crate::output::Manifest;
use crate::source::IGNORE;
use arrow_array::types::Int32Type;
use arrow_buffer::OffsetBuffer;
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
    let labels = batch.needed::<Int32Type>("labels")?;
    let counts = (batch.alignment > 1).then(|| counts(batch, &tokens, &lengths, &labels));
    Ok(Found { labels: Some(labels), counts, ..Found::new(batch.first_row, tokens, lengths) })
}

/// Tokens of each segment: its places without the filler, which is at most what alignment asks for,
/// of the padding id and without labels. The writer refuses sequences that end like that.
fn counts(
    batch: &Batch<'_>,
    tokens: &List<i32>,
    lengths: &List<i32>,
    labels: &List<i32>,
) -> List<i32> {
    let mut counts = Vec::new();
    for row in 0..tokens.rows() {
        let (tokens, labels) = (tokens.row(row), labels.row(row));
        let mut at = 0;
        for &places in lengths.row(row) {
            let end = at + usize::try_from(places).unwrap_or(0);
            // What lies outside is told by the rules, which see these counts later.
            let is_filler = |&place: &usize| {
                tokens.get(place) == Some(&batch.pad) && labels.get(place) == Some(&IGNORE)
            };
            let most = (batch.alignment as usize - 1).min((end - at).saturating_sub(1));
            let filler = (end - most..end).rev().take_while(is_filler).count();
            counts.push(places.saturating_sub(filler as i32));
            at = end;
        }
    }
    let per_row = (0..lengths.rows()).map(|row| lengths.row(row).len());
    List::new(OffsetBuffer::from_lengths(per_row), counts.into())
}
