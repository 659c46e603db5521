//! Lists of integers in every way that Parquet writers store them: the same rows come out.

mod common;

use arrow_array::types::{Float32Type, Int8Type, Int32Type, Int64Type, UInt16Type, UInt32Type};
use arrow_array::{Array, ArrayRef, cast::AsArray};
use common::{Row, inputs, lengths_of, lists, table};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;
use proptest::prelude::*;
use std::fs::File;
use std::path::Path;
use stowage_dataset::{DatasetOptions, Fault, pack_dataset};
use stowage_engine::options::{Empty, Strategy as Packing};
use stowage_engine::{PackOptions, Unwatched};

/// How a file is written.
#[derive(Clone, Debug)]
struct Manner {
    version: WriterVersion,
    dictionary: bool,
    encoding: Option<Encoding>,
    compression: Compression,
    page_rows: usize,
    group_rows: usize,
}

fn manners() -> impl Strategy<Value = Manner> {
    let version = prop_oneof![Just(WriterVersion::PARQUET_1_0), Just(WriterVersion::PARQUET_2_0)];
    let encoding = prop_oneof![
        Just(None),
        Just(Some(Encoding::DELTA_BINARY_PACKED)),
        Just(Some(Encoding::BYTE_STREAM_SPLIT)),
    ];
    let compression = prop_oneof![
        Just(Compression::UNCOMPRESSED),
        Just(Compression::SNAPPY),
        Just(common::zstd()),
    ];
    (version, any::<bool>(), encoding, compression, 1_usize..40, 1_usize..90).prop_map(
        |(version, dictionary, encoding, compression, page_rows, group_rows)| Manner {
            version,
            dictionary,
            encoding,
            compression,
            page_rows,
            group_rows,
        },
    )
}

fn write(path: &Path, column: ArrayRef, manner: &Manner) {
    let leaf = ColumnPath::from("input_ids.list.item");
    let mut properties = WriterProperties::builder()
        .set_writer_version(manner.version)
        .set_dictionary_enabled(manner.dictionary)
        .set_compression(manner.compression)
        .set_data_page_row_count_limit(manner.page_rows)
        .set_dictionary_page_size_limit(600) // a few rows, then plain pages
        .set_write_batch_size(8)
        .set_max_row_group_row_count(Some(manner.group_rows));
    if let (Some(encoding), false) = (manner.encoding, manner.dictionary) {
        properties = properties.set_column_encoding(leaf, encoding);
    }
    let batch = table(vec![("input_ids", column)]);
    let file = File::create(path).expect("a file");
    let writer = ArrowWriter::try_new(file, batch.schema(), Some(properties.build()));
    let mut writer = writer.expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
}

fn column(rows: &[Row<u8>], kind: usize) -> ArrayRef {
    fn typed<T: Copy>(rows: &[Row<u8>], of: impl Fn(u8) -> T) -> Vec<Row<T>> {
        let row = |row: &Row<u8>| {
            row.as_ref().map(|row| row.iter().map(|value| value.map(&of)).collect())
        };
        rows.iter().map(row).collect()
    }
    match kind {
        0 => lists::<i32, Int32Type>(&typed(rows, |value| i32::from(value) * 8_000_000)),
        1 => lists::<i32, UInt32Type>(&typed(rows, |value| u32::from(value) * 8_000_000)),
        2 => lists::<i64, Int64Type>(&typed(rows, |value| i64::from(value) * 8_000_000)),
        3 => lists::<i32, UInt16Type>(&typed(rows, |value| u16::from(value) * 257)),
        _ => lists::<i64, Int8Type>(&typed(rows, |value| (value / 2) as i8)),
    }
}

/// Every sequence as a row of its own, in order.
fn pack(source: &Path, output: &Path) -> Result<Vec<Vec<i32>>, Fault> {
    let mut pack = PackOptions::new(4000);
    pack.empty = Empty::Drop;
    pack.strategy = Packing::NextFit;
    pack.max_sequences_per_pack = std::num::NonZeroU32::new(1);
    let mut options = DatasetOptions::new(inputs(&[source]), output.to_path_buf(), "parquet", pack);
    options.order = stowage_engine::epoch::Order::Plan;
    let report = pack_dataset(&options, 2, &Unwatched)?;
    let file = File::open(output.join(&report.files[0].path)).expect("a file");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("a Parquet file");
    let mut found = Vec::new();
    for batch in reader.build().expect("a reader") {
        let batch = batch.expect("a batch");
        let rows = batch.column_by_name("input_ids").expect("tokens").as_list::<i32>();
        let row = |row| rows.value(row).as_primitive::<Int32Type>().values().to_vec();
        found.extend((0..rows.len()).map(row));
    }
    Ok(found)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn rows_are_the_same_however_they_are_stored(
        rows in prop::collection::vec(
            prop_oneof![
                1 => Just(None),
                4 => prop::collection::vec(any::<u8>().prop_map(Some), 0..4).prop_map(Some),
                4 => prop::collection::vec(any::<u8>().prop_map(Some), 0..90).prop_map(Some),
                1 => (any::<u8>(), 0_usize..300).prop_map(|(id, n)| Some(vec![Some(id); n])),
            ],
            1..150,
        ),
        kind in 0_usize..5,
        manner in manners(),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.parquet");
        let factor = [8_000_000, 8_000_000, 8_000_000, 257, 1][kind];
        write(&path, column(&rows, kind), &manner);
        let wanted: Vec<Vec<i32>> = rows
            .iter()
            .flatten()
            .filter(|row| !row.is_empty())
            .map(|row| {
                let id = |id: &Option<u8>| i32::from(id.expect("no nulls here"));
                row.iter().map(|v| if kind == 4 { id(v) / 2 } else { id(v) * factor }).collect()
            })
            .collect();
        let lengths = lengths_of(&[&path]);
        let row_lengths: Vec<u32> =
            rows.iter().map(|row| row.as_ref().map_or(0, |row| row.len() as u32)).collect();
        prop_assert_eq!(lengths.expect("readable"), row_lengths);
        prop_assert_eq!(pack(&path, &folder.path().join("out")).expect("packed"), wanted);
    }

    #[test]
    fn a_null_element_is_found_in_its_row_and_place(
        before in prop::collection::vec(0_usize..40, 0..60),
        place in 0_usize..50,
        after in 0_usize..20,
        manner in manners(),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.parquet");
        let mut rows: Vec<Row<u8>> = before.iter().map(|&n| Some(vec![Some(1); n])).collect();
        let bad: Vec<Option<u8>> =
            (0..=place + after).map(|k| (k != place).then_some(k as u8)).collect();
        rows.extend([Some(bad), None, Some(vec![Some(3)])]);
        write(&path, column(&rows, 0), &manner);
        let fault = pack(&path, &folder.path().join("out")).expect_err("a null");
        prop_assert_eq!(fault.code(), "ERR_COLUMN");
        prop_assert_eq!(fault.row(), Some(before.len() as u64));
        let words = format!("a null at position {place}");
        prop_assert!(fault.to_string().contains(&words), "{}", fault);
    }
}

/// A column of floats beside one token per row.
fn with_floats(path: &Path, lengths: &[usize]) {
    let rows: Vec<Row<f32>> = lengths.iter().map(|&length| Some(vec![Some(0.5); length])).collect();
    let tokens: Vec<Row<i32>> = lengths.iter().map(|_| Some(vec![Some(1)])).collect();
    let floats = lists::<i32, Float32Type>(&rows);
    let batch = table(vec![("input_ids", lists::<i32, Int32Type>(&tokens)), ("floats", floats)]);
    common::parquet(path, &batch, 10, Compression::SNAPPY);
}

#[test]
fn a_row_of_lists_that_are_read_value_by_value_has_a_bound() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.parquet");
    let carried = |output: &str| {
        let output = folder.path().join(output);
        let pack = PackOptions::new(10);
        let mut options = DatasetOptions::new(inputs(&[&path]), output, "parquet", pack);
        options.columns.carry = vec!["floats".to_string()];
        pack_dataset(&options, 1, &Unwatched)
    };
    with_floats(&path, &[1, 1 << 20, 0, 3]);
    carried("within").expect("a row may have a million");
    with_floats(&path, &[1, (1 << 23) + (1 << 21), 3]);
    let fault = carried("beyond").expect_err("more than are held");
    assert_eq!(fault.code(), "ERR_FORMAT", "{fault}");
    assert!(fault.to_string().contains("more than 8388608 elements"), "{fault}");
    assert!(!folder.path().join("beyond").exists());
}
