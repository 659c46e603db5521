//! Every codec of Parquet pages and Arrow buffers gives what the uncompressed file gives; what is
//! damaged is a fault, never a wrong value.

mod common;

use arrow_array::types::{Int16Type, Int32Type};
use arrow_array::{ArrayRef, RecordBatch, StringArray, StringViewArray};
use arrow_ipc::CompressionType;
use common::{Row, arrow, arrow_compressed, inputs, lists, parquet, table, zstd};
use parquet::basic::{BrotliLevel, Compression, GzipLevel};
use proptest::prelude::*;
use std::path::Path;
use std::sync::Arc;
use stowage_dataset::{Columns, DatasetOptions, pack_dataset};
use stowage_engine::{PackOptions, Unwatched};

/// Tokens of 16 and of 32 bits, nulls, and strings in both layouts.
fn batch(rows: usize, seed: i32) -> RecordBatch {
    let ids: Vec<Row<i32>> = (0..rows as i32)
        .map(|row| {
            (row % 11 != 3)
                .then(|| (0..(row * 7 + seed) % 90).map(|k| Some(k * k % 50_000)).collect())
        })
        .collect();
    let mask: Vec<Row<i16>> = ids
        .iter()
        .map(|row| {
            row.as_ref().map(|row| (0..row.len()).map(|k| Some(i16::from(k % 3 > 0))).collect())
        })
        .collect();
    let words: Vec<String> = (0..rows).map(|row| "word ".repeat(row % 9)).collect();
    let words = || words.iter().map(String::as_str);
    let strings: ArrayRef = Arc::new(StringArray::from_iter_values(words()));
    let views: ArrayRef = Arc::new(StringViewArray::from_iter_values(words()));
    table(vec![
        ("input_ids", lists::<i32, Int32Type>(&ids)),
        ("mask", lists::<i32, Int16Type>(&mask)),
        ("words", strings),
        ("views", views),
    ])
}

/// What packs of `source` hold, as the bytes of an Arrow file.
fn packed(source: &Path, output: &Path, carry: &[&str]) -> Result<Vec<u8>, String> {
    let options =
        PackOptions { empty: stowage_engine::options::Empty::Drop, ..PackOptions::new(100) };
    let mut options =
        DatasetOptions::new(inputs(&[source]), output.to_path_buf(), "arrow", options);
    let carry = carry.iter().map(|name| (*name).to_string()).collect();
    options.columns = Columns::new("input_ids".to_string(), None, Some("mask".to_string()), carry);
    let report = pack_dataset(&options, 2, &Unwatched).map_err(|fault| fault.to_string())?;
    Ok(std::fs::read(output.join(&report.files[0].path)).expect("a file"))
}

#[test]
fn every_codec_of_parquet_gives_what_the_plain_file_gives() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = batch(500, 1);
    let plain = folder.path().join("plain.parquet");
    parquet(&plain, &source, 170, Compression::UNCOMPRESSED);
    let wanted = packed(&plain, &folder.path().join("wanted"), &["words"]).expect("packed");
    for (name, codec) in [
        ("snappy", Compression::SNAPPY),
        ("gzip", Compression::GZIP(GzipLevel::default())),
        ("lz4", Compression::LZ4),
        ("lz4_raw", Compression::LZ4_RAW),
        ("brotli", Compression::BROTLI(BrotliLevel::default())),
        ("zstd", zstd()),
    ] {
        let path = folder.path().join(format!("{name}.parquet"));
        parquet(&path, &source, 170, codec);
        let found = packed(&path, &folder.path().join(name), &["words"]).expect(name);
        assert!(found == wanted, "{name}");
    }
}

#[test]
fn every_codec_of_arrow_gives_what_the_plain_file_gives() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = batch(3000, 2);
    let carry = ["words", "views"];
    let plain = folder.path().join("plain.arrow");
    arrow(&plain, &source, 2500);
    let wanted = packed(&plain, &folder.path().join("wanted"), &carry).expect("packed");
    for (name, codec) in [("lz4", CompressionType::LZ4_FRAME), ("zstd", CompressionType::ZSTD)] {
        let path = folder.path().join(format!("{name}.feather"));
        arrow_compressed(&path, &source, 2500, codec);
        let found = packed(&path, &folder.path().join(name), &carry).expect(name);
        assert!(found == wanted, "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn a_flipped_byte_of_a_compressed_file_is_a_fault_or_a_data_set(
        at in any::<prop::sample::Index>(),
        by in 1_u8..,
        kind in 0_usize..7,
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("source");
        let source = batch(60, 3);
        match kind {
            0 => parquet(&path, &source, 60, Compression::GZIP(GzipLevel::default())),
            1 => parquet(&path, &source, 60, Compression::LZ4),
            2 => parquet(&path, &source, 60, Compression::LZ4_RAW),
            3 => parquet(&path, &source, 60, Compression::BROTLI(BrotliLevel::default())),
            4 => parquet(&path, &source, 60, Compression::SNAPPY),
            5 => arrow_compressed(&path, &source, 60, CompressionType::LZ4_FRAME),
            _ => arrow_compressed(&path, &source, 60, CompressionType::ZSTD),
        }
        let mut bytes = std::fs::read(&path).expect("a file");
        let at = at.index(bytes.len());
        bytes[at] ^= by;
        std::fs::write(&path, bytes).expect("written");
        // Neither ends the process nor hangs; which of the two it is, the byte decides.
        let _ = packed(&path, &folder.path().join("out"), &["words"]);
    }
}
