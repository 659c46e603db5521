//! A Parquet schema as a tree of Arrow fields with the levels at which they exist.
//!
//! O(fields). Every schema has a tree: what Arrow has no name for is read as its physical type, so
//! that a column nobody asks for spoils no file. Lists by the rules for backward compatibility of
//! the format's LogicalTypes.md.

use arrow_schema::{DECIMAL128_MAX_PRECISION, DataType, Field, FieldRef, Fields, TimeUnit};
use parquet::basic::{
    ConvertedType, LogicalType, Repetition, TimeUnit as ParquetUnit, Type as Physical,
};
use parquet::schema::types::{SchemaDescriptor, Type};
use std::sync::Arc;

/// A field, and where in the levels it shows.
#[derive(Debug)]
pub(crate) struct Node {
    pub field: FieldRef,
    pub kind: Kind,
    /// Definition level from which on it isn't null.
    pub def: i16,
    /// Lists above it.
    pub rep: i16,
}

/// What lies below a field.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Values: the column of this number.
    Leaf(usize),
    Struct(Vec<Node>),
    /// Lists and maps.
    List(Box<Node>),
}

/// The top-level columns of a file.
pub(crate) fn nodes(schema: &SchemaDescriptor) -> Vec<Node> {
    let mut leaves = 0;
    let roots = schema.root_schema().get_fields().iter();
    roots.map(|root| node(root, Place { def: 0, rep: 0 }, &mut leaves)).collect()
}

/// Levels at which a field's parent exists.
#[derive(Clone, Copy)]
struct Place {
    def: i16,
    rep: i16,
}

fn node(of: &Type, at: Place, leaves: &mut usize) -> Node {
    match repetition(of) {
        Repetition::REQUIRED => plain(of, at, false, leaves),
        Repetition::OPTIONAL => plain(of, Place { def: at.def + 1, ..at }, true, leaves),
        // Without an annotation: a list that is never null, of elements that aren't either.
        Repetition::REPEATED => {
            let element = plain(of, Place { def: at.def + 1, rep: at.rep + 1 }, false, leaves);
            list(of.name(), element, at, false)
        }
    }
}

/// A field whose repetition has been taken care of.
fn plain(of: &Type, at: Place, nullable: bool, leaves: &mut usize) -> Node {
    if of.is_primitive() {
        let leaf = *leaves;
        *leaves += 1;
        let field = Field::new(of.name(), data_type(of), nullable);
        return Node { field: Arc::new(field), kind: Kind::Leaf(leaf), def: at.def, rep: at.rep };
    }
    let repeated = match of.get_fields() {
        [only] if repetition(only) == Repetition::REPEATED => Some(only),
        _ => None,
    };
    match (of.get_basic_info().converted_type(), repeated) {
        (ConvertedType::LIST, Some(repeated)) => {
            let inside = Place { def: at.def + 1, rep: at.rep + 1 };
            let element = if is_element(repeated, of.name()) {
                plain(repeated, inside, false, leaves)
            } else {
                node(&repeated.get_fields()[0], inside, leaves)
            };
            list(of.name(), element, at, nullable)
        }
        (ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE, Some(entries))
            if entries.is_group() && entries.get_fields().len() == 2 =>
        {
            let inside = Place { def: at.def + 1, rep: at.rep + 1 };
            let entries = plain(entries, inside, false, leaves);
            let data_type = DataType::Map(Arc::clone(&entries.field), false);
            let field = Arc::new(Field::new(of.name(), data_type, nullable));
            Node { field, kind: Kind::List(Box::new(entries)), def: at.def, rep: at.rep }
        }
        _ => {
            let children: Vec<Node> =
                of.get_fields().iter().map(|child| node(child, at, leaves)).collect();
            let fields: Fields = children.iter().map(|child| Arc::clone(&child.field)).collect();
            let field = Arc::new(Field::new(of.name(), DataType::Struct(fields), nullable));
            Node { field, kind: Kind::Struct(children), def: at.def, rep: at.rep }
        }
    }
}

fn list(name: &str, element: Node, at: Place, nullable: bool) -> Node {
    let data_type = DataType::List(Arc::clone(&element.field));
    let field = Arc::new(Field::new(name, data_type, nullable));
    Node { field, kind: Kind::List(Box::new(element)), def: at.def, rep: at.rep }
}

/// Whether the repeated field of a list is its element, rather than a wrapper around it.
fn is_element(repeated: &Type, list: &str) -> bool {
    if repeated.is_primitive() || repeated.get_fields().len() != 1 {
        return true;
    }
    let wraps_list = repetition(&repeated.get_fields()[0]) == Repetition::REPEATED
        || repeated.get_basic_info().converted_type() == ConvertedType::LIST;
    let tuple = repeated.name().strip_suffix("_tuple").is_some_and(|name| name == list);
    !wraps_list && (repeated.name() == "array" || tuple)
}

fn repetition(of: &Type) -> Repetition {
    let info = of.get_basic_info();
    if info.has_repetition() { info.repetition() } else { Repetition::REQUIRED }
}

/// The Arrow type of a column of values.
fn data_type(of: &Type) -> DataType {
    let info = of.get_basic_info();
    let (logical, converted) = (info.logical_type_ref(), info.converted_type());
    if matches!(logical, Some(LogicalType::Unknown)) {
        return DataType::Null;
    }
    let Type::PrimitiveType { physical_type, type_length, scale, precision, .. } = of else {
        return DataType::Null;
    };
    let decimal = matches!(logical, Some(LogicalType::Decimal(_)))
        || converted == ConvertedType::DECIMAL && logical.is_none();
    if decimal && let Some(decimal) = decimal_type(*physical_type, *type_length, *precision, *scale)
    {
        return decimal;
    }
    match physical_type {
        Physical::BOOLEAN => DataType::Boolean,
        Physical::INT32 => match (logical, converted) {
            (Some(LogicalType::Date), _) | (None, ConvertedType::DATE) => DataType::Date32,
            (Some(LogicalType::Time(_)), _) | (None, ConvertedType::TIME_MILLIS) => {
                DataType::Time32(TimeUnit::Millisecond)
            }
            _ => match width(logical, converted) {
                (8, true) => DataType::Int8,
                (16, true) => DataType::Int16,
                (8, false) => DataType::UInt8,
                (16, false) => DataType::UInt16,
                (32, false) => DataType::UInt32,
                _ => DataType::Int32,
            },
        },
        Physical::INT64 => match (logical, converted) {
            (Some(LogicalType::Time(time)), _) => DataType::Time64(unit(time.unit)),
            (None, ConvertedType::TIME_MICROS) => DataType::Time64(TimeUnit::Microsecond),
            (Some(LogicalType::Timestamp(at)), _) => {
                timestamp(unit(at.unit), at.is_adjusted_to_u_t_c)
            }
            (None, ConvertedType::TIMESTAMP_MILLIS) => timestamp(TimeUnit::Millisecond, true),
            (None, ConvertedType::TIMESTAMP_MICROS) => timestamp(TimeUnit::Microsecond, true),
            _ if width(logical, converted) == (64, false) => DataType::UInt64,
            _ => DataType::Int64,
        },
        Physical::INT96 => timestamp(TimeUnit::Nanosecond, false),
        Physical::FLOAT => DataType::Float32,
        Physical::DOUBLE => DataType::Float64,
        Physical::BYTE_ARRAY => match (logical, converted) {
            (Some(LogicalType::String | LogicalType::Json), _)
            | (None, ConvertedType::UTF8 | ConvertedType::JSON) => DataType::Utf8,
            _ => DataType::Binary,
        },
        Physical::FIXED_LEN_BYTE_ARRAY => match logical {
            Some(LogicalType::Float16) if *type_length == 2 => DataType::Float16,
            _ => DataType::FixedSizeBinary(*type_length),
        },
    }
}

/// Bits and sign of an integer column.
fn width(logical: Option<&LogicalType>, converted: ConvertedType) -> (i8, bool) {
    match (logical, converted) {
        (Some(LogicalType::Integer(int)), _) => (int.bit_width, int.is_signed),
        (None, ConvertedType::INT_8) => (8, true),
        (None, ConvertedType::INT_16) => (16, true),
        (None, ConvertedType::UINT_8) => (8, false),
        (None, ConvertedType::UINT_16) => (16, false),
        (None, ConvertedType::UINT_32) => (32, false),
        (None, ConvertedType::UINT_64) => (64, false),
        _ => (0, true),
    }
}

fn unit(of: ParquetUnit) -> TimeUnit {
    match of {
        ParquetUnit::MILLIS => TimeUnit::Millisecond,
        ParquetUnit::MICROS => TimeUnit::Microsecond,
        ParquetUnit::NANOS => TimeUnit::Nanosecond,
    }
}

fn timestamp(unit: TimeUnit, utc: bool) -> DataType {
    DataType::Timestamp(unit, utc.then(|| "UTC".into()))
}

fn decimal_type(physical: Physical, length: i32, precision: i32, scale: i32) -> Option<DataType> {
    let (precision, scale) = (u8::try_from(precision).ok()?, i8::try_from(scale).ok()?);
    let narrow = match physical {
        Physical::INT32 | Physical::INT64 => true,
        Physical::BYTE_ARRAY => precision <= DECIMAL128_MAX_PRECISION,
        Physical::FIXED_LEN_BYTE_ARRAY if (1..=16).contains(&length) => true,
        Physical::FIXED_LEN_BYTE_ARRAY if (17..=32).contains(&length) => false,
        _ => return None,
    };
    Some(if narrow {
        DataType::Decimal128(precision, scale)
    } else {
        DataType::Decimal256(precision, scale)
    })
}
