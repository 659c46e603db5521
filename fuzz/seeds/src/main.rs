//! Writes a first corpus for each target: `cargo run -p stowage-fuzz-seeds -- FOLDER` makes
//! `FOLDER/TARGET/…`, some hundred files of a few KB.

use arrow_array::RecordBatch;
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{WriterProperties, WriterVersion};
use std::path::{Path, PathBuf};
use stowage_engine::options::Overlong;
use stowage_engine::stream::{Closed, StreamOptions, StreamPacker, StreamStrategy};
use stowage_fuzz::outputs::{MANIFEST, outputs};
use stowage_fuzz::source;
use stowage_fuzz::table::table;

/// The kinds of the target `source`, by their number there.
const JSON_LINES: u8 = 0;
const JSON: u8 = 1;
const NPY: u8 = 2;
const PARQUET: u8 = 3;
const ARROW_FILE: u8 = 4;
const ARROW_STREAM: u8 = 5;
const WRAPPED: [u8; 2] = [6, 7];

/// Which columns are named, see the target, and the format that the file goes to.
const WHOLE: [(u8, u8); 8] =
    [(0, 0), (1, 2), (2, 0), (1 | 2, 2), (4, 0), (1 | 4, 5), (0, 7), (64, 0)];
/// Where there are only tokens.
const PLAIN: [(u8, u8); 6] = [(0, 0), (0, 2), (0, 11), (0, 13), (0, 21), (64, 0)];

fn main() {
    let folder = std::env::args_os().nth(1).expect("the folder of the corpora is missing");
    let corpus = Corpus { folder: folder.into() };
    sources(&corpus);
    files(&corpus);
    snapshots(&corpus);
    println!("seeds written to {}", corpus.folder.display());
}

struct Corpus {
    folder: PathBuf,
}

impl Corpus {
    fn put(&self, target: &str, name: &str, head: &[u8], bytes: &[u8]) {
        let folder = self.folder.join(target);
        std::fs::create_dir_all(&folder).expect("the folder can be made");
        let path: &Path = &folder.join(name);
        std::fs::write(path, [head, bytes].concat()).expect("the folder can be written");
    }

    /// A source with each of these columns named; `carried`: all that can be taken along is there.
    fn source(&self, name: &str, kind: u8, given: &[(u8, u8)], carried: u8, bytes: &[u8]) {
        for &(named, format) in given {
            // What isn't a table has room for none.
            let tables = [0, 2];
            let carried = if tables.contains(&format) { carried } else { 0 };
            let head = [kind, format, named, carried];
            let does = source::run(&[&head, bytes].concat());
            assert!(does, "{name}: {head:?} comes to nothing");
            self.put("source", &format!("{name}-{named}-{format}"), &head, bytes);
        }
    }
}

fn sources(corpus: &Corpus) {
    let whole = table(|_| true);
    let plain = table(|name| matches!(name, "input_ids" | "len" | "name"));
    let codecs = [
        ("none", Compression::UNCOMPRESSED),
        ("snappy", Compression::SNAPPY),
        ("gzip", Compression::GZIP(Default::default())),
        ("lz4", Compression::LZ4_RAW),
        ("brotli", Compression::BROTLI(Default::default())),
        ("zstd", Compression::ZSTD(Default::default())),
    ];
    for (name, codec) in codecs {
        let properties = WriterProperties::builder()
            .set_compression(codec)
            .set_max_row_group_row_count(Some(10));
        let bytes = parquet(&plain, properties.build());
        corpus.source(&format!("parquet-{name}"), PARQUET, &PLAIN, 1, &bytes);
    }
    let plainly = || WriterProperties::builder().set_dictionary_enabled(false);
    let second = || plainly().set_writer_version(WriterVersion::PARQUET_2_0);
    for (name, properties) in [
        ("dictionary", WriterProperties::default()),
        ("plain", plainly().build()),
        ("second", second().build()),
        ("delta", plainly().set_encoding(Encoding::DELTA_BINARY_PACKED).build()),
        ("split", second().set_encoding(Encoding::BYTE_STREAM_SPLIT).build()),
    ] {
        // Not every encoding is for every type.
        let (batch, given, carried) = match name {
            "delta" | "split" => (table(|name| matches!(name, "input_ids" | "len")), &PLAIN[..], 0),
            _ => (whole.clone(), &WHOLE[..], 255),
        };
        let bytes = parquet(&batch, properties);
        corpus.source(&format!("parquet-{name}"), PARQUET, given, carried, &bytes);
    }
    for (name, codec) in [
        ("none", None),
        ("lz4", Some(CompressionType::LZ4_FRAME)),
        ("zstd", Some(CompressionType::ZSTD)),
    ] {
        corpus.source(&format!("arrow-{name}"), ARROW_FILE, &WHOLE, 255, &arrow(&whole, codec));
    }
    corpus.source("arrow-plain", ARROW_FILE, &PLAIN, 1, &arrow(&plain, None));
    corpus.source("stream", ARROW_STREAM, &WHOLE, 255, &stream(&whole));
    let lines = json_lines();
    corpus.source("lines", JSON_LINES, &WHOLE, 0, lines.as_bytes());
    for kind in WRAPPED {
        corpus.source(&format!("wrapped-{kind}"), kind, &WHOLE, 0, lines.as_bytes());
    }
    let array = format!("[{}]", lines.trim_end().replace('\n', ",\n"));
    corpus.source("array", JSON, &WHOLE, 0, array.as_bytes());
    corpus.put("source", "lengths.npy", &[NPY, 0, 0, 0], &npy("<i8"));
    corpus.put("source", "lengths-big.npy", &[NPY, 0, 0, 0], &npy(">i8"));
}

fn parquet(batch: &RecordBatch, properties: WriterProperties) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).expect("a writer");
    writer.write(batch).expect("written");
    writer.close().expect("closed");
    bytes
}

fn arrow(batch: &RecordBatch, codec: Option<CompressionType>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let options = IpcWriteOptions::default().try_with_compression(codec).expect("a codec");
    let mut writer =
        FileWriter::try_new_with_options(&mut bytes, &batch.schema(), options).expect("a writer");
    (0..2).for_each(|part| writer.write(&batch.slice(part * 12, 12)).expect("written"));
    writer.finish().expect("finished");
    drop(writer);
    bytes
}

fn stream(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = StreamWriter::try_new(&mut bytes, &batch.schema()).expect("a writer");
    (0..2).for_each(|part| writer.write(&batch.slice(part * 12, 12)).expect("written"));
    writer.finish().expect("finished");
    drop(writer);
    bytes
}

fn json_lines() -> String {
    let row = |row: usize| {
        let length = 1 + row * 5 % 9;
        let ids: Vec<usize> = (0..length).map(|at| (row * 31 + at * 7) % 300).collect();
        let labels: Vec<i64> =
            ids.iter().map(|&id| if id % 3 == 0 { -100 } else { id as i64 }).collect();
        let mask: Vec<usize> = (0..length).map(|at| at % 2).collect();
        let seen = vec![1; length];
        let mut value = serde_json::json!({
            "input_ids": ids, "labels": labels, "loss_mask": mask, "attention_mask": seen,
            "len": length, "name": format!("row {row} ü\n"),
        });
        if row % 4 == 0 {
            value["ratio"] = 1.5e-3.into();
            value["nested"] = serde_json::json!([[1, null], []]);
        }
        format!("{value}\n")
    };
    (0..12).map(row).collect()
}

fn npy(descr: &str) -> Vec<u8> {
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (6,), }}");
    header.push_str(&" ".repeat(117 - header.len()));
    let values = (1..7_i64).flat_map(|value| {
        if descr.starts_with('<') { value.to_le_bytes() } else { value.to_be_bytes() }
    });
    let head = [b"\x93NUMPY\x01\x00\x76\x00", header.as_bytes(), b"\n"].concat();
    head.into_iter().chain(values).collect()
}

/// The files of every format, their manifests and their headers.
fn files(corpus: &Corpus) {
    let mut headed = 0;
    for (format, output) in (0_u8..).zip(outputs()) {
        let name = output.format;
        for (index, (path, bytes)) in (0_u8..).zip(&output.files) {
            let file = path.replace('/', "-");
            for source in [0, 1] {
                corpus.put(
                    "reader",
                    &format!("{name}-{file}-{source}"),
                    &[format, index, source],
                    bytes,
                );
            }
            if let Some(header) = header(path, bytes) {
                corpus.put("headers", &format!("{name}-{file}"), &[headed, 2], header);
                headed += 1;
            }
        }
        let manifest = std::fs::read(output.folder.join(MANIFEST)).expect("a manifest");
        corpus.put("manifest", &format!("{name}-text"), &[format, 4], &manifest);
        for way in [1, 5, 9, 13] {
            let noise: Vec<u8> =
                (0..40_u8).map(|at| at.wrapping_mul(way).wrapping_add(way)).collect();
            corpus.put("manifest", &format!("{name}-{way}"), &[format, way], &noise);
        }
    }
    let lengths = b"{'descr': '<i8', 'fortran_order': False, 'shape': (12,), }";
    corpus.put("headers", "source", &[headed, 0], lengths);
}

fn header<'a>(path: &str, bytes: &'a [u8]) -> Option<&'a [u8]> {
    if path.ends_with(".npy") {
        Some(&bytes[10..128])
    } else if path.ends_with(".safetensors") {
        let length = u64::from_le_bytes(*bytes.first_chunk::<8>()?) as usize;
        Some(&bytes[8..8 + length])
    } else if path.ends_with(".idx") {
        Some(&bytes[..34])
    } else {
        None
    }
}

/// Streams of every strategy in the middle, without their checksum.
fn snapshots(corpus: &Corpus) {
    for (at, strategy) in
        [StreamStrategy::NextFit, StreamStrategy::Harmonic, StreamStrategy::BestFit]
            .into_iter()
            .enumerate()
    {
        for overlong in [Overlong::Drop, Overlong::Split, Overlong::TruncateStart] {
            let options = StreamOptions { strategy, overlong, ..StreamOptions::new(50) };
            let mut stream = StreamPacker::new(options);
            let lengths: Vec<u32> = (0..30).map(|k| 1 + k * 37 % 61).collect();
            let ids: Vec<i64> = (0..30).collect();
            stream.add(&ids, &lengths, &mut Closed::default()).expect("all policies cut or drop");
            let bytes = stream.snapshot().expect("little memory");
            let name = format!("{at}-{overlong:?}");
            corpus.put("snapshot", &name, &[], &bytes[..bytes.len() - 4]);
        }
    }
}
