//! Format `nemo`: unpadded Parquet rows whose `seq_start_id` says where segments begin, and the
//! metadata that `pad_cu_seqlens` asks for.

use super::claims::{Claims, PartClaims};
use super::found::{Found, List, Shape};
use super::json;
use super::table::{Batch, TableReader};
use crate::Fault;
use crate::manifest::Manifest;
use arrow_array::types::{Int8Type, Int32Type, Int64Type};
use arrow_buffer::OffsetBuffer;
use std::path::{Path, PathBuf};

pub(crate) fn open(paths: &[PathBuf], manifest: &Manifest) -> Result<TableReader, Fault> {
    let shape = Shape { boundaries: "seq_start_id", ..Shape::UNPADDED };
    TableReader::open(paths, manifest, shape, found)
}

/// Proves `pack_metadata.json`, whose ratios have two decimals.
///
/// # Errors
/// [`Fault::Invalid`] with the key that is wrong; [`Fault::Io`] and [`Fault::Format`] if the file
/// can't be read.
pub(crate) fn check_metadata(
    folder: &Path,
    manifest: &Manifest,
    parts: &[PartClaims],
) -> Result<(), Fault> {
    let path = folder.join("pack_metadata.json");
    let value = json::value(&path)?;
    let claims = || parts.iter().map(|part| &part.claims);
    let packs: usize = claims().map(|claims| claims.ends.len()).sum();
    let segments: u32 = claims().map(Claims::segments).sum();
    let tokens: u64 = claims().flat_map(|claims| &claims.fills).map(|&fill| u64::from(fill)).sum();
    let capacity = f64::from(manifest.capacity);
    let packs = (packs as f64).max(1.0);
    let largest = |values: &mut dyn Iterator<Item = u32>| f64::from(values.max().unwrap_or(0));
    let least = claims().flat_map(|claims| &claims.fills).min().copied().unwrap_or(0);
    for (key, wanted) in [
        ("dataset_max_seqlen", largest(&mut claims().map(|claims| claims.longest))),
        ("max_samples_per_bin", largest(&mut claims().map(Claims::most))),
        ("packing_factor", f64::from(segments) / packs),
        ("packing_efficiency", tokens as f64 / (packs * capacity) * 100.0),
        ("pack_size", capacity),
        ("min_packed_seqlen", f64::from(least)),
    ] {
        let found = &value[0][key];
        if !found.as_f64().is_some_and(|found| (found - wanted).abs() < 0.006) {
            let detail = format!("{key} is {found}, where {wanted:.2} is right");
            return Err(Fault::invalid(&path, None, detail));
        }
    }
    Ok(())
}

fn found(batch: &Batch<'_>) -> Result<Found, Fault> {
    let tokens = batch.needed::<Int32Type>("input_ids")?;
    let lengths = lengths(&tokens, &batch.needed::<Int32Type>("seq_start_id")?);
    Ok(Found {
        sequences: batch.list::<Int64Type>("sequence_ids")?,
        loss_mask: Some(batch.needed::<Int8Type>("loss_mask")?),
        starts: batch.list::<Int64Type>("piece_starts")?,
        ..Found::new(batch.first_row, tokens, lengths)
    })
}

/// From each start to the next, and from the last to the end of the tokens. Where the first start
/// isn't 0 these don't add up, and where they don't rise one isn't positive: the rules see both.
fn lengths(tokens: &List<i32>, starts: &List<i32>) -> List<i32> {
    let mut lengths = Vec::new();
    for row in 0..tokens.rows() {
        let starts = starts.row(row);
        let ends = starts.iter().skip(1).copied().chain([tokens.row(row).len() as i32]);
        lengths.extend(starts.iter().zip(ends).map(|(&start, end)| end.saturating_sub(start)));
    }
    let counts = (0..starts.rows()).map(|row| starts.row(row).len());
    List::new(OffsetBuffer::from_lengths(counts), lengths.into())
}
