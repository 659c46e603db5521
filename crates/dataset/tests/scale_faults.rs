//! What goes wrong in jobs over many processes, and what is said of it: each with its code, and nothing
//! under a final name.

mod common;
mod jobs;

use arrow_array::types::Int32Type;
use common::{Row, lists, names, parquet, table, zstd};
use jobs::{Case, begun, count_of, counted, finalized, partitions, shuffle, shuffled, stream};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use stowage_dataset::{Fault, Finalize, assign_partition, finalize_job, plan_job, write_shards};
use stowage_engine::Unwatched;
use stowage_engine::seeded::mix;

#[test]
fn groups_that_lose_more_than_allowed_are_refused_before_anything_is_written() {
    let case = Case::new("parquet");
    let folder = tempfile::tempdir().expect("a folder");
    let sources = case.sources(folder.path(), 5, 50, 60);
    let partitions = partitions(&sources, 5);
    let more = json!({ "groupPacks": 1, "maxLoss": 0.000_01 });
    let output = folder.path().join("out");
    let job = begun(folder.path(), &case.job("local", &output, &partitions, &more));
    let fault = plan_job(&job, 2, &Unwatched).map_err(|fault| fault.to_string());
    assert_eq!(fault, Err("partitions 0-4 aren't counted".to_string()));
    counted(&job, count_of(&partitions));
    let fault = plan_job(&job, 2, &Unwatched).expect_err("too much is lost");
    assert_eq!(fault.code(), "ERR_LOSS");
    let text = fault.to_string();
    assert!(["groupPacks", "shuffle", "maxLoss"].iter().all(|way| text.contains(way)), "{text}");
    assert_eq!(names(&job), ["counts", "job.json"]);
}

#[test]
fn a_stream_that_ends_early_repeats_skips_or_is_of_another_shard_commits_nothing() {
    let case = Case::new("parquet");
    let folder = tempfile::tempdir().expect("a folder");
    let (job, _, shards) = shuffle(&case, folder.path());
    assert!(shards > 2);
    let rows = shuffled(&job, 3, 0..1);
    let other = shuffled(&job, 3, 1..2);
    let path = folder.path().join("rows.arrows");
    let nothing_written = || {
        let output = folder.path().join("out");
        assert!(!output.exists() || names(&output).is_empty(), "{:?}", names(&output));
        assert!(!job.join("written").exists());
    };
    let refused = |what: &str| {
        let input = path.to_str();
        let fault = write_shards(&job, 0, 0, input, None, &Unwatched).expect_err(what);
        assert_eq!(fault.code(), "ERR_STREAM", "{what}: {fault}");
        nothing_written();
        fault.to_string()
    };
    let (last, middle) = (rows.len() - 1, rows.len() / 2);
    stream(&path, &rows[..last]);
    assert!(refused("the last row is missing").contains("ended where"));
    let doubled = [&rows[..=middle], &rows[middle..]].concat();
    stream(&path, &doubled);
    assert!(refused("a row comes twice").contains("is found"));
    let skipped = [&rows[..middle], &rows[middle + 1..]].concat();
    stream(&path, &skipped);
    refused("a row is missing");
    let mut swapped = rows.clone();
    swapped.swap(middle, middle + 1);
    stream(&path, &swapped);
    refused("two rows are swapped");
    stream(&path, &other);
    refused("rows of another shard");
    stream(&path, &[&rows[..], &other[..1]].concat());
    assert!(refused("a row more").contains("more than was planned"));
    // Cut off: within a batch, and before the marker of the end.
    stream(&path, &rows);
    let whole = fs::read(&path).expect("there");
    for left in [whole.len() / 2, whole.len() - 8, whole.len() - 3, 5, 0] {
        fs::write(&path, &whole[..left]).expect("written");
        refused("cut off");
    }
    fs::write(&path, [&whole[..], b"more"].concat()).expect("written");
    refused("bytes behind the end");
    fs::write(&path, &whole).expect("written");
    write_shards(&job, 0, 0, path.to_str(), None, &Unwatched).expect("as it should be");
}

#[test]
fn an_input_that_was_replaced_after_counting_is_named() {
    let case = Case::new("parquet");
    let folder = tempfile::tempdir().expect("a folder");
    let (job, sources, _) = shuffle(&case, folder.path());
    let changed = |fault: Result<String, Fault>| {
        let fault = fault.expect_err("it was replaced");
        assert_eq!(fault.code(), "ERR_INPUT_CHANGED", "{fault}");
        assert_eq!(fault.path(), Some(&*sources[1]));
    };
    let bytes = fs::read(&sources[1]).expect("there");
    // Of another size, and of the same size with other lengths.
    fs::write(&sources[1], [&bytes[..], b" "].concat()).expect("written");
    changed(assign_partition(&job, 1, None, None, 2, &Unwatched));
    let job_json: Value =
        serde_json::from_slice(&fs::read(job.join("job.json")).expect("there")).expect("JSON");
    parquet(&sources[1], &case.table(900..1200, 60), 100, zstd());
    let mut same_size = job_json.clone();
    same_size["partitions"][1]["inputs"][0]["bytes"] =
        fs::metadata(&sources[1]).expect("there").len().into();
    fs::write(job.join("job.json"), same_size.to_string()).expect("written");
    changed(assign_partition(&job, 1, None, None, 2, &Unwatched));
    // Content alone: an earlier attempt said otherwise.
    fs::write(job.join("job.json"), job_json.to_string()).expect("written");
    fs::write(&sources[1], &bytes).expect("written");
    assign_partition(&job, 1, None, None, 2, &Unwatched).expect("as it was");
    let mut other = case.table(300..600, 60);
    let tokens: Vec<Row<i32>> =
        (300..600).map(|row| Some(vec![Some(9); 1 + (mix(row as u64) % 60) as usize])).collect();
    other = table(vec![("input_ids", lists::<i32, Int32Type>(&tokens))]).slice(0, other.num_rows());
    parquet(&sources[1], &other, 100, zstd());
    let mut job_json = job_json;
    job_json["partitions"][1]["inputs"][0]["bytes"] =
        fs::metadata(&sources[1]).expect("there").len().into();
    fs::write(job.join("job.json"), job_json.to_string()).expect("written");
    let fault = assign_partition(&job, 1, None, None, 2, &Unwatched).expect_err("another content");
    assert_eq!(fault.code(), "ERR_JOB", "{fault}");
}

#[test]
fn finalizing_finds_what_is_missing_wrong_or_tampered_with() {
    let case = Case::new("parquet");
    let folder = tempfile::tempdir().expect("a folder");
    let (job, _, shards) = shuffle(&case, folder.path());
    let output = folder.path().join("out");
    let fails = |code: &str, rehash: bool, word: &str| {
        let options = Finalize { rehash, ..Finalize::default() };
        let fault = finalize_job(&job, &options, &Unwatched).expect_err(word);
        assert_eq!(fault.code(), code, "{fault}");
        assert!(fault.to_string().contains(word), "{fault}");
        assert!(!output.join("_stowage.json").exists());
    };
    fails("ERR_JOB_INCOMPLETE", false, "aren't written");
    for partition in 0..3 {
        assign_partition(&job, partition, None, None, 2, &Unwatched).expect("assigned");
    }
    write_shards(&job, 1, shards - 1, None, None, &Unwatched).expect("written");
    fails("ERR_JOB_INCOMPLETE", false, "shards 0 aren't written");
    write_shards(&job, 0, 0, None, None, &Unwatched).expect("written");
    let report = job.join("assign/00002.json");
    let bytes = fs::read(&report).expect("there");
    fs::remove_file(&report).expect("removed");
    fails("ERR_JOB_INCOMPLETE", false, "partitions 2 aren't assigned");
    let text = String::from_utf8(bytes.clone()).expect("text");
    let mut value: Value = serde_json::from_str(&text).expect("JSON");
    value["digest"] = "0".repeat(32).into();
    fs::write(&report, value.to_string()).expect("written");
    fails("ERR_JOB", false, "digest");
    fs::write(&report, bytes).expect("written");
    let shard = output.join(
        names(&output).into_iter().find(|name| name.starts_with("train-00000")).expect("a shard"),
    );
    let bytes = fs::read(&shard).expect("there");
    let mut tampered = bytes.clone();
    let middle = tampered.len() / 2;
    tampered[middle] ^= 1;
    fs::write(&shard, &tampered).expect("written");
    fails("ERR_JOB", true, "was changed after");
    fs::write(&shard, &tampered[1..]).expect("written");
    fails("ERR_JOB", false, "bytes, and its report says");
    fs::remove_file(&shard).expect("removed");
    fails("ERR_JOB", false, "isn't there");
    fs::write(&shard, bytes).expect("written");
    // A report of an earlier attempt that wrote something else.
    let report = job.join("written/00000.json");
    let text = fs::read_to_string(&report).expect("there");
    let mut value: Value = serde_json::from_str(&text).expect("JSON");
    value["sha256"] = "0".repeat(64).into();
    fs::write(&report, value.to_string()).expect("written");
    let fault = write_shards(&job, 0, 0, None, None, &Unwatched).expect_err("other bytes");
    assert_eq!(fault.code(), "ERR_JOB");
    fs::write(&report, text).expect("written");
    finalized(&job);
}

#[test]
fn a_sequence_that_no_policy_takes_is_named_by_its_index_in_the_whole() {
    let case = Case::new("parquet");
    let folder = tempfile::tempdir().expect("a folder");
    let mut sources = case.sources(folder.path(), 2, 100, 60);
    let path = folder.path().join("part-900.parquet");
    let rows: Vec<Row<i32>> = [3, 5, 70].map(|length| Some(vec![Some(5); length])).to_vec();
    parquet(&path, &table(vec![("input_ids", lists::<i32, Int32Type>(&rows))]), 100, zstd());
    sources.push(path);
    let partitions = partitions(&sources, 2);
    let output = folder.path().join("out");
    let job = begun(folder.path(), &case.job("local", &output, &partitions, &json!({})));
    counted(&job, count_of(&partitions));
    let fault = plan_job(&job, 2, &Unwatched).expect_err("one is too long");
    assert_eq!(fault.code(), "ERR_OVERLONG");
    assert!(fault.to_string().contains("sequence 202 has 70 tokens"), "{fault}");
}

#[test]
fn what_a_job_cannot_be_is_said_at_the_beginning() {
    let case = Case::new("parquet");
    let output = Path::new("/nowhere");
    let partitions = json!([{ "inputs": [{ "path": "/a.parquet", "bytes": 1 }] }]);
    let job = |edit: &dyn Fn(&mut Value)| {
        let mut job = case.job("local", output, &partitions, &json!({}));
        edit(&mut job);
        stowage_dataset::check_job(&job.to_string()).map_err(|fault| fault.code())
    };
    assert_eq!(job(&|_| {}), Ok(()));
    assert_eq!(job(&|job| job["format"] = "npy".into()), Err("ERR_OPTION"));
    assert_eq!(job(&|job| job["format"] = "megatron".into()), Err("ERR_OPTION"));
    assert_eq!(job(&|job| job["format"] = "none".into()), Err("ERR_OPTION"));
    assert_eq!(job(&|job| job["pack"]["strategy"] = "next-fit".into()), Err("ERR_STRATEGY"));
    assert_eq!(job(&|job| job["pack"]["packCount"] = 9.into()), Err("ERR_OPTION"));
    assert_eq!(job(&|job| job["pack"]["objective"] = "maxLoad".into()), Err("ERR_OPTION"));
    assert_eq!(job(&|job| job["pack"]["capacity"] = json!([1, 2])), Err("ERR_OPTION"));
    assert_eq!(job(&|job| job["dataset"]["text"] = json!({})), Err("ERR_OPTION"));
    assert_eq!(job(&|job| job["dataset"]["order"] = "source".into()), Err("ERR_OPTION"));
    assert_eq!(job(&|job| job["dataset"]["columns"]["group"] = "x".into()), Err("ERR_OPTION"));
    assert_eq!(job(&|job| job["productVersion"] = "0.0.0".into()), Err("ERR_JOB"));
    assert_eq!(job(&|job| job["version"] = 2.into()), Err("ERR_JOB"));
    assert_eq!(job(&|job| job["partitions"] = json!([])), Err("ERR_OPTION"));
}
