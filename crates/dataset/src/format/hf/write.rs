//! The rows of format `hf`: for `transformers.Trainer` at any batch size, so all of one width.
//!
//! There is no attention mask on purpose: any 2-D mask switches off the detection of boundaries
//! from position ids. `model.config.use_cache` must be set to false by the user.

use crate::Fault;
use crate::format::shape::padded::PaddedRows;
use crate::format::shape::table::{Table, list_field};
use crate::store::Block;
use crate::store::Content;
use arrow_array::types::{Float32Type, Int32Type};
use arrow_array::{Int32Array, ListArray, RecordBatch};
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use std::sync::Arc;

pub(crate) struct HfTable {
    schema: SchemaRef,
    int32: FieldRef,
    float32: FieldRef,
    width: usize,
    pad: i32,
    weights: bool,
    counts: bool,
}

impl HfTable {
    pub(crate) fn new(content: &Content, capacity: u32, pad: i32) -> Self {
        let int32 = Arc::new(Field::new("item", DataType::Int32, true));
        let float32 = Arc::new(Field::new("item", DataType::Float32, true));
        let mut fields: Vec<Field> = ["input_ids", "labels", "position_ids", "seq_lengths"]
            .iter()
            .map(|name| list_field(name, &int32))
            .collect();
        if content.weights {
            fields.push(list_field("loss_weights", &float32));
        }
        if content.counts {
            fields.push(list_field("token_counts", &int32));
        }
        let (width, weights, counts) = (capacity as usize, content.weights, content.counts);
        Self { schema: Arc::new(Schema::new(fields)), int32, float32, width, pad, weights, counts }
    }
}

impl Table for HfTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn pack_bytes(&self, _places: u64, segments: u64) -> u64 {
        let arrays = 3 + u64::from(self.weights);
        4 * (arrays * self.width as u64 + segments * (1 + u64::from(self.counts)))
    }

    fn batch(
        &self,
        block: Block,
        go_on: &dyn Fn() -> Result<(), Fault>,
    ) -> Result<RecordBatch, Fault> {
        let rows = PaddedRows { block: &block, width: self.width };
        let mut columns = vec![rows.list::<Int32Type>(&self.int32, rows.input_ids(self.pad)?)];
        go_on()?;
        columns.push(rows.list::<Int32Type>(&self.int32, rows.labels()?));
        go_on()?;
        columns.push(rows.list::<Int32Type>(&self.int32, rows.position_ids()?));
        go_on()?;
        let by_segment = |values| {
            let values = Arc::new(Int32Array::new(values, None));
            let offsets = block.segment_offsets.clone();
            Arc::new(ListArray::new(Arc::clone(&self.int32), offsets, values, None))
        };
        columns.push(by_segment(block.lengths.clone()));
        if let Some(weights) = rows.weights()? {
            columns.push(rows.list::<Float32Type>(&self.float32, weights));
        }
        if self.counts {
            columns.push(by_segment(block.counts.clone()));
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns);
        Ok(batch.expect("columns of the schema, one list per row"))
    }
}
