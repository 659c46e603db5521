//! Columns taken along: every kind of value, nested and null, from both tabular formats into both,
//! read back with the libraries' own readers.

mod common;

use arrow_array::builder::{
    BooleanBuilder, FixedSizeBinaryBuilder, Int32Builder, ListBuilder, MapBuilder, StringBuilder,
    StringDictionaryBuilder, StructBuilder,
};
use arrow_array::cast::AsArray;
use arrow_array::make_array;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, FixedSizeListArray,
    Float32Array, Float64Array, Int8Array, Int32Array, LargeStringArray, NullArray, PrimitiveArray,
    RecordBatch, RunArray, StringArray, StringViewArray, TimestampMicrosecondArray, UInt16Array,
    UInt32Array, UInt64Array,
};
use arrow_data::transform::MutableArrayData;
use arrow_ipc::reader::FileReader;
use arrow_schema::{DataType, Field, Fields};
use common::{Row, arrow, arrow_stream, inputs, lists, parquet, table, zstd};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use stowage_dataset::{
    Columns, DatasetOptions, Fault, VerifyOptions, pack_dataset, verify_dataset,
};
use stowage_engine::{PackOptions, Unwatched};

/// Rows of the source; every third value of a column is null.
const ROWS: usize = 40;

fn some<T>(of: impl Fn(usize) -> T) -> Vec<Option<T>> {
    (0..ROWS).map(|row| (row % 3 != 1).then(|| of(row))).collect()
}

fn words(row: usize) -> String {
    "ü".repeat(row % 5)
}

/// A list of structs with a string and a list of booleans, null at every level somewhere.
fn nested() -> ArrayRef {
    let flags = Field::new_list("flags", Field::new_list_field(DataType::Boolean, true), true);
    let fields = Fields::from(vec![Field::new("word", DataType::Utf8, true), flags]);
    let flags = ListBuilder::new(BooleanBuilder::new());
    let parts = StructBuilder::new(fields, vec![Box::new(StringBuilder::new()), Box::new(flags)]);
    let mut column = ListBuilder::new(parts);
    for row in 0..ROWS {
        for k in 0..row % 4 {
            let part = column.values();
            let word = part.field_builder::<StringBuilder>(0).expect("a builder of strings");
            word.append_option((k != 1).then(|| words(row)));
            let flags = part.field_builder::<ListBuilder<BooleanBuilder>>(1);
            let flags = flags.expect("a builder of lists");
            for flag in 0..(row + k) % 3 {
                flags.values().append_option((flag != 1).then_some(row % 2 == 0));
            }
            flags.append(k != 2);
            part.append((row + k) % 5 != 0);
        }
        column.append(row % 7 != 3);
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
    for row in 0..ROWS {
        if row % 3 == 1 {
            column.append_null();
        } else {
            column.append_value([row as u8, 0, 255]).expect("three bytes");
        }
    }
    Arc::new(column.finish())
}

/// Columns whose Arrow types Parquet can name.
fn columns() -> Vec<(&'static str, ArrayRef)> {
    let decimals = |precision: u8, scale: i128| -> ArrayRef {
        let values = Decimal128Array::from(some(|row| (row as i128 - 20) * scale));
        Arc::new(values.with_precision_and_scale(precision, 2).expect("digits enough"))
    };
    let stamps = TimestampMicrosecondArray::from(some(|row| row as i64 * 1_000_003 - 7));
    vec![
        ("boolean", Arc::new(BooleanArray::from(some(|row| row % 2 == 0)))),
        ("int8", Arc::new(Int8Array::from(some(|row| row as i8 - 20)))),
        ("uint16", Arc::new(UInt16Array::from(some(|row| 65_535 - row as u16)))),
        ("uint32", Arc::new(UInt32Array::from(some(|row| u32::MAX - row as u32)))),
        ("uint64", Arc::new(UInt64Array::from(some(|row| u64::MAX - row as u64)))),
        ("float32", Arc::new(Float32Array::from(some(|row| row as f32 / 3.0)))),
        ("float64", Arc::new(Float64Array::from(some(|row| -(row as f64) / 3.0)))),
        ("date", Arc::new(Date32Array::from(some(|row| row as i32 * 400 - 999)))),
        ("moment", Arc::new(stamps.clone())),
        ("moment_utc", Arc::new(stamps.with_timezone("UTC"))),
        ("digits_9", decimals(9, 1_111)),
        ("digits_18", decimals(18, 1_111_111_111)),
        ("digits_38", decimals(38, 1_111_111_111_111_111_111_111)),
        ("string", Arc::new(StringArray::from(some(words)))),
        ("binary", Arc::new(BinaryArray::from_iter(some(|row| vec![row as u8; row % 6])))),
        ("fixed", fixed()),
        ("nested", nested()),
        ("map", map()),
    ]
}

/// Packs a source of `ROWS` sequences with these columns and reads the packs back.
fn packed(folder: &Path, columns: &[(&str, ArrayRef)], from: &str, to: &str) -> Vec<RecordBatch> {
    let ids: Vec<Row<i32>> =
        (0..ROWS).map(|row| Some((0..=row as i32 % 9).map(Some).collect())).collect();
    let mut all = vec![("input_ids", lists::<i32, Int32Type>(&ids))];
    all.extend(columns.iter().map(|(name, array)| (*name, Arc::clone(array))));
    let source = folder.join(format!("source-{to}.{from}"));
    match from {
        "parquet" => parquet(&source, &table(all), 17, zstd()),
        "arrows" => arrow_stream(&source, &table(all), 17),
        _ => arrow(&source, &table(all), 17),
    }
    let names = columns.iter().map(|(name, _)| (*name).to_string()).collect();
    let output = folder.join(format!("{from}-{to}"));
    let mut options =
        DatasetOptions::new(inputs(&[&source]), output.clone(), to, PackOptions::new(20));
    options.columns = Columns::new("input_ids".to_string(), None, None, names);
    let report = pack_dataset(&options, 2, &Unwatched).expect("packed");
    prove(&source, &output).expect("what was packed is proved");
    let file = File::open(output.join(&report.files[0].path)).expect("a file");
    if to == "parquet" {
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("a Parquet file");
        return reader.build().expect("a reader").map(|batch| batch.expect("a batch")).collect();
    }
    let reader = FileReader::try_new(file, None).expect("an Arrow file");
    reader.map(|batch| batch.expect("a batch")).collect()
}

/// Proves an output, with whatever it carries, against a source; digests aside.
fn prove(source: &Path, output: &Path) -> Result<(), Fault> {
    let options = VerifyOptions {
        output: output.to_path_buf(),
        inputs: Some(inputs(&[source])),
        columns: Columns::new("input_ids".to_string(), None, None, Vec::new()),
        text: None,
        digests: false,
    };
    verify_dataset(&options, 2, &Unwatched).map(|_| ())
}

/// Hands on the index in the source and the single value found, for each segment.
fn each_value(batches: &[RecordBatch], name: &str, mut take: impl FnMut(usize, ArrayRef)) {
    let mut seen = 0;
    for batch in batches {
        let ids = batch.column_by_name("sequence_ids").expect("ids").as_list::<i32>();
        let values = batch.column_by_name(name).expect(name).as_list::<i32>();
        for row in 0..batch.num_rows() {
            let (ids, values) = (ids.value(row), values.value(row));
            assert_eq!(ids.len(), values.len(), "{name}: one value per segment");
            for (k, &id) in ids.as_primitive::<Int64Type>().values().iter().enumerate() {
                seen += 1;
                take(id as usize, values.slice(k, 1));
            }
        }
    }
    assert_eq!(seen, ROWS, "{name}");
}

#[test]
fn values_of_every_type_come_along_from_both_formats_into_both() {
    let folder = tempfile::tempdir().expect("a folder");
    let columns = columns();
    for from in ["parquet", "arrow"] {
        for to in ["parquet", "arrow"] {
            let batches = packed(folder.path(), &columns, from, to);
            for (name, source) in &columns {
                each_value(&batches, name, |id, value| {
                    let wanted = source.slice(id, 1);
                    // Maps name their entries in several ways; their contents are compared.
                    let (value, wanted) = match (value.as_map_opt(), wanted.as_map_opt()) {
                        (Some(value), Some(wanted)) if wanted.is_valid(0) => {
                            assert!(value.is_valid(0));
                            let part = |map: &arrow_array::MapArray, column| {
                                Arc::clone(map.value(0).column(column))
                            };
                            assert_eq!(&part(value, 0), &part(wanted, 0), "{from} {to} {id}");
                            (part(value, 1), part(wanted, 1))
                        }
                        (Some(value), Some(_)) => return assert!(value.is_null(0)),
                        _ => (value, wanted),
                    };
                    assert_eq!(&value, &wanted, "{name} of {id}, {from} to {to}");
                });
            }
        }
    }
}

#[test]
fn strings_of_every_layout_become_the_strings_of_parquet() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut dictionary = StringDictionaryBuilder::<Int8Type>::new();
    for word in some(words) {
        dictionary.append_option(word);
    }
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("large", Arc::new(LargeStringArray::from(some(words)))),
        ("view", Arc::new(StringViewArray::from_iter(some(words)))),
        ("dictionary", Arc::new(dictionary.finish())),
    ];
    let batches = packed(folder.path(), &columns, "arrow", "parquet");
    for (name, _) in &columns {
        each_value(&batches, name, |id, value| {
            let found = value.as_string::<i32>();
            assert_eq!(found.iter().next().flatten(), some(words)[id].as_deref(), "{name} {id}");
        });
    }
}

/// Types that lie in an Arrow file in ways of their own.
fn layouts() -> Vec<(&'static str, ArrayRef)> {
    let mut dictionary = StringDictionaryBuilder::<Int8Type>::new();
    for word in some(words) {
        dictionary.append_option(word);
    }
    let numbers: ArrayRef = Arc::new(Int32Array::from_iter_values(0..3 * ROWS as i32));
    let item = Arc::new(Field::new_list_field(DataType::Int32, true));
    let fixed = FixedSizeListArray::new(item, 3, numbers, None);
    let runs = Int32Array::from_iter_values((1..=ROWS as i32).filter(|end| end % 5 == 0));
    let run_values = StringArray::from_iter_values((0..ROWS / 5).map(words));
    vec![
        ("dictionary", Arc::new(dictionary.finish())),
        ("large", Arc::new(LargeStringArray::from(some(words)))),
        ("view", Arc::new(StringViewArray::from_iter(some(|row| "long word".repeat(row))))),
        ("lists_of_three", Arc::new(fixed)),
        ("runs", Arc::new(RunArray::try_new(&runs, &run_values).expect("runs"))),
        ("nothing", Arc::new(NullArray::new(ROWS))),
    ]
}

#[test]
fn layouts_that_only_arrow_has_come_along_from_files_and_streams() {
    let folder = tempfile::tempdir().expect("a folder");
    for from in ["arrow", "arrows"] {
        for (name, source) in layouts() {
            let columns = [(name, Arc::clone(&source))];
            let inside = folder.path().join(format!("{from}-{name}"));
            std::fs::create_dir(&inside).expect("a folder");
            let batches = packed(&inside, &columns, from, "arrow");
            each_value(&batches, name, |id, value| {
                assert_eq!(&value, &source.slice(id, 1), "{name} of {id} from {from}");
            });
        }
    }
}

/// Lists of `T`: small, large, of fixed size; null here and there.
fn lists_of<T: ArrowPrimitiveType>(of: impl Fn(usize) -> T::Native) -> Vec<(String, ArrayRef)> {
    let row = |row: usize| {
        (row % 5 != 2).then(|| (0..row % 4).map(|k| (k != 1).then(|| of(row + k))).collect())
    };
    let rows: Vec<Row<T::Native>> = (0..ROWS).map(row).collect();
    let full: Vec<T::Native> = (0..2 * ROWS).map(of).collect();
    let item = Arc::new(Field::new_list_field(T::DATA_TYPE, true));
    let values = Arc::new(PrimitiveArray::<T>::from_iter_values(full));
    let name = |kind: &str| format!("{kind} of {}", T::DATA_TYPE);
    vec![
        (name("list"), lists::<i32, T>(&rows)),
        (name("large list"), lists::<i64, T>(&rows)),
        (name("pairs"), Arc::new(FixedSizeListArray::new(item, 2, values, None))),
    ]
}

#[test]
fn lists_of_every_number_keep_their_type_and_values_from_every_source() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut columns = lists_of::<Int8Type>(|k| k as i8 - 20);
    columns.extend(lists_of::<Int16Type>(|k| k as i16 * 300 - 999));
    columns.extend(lists_of::<Int32Type>(|k| k as i32 * 70_000));
    columns.extend(lists_of::<Int64Type>(|k| (k as i64) << 40));
    columns.extend(lists_of::<UInt8Type>(|k| 255 - k as u8));
    columns.extend(lists_of::<UInt16Type>(|k| 65_535 - k as u16));
    columns.extend(lists_of::<UInt32Type>(|k| u32::MAX - k as u32));
    columns.extend(lists_of::<UInt64Type>(|k| u64::MAX - k as u64));
    columns.extend(lists_of::<Float32Type>(|k| k as f32 / 3.0));
    columns.extend(lists_of::<Float64Type>(|k| k as f64 / 3.0));
    columns.extend(lists_of::<Date32Type>(|k| k as i32 * 9));
    for (number, (name, source)) in columns.iter().enumerate() {
        for from in ["parquet", "arrow", "arrows"] {
            for to in ["parquet", "arrow"] {
                let inside = folder.path().join(format!("{number}-{from}-{to}"));
                std::fs::create_dir(&inside).expect("a folder");
                let batches = packed(&inside, &[("c", Arc::clone(source))], from, to);
                each_value(&batches, "c", |id, value| {
                    let (value, wanted) = (elements(&value), elements(&source.slice(id, 1)));
                    assert_eq!(value.data_type(), wanted.data_type(), "{name}, {from} to {to}");
                    assert_eq!(&value, &wanted, "{name} of {id}, {from} to {to}");
                });
            }
        }
    }
}

/// The elements of the single list in `array`, whatever kind of list it is; none for null.
fn elements(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        _ if array.is_null(0) => Arc::new(NullArray::new(0)),
        DataType::LargeList(_) => array.as_list::<i64>().value(0),
        DataType::FixedSizeList(..) => array.as_fixed_size_list().value(0),
        _ => array.as_list::<i32>().value(0),
    }
}

/// The array with its values but that of `row`, which is the one of `other`.
fn with_other(array: &ArrayRef, row: usize, other: usize) -> ArrayRef {
    let data = array.to_data();
    let mut all = MutableArrayData::new(vec![&data], true, ROWS);
    for k in 0..ROWS {
        let k = if k == row { other } else { k };
        all.try_extend(0, k, k + 1).expect("room");
    }
    make_array(all.freeze())
}

#[test]
fn one_other_value_in_the_source_is_found_with_its_sequence() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut all = columns();
    all.extend(layouts().into_iter().filter(|(name, _)| *name != "nothing" && *name != "runs"));
    for (number, (name, column)) in all.into_iter().enumerate() {
        let row = 24;
        let other = (0..ROWS).rev().find(|&k| column.slice(k, 1) != column.slice(row, 1));
        let changed = with_other(&column, row, other.expect("another value"));
        for (from, to) in [("parquet", "arrow"), ("arrow", "arrow"), ("arrow", "parquet")] {
            if from == "parquet" && number >= columns().len() {
                continue;
            }
            let inside = folder.path().join(format!("{number}-{from}-{to}"));
            std::fs::create_dir(&inside).expect("a folder");
            packed(&inside, &[(name, Arc::clone(&column))], from, to);
            let after = inside.join("after");
            std::fs::create_dir(&after).expect("a folder");
            packed(&after, &[(name, Arc::clone(&changed))], from, to);
            let source = after.join(format!("source-{to}.{from}"));
            let fault = prove(&source, &inside.join(format!("{from}-{to}")));
            let Err(Fault::Invalid(place)) = fault else { panic!("{name}: {fault:?}") };
            let wanted = format!("{name} of sequence {row} isn't that of its source");
            assert_eq!(place.detail, wanted, "{from} to {to}");
            assert!(place.row.is_some(), "{name}");
        }
    }
}
