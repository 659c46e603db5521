//! One source file, packed and proved: what the target `source` does with its bytes.

use crate::scratch;
use crate::table::{ATTENTION_MASK, CARRIED, LABELS, LOSS_MASK};
use std::io::Write;
use std::path::Path;
use stowage_dataset::{
    Columns, DatasetOptions, LengthsOptions, VerifyOptions, formats, pack_dataset, read_lengths,
    verify_dataset,
};
use stowage_engine::options::{Empty, Overlong};
use stowage_engine::{PackOptions, Unwatched};

/// What a file is called, and how its bytes are wrapped: mutated bytes would seldom unpack.
const KINDS: [(&str, Wrap); 10] = [
    ("jsonl", Wrap::None),
    ("json", Wrap::None),
    ("npy", Wrap::None),
    ("parquet", Wrap::None),
    ("arrow", Wrap::None),
    ("arrows", Wrap::None),
    ("jsonl.gz", Wrap::Gzip),
    ("jsonl.zst", Wrap::Zstd),
    ("jsonl.gz", Wrap::None),
    ("jsonl.zst", Wrap::None),
];

enum Wrap {
    None,
    Gzip,
    Zstd,
}

/// The bytes before those of the file: its kind, the format, the columns that are named (1 labels, 2
/// loss mask, 4 padding; 8 passes over that none is; 64 lengths from a column of numbers), which of the
/// others are taken along.
pub const HEAD: usize = 4;

/// Reads lengths, packs and proves; true if there was something to prove, or to read where lengths are
/// all that is asked.
pub fn run(data: &[u8]) -> bool {
    let Some((&[kind, format, named, carried], bytes)) = data.split_first_chunk::<HEAD>() else {
        return false;
    };
    let (ending, wrap) = &KINDS[usize::from(kind) % KINDS.len()];
    let path = scratch().join(format!("x.{ending}"));
    std::fs::write(&path, wrapped(wrap, bytes)).expect("the temporary folder can be written");
    let input = vec![path.to_str().expect("a plain path").to_owned()];
    let column = if named & 64 == 0 { "input_ids" } else { "len" };
    let options = LengthsOptions { inputs: input.clone(), column: column.to_owned(), split: None, text: None };
    let lengths = read_lengths(&options, 1, &Unwatched).map(|read| read.lengths);
    let done = if named & 64 == 0 && *ending != "npy" {
        pack(&input, format, columns(named, carried), lengths.as_deref().ok())
    } else {
        lengths.is_ok()
    };
    std::fs::remove_file(&path).expect("it was written just now");
    done
}

fn pack(input: &[String], format: u8, columns: Columns, lengths: Option<&[u32]>) -> bool {
    let formats = formats();
    // A half of all go where there is room for everything.
    let format = formats[usize::from(format / 2) % if format % 2 == 0 { 2 } else { formats.len() }];
    let output = scratch().join("out");
    let _ = std::fs::remove_dir_all(&output);
    let whole = columns.attention_mask.is_none();
    let pack = PackOptions {
        overlong: if matches!(format, "parquet" | "arrow") {
            Overlong::Split
        } else {
            Overlong::Drop
        },
        empty: Empty::Drop,
        ..PackOptions::new(64)
    };
    let options = DatasetOptions {
        columns: columns.clone(),
        eos_token_id: (format == "megatron").then_some(299),
        ..DatasetOptions::new(input.to_vec(), output.clone(), format, pack)
    };
    let Ok(report) = pack_dataset(&options, 1, &Unwatched) else {
        assert!(!output.exists(), "nothing partial is left");
        return false;
    };
    // Read for their lengths alone, sequences are as many and as long.
    let lengths = lengths.expect("what packs has lengths");
    assert_eq!(report.stats.sequence_count, lengths.len() as u64);
    if whole && options.eos_token_id.is_none() {
        let tokens: u64 = lengths.iter().map(|&length| u64::from(length)).sum();
        assert_eq!(report.stats.ledger.tokens_in, tokens);
    }
    proved(&output, input, columns);
    true
}

fn proved(output: &Path, input: &[String], columns: Columns) {
    for inputs in [Some(input.to_vec()), None] {
        let columns = columns.clone();
        let options =
            VerifyOptions { output: output.to_path_buf(), inputs, columns, text: None, digests: true };
        verify_dataset(&options, 1, &Unwatched).expect("what was written proves");
    }
}

fn columns(named: u8, carried: u8) -> Columns {
    let has = |bit: u8| named & bit != 0;
    // Eleven columns by eight bits: the last bit stands for four.
    let carry = CARRIED.iter().enumerate().filter(|(at, _)| carried >> (*at).min(7) & 1 == 1);
    let mut columns = Columns::new(
        "input_ids".to_owned(),
        has(1).then(|| LABELS.to_owned()),
        has(2).then(|| LOSS_MASK.to_owned()),
        carry.map(|(_, name)| (*name).to_owned()).collect(),
    );
    columns.attention_mask = has(4).then(|| ATTENTION_MASK.to_owned());
    columns.ignore = [(1, LABELS), (2, LOSS_MASK), (4, ATTENTION_MASK)]
        .into_iter()
        .filter(|(bit, _)| !has(*bit) && !has(8))
        .map(|(_, name)| name.to_owned())
        .collect();
    columns
}

fn wrapped(wrap: &Wrap, bytes: &[u8]) -> Vec<u8> {
    match wrap {
        Wrap::None => bytes.to_vec(),
        Wrap::Gzip => {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(bytes).expect("memory takes everything");
            gzip.finish().expect("as before")
        }
        Wrap::Zstd => zstd::encode_all(bytes, 1).expect("memory takes everything"),
    }
}
