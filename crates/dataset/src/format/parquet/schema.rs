//! Arrow fields as a Parquet schema, with three-level lists and the logical types that other
//! readers know. O(fields).

use arrow_schema::{DataType, Field, Schema, TimeUnit};
use parquet::basic::{LogicalType, Repetition, TimeUnit as ParquetUnit, Type as Physical};
use parquet::errors::ParquetError;
use parquet::schema::types::{SchemaDescriptor, Type};
use std::sync::Arc;

/// The schema of a file with these columns.
///
/// # Errors
/// [`ParquetError`] for a type that Parquet has no name for.
pub(crate) fn parquet_schema(schema: &Schema) -> Result<SchemaDescriptor, ParquetError> {
    let fields = schema.fields().iter().map(|field| parquet_type(field).map(Arc::new));
    let fields = fields.collect::<Result<_, _>>()?;
    let root = Type::group_type_builder("schema").with_fields(fields).build()?;
    Ok(SchemaDescriptor::new(Arc::new(root)))
}

/// Bytes that a decimal of so many digits needs.
pub(crate) fn decimal_bytes(precision: u8) -> usize {
    let bits = f64::from(precision) * std::f64::consts::LOG2_10 + 1.0;
    (bits / 8.0).ceil() as usize
}

fn parquet_type(field: &Field) -> Result<Type, ParquetError> {
    let name = field.name();
    let repetition = if field.is_nullable() { Repetition::OPTIONAL } else { Repetition::REQUIRED };
    let group = |fields: Vec<Type>, logical| {
        Type::group_type_builder(name)
            .with_fields(fields.into_iter().map(Arc::new).collect())
            .with_logical_type(logical)
            .with_repetition(repetition)
            .build()
    };
    let repeated = |name: &str, fields: Vec<Type>| {
        Type::group_type_builder(name)
            .with_fields(fields.into_iter().map(Arc::new).collect())
            .with_repetition(Repetition::REPEATED)
            .build()
    };
    match field.data_type() {
        DataType::List(element)
        | DataType::LargeList(element)
        | DataType::FixedSizeList(element, _) => {
            group(vec![repeated("list", vec![parquet_type(element)?])?], Some(LogicalType::List))
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => {
                let fields =
                    fields.iter().map(|field| parquet_type(field)).collect::<Result<_, _>>()?;
                group(vec![repeated("key_value", fields)?], Some(LogicalType::Map))
            }
            other => Err(ParquetError::NYI(format!("a map of {other}"))),
        },
        DataType::Struct(fields) if !fields.is_empty() => {
            group(fields.iter().map(|field| parquet_type(field)).collect::<Result<_, _>>()?, None)
        }
        DataType::Dictionary(_, value) => {
            parquet_type(&field.clone().with_data_type(value.as_ref().clone()))
        }
        other => value_type(name, other, repetition),
    }
}

fn value_type(
    name: &str,
    data_type: &DataType,
    repetition: Repetition,
) -> Result<Type, ParquetError> {
    use DataType::{
        Binary, BinaryView, Boolean, Date32, Date64, Decimal32, Decimal64, Decimal128, Decimal256,
        Duration, FixedSizeBinary, Float16, Float32, Float64, Int8, Int16, Int32, Int64,
        LargeBinary, LargeUtf8, Null, Time32, Time64, Timestamp, UInt8, UInt16, UInt32, UInt64,
        Utf8, Utf8View,
    };
    let integer = |bits, signed| Some(LogicalType::integer(bits, signed));
    let (physical, logical) = match data_type {
        Null => (Physical::INT32, Some(LogicalType::Unknown)),
        Boolean => (Physical::BOOLEAN, None),
        Int8 => (Physical::INT32, integer(8, true)),
        Int16 => (Physical::INT32, integer(16, true)),
        Int32 | Time32(TimeUnit::Second) => (Physical::INT32, None),
        Int64 | Date64 | Duration(_) | Timestamp(TimeUnit::Second, _) => (Physical::INT64, None),
        UInt8 => (Physical::INT32, integer(8, false)),
        UInt16 => (Physical::INT32, integer(16, false)),
        UInt32 => (Physical::INT32, integer(32, false)),
        UInt64 => (Physical::INT64, integer(64, false)),
        Float16 => (Physical::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::Float16)),
        Float32 => (Physical::FLOAT, None),
        Float64 => (Physical::DOUBLE, None),
        Date32 => (Physical::INT32, Some(LogicalType::Date)),
        Time32(_) => (Physical::INT32, Some(LogicalType::time(false, ParquetUnit::MILLIS))),
        Time64(of) => (Physical::INT64, Some(LogicalType::time(false, unit(*of)))),
        Timestamp(of, zone) => {
            let utc = zone.as_ref().is_some_and(|zone| !zone.is_empty());
            (Physical::INT64, Some(LogicalType::timestamp(utc, unit(*of))))
        }
        Utf8 | LargeUtf8 | Utf8View => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Binary | LargeBinary | BinaryView => (Physical::BYTE_ARRAY, None),
        FixedSizeBinary(_) => (Physical::FIXED_LEN_BYTE_ARRAY, None),
        Decimal32(precision, scale)
        | Decimal64(precision, scale)
        | Decimal128(precision, scale)
        | Decimal256(precision, scale) => {
            let logical = LogicalType::decimal(i32::from(*scale), i32::from(*precision));
            let physical = match precision {
                0..=9 => Physical::INT32,
                10..=18 => Physical::INT64,
                _ => Physical::FIXED_LEN_BYTE_ARRAY,
            };
            (physical, Some(logical))
        }
        other => return Err(ParquetError::NYI(format!("a column of {other}"))),
    };
    let builder = Type::primitive_type_builder(name, physical)
        .with_repetition(repetition)
        .with_logical_type(logical);
    match data_type {
        Float16 => builder.with_length(2).build(),
        FixedSizeBinary(width) => builder.with_length(*width).build(),
        Decimal32(precision, scale)
        | Decimal64(precision, scale)
        | Decimal128(precision, scale)
        | Decimal256(precision, scale) => {
            let builder =
                builder.with_precision(i32::from(*precision)).with_scale(i32::from(*scale));
            let fixed = physical == Physical::FIXED_LEN_BYTE_ARRAY;
            builder.with_length(if fixed { decimal_bytes(*precision) as i32 } else { -1 }).build()
        }
        _ => builder.build(),
    }
}

fn unit(of: TimeUnit) -> ParquetUnit {
    match of {
        TimeUnit::Second | TimeUnit::Millisecond => ParquetUnit::MILLIS,
        TimeUnit::Microsecond => ParquetUnit::MICROS,
        TimeUnit::Nanosecond => ParquetUnit::NANOS,
    }
}
