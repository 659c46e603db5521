//! The rows of format `trl`: exactly `input_ids`, `labels`, `seq_lengths`, unpadded, as the
//! padding-free collator of TRL's `SFTTrainer` joins them.
//!
//! `SFTConfig(padding_free=True, packing=False, dataset_kwargs={'skip_prepare_dataset': True})`:
//! with `packing=True` TRL would pack the packs again and take each for one document.

use crate::Fault;
use crate::format::shape::table::{Table, list_field};
use crate::source::IGNORE;
use crate::store::Block;
use arrow_array::{ArrayRef, Int32Array, ListArray, RecordBatch};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use std::sync::Arc;

pub(crate) struct TrlTable {
    schema: SchemaRef,
    int32: FieldRef,
    pad: i32,
    alignment: u32,
}

impl TrlTable {
    /// With filler of the id `pad` up to multiples of `alignment`.
    pub(crate) fn new(pad: i32, alignment: u32) -> Self {
        let int32 = Arc::new(Field::new("item", DataType::Int32, true));
        let names = ["input_ids", "labels", "seq_lengths"];
        let fields: Vec<Field> = names.iter().map(|name| list_field(name, &int32)).collect();
        Self { schema: Arc::new(Schema::new(fields)), int32, pad, alignment }
    }

    /// Nothing but the contents tells filler from tokens: they must.
    ///
    /// # Errors
    /// `ERR_OPTION` for a sequence that ends like filler.
    fn check_ends(&self, block: &Block, labels: &[i32]) -> Result<(), Fault> {
        let mut at = 0;
        for (segment, (&places, &count)) in block.lengths.iter().zip(&*block.counts).enumerate() {
            let (places, count) = (places as usize, count as usize);
            let last = at + count - 1;
            let looks_like_filler = block.tokens[last] == self.pad && labels[last] == IGNORE;
            if looks_like_filler && count > places - self.alignment as usize + 1 {
                return Err(Fault::option(format!(
                    "sequence {} ends with the padding id {}, whose label is -100: in format 'trl' \
                     nothing tells it from the filler of sequenceAlignment; set padTokenId to an id \
                     that no sequence ends with",
                    block.sequences[segment], self.pad
                )));
            }
            at += places;
        }
        Ok(())
    }
}

impl Table for TrlTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn pack_bytes(&self, places: u64, segments: u64) -> u64 {
        4 * (2 * places + segments)
    }

    fn batch(
        &self,
        block: Block,
        _go_on: &dyn Fn() -> Result<(), Fault>,
    ) -> Result<RecordBatch, Fault> {
        let list = |offsets: &OffsetBuffer<i32>, values: ScalarBuffer<i32>| {
            let values = Arc::new(Int32Array::new(values, None));
            Arc::new(ListArray::new(Arc::clone(&self.int32), offsets.clone(), values, None))
                as ArrayRef
        };
        let labels = block.labels.clone().expect("the content of this format has labels");
        if self.alignment > 1 {
            self.check_ends(&block, &labels)?;
        }
        let columns = vec![
            list(&block.token_offsets, block.tokens),
            list(&block.token_offsets, labels),
            list(&block.segment_offsets, block.lengths),
        ];
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns);
        Ok(batch.expect("columns of the schema, one list per row"))
    }
}
