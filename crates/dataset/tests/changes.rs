//! A file that changes under a job is named, whatever its format, the way and the moment; nothing is
//! written, and nothing of the mixture is handed on.

mod common;

use arrow_array::RecordBatch;
use arrow_array::types::Int32Type;
use common::{
    arrow, arrow_stream, inputs, lengths_options, lists, names, parquet, rows, table, zstd,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use stowage_dataset::{
    Columns, DatasetOptions, Fault, VerifyOptions, pack_dataset, read_lengths, verify_dataset,
};
use stowage_engine::{Fault as EngineFault, PackOptions, Stage, Unwatched, Watch};

/// Does something once, at the step of a stage that has this number.
struct At<F: Fn() + Sync> {
    stage: Stage,
    step: u64,
    act: F,
    steps: AtomicU64,
    done: AtomicBool,
}

impl<F: Fn() + Sync> At<F> {
    fn new(stage: Stage, step: u64, act: F) -> Self {
        Self { stage, step, act, steps: AtomicU64::new(0), done: AtomicBool::new(false) }
    }
}

impl<F: Fn() + Sync> Watch for At<F> {
    fn step(&self, stage: Stage, _done: u64, _total: u64) -> Result<(), EngineFault> {
        if stage == self.stage && self.steps.fetch_add(1, SeqCst) == self.step {
            (self.act)();
            self.done.store(true, SeqCst);
        }
        Ok(())
    }
}

const FORMATS: [&str; 5] = ["x.parquet", "x.arrow", "x.arrows", "x.jsonl", "x.npy"];

/// Sources of two files, a batch of which is a thousand rows.
fn write(path: &Path, first: i32) {
    let lists_of: Vec<Vec<i32>> = (0..3000).map(|k| vec![first + k, 7, 8]).collect();
    let slices: Vec<&[i32]> = lists_of.iter().map(Vec::as_slice).collect();
    let batch: RecordBatch =
        table(vec![("input_ids", lists::<i32, Int32Type>(&rows::<i32>(&slices)))]);
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("parquet") => parquet(path, &batch, 1000, zstd()),
        Some("arrow") => arrow(path, &batch, 1000),
        Some("arrows") => arrow_stream(path, &batch, 1000),
        Some("npy") => {
            let mut header = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
            header.extend(b"{'descr': '<i4', 'fortran_order': False, 'shape': (3000,), }");
            header.resize(127, b' ');
            header.push(b'\n');
            header.extend((0..3000).flat_map(|_| 3_i32.to_le_bytes()));
            fs::write(path, header).expect("written");
        }
        _ => {
            let line = |list: &Vec<i32>| format!("{{\"input_ids\": {list:?}}}\n");
            fs::write(path, lists_of.iter().map(line).collect::<String>()).expect("written");
        }
    }
}

type Change = (&'static str, fn(&Path));

const CHANGES: [Change; 5] = [
    ("replaced by another", |path| {
        let other = path.with_extension("other");
        fs::rename(path, &other).expect("renamed");
        write(path, 500_000);
    }),
    ("replaced by a copy", |path| {
        let other = path.with_extension("other");
        fs::copy(path, &other).expect("copied");
        fs::rename(&other, path).expect("renamed");
    }),
    ("rewritten in place", |path| {
        let bytes = fs::read(path).expect("read");
        fs::write(path, bytes).expect("written");
    }),
    ("cut", |path| {
        let bytes = fs::read(path).expect("read");
        let line = bytes[..bytes.len() / 2].iter().rposition(|&byte| byte == b'\n');
        let file = fs::File::options().write(true).open(path).expect("opened");
        file.set_len(line.map_or(bytes.len() / 2, |at| at + 1) as u64).expect("cut");
    }),
    ("removed", |path| fs::remove_file(path).expect("removed")),
];

fn assert_named(result: Result<impl Sized, Fault>, path: &Path, what: &str) {
    let fault = result.err().unwrap_or_else(|| panic!("{what}: not seen"));
    assert_eq!(fault.code(), "ERR_INPUT_CHANGED", "{what}: {fault}");
    assert_eq!(fault.path(), Some(path), "{what}");
}

#[test]
fn an_input_that_changes_between_two_looks_is_named_and_nothing_is_written() {
    for name in FORMATS {
        for (how, change) in CHANGES {
            // Step 0 comes before the first file is opened, 1 before the second, later ones while
            // rows are read.
            for step in [1, 2, 3] {
                let folder = tempfile::tempdir().expect("a folder");
                let first = folder.path().join(name);
                let second = folder.path().join(format!("y{name}"));
                write(&first, 0);
                write(&second, 100_000);
                let what = format!("{name}, {how}, step {step}");
                // Of two files the first has been opened at each of these steps. One thread reads
                // it before the second, so the second is still to come.
                let changed = if step == 1 { &first } else { &second };
                let watch = At::new(Stage::Read, step, || change(changed));
                let inputs = inputs(&[&first, &second]);
                let lengths = read_lengths(&lengths_options(&[&first, &second]), 1, &watch);
                assert!(watch.done.load(SeqCst), "{what}: the job ended before");
                assert_named(lengths, changed, &what);
                if name.ends_with("npy") {
                    continue;
                }
                write(&first, 0);
                write(&second, 100_000);
                let before = names(folder.path());
                let watch = At::new(Stage::Read, step, || change(changed));
                let output = folder.path().join("out");
                let options = DatasetOptions::new(inputs, output, "parquet", PackOptions::new(64));
                assert_named(pack_dataset(&options, 1, &watch), changed, &what);
                let left: Vec<String> = names(folder.path())
                    .into_iter()
                    .filter(|name| !before.contains(name) && !name.contains(".other"))
                    .collect();
                assert!(left.is_empty(), "{what}: {left:?} is left");
            }
        }
    }
}

#[test]
fn a_data_set_that_changes_while_it_is_proved_is_named() {
    for format in ["parquet", "arrow", "hf", "mds", "npy", "safetensors"] {
        let folder = tempfile::tempdir().expect("a folder");
        let source = folder.path().join("x.jsonl");
        write(&source, 0);
        let output = folder.path().join("out");
        let options = PackOptions::new(64);
        let report = common::pack(&source, output.clone(), format, options).expect("packed");
        let file: PathBuf = output.join(&report.files[0].path);
        let options = VerifyOptions {
            output,
            inputs: None,
            columns: Columns::default(),
            text: None,
            digests: true,
        };
        verify_dataset(&options, 1, &Unwatched).expect("proved");
        let watch = At::new(Stage::Verify, 1, || {
            let bytes = fs::read(&file).expect("read");
            fs::write(&file, bytes).expect("written");
        });
        assert_named(verify_dataset(&options, 1, &watch), &file, format);
    }
}
