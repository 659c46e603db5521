//! What a job takes of memory, in a process of its own: the peak that the system has seen.
#![cfg(target_os = "linux")]

mod common;

use arrow_array::types::Int32Type;
use common::{Row, lists, table};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use std::fs::File;
use std::path::Path;
use std::process::Command;
use stowage_engine::PackOptions;

/// What is promised, and 16 bytes per sequence.
const BOUND: u64 = 512 << 20;
/// As 32-bit tokens more than the bound, and all of them in one row group.
const ROWS: usize = 36_000;
const TOKENS: usize = 4096;

fn write(path: &Path) {
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(ROWS)).build();
    let file = File::create(path).expect("a file");
    let mut writer = None;
    for start in (0..ROWS).step_by(1000) {
        let rows = start..start + 1000;
        let rows: Vec<Row<i32>> = rows.map(|row| Some(vec![Some(row as i32); TOKENS])).collect();
        let batch = table(vec![("input_ids", lists::<i32, Int32Type>(&rows))]);
        let writer = writer.get_or_insert_with(|| {
            let file = file.try_clone().expect("a handle");
            ArrowWriter::try_new(file, batch.schema(), Some(properties.clone())).expect("a writer")
        });
        writer.write(&batch).expect("written");
    }
    writer.expect("rows were written").close().expect("closed");
}

/// The most memory since [`forget_peak`], in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the system says");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("as ever");
    let kibibytes = line.trim().trim_end_matches(" kB").parse::<u64>();
    kibibytes.expect("a number") * 1024
}

fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").expect("the peak can be set back");
}

/// glibc's malloc keeps freed blocks for each thread, up to some 60 MiB here; with one arena the peak is
/// what the job holds.
const ONE_ARENA: (&str, &str) = ("MALLOC_ARENA_MAX", "1");

#[test]
fn a_job_stays_within_its_bound_whatever_the_row_group() {
    if std::env::var_os(ONE_ARENA.0).is_none() {
        let own = std::env::current_exe().expect("a path");
        let again = Command::new(own).env(ONE_ARENA.0, ONE_ARENA.1).output().expect("it starts");
        let said = String::from_utf8_lossy(&again.stdout);
        assert!(again.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.parquet");
    write(&path);
    assert!((ROWS * TOKENS * 4) as u64 > BOUND);
    forget_peak();
    let before = peak();
    let report = common::pack(&path, folder.path().join("out"), "arrow", PackOptions::new(8192));
    let taken = peak() - before;
    let sequences = report.expect("it packs").stats.sequence_count;
    assert_eq!(sequences, ROWS as u64);
    assert!(taken <= BOUND + 16 * sequences, "{taken} bytes");
    // It could not be measured otherwise.
    assert!(taken > 32 << 20, "{taken} bytes");
}
