//! The table from which seeds and data sets are made: tokens, what belongs to them, and a column of
//! every kind that is taken along.

use arrow_array::builder::{
    FixedSizeBinaryBuilder, GenericListBuilder, Int32Builder, ListBuilder, MapBuilder,
    PrimitiveBuilder, StringBuilder, StringDictionaryBuilder,
};
use arrow_array::types::{Int16Type, Int32Type};
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Decimal128Array, Float32Array, Int64Array, RecordBatch,
    StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field};
use std::sync::Arc;

/// Rows of the table.
pub const ROWS: usize = 24;

/// Columns besides the tokens that some job names.
pub const LABELS: &str = "labels";
pub const LOSS_MASK: &str = "loss_mask";
pub const ATTENTION_MASK: &str = "attention_mask";

/// Columns that are taken along.
pub const CARRIED: [&str; 11] = [
    "name", "word", "nested", "pair", "map", "digits", "moment", "fixed", "bytes", "flag", "ratio",
];

fn length(row: usize) -> usize {
    1 + row * 7 % 11
}

fn lists(of: impl Fn(usize, usize) -> i32) -> ArrayRef {
    let mut column = GenericListBuilder::<i32, _>::new(PrimitiveBuilder::<Int32Type>::new());
    for row in 0..ROWS {
        (0..length(row)).for_each(|at| column.values().append_value(of(row, at)));
        column.append(true);
    }
    Arc::new(column.finish())
}

fn some<T>(of: impl Fn(usize) -> T) -> Vec<Option<T>> {
    (0..ROWS).map(|row| (row % 5 != 1).then(|| of(row))).collect()
}

fn words() -> ArrayRef {
    let mut column = StringDictionaryBuilder::<Int32Type>::new();
    (0..ROWS).for_each(|row| column.append_value(["red", "green", "blue"][row % 3]));
    Arc::new(column.finish())
}

fn nested() -> ArrayRef {
    let inner = ListBuilder::new(PrimitiveBuilder::<Int16Type>::new());
    let mut column = ListBuilder::new(inner);
    for row in 0..ROWS {
        for k in 0..row % 3 {
            let inner = column.values();
            (0..k + 1).for_each(|at| inner.values().append_option((at != 1).then_some(row as i16)));
            inner.append(row % 4 != 3);
        }
        column.append(row % 7 != 2);
    }
    Arc::new(column.finish())
}

fn map() -> ArrayRef {
    let mut column = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    for row in 0..ROWS {
        for k in 0..row % 3 {
            column.keys().append_value(format!("{k}"));
            column.values().append_option((k > 0).then_some(row as i32));
        }
        column.append(row % 4 != 3).expect("as many keys as values");
    }
    Arc::new(column.finish())
}

fn fixed() -> ArrayRef {
    let mut column = FixedSizeBinaryBuilder::new(3);
    (0..ROWS).for_each(|row| column.append_value([row as u8, 0, 255]).expect("three bytes"));
    Arc::new(column.finish())
}

fn pairs() -> ArrayRef {
    let left: ArrayRef = Arc::new(Int64Array::from(some(|row| row as i64)));
    let right: ArrayRef = Arc::new(StringArray::from(some(|row| format!("x{row}"))));
    Arc::new(StructArray::from(vec![
        (Arc::new(Field::new("left", DataType::Int64, true)), left),
        (Arc::new(Field::new("right", DataType::Utf8, true)), right),
    ]))
}

/// The columns whose names hold for `wanted`.
pub fn table(wanted: impl Fn(&str) -> bool) -> RecordBatch {
    let digits = Decimal128Array::from(some(|row| row as i128 * 1001));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("input_ids", lists(|row, at| (row * 31 + at * 7) as i32 % 300)),
        (LABELS, lists(|row, at| if at == 0 { -100 } else { (row * 31 + at * 7) as i32 % 300 })),
        (LOSS_MASK, lists(|row, at| i32::from((row + at) % 3 > 0))),
        (ATTENTION_MASK, lists(|row, at| i32::from(at < length(row).div_ceil(2)))),
        ("len", Arc::new(Int64Array::from_iter((0..ROWS).map(|row| length(row) as i64)))),
        ("name", Arc::new(StringArray::from(some(|row| format!("row {row}"))))),
        ("word", words()),
        ("nested", nested()),
        ("pair", pairs()),
        ("map", map()),
        ("digits", Arc::new(digits.with_precision_and_scale(20, 2).expect("digits enough"))),
        ("moment", Arc::new(TimestampMicrosecondArray::from(some(|row| row as i64 * 1_000_003)))),
        ("fixed", fixed()),
        ("bytes", Arc::new(BinaryArray::from_iter(some(|row| vec![row as u8; row % 4])))),
        ("flag", Arc::new(BooleanArray::from(some(|row| row % 2 == 0)))),
        ("ratio", Arc::new(Float32Array::from(some(|row| row as f32 / 3.0)))),
    ];
    let columns = columns.into_iter().filter(|(name, _)| wanted(name));
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))
        .expect("columns of one length")
}
