//! Braces in patterns, and progress of reading: in bytes, with a total that is known at the start.

mod common;

use arrow_array::types::Int32Type;
use common::{arrow_stream, inputs, lists, source, table};
use flate2::Compression as Gzip;
use flate2::write::GzEncoder;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use stowage_dataset::{DatasetOptions, Fault, pack_dataset};
use stowage_engine::options::Empty;
use stowage_engine::{Fault as EngineFault, PackOptions, Stage, Unwatched, Watch};

/// Sequences and tokens of the files that `pattern` names in `folder`.
fn read(folder: &Path, pattern: &str) -> Result<(u64, u64), Fault> {
    let output = tempfile::tempdir().expect("a folder");
    let input = format!("{}/{pattern}", folder.display());
    let pack = PackOptions { empty: Empty::Drop, ..PackOptions::new(1000) };
    let options = DatasetOptions::new(vec![input], output.path().join("out"), "arrow", pack);
    let report = pack_dataset(&options, 2, &Unwatched)?;
    Ok((report.stats.sequence_count, report.stats.ledger.tokens_in))
}

#[test]
fn braces_name_files_and_each_of_their_words_must_have_one() {
    let folder = tempfile::tempdir().expect("a folder");
    // Powers of two: a sum says which files were read.
    for (name, tokens) in [("a-08", 1), ("a-09", 2), ("a-10", 4), ("b-x", 8), ("{lit,eral}", 16)] {
        source(&folder.path().join(format!("{name}.parquet")), &[(1..=tokens).collect()], 10);
    }
    let folder = folder.path();
    for (pattern, expected) in [
        ("a-{08..10}.parquet", (3, 7)),
        ("{a-08,b-x}.parquet", (2, 9)),
        ("{a-*,b-?}.parquet", (4, 15)),
        // A file that two words match is read once.
        ("{a-0*,a-*8}.parquet", (2, 3)),
        // A file of that very name goes before the pattern.
        ("{lit,eral}.parquet", (1, 16)),
        ("**/{a-08,a-{09,10}}.parquet", (3, 7)),
    ] {
        assert_eq!(read(folder, pattern).expect(pattern), expected, "{pattern}");
    }
    for (pattern, lost) in [("a-{07..10}.parquet", "a-07"), ("{a,c}-*.parquet", "c-*")] {
        let fault = read(folder, pattern).expect_err(pattern);
        assert_eq!(fault.code(), "ERR_IO", "{pattern}");
        let path = fault.path().expect("a path").display().to_string();
        assert!(path.contains(lost), "{pattern}: {path}");
        assert!(fault.to_string().contains(pattern), "{fault}");
    }
    let fault = read(folder, "{0..9999999}.parquet").expect_err("too many");
    assert!(fault.to_string().contains("65536"), "{fault}");
}

/// What was said of reading: done and total.
#[derive(Default)]
struct Steps(Mutex<Vec<(u64, u64)>>);

impl Watch for Steps {
    fn step(&self, stage: Stage, done: u64, total: u64) -> Result<(), EngineFault> {
        if stage == Stage::Read && total > 0 {
            self.0.lock().expect("no panic").push((done, total));
        }
        Ok(())
    }
}

#[test]
fn reading_is_measured_in_bytes_and_its_total_never_grows() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let sequences: Vec<Vec<i32>> = (0..3000).map(|length| vec![7; length % 90]).collect();
    source(&path("a.parquet"), &sequences, 700);
    let rows: Vec<_> =
        sequences.iter().map(|tokens| Some(tokens.iter().copied().map(Some).collect())).collect();
    let batch = table(vec![("input_ids", lists::<i32, Int32Type>(&rows))]);
    arrow_stream(&path("b.arrows"), &batch, 400);
    let lines: Vec<String> =
        sequences.iter().map(|tokens| format!("{{\"input_ids\":{tokens:?}}}\n")).collect();
    let lines = lines.concat();
    fs::write(path("d.jsonl"), &lines).expect("written");
    let mut packed = GzEncoder::new(Vec::new(), Gzip::default());
    packed.write_all(lines.as_bytes()).expect("packed");
    fs::write(path("e.jsonl.gz"), packed.finish().expect("packed")).expect("written");
    let all = fs::read_dir(folder.path()).expect("a folder");
    let bytes: u64 =
        all.map(|entry| entry.expect("a file").metadata().expect("a file").len()).sum();
    let output = tempfile::tempdir().expect("a folder");
    let pack = PackOptions { empty: Empty::Drop, ..PackOptions::new(1000) };
    let given = inputs(&[folder.path()]);
    let options = DatasetOptions::new(given, output.path().join("out"), "arrow", pack);
    for threads in [1, 3] {
        let _ = fs::remove_dir_all(output.path().join("out"));
        let steps = Steps::default();
        let report = pack_dataset(&options, threads, &steps).expect("packed");
        assert!(report.times.read > 0.0 && report.times.write > 0.0, "{:?}", report.times);
        let steps = steps.0.into_inner().expect("no panic");
        assert!(steps.iter().all(|&(_, total)| total == bytes), "{bytes}: {steps:?}");
        let most = steps.iter().map(|&(done, _)| done).max();
        assert_eq!(most, Some(bytes), "all bytes are read in the end: {steps:?}");
        // Some steps lie in between, or a bar would jump.
        let between = steps.iter().filter(|&&(done, _)| done > 0 && done < bytes).count();
        assert!(between > 3, "{steps:?}");
    }
}
