//! What is read from source files: every type and format, nulls, and what is refused with which row.

mod common;

use arrow_array::types::{
    Float32Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type,
};
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray, UInt16Array};
use common::{Row, arrow, arrow_stream, lengths_of, lists, parquet, rows, table, zstd};
use parquet::basic::Compression;
use proptest::prelude::*;
use std::path::Path;
use std::sync::Arc;
use stowage_dataset::Fault;

fn lengths(path: &Path) -> Result<Vec<u32>, Fault> {
    lengths_of(&[path])
}

/// Packs and verifies, which reads every token; the fault of the first.
fn tokens(path: &Path, folder: &Path) -> Result<(), Fault> {
    let mut options = stowage_engine::PackOptions::new(1000);
    options.empty = stowage_engine::options::Empty::Drop;
    let output = tempfile::tempdir_in(folder).expect("a folder").path().join("out");
    common::pack(path, output, "arrow", options).map(|_| ())
}

#[test]
fn every_type_of_id_gives_the_same_lengths_in_every_format() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x");
    let (a, b): (Vec<Row<u8>>, Row<u8>) = (rows(&[&[1, 2, 3], &[], &[4]]), None);
    let all: Vec<Row<u8>> = [a.clone(), vec![b], a].concat();
    macro_rules! column {
        ($offset:ty, $element:ty, $native:ty) => {{
            let rows: Vec<Row<$native>> = all
                .iter()
                .map(|row| {
                    row.as_ref().map(|row| row.iter().map(|v| v.map(<$native>::from)).collect())
                })
                .collect();
            lists::<$offset, $element>(&rows)
        }};
    }
    let columns: [ArrayRef; 8] = [
        column!(i32, UInt8Type, u8),
        column!(i32, Int16Type, i16),
        column!(i32, UInt16Type, u16),
        column!(i32, Int32Type, i32),
        column!(i64, Int32Type, i32),
        column!(i32, UInt32Type, u32),
        column!(i32, Int64Type, i64),
        column!(i64, Int64Type, i64),
    ];
    for column in columns {
        let kind = column.data_type().to_string();
        let batch = table(vec![("input_ids", column)]);
        let write: [&dyn Fn(); 5] = [
            &|| parquet(&path, &batch, 2, zstd()),
            &|| parquet(&path, &batch, 3, Compression::SNAPPY),
            &|| parquet(&path, &batch, 100, Compression::UNCOMPRESSED),
            &|| arrow(&path, &batch, 2),
            &|| arrow_stream(&path, &batch, 3),
        ];
        for (k, write) in write.iter().enumerate() {
            write();
            assert_eq!(lengths(&path).expect("readable"), [3, 0, 1, 0, 3, 0, 1], "{kind}, {k}");
            tokens(&path, folder.path()).expect("readable");
        }
    }
}

#[test]
fn parts_of_any_size_are_read_in_pieces_that_add_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x");
    let mut rows: Vec<Row<i32>> =
        (0..20_000).map(|k| (k % 7 != 3).then(|| (0..k % 5).map(Some).collect())).collect();
    rows[9_000] = Some(vec![Some(1); 600_000]);
    let wanted: Vec<u32> =
        rows.iter().map(|row| row.as_ref().map_or(0, |row| row.len() as u32)).collect();
    let write: [&dyn Fn(&RecordBatch); 3] = [
        &|batch| parquet(&path, batch, 1 << 20, zstd()),
        &|batch| arrow(&path, batch, 1 << 20),
        &|batch| arrow_stream(&path, batch, 1 << 20),
    ];
    for write in write {
        write(&table(vec![("input_ids", lists::<i32, Int32Type>(&rows))]));
        assert_eq!(lengths(&path).expect("readable"), wanted);
        let mut bad = rows.clone();
        bad[19_990] = Some(vec![Some(5), Some(-5)]);
        write(&table(vec![("input_ids", lists::<i32, Int32Type>(&bad))]));
        let fault = tokens(&path, folder.path()).expect_err("-5");
        assert_eq!((fault.code(), fault.row()), ("ERR_COLUMN", Some(19_990)));
    }
}

#[test]
fn an_integer_column_is_a_column_of_lengths() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x");
    let column: ArrayRef = Arc::new(UInt16Array::from(vec![5, 0, 65_535]));
    parquet(&path, &table(vec![("input_ids", column)]), 2, zstd());
    assert_eq!(lengths(&path).expect("readable"), [5, 0, 65_535]);
    let column: ArrayRef = Arc::new(Int64Array::from(vec![5, -1]));
    arrow(&path, &table(vec![("input_ids", column)]), 2);
    let fault = lengths(&path).expect_err("a negative length");
    assert_eq!((fault.code(), fault.row()), ("ERR_COLUMN", Some(1)));
    assert!(fault.to_string().contains("-1"), "{fault}");
}

#[test]
fn json_lines_are_read_with_their_row_in_the_fault() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.jsonl");
    let good = "{\"text\":{\"a\":[1,{}]},\"input_ids\":[1,2,3]}\r\n\n{\"input_ids\":null}\n{\"input_ids\":[]}";
    std::fs::write(&path, good).expect("written");
    assert_eq!(lengths(&path).expect("readable"), [3, 0, 0]);
    let cases = [
        ("{\"input_ids\":[1]}\n{\"input_ids\":[1,", "ERR_FORMAT", Some(1), "JSON"),
        ("{\"input_ids\":[1]}\nnull", "ERR_FORMAT", Some(1), "object"),
        ("{\"input_ids\":[1]}\n{\"ids\":[1]}", "ERR_COLUMN", Some(1), "found: ids"),
        ("{\"input_ids\":[1,null]}", "ERR_COLUMN", Some(0), "a null at position 1"),
        ("{\"input_ids\":[1,2,-7]}", "ERR_COLUMN", Some(0), "-7 at position 2"),
        ("{\"input_ids\":[2147483648]}", "ERR_COLUMN", Some(0), "2147483648 at position 0"),
        ("{\"input_ids\":[1.5]}", "ERR_COLUMN", Some(0), "1.5 at position 0"),
        ("{\"input_ids\":\"hello\"}", "ERR_COLUMN", Some(0), "is a string, not a list"),
    ];
    for (text, code, row, words) in cases {
        std::fs::write(&path, text).expect("written");
        let fault = tokens(&path, folder.path()).expect_err(text);
        assert_eq!((fault.code(), fault.row()), (code, row), "{text}");
        assert_eq!(fault.path(), Some(path.as_path()));
        assert!(fault.to_string().contains(words), "{fault}");
    }
}

#[test]
fn elements_that_are_no_ids_are_named_with_row_position_and_value() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x");
    let wide = |value: Option<i64>| -> Vec<Row<i64>> {
        vec![Some(vec![Some(1)]), None, Some(vec![]), Some(vec![Some(7), value])]
    };
    let cases = [
        (wide(None), "a null at position 1"),
        (wide(Some(-1)), "-1 (a token id is 0 .. 2147483647) at position 1"),
        (wide(Some(1 << 31)), "2147483648 (a token id is 0 .. 2147483647) at position 1"),
    ];
    for (rows, words) in cases {
        let batch = table(vec![("input_ids", lists::<i32, Int64Type>(&rows))]);
        for format in ["parquet", "arrow", "stream"] {
            match format {
                "parquet" => parquet(&path, &batch, 3, zstd()),
                "arrow" => arrow(&path, &batch, 3),
                _ => arrow_stream(&path, &batch, 3),
            }
            let fault = tokens(&path, folder.path()).expect_err(words);
            assert_eq!((fault.code(), fault.row()), ("ERR_COLUMN", Some(3)), "{format}");
            assert!(fault.to_string().contains(words), "{fault}");
        }
    }
}

#[test]
fn columns_of_other_types_and_missing_ones_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x");
    let floats = lists::<i32, Float32Type>(&rows(&[&[1.0_f32]]));
    let text: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
    for column in [floats, text] {
        parquet(&path, &table(vec![("input_ids", column)]), 9, zstd());
        assert_eq!(lengths(&path).expect_err("no ids").code(), "ERR_COLUMN");
    }
    let ids = lists::<i32, Int32Type>(&rows(&[&[1]]));
    arrow(&path, &table(vec![("tokens", ids)]), 9);
    let fault = lengths(&path).expect_err("no such column");
    assert!(fault.to_string().contains("found: tokens"), "{fault}");
}

#[test]
fn npy_arrays_of_every_integer_type_are_lengths() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.npy");
    let write = |descr: &str, shape: &str, data: &[u8]| {
        let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
        let header = format!("{header:<117}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        std::fs::write(&path, bytes).expect("written");
    };
    for (descr, data) in [
        ("|u1", vec![3, 7]),
        ("<i2", vec![3, 0, 7, 0]),
        (">u4", vec![0, 0, 0, 3, 0, 0, 0, 7]),
        ("<i8", vec![3, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0]),
    ] {
        write(descr, "(2,)", &data);
        assert_eq!(lengths(&path).expect(descr), [3, 7], "{descr}");
    }
    write("|i1", "(2,)", &[3, 0xFF]);
    let fault = lengths(&path).expect_err("-1");
    assert_eq!((fault.code(), fault.row()), ("ERR_COLUMN", Some(1)));
    write("<f4", "(1,)", &[0; 4]);
    assert_eq!(lengths(&path).expect_err("floats").code(), "ERR_COLUMN");
    write("|u1", "(1, 2)", &[1, 2]);
    assert_eq!(lengths(&path).expect_err("two dimensions").code(), "ERR_COLUMN");
    write("<u4", "(2,)", &[1, 0, 0, 0, 2, 0]);
    assert_eq!(lengths(&path).expect_err("cut").code(), "ERR_FORMAT");
    write("<u8", "(9999999999999999999,)", &[1]);
    assert_eq!(lengths(&path).expect_err("a lie").code(), "ERR_FORMAT");
}

#[test]
fn arrays_keep_their_order_and_folders_and_patterns_expand_in_byte_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(at("b")).expect("a folder");
    for (name, length) in [("a.jsonl", 1), ("b/x.jsonl", 2), ("B.jsonl", 3), ("_c.jsonl", 4)] {
        let ids = vec!["0"; length].join(",");
        std::fs::write(at(name), format!("{{\"input_ids\":[{ids}]}}\n")).expect("written");
    }
    std::fs::write(at("notes.txt"), "no data").expect("written");
    let read = lengths_of;
    assert_eq!(read(&[folder.path()]).expect("a folder"), [3, 1, 2]);
    assert_eq!(read(&[&at("b/x.jsonl"), &at("a.jsonl")]).expect("files"), [2, 1]);
    assert_eq!(read(&[&at("[aB]*.jsonl")]).expect("a pattern"), [3, 1]);
    assert_eq!(read(&[&at("*.parquet")]).expect_err("no match").code(), "ERR_IO");
    assert_eq!(read(&[&at("missing")]).expect_err("no file").code(), "ERR_IO");
    assert_eq!(read(&[&at("notes.txt")]).expect_err("no data").code(), "ERR_FORMAT");
}

/// A good file of each format.
fn good(format: usize, path: &Path) -> Vec<u8> {
    let rows: Vec<Row<i32>> = (0..60).map(|k| Some((0..k % 7).map(Some).collect())).collect();
    let batch = table(vec![("input_ids", lists::<i32, Int32Type>(&rows))]);
    match format {
        0 => parquet(path, &batch, 25, zstd()),
        1 => parquet(path, &batch, 60, Compression::SNAPPY),
        2 => parquet(path, &batch, 20, Compression::UNCOMPRESSED),
        3 => arrow(path, &batch, 25),
        _ => arrow_stream(path, &batch, 25),
    }
    std::fs::read(path).expect("a file")
}

#[test]
fn cut_files_are_faults_of_format_at_every_length() {
    let folder = tempfile::tempdir().expect("a folder");
    for format in 0..5 {
        let path = folder.path().join(if format < 3 { "x.parquet" } else { "x.arrow" });
        let bytes = good(format, &path);
        for end in (0..bytes.len()).step_by(13) {
            std::fs::write(&path, &bytes[..end]).expect("written");
            // A stream may end after any of its messages: that is what a stream is.
            match lengths(&path) {
                Ok(_) => assert_eq!(format, 4, "{end} of {} bytes", bytes.len()),
                Err(fault) => {
                    assert_eq!(fault.code(), "ERR_FORMAT", "{format}, {end}: {fault}");
                    assert_eq!(fault.path(), Some(path.as_path()));
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damaged_files_end_in_a_result_or_a_fault_and_never_in_a_panic(
        format in 0_usize..5,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x");
        let mut bytes = good(format, &path);
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        std::fs::write(&path, &bytes).expect("written");
        for result in [lengths(&path).map(|_| ()), tokens(&path, folder.path())] {
            if let Err(fault) = result {
                let expected = ["ERR_FORMAT", "ERR_COLUMN", "ERR_OVERLONG"];
                prop_assert!(expected.contains(&fault.code()), "{fault}");
            }
        }
    }
}

#[test]
fn a_table_without_rows_must_have_the_columns_all_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x");
    let ids = |column: ArrayRef| table(vec![("input_ids", column)]).slice(0, 0);
    let right = ids(lists::<i32, Int32Type>(&rows(&[&[1]])));
    let text = ids(Arc::new(StringArray::from(vec!["1"])));
    let other =
        table(vec![("text", Arc::new(StringArray::from(vec!["1"])) as ArrayRef)]).slice(0, 0);
    let write: [fn(&Path, &RecordBatch); 3] = [
        |path, batch| parquet(path, batch, 2, zstd()),
        |path, batch| arrow(path, batch, 2),
        |path, batch| arrow_stream(path, batch, 2),
    ];
    for write in write {
        write(&path, &right);
        assert_eq!(lengths(&path), Ok(Vec::new()));
        for wrong in [&text, &other] {
            write(&path, wrong);
            assert_eq!(lengths(&path).expect_err("no such column").code(), "ERR_COLUMN");
            let fault = tokens(&path, folder.path()).expect_err("no such column");
            assert_eq!(fault.code(), "ERR_COLUMN", "{fault}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_a_socket_and_a_device_are_refused_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe.jsonl");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo").success());
    let socket = folder.path().join("socket.jsonl");
    let _listening = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    let device = Path::new("/dev/zero");
    for (path, word) in [(pipe.as_path(), "a pipe"), (device, "a device")] {
        for fault in [lengths(path).expect_err(word), tokens(path, folder.path()).expect_err(word)]
        {
            assert_eq!(fault.code(), "ERR_FORMAT", "{fault}");
            assert_eq!(fault.path(), Some(path));
            assert!(fault.to_string().contains(word), "{fault}");
        }
    }
    // The system itself refuses to open a socket.
    assert_eq!(lengths(&socket).expect_err("a socket").code(), "ERR_IO");
    let options = stowage_dataset::VerifyOptions {
        output: folder.path().to_path_buf(),
        inputs: None,
        columns: stowage_dataset::Columns::default(),
        text: None,
        digests: true,
    };
    std::fs::rename(&pipe, folder.path().join("_stowage.json")).expect("renamed");
    let fault = stowage_dataset::verify_dataset(&options, 1, &stowage_engine::Unwatched)
        .expect_err("a pipe");
    assert_eq!(fault.code(), "ERR_FORMAT", "{fault}");
}
