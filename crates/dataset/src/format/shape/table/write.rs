//! Blocks as Arrow record batches, in the columns of one format.

use crate::Fault;
use crate::store::Block;
use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, FieldRef, SchemaRef};
use std::sync::Arc;

/// Blocks as record batches, in the columns of one format.
pub(crate) trait Table: Sync {
    /// The columns.
    fn schema(&self) -> &SchemaRef;

    /// Bytes of one pack in these columns.
    fn pack_bytes(&self, places: u64, segments: u64) -> u64;

    /// The block as one record batch. `go_on` is asked every few milliseconds.
    fn batch(
        &self,
        block: Block,
        go_on: &dyn Fn() -> Result<(), Fault>,
    ) -> Result<RecordBatch, Fault>;

    /// Names of the columns, in order.
    fn names(&self) -> Vec<String> {
        self.schema().fields().iter().map(|field| field.name().clone()).collect()
    }
}

/// A column of lists.
pub(crate) fn list_field(name: &str, element: &FieldRef) -> Field {
    Field::new(name, DataType::List(Arc::clone(element)), true)
}

/// The name that numpy and `datasets` have for a type of element.
pub(crate) fn primitive_name(element: &DataType) -> &'static str {
    match element {
        DataType::Int8 => "int8",
        DataType::Int32 => "int32",
        DataType::Int64 => "int64",
        DataType::Float32 => "float32",
        other => unreachable!("no format has a column of {other}"),
    }
}
