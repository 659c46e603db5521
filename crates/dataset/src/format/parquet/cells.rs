//! Single values of an Arrow array as the bytes of Parquet's encoding PLAIN.

use super::schema::decimal_bytes;
use crate::Fault;
use arrow_array::cast::AsArray;
use arrow_array::types::{ByteArrayType, ByteViewType, Int8Type, Int16Type, UInt8Type, UInt16Type};
use arrow_array::{Array, ArrayRef, GenericByteArray, GenericByteViewArray};
use arrow_buffer::Buffer;
use arrow_schema::DataType;
use std::ops::Range;

/// Appends the bytes of one value.
pub(crate) type Cells<'a> = Box<dyn Fn(usize, &mut Vec<u8>) + 'a>;

/// The bytes of consecutive numbers, if the array has no nulls and numbers that are stored as they
/// lie or as 32 bits.
pub(crate) fn number_bytes(array: &ArrayRef, range: Range<usize>) -> Option<Buffer> {
    if array.null_count() > 0 {
        return None;
    }
    match array.data_type() {
        DataType::Int8 => {
            let values = &array.as_primitive::<Int8Type>().values()[range];
            let wide: Vec<i32> = values.iter().map(|&value| i32::from(value)).collect();
            Some(Buffer::from_vec(wide))
        }
        DataType::Int32 | DataType::Int64 | DataType::Float32 => {
            let width = array.data_type().primitive_width()?;
            let data = array.to_data();
            let start = data.offset() + range.start;
            Some(data.buffers()[0].slice_with_length(start * width, range.len() * width))
        }
        _ => None,
    }
}

/// How single values are written.
///
/// # Errors
/// Of the options, for a type that can't be.
pub(crate) fn cells(array: &dyn Array) -> Result<Cells<'_>, Fault> {
    use DataType::{
        Binary, BinaryView, Boolean, Date32, Date64, Decimal32, Decimal64, Decimal128, Decimal256,
        Dictionary, Duration, FixedSizeBinary, Float16, Float32, Float64, Int8, Int16, Int32,
        Int64, LargeBinary, LargeUtf8, Null, Time32, Time64, Timestamp, UInt8, UInt16, UInt32,
        UInt64, Utf8, Utf8View,
    };
    Ok(match array.data_type() {
        Null => Box::new(|_, _| {}),
        Boolean => {
            let values = array.as_boolean();
            Box::new(|at, out| out.push(u8::from(values.value(at))))
        }
        Int8 => widened(array.as_primitive::<Int8Type>().values()),
        Int16 => widened(array.as_primitive::<Int16Type>().values()),
        UInt8 => widened(array.as_primitive::<UInt8Type>().values()),
        UInt16 => widened(array.as_primitive::<UInt16Type>().values()),
        Int32 | UInt32 | Float32 | Date32 | Time32(_) => raw(array, 4, 4, false),
        Int64 | UInt64 | Float64 | Date64 | Time64(_) | Timestamp(..) | Duration(_) => {
            raw(array, 8, 8, false)
        }
        Float16 => raw(array, 2, 2, false),
        FixedSizeBinary(width) => raw(array, *width as usize, *width as usize, false),
        Decimal32(precision, _) => decimals(array, 4, *precision),
        Decimal64(precision, _) => decimals(array, 8, *precision),
        Decimal128(precision, _) => decimals(array, 16, *precision),
        Decimal256(precision, _) => decimals(array, 32, *precision),
        Utf8 => bytes(array.as_string::<i32>()),
        LargeUtf8 => bytes(array.as_string::<i64>()),
        Binary => bytes(array.as_binary::<i32>()),
        LargeBinary => bytes(array.as_binary::<i64>()),
        Utf8View => views(array.as_string_view()),
        BinaryView => views(array.as_binary_view()),
        Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let keys = dictionary.normalized_keys();
            let values = cells(dictionary.values())?;
            Box::new(move |at, out| values(keys[at], out))
        }
        other => {
            return Err(Fault::option(format!("a column of {other} can't be written as Parquet")));
        }
    })
}

fn widened<T: Copy + Into<i32>>(values: &[T]) -> Cells<'_> {
    Box::new(|at, out| out.extend_from_slice(&values[at].into().to_le_bytes()))
}

/// The first `kept` of `width` bytes, reversed if the greatest goes first.
fn raw(array: &dyn Array, width: usize, kept: usize, reverse: bool) -> Cells<'static> {
    let data = array.to_data();
    let (offset, buffer) = (data.offset(), data.buffers()[0].clone());
    Box::new(move |at, out| {
        let start = (offset + at) * width;
        let bytes = &buffer[start..start + width];
        // Bytes left out only repeat the sign; bytes that are wanting do so too.
        let sign = if bytes[width - 1] >= 0x80 { 0xFF } else { 0 };
        let end = out.len();
        out.extend_from_slice(&bytes[..kept.min(width)]);
        out.resize(end + kept, sign);
        if reverse {
            out[end..].reverse();
        }
    })
}

/// Decimals: 32 or 64 bits where the digits fit, else the fewest bytes, the greatest first.
fn decimals(array: &dyn Array, width: usize, precision: u8) -> Cells<'static> {
    match precision {
        0..=9 => raw(array, width, 4, false),
        10..=18 => raw(array, width, 8, false),
        _ => raw(array, width, decimal_bytes(precision), true),
    }
}

fn bytes<T: ByteArrayType>(array: &GenericByteArray<T>) -> Cells<'_>
where
    T::Native: AsRef<[u8]>,
{
    Box::new(|at, out| push_bytes(array.value(at).as_ref(), out))
}

fn views<T: ByteViewType>(array: &GenericByteViewArray<T>) -> Cells<'_>
where
    T::Native: AsRef<[u8]>,
{
    Box::new(|at, out| push_bytes(array.value(at).as_ref(), out))
}

fn push_bytes(value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(value.len() as u32).to_le_bytes());
    out.extend_from_slice(value);
}
