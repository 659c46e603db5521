//! Carried values as plain ones: what a column of any Arrow type holds for each segment.
//!
//! O(values). Integers of 64 bits and times keep all their bits; a decimal is its digits.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type,
    Decimal256Type, DecimalType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, Time32MillisecondType, Time32SecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, ListArray, make_array};
use arrow_schema::DataType;

/// A value of a carried column.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// True or false.
    Bool(bool),
    /// A number of at most 32 bits, or a float.
    Number(f64),
    /// An integer of 64 bits; times and dates in the unit of their type.
    Integer(i64),
    /// The same without a sign.
    Unsigned(u64),
    /// Text; a decimal's digits.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Self>),
    /// A struct.
    Fields(Vec<(String, Self)>),
}

impl Value {
    /// The same value to the bit: a number that is none equals itself.
    pub(in crate::job) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.to_bits() == b.to_bits(),
            (Self::List(a), Self::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is(b))
            }
            (Self::Fields(a), Self::Fields(b)) => {
                let same = |((name, a), (other, b)): (&(String, Self), &(String, Self))| {
                    name == other && a.is(b)
                };
                a.len() == b.len() && a.iter().zip(b).all(same)
            }
            _ => self == other,
        }
    }
}

/// What is wrong with pack `row` of the carried column `name`: a value is wanted for each of its sequences.
pub(in crate::job) fn wrong_count(
    name: &str,
    list: &ListArray,
    row: usize,
    wanted: usize,
) -> Option<String> {
    let count = if list.is_null(row) { 0 } else { list.value_length(row) as usize };
    (count != wanted).then(|| format!("{name} has {count} values for {wanted} sequences"))
}

/// The values of `array`, or none for a type that has no plain values.
pub(in crate::job) fn values(array: &dyn Array) -> Option<Vec<Value>> {
    let numbers = |read: &dyn Fn(usize) -> Value| {
        let rows = 0..array.len();
        rows.map(|row| if array.is_null(row) { Value::Null } else { read(row) }).collect()
    };
    Some(match array.data_type() {
        DataType::Null => vec![Value::Null; array.len()],
        DataType::Boolean => {
            let values = array.as_boolean();
            numbers(&|row| Value::Bool(values.value(row)))
        }
        DataType::Int8 => small::<Int8Type>(array),
        DataType::Int16 => small::<Int16Type>(array),
        DataType::Int32 => small::<Int32Type>(array),
        DataType::UInt8 => small::<UInt8Type>(array),
        DataType::UInt16 => small::<UInt16Type>(array),
        DataType::UInt32 => small::<UInt32Type>(array),
        DataType::Float32 => small::<Float32Type>(array),
        DataType::Float64 => small::<Float64Type>(array),
        DataType::Date32 => small::<Date32Type>(array),
        DataType::Time32(arrow_schema::TimeUnit::Second) => small::<Time32SecondType>(array),
        DataType::Time32(_) => small::<Time32MillisecondType>(array),
        DataType::Float16 => {
            let values = array.as_primitive::<Float16Type>();
            numbers(&|row| Value::Number(values.value(row).to_f64()))
        }
        DataType::Int64 => {
            let values = array.as_primitive::<Int64Type>();
            numbers(&|row| Value::Integer(values.value(row)))
        }
        DataType::UInt64 => {
            let values = array.as_primitive::<UInt64Type>();
            numbers(&|row| Value::Unsigned(values.value(row)))
        }
        DataType::Date64 => {
            let values = array.as_primitive::<Date64Type>();
            numbers(&|row| Value::Integer(values.value(row)))
        }
        DataType::Timestamp(..) | DataType::Time64(_) | DataType::Duration(_) => {
            return long(array);
        }
        DataType::Utf8 => {
            let values = array.as_string::<i32>();
            numbers(&|row| Value::Text(values.value(row).to_string()))
        }
        DataType::LargeUtf8 => {
            let values = array.as_string::<i64>();
            numbers(&|row| Value::Text(values.value(row).to_string()))
        }
        DataType::Utf8View => {
            let values = array.as_string_view();
            numbers(&|row| Value::Text(values.value(row).to_string()))
        }
        DataType::Binary => {
            let values = array.as_binary::<i32>();
            numbers(&|row| Value::Bytes(values.value(row).to_vec()))
        }
        DataType::LargeBinary => {
            let values = array.as_binary::<i64>();
            numbers(&|row| Value::Bytes(values.value(row).to_vec()))
        }
        DataType::BinaryView => {
            let values = array.as_binary_view();
            numbers(&|row| Value::Bytes(values.value(row).to_vec()))
        }
        DataType::FixedSizeBinary(_) => {
            let values = array.as_fixed_size_binary();
            numbers(&|row| Value::Bytes(values.value(row).to_vec()))
        }
        DataType::Decimal32(..) => decimals::<Decimal32Type>(array),
        DataType::Decimal64(..) => decimals::<Decimal64Type>(array),
        DataType::Decimal128(..) => decimals::<Decimal128Type>(array),
        DataType::Decimal256(..) => decimals::<Decimal256Type>(array),
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => {
            return lists(array);
        }
        DataType::Map(..) => {
            let map = array.as_map();
            return each(array, &|row| std::sync::Arc::new(map.value(row)));
        }
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns();
            let columns: Vec<_> =
                columns.iter().map(|column| values(column)).collect::<Option<_>>()?;
            let of = |row: usize| {
                let named = fields.iter().zip(&columns);
                named.map(|(field, values)| (field.name().clone(), values[row].clone())).collect()
            };
            numbers(&|row| Value::Fields(of(row)))
        }
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let known = values(dictionary.values().as_ref())?;
            if known.is_empty() {
                return Some(vec![Value::Null; array.len()]);
            }
            let keys = dictionary.normalized_keys();
            numbers(&|row| known[keys[row]].clone())
        }
        _ => return None,
    })
}

/// Numbers that a double holds.
fn small<T: ArrowPrimitiveType<Native: Into<f64>>>(array: &dyn Array) -> Vec<Value> {
    let values = array.as_primitive::<T>();
    values.iter().map(|value| value.map_or(Value::Null, |it| Value::Number(it.into()))).collect()
}

/// Numbers with a point, as digits.
fn decimals<T: DecimalType>(array: &dyn Array) -> Vec<Value> {
    let values = array.as_primitive::<T>();
    let of = |row| {
        if values.is_null(row) {
            return Value::Null;
        }
        Value::Text(values.value_as_string(row))
    };
    (0..values.len()).map(of).collect()
}

/// Types that are 64-bit integers below their names.
fn long(array: &dyn Array) -> Option<Vec<Value>> {
    let data = array.to_data().into_builder().data_type(DataType::Int64).build().ok()?;
    values(make_array(data).as_ref())
}

fn lists(array: &dyn Array) -> Option<Vec<Value>> {
    match array.data_type() {
        DataType::List(_) => each(array, &|row| array.as_list::<i32>().value(row)),
        DataType::LargeList(_) => each(array, &|row| array.as_list::<i64>().value(row)),
        _ => each(array, &|row| array.as_fixed_size_list().value(row)),
    }
}

fn each(array: &dyn Array, list: &dyn Fn(usize) -> ArrayRef) -> Option<Vec<Value>> {
    let rows = 0..array.len();
    rows.map(|row| {
        if array.is_null(row) {
            return Some(Value::Null);
        }
        values(list(row).as_ref()).map(Value::List)
    })
    .collect()
}
