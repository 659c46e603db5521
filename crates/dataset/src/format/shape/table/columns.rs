//! The columns of formats `parquet` and `arrow`, in their fixed order: unpadded rows with ids, labels
//! and weights where they were asked for, and carried columns as they are.

use super::read::{Batch, TableReader};
use super::write::{Table, list_field};
use crate::Fault;
use crate::format::found::Found;
use crate::format::reader::Shape;
use crate::output::Manifest;
use crate::store::{Block, Content};
use arrow_array::types::{Float32Type, Int32Type, Int64Type};
use arrow_array::{ArrayRef, Float32Array, Int32Array, Int64Array, ListArray, RecordBatch};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema, SchemaRef};
use std::path::PathBuf;
use std::sync::Arc;

/// The columns of our own, which stand before those that are carried.
const OWN: [&str; 7] = [
    "input_ids",
    "seq_lengths",
    "sequence_ids",
    "labels",
    "loss_weights",
    "piece_starts",
    "token_counts",
];

/// Columns and their types; `child` is what the format calls the element of a list.
#[derive(Clone, Debug)]
pub(crate) struct TableSchema {
    schema: SchemaRef,
    int32: FieldRef,
    int64: FieldRef,
    float32: FieldRef,
    content: Content,
}

impl TableSchema {
    pub(crate) fn new(content: &Content, child: &str) -> Self {
        let element = |data_type| Arc::new(Field::new(child, data_type, true));
        let (int32, int64, float32) =
            (element(DataType::Int32), element(DataType::Int64), element(DataType::Float32));
        let list = list_field;
        let mut fields = vec![
            list("input_ids", &int32),
            list("seq_lengths", &int32),
            list("sequence_ids", &int64),
        ];
        let optional = [
            (content.labels, "labels", &int32),
            (content.weights, "loss_weights", &float32),
            (content.starts, "piece_starts", &int64),
            (content.counts, "token_counts", &int32),
        ];
        for (wanted, name, element) in optional {
            if wanted {
                fields.push(list(name, element));
            }
        }
        for carried in &content.carried {
            fields.push(list(carried.name(), &element(carried.data_type().clone())));
        }
        let schema = Arc::new(Schema::new(fields));
        Self { schema, int32, int64, float32, content: content.clone() }
    }

    /// The block as one record batch; nothing is copied.
    fn record(&self, block: Block) -> Result<RecordBatch, ArrowError> {
        let list = |element: &FieldRef, offsets: &OffsetBuffer<i32>, values: ArrayRef| {
            let list = ListArray::try_new(Arc::clone(element), offsets.clone(), values, None)?;
            Ok::<ArrayRef, ArrowError>(Arc::new(list))
        };
        let int32 = |values| Arc::new(Int32Array::new(values, None));
        let int64 = |values| Arc::new(Int64Array::new(values, None));
        let (tokens, segments) = (&block.token_offsets, &block.segment_offsets);
        let mut columns = vec![
            list(&self.int32, tokens, int32(block.tokens))?,
            list(&self.int32, segments, int32(block.lengths))?,
            list(&self.int64, segments, int64(block.sequences))?,
        ];
        if let Some(labels) = block.labels {
            columns.push(list(&self.int32, tokens, int32(labels))?);
        }
        if let Some(weights) = block.weights {
            let weights = Arc::new(Float32Array::new(weights, None));
            columns.push(list(&self.float32, tokens, weights)?);
        }
        if self.content.starts {
            columns.push(list(&self.int64, segments, int64(block.starts))?);
        }
        if self.content.counts {
            columns.push(list(&self.int32, segments, int32(block.counts))?);
        }
        let first = columns.len();
        for (field, values) in self.schema.fields()[first..].iter().zip(block.carried) {
            let DataType::List(element) = field.data_type() else {
                unreachable!("every column is a list");
            };
            columns.push(list(element, segments, values)?);
        }
        RecordBatch::try_new(Arc::clone(&self.schema), columns)
    }
}

impl Table for TableSchema {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Carried values count as 8 bytes each.
    fn pack_bytes(&self, places: u64, segments: u64) -> u64 {
        let content = &self.content;
        let per_place = 4 * (1 + u64::from(content.labels) + u64::from(content.weights));
        let per_segment = 4 * (1 + u64::from(content.counts))
            + 8 * (1 + u64::from(content.starts) + content.carried.len() as u64);
        places * per_place + segments * per_segment
    }

    fn batch(
        &self,
        block: Block,
        _go_on: &dyn Fn() -> Result<(), Fault>,
    ) -> Result<RecordBatch, Fault> {
        Ok(self.record(block).expect("a block has the columns and lengths of its content"))
    }
}

/// Reads them back.
///
/// # Errors
/// As [`TableReader::open`].
pub(crate) fn open_columns(paths: &[PathBuf], manifest: &Manifest) -> Result<TableReader, Fault> {
    let reader = TableReader::open(paths, manifest, Shape::UNPADDED, found)?;
    let own = manifest.columns.iter().take_while(|name| OWN.contains(&name.as_str())).count();
    Ok(reader.with_carried(manifest.columns[own..].to_vec()))
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
