//! The steps of a job over many processes, for JavaScript. Each reads and writes the job folder; what it
//! reports crosses as JSON, since it is written down so, too.

use crate::job::{self, JobControl, Monitor};
use napi::bindgen_prelude::{Env, Object, Result, Uint8Array};
use napi_derive::napi;
use serde_json::Value;
use std::path::{Path, PathBuf};
use stowage_dataset::{Fault, Finalize, PartitionOptions};

/// A step on the pool whose report is text.
fn step<'env>(
    env: &'env Env,
    threads: u32,
    control: &JobControl,
    work: impl FnOnce(&Monitor, usize) -> std::result::Result<String, Fault> + Send + 'static,
) -> Result<Object<'env>> {
    job::spawn(env, control, threads, work, |_, report| Ok(report))
}

/// Cuts inputs into partitions. `options` is the JSON of an object: inputs, split, repack, tokens (the
/// column), partitionSize (bytes).
///
/// # Errors
/// As `stowage_dataset::find_partitions`.
///
/// # Panics
/// If `options` is no such object.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn job_partitions<'env>(
    env: &'env Env,
    options: String,
    threads: u32,
    control: &JobControl,
) -> Result<Object<'env>> {
    let given: Value = serde_json::from_str(&options).expect("the wrapper writes JSON");
    let text = |value: &Value| value.as_str().map(str::to_string);
    let inputs = given["inputs"].as_array().expect("the wrapper gives a list");
    let options = PartitionOptions {
        inputs: inputs.iter().filter_map(text).collect(),
        split: text(&given["split"]),
        repack: given["repack"] == true,
        column: text(&given["tokens"]).expect("the wrapper names the column"),
        partition_bytes: given["partitionSize"].as_f64().expect("the wrapper gives it") as u64,
    };
    step(env, threads, control, move |watch, _| stowage_dataset::find_partitions(&options, watch))
}

/// Finds out whether a job can be what its text says.
///
/// # Errors
/// As `stowage_dataset::check_job`.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn job_check<'env>(
    env: &'env Env,
    text: String,
    threads: u32,
    control: &JobControl,
) -> Result<Object<'env>> {
    step(env, threads, control, move |_, _| {
        stowage_dataset::check_job(&text).map(|()| "{}".to_string())
    })
}

/// Counts a partition.
///
/// # Errors
/// As `stowage_dataset::count_partition`.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn job_count<'env>(
    env: &'env Env,
    folder: String,
    partition: u32,
    input: Option<String>,
    threads: u32,
    control: &JobControl,
) -> Result<Object<'env>> {
    step(env, threads, control, move |watch, threads| {
        let (folder, partition) = (Path::new(&folder), partition as usize);
        stowage_dataset::count_partition(folder, partition, input.as_deref(), threads, watch)
    })
}

/// Plans, once all partitions are counted.
///
/// # Errors
/// As `stowage_dataset::plan_job`.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn job_plan<'env>(
    env: &'env Env,
    folder: String,
    threads: u32,
    control: &JobControl,
) -> Result<Object<'env>> {
    step(env, threads, control, move |watch, threads| {
        stowage_dataset::plan_job(Path::new(&folder), threads, watch)
    })
}

/// Writes the shards of a group.
///
/// # Errors
/// As `stowage_dataset::write_group`.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn job_write_group<'env>(
    env: &'env Env,
    folder: String,
    group: u32,
    input: Option<String>,
    output: Option<String>,
    threads: u32,
    control: &JobControl,
) -> Result<Object<'env>> {
    step(env, threads, control, move |watch, threads| {
        let (folder, output) = (Path::new(&folder), output.as_deref().map(Path::new));
        let input = input.as_deref();
        stowage_dataset::write_group(folder, group as usize, input, output, threads, watch)
    })
}

/// Assigns the sequences of a partition their places.
///
/// # Errors
/// As `stowage_dataset::assign_partition`.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn job_assign<'env>(
    env: &'env Env,
    folder: String,
    partition: u32,
    input: Option<String>,
    output: Option<String>,
    threads: u32,
    control: &JobControl,
) -> Result<Object<'env>> {
    step(env, threads, control, move |watch, threads| {
        let (folder, partition) = (Path::new(&folder), partition as usize);
        let (input, output) = (input.as_deref(), output.as_deref());
        stowage_dataset::assign_partition(folder, partition, input, output, threads, watch)
    })
}

/// The columns that assigning gives, as an Arrow stream without rows.
///
/// # Errors
/// As `stowage_dataset::stream_schema`.
#[napi(catch_unwind, ts_return_type = "Promise<Uint8Array>")]
pub fn job_stream_schema<'env>(
    env: &'env Env,
    folder: String,
    threads: u32,
    control: &JobControl,
) -> Result<Object<'env>> {
    let work = move |_: &Monitor, _| stowage_dataset::stream_schema(Path::new(&folder));
    job::spawn(env, control, threads, work, |_, bytes| Ok(Uint8Array::from(bytes)))
}

/// Writes shards, the last included, from their rows.
///
/// # Errors
/// As `stowage_dataset::write_shards`.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn job_write_shards<'env>(
    env: &'env Env,
    folder: String,
    from: u32,
    to: u32,
    input: Option<String>,
    output: Option<String>,
    threads: u32,
    control: &JobControl,
) -> Result<Object<'env>> {
    step(env, threads, control, move |watch, _| {
        let (folder, output) = (Path::new(&folder), output.as_deref().map(Path::new));
        let (from, to) = (from as usize, to as usize);
        stowage_dataset::write_shards(folder, from, to, input.as_deref(), output, watch)
    })
}

/// Proves that all is written, and writes what describes it.
///
/// # Errors
/// As `stowage_dataset::finalize_job`.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn job_finalize<'env>(
    env: &'env Env,
    folder: String,
    output: Option<String>,
    sizes: Option<String>,
    rehash: bool,
    threads: u32,
    control: &JobControl,
) -> Result<Object<'env>> {
    let options = Finalize { output: output.map(PathBuf::from), sizes, rehash };
    step(env, threads, control, move |watch, _| {
        stowage_dataset::finalize_job(Path::new(&folder), &options, watch)
    })
}

/// Proves a shard against plan and layout.
///
/// # Errors
/// As `stowage_dataset::verify_shard`.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn job_verify_shard<'env>(
    env: &'env Env,
    folder: String,
    shard: u32,
    output: Option<String>,
    threads: u32,
    control: &JobControl,
) -> Result<Object<'env>> {
    step(env, threads, control, move |watch, threads| {
        let (folder, output) = (Path::new(&folder), output.as_deref().map(Path::new));
        stowage_dataset::verify_shard(folder, shard as usize, output, threads, watch)
    })
}
