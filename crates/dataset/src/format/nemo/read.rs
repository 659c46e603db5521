//! Format `nemo`: unpadded Parquet rows whose `seq_start_id` says where segments begin, and the
//! metadata that `pad_cu_seqlens` asks for.

use crate::Fault;
use crate::format::found::{Found, List};
use crate::format::reader::{Reader, Shape, Sums, Wanted};
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
    alignment: u32,
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
            alignment: manifest.sequence_alignment,
        })
    }
}

impl Reader for NemoReader {
    fn parts(&self) -> Vec<PathBuf> {
        self.rows.parts()
    }

    fn packs(&self) -> Vec<u64> {
        self.rows.packs()
    }

    fn seeks(&self) -> bool {
        self.rows.seeks()
    }

    fn shape(&self) -> Shape {
        self.rows.shape()
    }

    fn read(
        &self,
        part: usize,
        wanted: &Wanted,
        take: &mut dyn FnMut(Found) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.rows.read(part, wanted, take)
    }

    /// Proves `pack_metadata.json`, whose ratios have two decimals.
    fn check_sums(&self, sums: &Sums) -> Result<(), Fault> {
        let value = json::value(&self.metadata)?;
        let capacity = f64::from(self.capacity);
        let packs = (sums.packs as f64).max(1.0);
        for (key, wanted) in [
            ("dataset_max_seqlen", f64::from(sums.longest.next_multiple_of(self.alignment))),
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
    let mask = batch.needed::<Int8Type>("loss_mask")?;
    let (tokens, lengths, mask) = if batch.alignment > 1 {
        shortened(batch, &tokens, &lengths, &mask)?
    } else {
        (tokens, lengths, mask)
    };
    Ok(Found {
        sequences: batch.list::<Int64Type>("sequence_ids")?,
        loss_mask: Some(mask),
        starts: batch.list::<Int64Type>("piece_starts")?,
        counts: batch.list::<Int32Type>("token_counts")?,
        ..Found::new(batch.first_row, tokens, lengths)
    })
}

/// Tokens, lengths and masks.
type Shortened = (List<i32>, List<i32>, List<i8>);

/// Rows without the last place of each segment, which is filler beyond the multiple.
fn shortened(
    batch: &Batch<'_>,
    tokens: &List<i32>,
    lengths: &List<i32>,
    mask: &List<i8>,
) -> Result<Shortened, Fault> {
    let (mut ids, mut marks, mut places) = (Vec::new(), Vec::new(), Vec::new());
    let (mut row_places, mut row_segments) = (Vec::new(), Vec::new());
    for row in 0..tokens.rows() {
        let (from, all, all_marks) = (ids.len(), tokens.row(row), mask.row(row));
        let fault =
            |detail: String| Err(Fault::invalid(batch.path, batch.first_row + row as u64, detail));
        let mut at = 0;
        for &length in lengths.row(row) {
            let end = at + usize::try_from(length).unwrap_or(0);
            let (Some(own), Some(own_marks)) = (all.get(at..end), all_marks.get(at..end)) else {
                return fault("seq_start_id and loss_mask don't fit input_ids".to_string());
            };
            let (Some((&filler, own)), Some((&mark, own_marks))) =
                (own.split_last(), own_marks.split_last())
            else {
                return fault(format!("a sequence of length {length} in seq_start_id"));
            };
            if filler != batch.pad || mark != 0 {
                return fault(format!(
                    "the last place of a sequence is {filler} with mask {mark}, not the filler {}",
                    batch.pad
                ));
            }
            ids.extend_from_slice(own);
            marks.extend_from_slice(own_marks);
            places.push(length - 1);
            at = end;
        }
        row_places.push(ids.len() - from);
        row_segments.push(lengths.row(row).len());
    }
    let of_places = OffsetBuffer::<i32>::from_lengths(row_places);
    Ok((
        List::new(of_places.clone(), ids.into()),
        List::new(OffsetBuffer::from_lengths(row_segments), places.into()),
        List::new(of_places, marks.into()),
    ))
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
