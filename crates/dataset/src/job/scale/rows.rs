//! Rows on their way out: where each segment of some sequences stands, and record batches of them.

use super::digest::Contents;
use super::stream::{Lanes, mask_of};
use crate::Fault;
use crate::store::{Ingested, Segment};
use arrow_array::{ArrayRef, BinaryArray, Int32Array, Int64Array, RecordBatch};
use arrow_buffer::{Buffer, OffsetBuffer};
use arrow_schema::SchemaRef;
use std::sync::Arc;
use stowage_engine::PackOptions;
use stowage_engine::options::Overlong;

/// A segment with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub pack: u64,
    pub slot: u32,
    /// In the order of reading.
    pub sequence: u32,
    pub start: u32,
    pub count: u32,
}

/// First token and tokens of each piece that the policies make of a sequence.
pub(super) fn pieces(length: u32, options: &PackOptions) -> impl Iterator<Item = (u32, u32)> {
    let usable = options.usable();
    let (first, end, step) = match options.overlong {
        _ if length <= usable => (0, length, length.max(1)),
        Overlong::Error | Overlong::Drop => (0, 0, 1),
        Overlong::Truncate => (0, usable, usable),
        Overlong::TruncateStart => (length - usable, length, usable),
        Overlong::Split => (0, length, usable),
    };
    (first..end).step_by(step as usize).map(move |start| (start, step.min(end - start)))
}

/// Bytes behind one another, a value per row.
#[derive(Default)]
struct Bytes {
    values: Vec<u8>,
    offsets: Vec<i32>,
}

impl Bytes {
    fn push(&mut self, bytes: &[u8]) {
        self.values.extend_from_slice(bytes);
        self.offsets.push(i32::try_from(self.values.len()).expect("a batch is far below 2 GiB"));
    }

    fn finish(&mut self) -> ArrayRef {
        let mut offsets = Vec::with_capacity(self.offsets.len() + 1);
        offsets.push(0);
        offsets.append(&mut self.offsets);
        let offsets = OffsetBuffer::new(offsets.into());
        let values = Buffer::from_vec(std::mem::take(&mut self.values));
        Arc::new(BinaryArray::new(offsets, values, None))
    }
}

/// A record batch in the making.
pub(super) struct Batch<'a> {
    sources: &'a Ingested,
    lanes: Lanes,
    schema: SchemaRef,
    /// Carried columns.
    carried: usize,
    first_id: u64,
    shards: Vec<i32>,
    rows: Vec<Placed>,
    tokens: Bytes,
    labels: Bytes,
    weights: Bytes,
    mask: Bytes,
    /// Of all batches.
    pub contents: Contents,
    pub total_rows: u64,
    pub total_tokens: u64,
}

impl<'a> Batch<'a> {
    /// For sequences of which the first has the id `first_id`.
    pub(super) fn new(
        sources: &'a Ingested,
        lanes: Lanes,
        schema: SchemaRef,
        carried: usize,
        first_id: u64,
    ) -> Self {
        Self {
            sources,
            lanes,
            schema,
            carried,
            first_id,
            shards: Vec::new(),
            rows: Vec::new(),
            tokens: Bytes::default(),
            labels: Bytes::default(),
            weights: Bytes::default(),
            mask: Bytes::default(),
            contents: Contents::default(),
            total_rows: 0,
            total_tokens: 0,
        }
    }

    /// Rows so far.
    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Bytes so far.
    pub(super) fn bytes(&self) -> usize {
        let lanes = [&self.tokens, &self.labels, &self.weights, &self.mask];
        lanes.iter().map(|lane| lane.values.len()).sum::<usize>() + 32 * self.rows.len()
    }

    /// Adds a segment that stands in `shard`.
    ///
    /// # Errors
    /// [`Fault::Io`]; [`Fault::Job`] for ids of more bytes than all counts promised.
    pub(super) fn push(&mut self, shard: usize, row: &Placed) -> Result<(), Fault> {
        let sources = self.sources;
        let position = sources.positions.of(row.sequence as usize, &sources.lengths);
        let position = position + u64::from(row.start);
        let read = |lane: Option<usize>| {
            let mut cells = vec![0; 4 * row.count as usize];
            let lane = lane.expect("such a lane is there where the job has one");
            sources.spill.read(lane, position, &mut cells)?;
            Ok::<Vec<u8>, Fault>(cells)
        };
        let tokens = read(Some(0))?;
        let labelled = self.lanes.labels || self.lanes.mask;
        let labels = labelled.then(|| read(sources.label_lane)).transpose()?;
        let weights = self.lanes.weights.then(|| read(sources.weight_lane)).transpose()?;
        let id = (self.first_id + u64::from(row.sequence)) as i64; // below 2^53
        let count = row.count as usize;
        let segment = Segment { id, start: row.start, count, places: count };
        self.lanes.see(&self.contents, &segment, &tokens, labels.as_deref(), weights.as_deref());
        if self.lanes.token_bytes == 4 {
            self.tokens.push(&tokens);
        } else {
            self.tokens.push(&narrowed(&tokens, id)?);
        }
        if let Some(labels) = labels.as_ref().filter(|_| self.lanes.labels) {
            self.labels.push(labels);
        }
        if let Some(labels) = labels.as_ref().filter(|_| self.lanes.mask) {
            self.mask.push(&mask_of(labels));
        }
        if let Some(weights) = &weights {
            self.weights.push(weights);
        }
        self.total_rows += 1;
        self.total_tokens += u64::from(row.count);
        self.shards.push(i32::try_from(shard).expect("layout.json has fewer shards"));
        self.rows.push(*row);
        Ok(())
    }

    /// The rows so far, and begins anew.
    ///
    /// # Errors
    /// `ERR_OPTION` for carried values that can't be put together.
    pub(super) fn take(&mut self) -> Result<RecordBatch, Fault> {
        let rows = std::mem::take(&mut self.rows);
        let int64 = |of: &dyn Fn(&Placed) -> i64| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(rows.iter().map(of)))
        };
        let first_id = self.first_id;
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(Int32Array::from(std::mem::take(&mut self.shards))),
            int64(&|row| row.pack as i64),
            Arc::new(Int32Array::from_iter_values(rows.iter().map(|row| row.slot as i32))),
            int64(&|row| (first_id + u64::from(row.sequence)) as i64),
        ];
        if self.lanes.starts {
            columns.push(int64(&|row| row.start.into()));
        }
        columns.push(self.tokens.finish());
        let lanes = [
            (self.lanes.labels, &mut self.labels),
            (self.lanes.weights, &mut self.weights),
            (self.lanes.mask, &mut self.mask),
        ];
        columns.extend(lanes.into_iter().filter(|lane| lane.0).map(|lane| lane.1.finish()));
        let sequences: Vec<i64> = rows.iter().map(|row| row.sequence.into()).collect();
        for column in 0..self.carried {
            columns.push(self.sources.carried_values(column, &sequences)?);
        }
        RecordBatch::try_new(Arc::clone(&self.schema), columns)
            .map_err(|error| Fault::option(format!("a column can't be carried: {error}")))
    }
}

/// Tokens of 2 bytes from those of 4.
fn narrowed(tokens: &[u8], id: i64) -> Result<Vec<u8>, Fault> {
    let (cells, _) = tokens.as_chunks::<4>();
    let mut narrow = Vec::with_capacity(tokens.len() / 2);
    for cell in cells {
        if cell[2] != 0 || cell[3] != 0 {
            let token = u32::from_le_bytes(*cell);
            return Err(Fault::Job(format!(
                "sequence {id} has the token id {token}, and all counts said that ids are below 2^16"
            )));
        }
        narrow.extend_from_slice(&cell[..2]);
    }
    Ok(narrow)
}

#[cfg(test)]
mod tests {
    use super::pieces;
    use stowage_engine::PackOptions;
    use stowage_engine::options::Overlong;

    #[test]
    fn pieces_are_those_of_the_policies() {
        let of = |length, overlong| -> Vec<(u32, u32)> {
            pieces(length, &PackOptions { overlong, ..PackOptions::new(4) }).collect()
        };
        for overlong in [Overlong::Error, Overlong::Split, Overlong::Truncate] {
            assert_eq!(of(0, overlong), []);
            assert_eq!(of(4, overlong), [(0, 4)]);
        }
        assert_eq!(of(9, Overlong::Drop), []);
        assert_eq!(of(9, Overlong::Truncate), [(0, 4)]);
        assert_eq!(of(9, Overlong::TruncateStart), [(5, 4)]);
        assert_eq!(of(9, Overlong::Split), [(0, 4), (4, 4), (8, 1)]);
        assert_eq!(of(8, Overlong::Split), [(0, 4), (4, 4)]);
    }
}
