//! Jobs over many processes: cases, their sources, and the steps.
#![allow(dead_code, reason = "each test binary uses a part of this")]

use crate::common::{Row, inputs, lists, names, parquet, table, zstd};
use arrow_array::types::{Float32Type, Int8Type, Int32Type, UInt16Type};
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use stowage_dataset::{
    Columns, DatasetOptions, Finalize, PartitionOptions, assign_partition, count_partition,
    finalize_job, find_partitions, plan_job,
};
use stowage_engine::epoch::Order;
use stowage_engine::options::{Empty, Overlong};
use stowage_engine::seeded::mix;
use stowage_engine::{PackOptions, Unwatched};

/// What a case is made of.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent columns and options")]
pub struct Case {
    pub format: &'static str,
    pub pack: PackOptions,
    pub order: Order,
    pub epoch: u64,
    pub labels: bool,
    pub mask: Option<Mask>,
    pub carry: bool,
    pub eos: bool,
    pub narrow: bool,
    pub shard_size: u64,
    pub without_targets: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Mask {
    Integers,
    Weights,
}

impl Case {
    pub fn new(format: &'static str) -> Self {
        Self {
            format,
            pack: PackOptions { seed: 7, ..PackOptions::new(64) },
            order: Order::Shuffled,
            epoch: 0,
            labels: false,
            mask: None,
            carry: false,
            eos: false,
            narrow: false,
            shard_size: 20_000,
            without_targets: "keep",
        }
    }

    pub fn columns(&self) -> Columns {
        let name = |wanted: bool, name: &str| wanted.then(|| name.to_string());
        let carry = if self.carry { vec!["url".to_string(), "part".to_string()] } else { vec![] };
        Columns::new(
            "input_ids".to_string(),
            name(self.labels, "labels"),
            name(self.mask.is_some(), "mask"),
            carry,
        )
    }

    /// `job.json`.
    pub fn job(&self, mode: &str, output: &Path, partitions: &Value, more: &Value) -> Value {
        let columns = self.columns();
        let overlong = match self.pack.overlong {
            Overlong::Error => "error",
            Overlong::Drop => "drop",
            Overlong::Truncate => "truncate",
            Overlong::Split => "split",
            Overlong::TruncateStart => "truncate-start",
        };
        let (order, world_size) = match self.order {
            Order::Plan => ("plan", None),
            Order::Shuffled => ("shuffled", None),
            Order::Balanced { world_size, .. } => ("balanced", Some(world_size)),
        };
        let mut job = json!({
            "version": 1,
            "id": "0".repeat(32),
            "productVersion": env!("CARGO_PKG_VERSION"),
            "mode": mode,
            "output": output,
            "format": self.format,
            "pack": {
                "capacity": self.pack.capacity,
                "sequenceAlignment": self.pack.sequence_alignment,
                "packCountMultipleOf": self.pack.pack_count_multiple_of,
                "overlong": overlong,
                "empty": if self.pack.empty == Empty::Drop { "drop" } else { "error" },
                "seed": self.pack.seed,
            },
            "dataset": {
                "columns": {
                    "tokens": columns.tokens,
                    "labels": columns.labels,
                    "lossMask": columns.loss_mask,
                    "carry": columns.carry,
                },
                "withoutTargets": self.without_targets,
                "eosTokenId": self.eos.then_some(1),
                "padTokenId": 0,
                "shardSize": self.shard_size,
                "epoch": self.epoch,
                "order": order,
                "worldSize": world_size,
            },
            "partitions": partitions,
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            job[name] = value.clone();
        }
        job
    }

    pub fn options(&self, inputs: Vec<String>, output: PathBuf) -> DatasetOptions {
        let mut options = DatasetOptions::new(inputs, output, self.format, self.pack.clone());
        options.columns = self.columns();
        options.eos_token_id = self.eos.then_some(1);
        options.pad_token_id = Some(0);
        options.shard_size = Some(self.shard_size);
        options.epoch = self.epoch;
        options.order = self.order;
        options.without_targets = match self.without_targets {
            "drop" => stowage_dataset::WithoutTargets::Drop,
            _ => stowage_dataset::WithoutTargets::Keep,
        };
        options
    }

    /// Sources of `files` files with `rows` rows each, of lengths up to `longest`.
    pub fn sources(&self, folder: &Path, files: usize, rows: usize, longest: u64) -> Vec<PathBuf> {
        let write = |file: usize| {
            let path = folder.join(format!("part-{file:03}.parquet"));
            parquet(&path, &self.table(file * rows..(file + 1) * rows, longest), 100, zstd());
            path
        };
        (0..files).map(write).collect()
    }

    pub fn table(&self, rows: std::ops::Range<usize>, longest: u64) -> RecordBatch {
        let length = |row: usize| 1 + (mix(row as u64) % longest) as usize;
        let token = |row: usize, at: usize| 2 + (mix((row * 1000 + at) as u64) % 50_000) as i32;
        let cells = |of: &dyn Fn(usize, usize) -> i32| -> Vec<Row<i32>> {
            let row = |row: usize| Some((0..length(row)).map(|at| Some(of(row, at))).collect());
            rows.clone().map(row).collect()
        };
        let tokens: ArrayRef = if self.narrow {
            let row =
                |row: usize| Some((0..length(row)).map(|at| Some(token(row, at) as u16)).collect());
            lists::<i32, UInt16Type>(&rows.clone().map(row).collect::<Vec<Row<u16>>>())
        } else {
            lists::<i32, Int32Type>(&cells(&token))
        };
        let mut columns = vec![("input_ids", tokens)];
        if self.labels {
            let label = |row: usize, at: usize| match mix((row + at) as u64) % 3 {
                0 => -100,
                _ => token(row, at),
            };
            columns.push(("labels", lists::<i32, Int32Type>(&cells(&label))));
        }
        match self.mask {
            None => {}
            Some(Mask::Integers) => {
                let row = |row: usize| {
                    let kept = |at: usize| Some((mix((row * at) as u64) % 2) as i8);
                    Some((0..length(row)).map(kept).collect())
                };
                let rows: Vec<Row<i8>> = rows.clone().map(row).collect();
                columns.push(("mask", lists::<i32, Int8Type>(&rows)));
            }
            Some(Mask::Weights) => {
                let row = |row: usize| {
                    let weight = |at: usize| Some((mix((row * at) as u64) % 4) as f32 / 2.0);
                    Some((0..length(row)).map(weight).collect())
                };
                let rows: Vec<Row<f32>> = rows.clone().map(row).collect();
                columns.push(("mask", lists::<i32, Float32Type>(&rows)));
            }
        }
        if self.carry {
            let words = rows.clone().map(|row| (row % 5 > 0).then(|| format!("https://{row}")));
            columns.push(("url", Arc::new(words.collect::<StringArray>())));
            let lists_of: Vec<Row<i32>> =
                rows.clone().map(|row| (row % 7 > 0).then(|| vec![Some(row as i32)])).collect();
            columns.push(("part", lists::<i32, Int32Type>(&lists_of)));
        }
        table(columns)
    }
}

/// A job folder with its `job.json`.
pub fn begun(folder: &Path, job: &Value) -> PathBuf {
    let path = folder.join("job");
    fs::create_dir_all(&path).expect("a folder");
    fs::write(path.join("job.json"), job.to_string()).expect("written");
    path
}

/// Files cut into so many partitions, or more.
pub fn partitions(files: &[PathBuf], count: usize) -> Value {
    let bytes = |path: &PathBuf| fs::metadata(path).expect("a file").len();
    let total: u64 = files.iter().map(bytes).sum();
    let paths: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let options = PartitionOptions {
        inputs: inputs(&paths),
        split: None,
        repack: false,
        column: "input_ids".to_string(),
        partition_bytes: if count == 1 { u64::MAX } else { total / count as u64 },
    };
    let text = find_partitions(&options, &Unwatched).expect("they are there");
    let value: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(value["bytes"], total);
    value["partitions"].clone()
}

pub fn count_of(value: &Value) -> usize {
    value.as_array().expect("a list").len()
}

pub fn counted(job: &Path, count: usize) {
    // In any order, and twice.
    for partition in (0..count).rev().chain([0]) {
        count_partition(job, partition, None, 2, &Unwatched).expect("counted");
    }
}

pub fn planned(job: &Path) -> Value {
    let report = plan_job(job, 2, &Unwatched).expect("planned");
    serde_json::from_str(&report).expect("JSON")
}

pub fn finalized(job: &Path) -> Value {
    let report = finalize_job(job, &Finalize::default(), &Unwatched).expect("all is there");
    serde_json::from_str(&report).expect("JSON")
}

/// Every file below a folder.
pub fn files_of(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for name in names(folder) {
        let path = folder.join(&name);
        if path.is_dir() {
            for (inner, bytes) in files_of(&path) {
                files.insert(format!("{name}/{inner}"), bytes);
            }
        } else {
            files.insert(name, fs::read(path).expect("a file"));
        }
    }
    files
}

/// A planned shuffle job of three partitions, and how many shards it has.
pub fn shuffle(case: &Case, folder: &Path) -> (PathBuf, Vec<PathBuf>, usize) {
    let sources = case.sources(folder, 3, 300, 60);
    let one_each = |path: &PathBuf| {
        let bytes = fs::metadata(path).expect("there").len();
        json!({ "inputs": [{ "path": path, "bytes": bytes }] })
    };
    let partitions = sources.iter().map(one_each).collect();
    let output = folder.join("out");
    let job = begun(folder, &case.job("shuffle", &output, &partitions, &json!({})));
    counted(&job, count_of(&partitions));
    let shards = planned(&job)["shards"].as_u64().expect("a number") as usize;
    (job, sources, shards)
}

/// All rows of all partitions as one sorted stream for `shards`, as an engine would shuffle them.
pub fn shuffled(job: &Path, partitions: usize, shards: std::ops::Range<i32>) -> Vec<RecordBatch> {
    let mut rows: Vec<((i64, i32), RecordBatch)> = Vec::new();
    for partition in 0..partitions {
        let path = job.join(format!("stream-{partition}.arrows"));
        let text = path.to_str().expect("text");
        assign_partition(job, partition, None, Some(text), 2, &Unwatched).expect("assigned");
        let reader = StreamReader::try_new(File::open(&path).expect("there"), None);
        for batch in reader.expect("a stream") {
            let batch = batch.expect("a batch");
            let int32 = |name: &str| {
                let column = batch.column_by_name(name).expect("a column");
                column.as_any().downcast_ref::<arrow_array::Int32Array>().expect("int32").clone()
            };
            let (shard, slot) = (int32("shard"), int32("slot"));
            let pack = batch.column_by_name("pack").expect("a column");
            let pack = pack.as_any().downcast_ref::<arrow_array::Int64Array>().expect("int64");
            for row in 0..batch.num_rows() {
                if shards.contains(&shard.value(row)) {
                    rows.push(((pack.value(row), slot.value(row)), batch.slice(row, 1)));
                }
            }
        }
    }
    rows.sort_by_key(|row| row.0);
    rows.into_iter().map(|row| row.1).collect()
}

pub fn stream(path: &Path, rows: &[RecordBatch]) -> String {
    let file = File::create(path).expect("a file");
    let mut writer = StreamWriter::try_new(file, &rows[0].schema()).expect("a writer");
    for row in rows {
        writer.write(row).expect("written");
    }
    writer.finish().expect("finished");
    path.to_str().expect("text").to_string()
}
