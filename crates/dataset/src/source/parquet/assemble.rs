//! Arrow arrays from levels and values: the way back of Dremel's column striping.
//!
//! O(entries × depth). An entry of a column is a slot of a field if it begins one (its repetition
//! level is at most the field's) and the field's parent is there (its definition level reaches it).

use super::leaf::{LeafRows, Values};
use super::node::{Kind, Node};
use arrow_array::{ArrayRef, make_array};
use arrow_buffer::{ArrowNativeType, BooleanBuffer, Buffer, NullBuffer};
use arrow_data::{ArrayData, ArrayDataBuilder};
use arrow_schema::{ArrowError, DataType};
use parquet::data_type::{ByteArray, Int96};
use std::collections::BTreeMap;

/// Columns read, by number.
pub(crate) type Columns = BTreeMap<usize, LeafRows>;

/// Numbers of the columns that a field is made of.
pub(crate) fn leaves_below(node: &Node, leaves: &mut Vec<usize>) {
    match &node.kind {
        Kind::Leaf(leaf) => leaves.push(*leaf),
        Kind::Struct(children) => children.iter().for_each(|child| leaves_below(child, leaves)),
        Kind::List(element) => leaves_below(element, leaves),
    }
}

/// The array of a top-level field; takes its columns out of `columns`.
///
/// # Errors
/// [`ArrowError`] if the levels contradict one another, or a string isn't UTF-8.
pub(crate) fn array_of(node: &Node, columns: &mut Columns) -> Result<ArrayRef, ArrowError> {
    Ok(make_array(data_of(node, 0, columns)?))
}

fn data_of(node: &Node, parent: i16, columns: &mut Columns) -> Result<ArrayData, ArrowError> {
    let data_type = node.field.data_type().clone();
    match &node.kind {
        Kind::Leaf(leaf) => {
            let rows = columns.remove(leaf).ok_or_else(missing)?;
            let valid: Vec<bool> =
                slots(&rows, node.rep, parent).map(|def| def >= node.def).collect();
            leaf_data(&data_type, rows.values, &valid)
        }
        Kind::Struct(children) => {
            let valid: Vec<bool> =
                slots(first(node, columns)?, node.rep, parent).map(|def| def >= node.def).collect();
            let parts = children.iter().map(|child| data_of(child, parent, columns));
            let parts = parts.collect::<Result<Vec<_>, _>>()?;
            let builder = ArrayDataBuilder::new(data_type).len(valid.len());
            builder.nulls(nulls(&valid)).child_data(parts).build()
        }
        Kind::List(element) => {
            let rows = first(node, columns)?;
            let (mut offsets, mut valid, mut length) = (Vec::new(), Vec::new(), 0_i32);
            for (&rep, &def) in rows.rep.iter().zip(&rows.def) {
                if rep <= node.rep && def >= parent {
                    offsets.push(length);
                    valid.push(def >= node.def);
                }
                if rep <= element.rep && def > node.def {
                    length = length.checked_add(1).ok_or_else(too_long)?;
                }
            }
            offsets.push(length);
            let values = data_of(element, node.def + 1, columns)?;
            let builder = ArrayDataBuilder::new(data_type).len(valid.len());
            let builder = builder.nulls(nulls(&valid)).add_buffer(Buffer::from_vec(offsets));
            builder.add_child_data(values).build()
        }
    }
}

/// Levels that tell of a group's slots: those of its first column.
fn first<'a>(node: &Node, columns: &'a Columns) -> Result<&'a LeafRows, ArrowError> {
    let mut leaves = Vec::new();
    leaves_below(node, &mut leaves);
    leaves.first().and_then(|leaf| columns.get(leaf)).ok_or_else(missing)
}

fn slots(rows: &LeafRows, rep: i16, parent: i16) -> impl Iterator<Item = i16> {
    let entries = rows.rep.iter().zip(&rows.def);
    entries.filter(move |&(&r, &def)| r <= rep && def >= parent).map(|(_, &def)| def)
}

fn missing() -> ArrowError {
    ArrowError::SchemaError("a group without columns".to_string())
}

fn too_long() -> ArrowError {
    ArrowError::ComputeError("more than 2147483647 elements in some rows".to_string())
}

fn nulls(valid: &[bool]) -> Option<NullBuffer> {
    valid.contains(&false).then(|| NullBuffer::from(valid))
}

/// Values at the slots that have one.
fn leaf_data(
    data_type: &DataType,
    values: Values,
    valid: &[bool],
) -> Result<ArrayData, ArrowError> {
    let builder = ArrayDataBuilder::new(data_type.clone()).len(valid.len());
    if *data_type == DataType::Null {
        return builder.build();
    }
    let builder = builder.nulls(nulls(valid));
    let buffer = match (values, data_type) {
        (Values::Bool(values), _) => BooleanBuffer::from(spread(values, valid)?).into_inner(),
        (Values::Int32(values), DataType::Int8 | DataType::UInt8) => {
            Buffer::from_vec(spread(values.iter().map(|&v| v as u8).collect(), valid)?)
        }
        (Values::Int32(values), DataType::Int16 | DataType::UInt16) => {
            Buffer::from_vec(spread(values.iter().map(|&v| v as u16).collect(), valid)?)
        }
        (Values::Int32(values), DataType::Decimal128(..)) => {
            Buffer::from_vec(spread(values.iter().map(|&v| i128::from(v)).collect(), valid)?)
        }
        (Values::Int64(values), DataType::Decimal128(..)) => {
            Buffer::from_vec(spread(values.iter().map(|&v| i128::from(v)).collect(), valid)?)
        }
        (Values::Int32(values), _) => Buffer::from_vec(spread(values, valid)?),
        (Values::Int64(values), _) => Buffer::from_vec(spread(values, valid)?),
        (Values::Int96(values), _) => {
            let nanos = values.iter().map(Int96::to_nanos).collect();
            Buffer::from_vec(spread(nanos, valid)?)
        }
        (Values::Float(values), _) => Buffer::from_vec(spread(values, valid)?),
        (Values::Double(values), _) => Buffer::from_vec(spread(values, valid)?),
        (Values::Bytes(values), DataType::Utf8 | DataType::Binary) => {
            let (offsets, bytes) = strings(values.iter().map(ByteArray::data), valid)?;
            return builder.add_buffer(offsets).add_buffer(bytes).build();
        }
        (Values::Bytes(values), _) => fixed(values.iter().map(ByteArray::data), data_type, valid)?,
        (Values::Fixed(values), _) => {
            fixed(values.iter().map(|value| value.data()), data_type, valid)?
        }
    };
    builder.add_buffer(buffer).build()
}

/// Dense values with a zero at every slot without one; the same vector if there is none.
fn spread<T: Copy + Default>(values: Vec<T>, valid: &[bool]) -> Result<Vec<T>, ArrowError> {
    let mut rest = values.iter();
    if !valid.contains(&false) && values.len() == valid.len() {
        return Ok(values);
    }
    let of = |&valid: &bool| if valid { rest.next().copied() } else { Some(T::default()) };
    valid.iter().map(of).collect::<Option<_>>().ok_or_else(too_few)
}

fn too_few() -> ArrowError {
    ArrowError::SchemaError("fewer values than the levels promise".to_string())
}

fn strings<'a>(
    mut values: impl Iterator<Item = &'a [u8]>,
    valid: &[bool],
) -> Result<(Buffer, Buffer), ArrowError> {
    let (mut offsets, mut bytes) = (vec![0_i32], Vec::new());
    for &valid in valid {
        if valid {
            bytes.extend_from_slice(values.next().ok_or_else(too_few)?);
        }
        offsets.push(i32::try_from(bytes.len()).map_err(|_| too_long())?);
    }
    Ok((Buffer::from_vec(offsets), Buffer::from_vec(bytes)))
}

/// Values of one width. Decimals are stored with their greatest byte first and as many bytes as
/// they need; Arrow wants 16 or 32, the least first.
fn fixed<'a>(
    mut values: impl Iterator<Item = &'a [u8]>,
    data_type: &DataType,
    valid: &[bool],
) -> Result<Buffer, ArrowError> {
    let (width, decimal) = match data_type {
        DataType::Decimal128(..) => (16, true),
        DataType::Decimal256(..) => (32, true),
        DataType::Float16 => (2, false),
        DataType::FixedSizeBinary(width) => (width.as_usize(), false),
        other => return Err(ArrowError::SchemaError(format!("bytes as {other}"))),
    };
    let mut bytes = Vec::with_capacity(width * valid.len());
    for &valid in valid {
        let start = bytes.len();
        bytes.resize(start + width, 0);
        if !valid {
            continue;
        }
        let value = values.next().ok_or_else(too_few)?;
        let place = &mut bytes[start..];
        if value.len() > width || (!decimal && value.len() != width) {
            let detail = format!("{} bytes where {width} belong", value.len());
            return Err(ArrowError::SchemaError(detail));
        }
        place[..value.len()].copy_from_slice(value);
        if decimal {
            place[..value.len()].reverse();
            let negative = value.first().is_some_and(|&first| first >= 0x80);
            place[value.len()..].fill(if negative { 0xFF } else { 0 });
        }
    }
    Ok(Buffer::from_vec(bytes))
}
