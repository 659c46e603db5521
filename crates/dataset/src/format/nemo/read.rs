//! Format `nemo`: unpadded Parquet rows whose `seq_start_id` says where segments begin, and the
//! metadata that `pad_cu_seqlens` asks for.

use crate::Fault;
use crate::format::found::{Found, List};
use crate::format::reader::{Reader, Shape, Sums};
use crate::format::shape::json;
use crate::format::shape::table::{Batch, TableReader};
use crate::output::Manifest;
use arrow_array::types::{Int8Type, Int32Type, Int64Type};
use arrow_buffer::OffsetBuffer;
use std::path::{Path, PathBuf};

/// The rows, and where the metadata lies.
pub(crate) struct NemoReader {
    rows: TableReader,
    metadata: PathBuf,
    capacity: u32,
}

impl NemoReader {
    pub(crate) fn open(
        folder: &Path,
        paths: &[PathBuf],
        manifest: &Manifest,
    ) -> Result<Self, Fault> {
        let shape = Shape { boundaries: "seq_start_id", ..Shape::UNPADDED };
        Ok(Self {
            rows: TableReader::open(paths, manifest, shape, found)?,
            metadata: folder.join("pack_metadata.json"),
            capacity: manifest.capacity,
        })
    }
}

impl Reader for NemoReader {
    fn parts(&self) -> Vec<PathBuf> {
        self.rows.parts()
    }

    fn shape(&self) -> Shape {
        self.rows.shape()
    }

    fn read(
        &self,
        part: usize,
        take: &mut dyn FnMut(&Found) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.rows.read(part, take)
    }

    /// Proves `pack_metadata.json`, whose ratios have two decimals.
    fn check_sums(&self, sums: &Sums) -> Result<(), Fault> {
        let value = json::value(&self.metadata)?;
        let capacity = f64::from(self.capacity);
        let packs = (sums.packs as f64).max(1.0);
        for (key, wanted) in [
            ("dataset_max_seqlen", f64::from(sums.longest)),
            ("max_samples_per_bin", f64::from(sums.most)),
            ("packing_factor", sums.segments as f64 / packs),
            ("packing_efficiency", sums.tokens as f64 / (packs * capacity) * 100.0),
            ("pack_size", capacity),
            ("min_packed_seqlen", f64::from(sums.least)),
        ] {
            let found = &value[0][key];
            if !found.as_f64().is_some_and(|found| (found - wanted).abs() < 0.006) {
                let detail = format!("{key} is {found}, where {wanted:.2} is right");
                return Err(Fault::invalid(&self.metadata, None, detail));
            }
        }
        Ok(())
    }
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
