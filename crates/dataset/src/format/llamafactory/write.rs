//! The rows of format `llamafactory`: what `neat_packing` gives, for `tokenized_path`.
//!
//! Rows are one place wider than the capacity, as LLaMA-Factory's own packer makes them, lest
//! flash attention drops a mask without zeros. Exactly four columns: others break its collator.

use crate::Fault;
use crate::format::shape::padded::PaddedRows;
use crate::format::shape::table::{Table, list_field};
use crate::store::Block;
use arrow_array::RecordBatch;
use arrow_array::types::Int32Type;
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use std::sync::Arc;

pub(crate) struct LlamaFactoryTable {
    schema: SchemaRef,
    int32: FieldRef,
    width: usize,
    pad: i32,
}

impl LlamaFactoryTable {
    /// # Errors
    /// `ERR_OPTION` for a capacity that leaves no room for the place more.
    pub(crate) fn new(capacity: u32, pad: i32) -> Result<Self, Fault> {
        if capacity >= i32::MAX as u32 {
            let detail = "a row of llamafactory is one place wider than the capacity, \
                          which must be at most 2147483646";
            return Err(Fault::option(detail));
        }
        let int32 = Arc::new(Field::new("item", DataType::Int32, true));
        let names = ["input_ids", "attention_mask", "position_ids", "labels"];
        let fields: Vec<Field> = names.iter().map(|name| list_field(name, &int32)).collect();
        Ok(Self { schema: Arc::new(Schema::new(fields)), int32, width: capacity as usize + 1, pad })
    }
}

impl Table for LlamaFactoryTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn pack_bytes(&self, _places: u64, _segments: u64) -> u64 {
        16 * self.width as u64
    }

    fn batch(
        &self,
        block: Block,
        go_on: &dyn Fn() -> Result<(), Fault>,
    ) -> Result<RecordBatch, Fault> {
        let rows = PaddedRows { block: &block, width: self.width };
        let mut columns = Vec::new();
        for values in
            [rows.input_ids(self.pad), rows.attention_mask(), rows.position_ids(), rows.labels()]
        {
            columns.push(rows.list::<Int32Type>(&self.int32, values?));
            go_on()?;
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns);
        Ok(batch.expect("columns of the schema, one list per row"))
    }
}
