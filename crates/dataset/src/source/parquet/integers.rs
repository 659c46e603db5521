//! Lists of integers as Arrow arrays: what token columns are.
//!
//! Of the encodings it knows those that writers use unless told otherwise, PLAIN and dictionaries;
//! for the rest there is the general reader.

use super::lists::{Lists, Number, Read};
use super::node::{Kind, Node};
use arrow_array::types::{Int32Type, Int64Type, UInt32Type, UInt64Type};
use arrow_array::{ArrayRef, ArrowPrimitiveType, ListArray, PrimitiveArray};
use arrow_buffer::{ArrowNativeType, Buffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, FieldRef};
use parquet::basic::{Encoding, Type as Physical};
use parquet::column::page::PageReader;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use std::sync::Arc;

/// A top-level column of lists of integers, being read.
pub(crate) struct IntegerLists {
    field: FieldRef,
    element: FieldRef,
    lists: Either,
}

/// By the bits that a number is stored in.
enum Either {
    Narrow(Lists<i32>),
    Wide(Lists<i64>),
}

/// Pages of one column, opened when it is known that they are wanted.
type OpenPages<'a> = &'a dyn Fn() -> Result<Box<dyn PageReader>, ParquetError>;

impl IntegerLists {
    /// A reader for the column, if it is such a list and encoded in such a way. With `widen`,
    /// integers of 8 and 16 bits come as the 32 that they are stored in.
    pub(crate) fn new(
        node: &Node,
        column: &ColumnChunkMetaData,
        pages: OpenPages<'_>,
        widen: bool,
    ) -> Result<Option<Self>, ParquetError> {
        let Kind::List(element) = &node.kind else { return Ok(None) };
        let known = |encoding| {
            use Encoding::{PLAIN, PLAIN_DICTIONARY, RLE, RLE_DICTIONARY};
            matches!(encoding, PLAIN | RLE | PLAIN_DICTIONARY | RLE_DICTIONARY)
        };
        if !matches!(node.field.data_type(), DataType::List(_))
            || !matches!(element.kind, Kind::Leaf(_))
            || !column.encodings().all(known)
        {
            return Ok(None);
        }
        let levels = (node.def, element.def);
        let (mut field, mut own) = (FieldRef::clone(&node.field), FieldRef::clone(&element.field));
        let lists = match (column.column_type(), own.data_type()) {
            (Physical::INT32, DataType::Int32 | DataType::UInt32) => {
                Either::Narrow(Lists::new(pages()?, levels))
            }
            (
                Physical::INT32,
                DataType::Int8 | DataType::Int16 | DataType::UInt8 | DataType::UInt16,
            ) if widen => {
                own = Arc::new(own.as_ref().clone().with_data_type(DataType::Int32));
                let list = DataType::List(FieldRef::clone(&own));
                field = Arc::new(field.as_ref().clone().with_data_type(list));
                Either::Narrow(Lists::new(pages()?, levels))
            }
            (Physical::INT64, DataType::Int64 | DataType::UInt64) => {
                Either::Wide(Lists::new(pages()?, levels))
            }
            _ => return Ok(None),
        };
        Ok(Some(Self { field, element: own, lists }))
    }

    /// The column as it comes.
    pub(crate) fn field(&self) -> &FieldRef {
        &self.field
    }

    /// The next rows, at most `rows`; fewer at the end. A column that `leads` also stops where they
    /// have many values.
    pub(crate) fn read(&mut self, rows: usize, leads: bool) -> Result<ArrayRef, ParquetError> {
        let unsigned = self.element.data_type().is_unsigned_integer();
        match (&mut self.lists, unsigned) {
            (Either::Narrow(lists), false) => {
                array::<_, Int32Type>(lists, (rows, leads), &self.element)
            }
            (Either::Narrow(lists), true) => {
                array::<_, UInt32Type>(lists, (rows, leads), &self.element)
            }
            (Either::Wide(lists), false) => {
                array::<_, Int64Type>(lists, (rows, leads), &self.element)
            }
            (Either::Wide(lists), true) => {
                array::<_, UInt64Type>(lists, (rows, leads), &self.element)
            }
        }
    }

    /// Lengths of the next rows; no value is decoded.
    pub(crate) fn lengths(&mut self, rows: usize) -> Result<Vec<u32>, ParquetError> {
        let offsets = match &mut self.lists {
            Either::Narrow(lists) => lists.offsets(rows)?,
            Either::Wide(lists) => lists.offsets(rows)?,
        };
        Ok(offsets.windows(2).map(|pair| (pair[1] - pair[0]) as u32).collect())
    }
}

/// The next rows of `lists`, with the values' bits taken as those of `To`, which is as wide.
fn array<T: Number + ArrowNativeType, To: ArrowPrimitiveType>(
    lists: &mut Lists<T>,
    (rows, leads): (usize, bool),
    element: &FieldRef,
) -> Result<ArrayRef, ParquetError> {
    let Read { offsets, nulls, values, element_nulls } = lists.read(rows, leads)?;
    let values = ScalarBuffer::from(Buffer::from_vec(values));
    let values = PrimitiveArray::<To>::try_new(values, element_nulls).map_err(contradiction)?;
    let offsets = OffsetBuffer::new(offsets.into());
    let list = ListArray::try_new(FieldRef::clone(element), offsets, Arc::new(values), nulls);
    Ok(Arc::new(list.map_err(contradiction)?))
}

fn contradiction(error: ArrowError) -> ParquetError {
    ParquetError::External(Box::new(error))
}
