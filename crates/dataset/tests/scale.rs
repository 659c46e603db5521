//! Laws of jobs over many processes: the steps, in any order, repeated and on any number of partitions,
//! give the data set of one machine (mode *shuffle*), or one that is proved and hardly larger (*local*).

mod common;
mod jobs;

use arrow_ipc::reader::FileReader;
use common::{arrow_stream, inputs, source};
use jobs::{
    Case, Mask, begun, count_of, counted, files_of, finalized, partitions, planned, shuffle,
    shuffled, stream,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use stowage_dataset::{
    Fault, VerifyOptions, assign_partition, count_partition, pack_dataset, verify_dataset,
    verify_shard, write_group, write_shards,
};
use stowage_engine::epoch::Order;
use stowage_engine::epoch::balance::Cost;
use stowage_engine::options::{Empty, Overlong};
use stowage_engine::{PackOptions, Unwatched};

const FORMATS: [&str; 8] =
    ["parquet", "arrow", "hf", "trl", "llamafactory", "nemo", "mds", "safetensors"];

/// The job gives what one machine does, to the byte.
fn same_as_one_machine(case: &Case, files: usize, rows: usize, longest: u64, count: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let sources = case.sources(folder.path(), files, rows, longest);
    let paths: Vec<&Path> = sources.iter().map(PathBuf::as_path).collect();
    let (one, many) = (folder.path().join("one"), folder.path().join("many"));
    let options = case.options(inputs(&paths), one.clone());
    pack_dataset(&options, 2, &Unwatched).expect("packed");
    let partitions = partitions(&sources, count);
    let count = count_of(&partitions);
    let job = begun(folder.path(), &case.job("shuffle", &many, &partitions, &json!({})));
    counted(&job, count);
    let report = planned(&job);
    let shards = report["shards"].as_u64().expect("a number") as usize;
    for partition in (0..count).rev().chain([count - 1]) {
        assign_partition(&job, partition, None, None, 2, &Unwatched).expect("assigned");
    }
    // Some apart and in no order, some together, one twice.
    let middle = shards / 2;
    if middle + 1 < shards {
        write_shards(&job, middle + 1, shards - 1, None, None, &Unwatched).expect("written");
    }
    for shard in (0..=middle).rev().chain([0]) {
        write_shards(&job, shard, shard, None, None, &Unwatched).expect("written");
    }
    let report = finalized(&job);
    let listed = report["files"].as_array().expect("a list");
    assert_eq!(listed.last(), Some(&json!("_stowage.json")));
    let (expected, mut found) = (files_of(&one), files_of(&many));
    assert!(found.remove("_stowage.job.json").is_some());
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&found), names(&expected), "{}", case.format);
    for (name, bytes) in &expected {
        assert!(found[name] == *bytes, "{} of {}", name, case.format);
    }
    finalized(&job); // again
    for shard in 0..shards {
        verify_shard(&job, shard, None, 2, &Unwatched).expect("proved");
    }
}

#[test]
fn shuffled_partitions_give_the_bytes_of_one_machine_in_every_format() {
    for format in FORMATS {
        let shard_size = if format == "mds" { 30_000 } else { 20_000 };
        let case = Case { shard_size, ..Case::new(format) };
        for count in [1, 3, 7] {
            same_as_one_machine(&case, 4, 300, 60, count);
        }
    }
}

#[test]
fn so_they_do_with_labels_masks_weights_and_carried_columns() {
    for format in ["parquet", "arrow"] {
        let base = Case { carry: true, eos: true, ..Case::new(format) };
        same_as_one_machine(&Case { labels: true, ..base.clone() }, 3, 200, 60, 4);
        let mask = Some(Mask::Integers);
        same_as_one_machine(&Case { mask, narrow: true, ..base.clone() }, 3, 200, 60, 3);
        same_as_one_machine(&Case { mask, labels: true, ..base.clone() }, 3, 200, 60, 2);
        let mask = Some(Mask::Weights);
        same_as_one_machine(&Case { mask, ..base.clone() }, 3, 200, 60, 5);
        same_as_one_machine(&Case { mask, labels: true, narrow: true, ..base }, 3, 200, 60, 3);
    }
    for format in ["trl", "llamafactory", "nemo", "hf", "mds", "safetensors"] {
        let mask = Some(Mask::Integers);
        let case = Case { mask, without_targets: "drop", ..Case::new(format) };
        same_as_one_machine(&case, 3, 200, 60, 3);
    }
}

#[test]
fn so_they_do_where_sequences_are_cut_aligned_or_left_out() {
    let policies = [Overlong::Drop, Overlong::Truncate, Overlong::TruncateStart, Overlong::Split];
    for (round, overlong) in policies.into_iter().enumerate() {
        for format in ["parquet", "safetensors", "nemo"] {
            let pack = PackOptions {
                overlong,
                empty: Empty::Drop,
                sequence_alignment: if format == "nemo" { 1 } else { 8 },
                pack_count_multiple_of: 4,
                seed: u64::MAX >> 11,
                ..PackOptions::new(64)
            };
            let balanced = Order::Balanced { cost: Cost::default(), world_size: 4 };
            let order = [Order::Plan, Order::Shuffled, balanced][round % 3];
            if format == "safetensors" && overlong == Overlong::Drop {
                continue;
            }
            let aligned = format != "safetensors";
            let pack = if aligned { pack } else { PackOptions { sequence_alignment: 1, ..pack } };
            let case = Case { pack, order, epoch: round as u64, ..Case::new(format) };
            same_as_one_machine(&case, 3, 200, 150, 4);
        }
    }
}

/// The local job in `folder`: its data set, and the report of planning.
fn local(case: &Case, folder: &Path, sources: &[PathBuf], count: usize, groups: u64) -> Value {
    let output = folder.join("local");
    let partitions = partitions(sources, count);
    let count = count_of(&partitions);
    let more = json!({ "groupPacks": groups, "maxLoss": 1 });
    let job = begun(folder, &case.job("local", &output, &partitions, &more));
    counted(&job, count);
    let report = planned(&job);
    let groups = report["groups"].as_u64().expect("a number") as usize;
    for group in (0..groups).rev().chain([0]) {
        write_group(&job, group, None, None, 2, &Unwatched).expect("written");
    }
    finalized(&job);
    for shard in 0..report["shards"].as_u64().expect("a number") as usize {
        verify_shard(&job, shard, None, 2, &Unwatched).expect("proved");
    }
    report
}

#[test]
fn groups_planned_apart_hold_every_sequence_once_and_are_proved_with_the_sources() {
    for (format, labels, mask) in [
        ("parquet", true, None),
        ("arrow", false, Some(Mask::Weights)),
        ("hf", false, None),
        ("trl", false, Some(Mask::Integers)),
        ("llamafactory", false, None),
        ("nemo", false, None),
        ("mds", true, None),
        ("safetensors", false, Some(Mask::Weights)),
    ] {
        let case = Case { labels, mask, ..Case::new(format) };
        let folder = tempfile::tempdir().expect("a folder");
        let sources = case.sources(folder.path(), 5, 200, 60);
        let report = local(&case, folder.path(), &sources, 5, 100);
        assert!(report["groups"].as_u64() > Some(1), "{report}");
        let output = folder.path().join("local");
        let paths: Vec<&Path> = sources.iter().map(PathBuf::as_path).collect();
        let options = VerifyOptions {
            output: output.clone(),
            inputs: Some(inputs(&paths)),
            columns: case.columns(),
            text: None,
            digests: true,
        };
        let proved = verify_dataset(&options, 2, &Unwatched).expect("proved");
        assert_eq!(proved.stats.sequence_count, 1000);
        assert!(proved.stats.pack_count >= proved.stats.lower_bound);
        assert_eq!(proved.plan_id, None);
        let manifest: Value =
            serde_json::from_slice(&fs::read(output.join("_stowage.json")).expect("there"))
                .expect("JSON");
        assert_eq!(manifest["formatVersion"], 2);
        assert_eq!(manifest["lowerBound"], report["lowerBound"]);
        assert!(manifest.get("planId").is_none());
        let groups = manifest["partitionGroups"].as_array().expect("a list");
        assert_eq!(groups.len() as u64, report["groups"].as_u64().expect("a number"));
        // Another plan for a group is found.
        let text = fs::read_to_string(output.join("_stowage.json")).expect("there");
        let id = groups[0]["planId"].as_str().expect("an id");
        fs::write(output.join("_stowage.json"), text.replace(id, &"0".repeat(32)))
            .expect("written");
        let options = VerifyOptions { digests: false, inputs: None, ..options };
        let fault = verify_dataset(&options, 2, &Unwatched);
        assert!(matches!(fault, Err(Fault::Invalid(_))), "{fault:?}");
    }
}

#[test]
fn one_group_of_one_partition_loses_nothing() {
    let case = Case::new("parquet");
    let folder = tempfile::tempdir().expect("a folder");
    let sources = case.sources(folder.path(), 2, 200, 60);
    let report = local(&case, folder.path(), &sources, 1, 20_000);
    assert_eq!(report["groups"], 1);
    assert_eq!(report["loss"]["localPacks"], report["loss"]["globalPacks"]);
}

#[test]
fn an_engines_stream_gives_the_same_shards_as_files_between_the_steps() {
    let case = Case { mask: Some(Mask::Integers), carry: true, ..Case::new("parquet") };
    let folder = tempfile::tempdir().expect("a folder");
    let (job, _, shards) = shuffle(&case, folder.path());
    assert!(shards > 3);
    let rows = shuffled(&job, 3, 0..shards as i32);
    let all = stream(&folder.path().join("all.arrows"), &rows);
    write_shards(&job, 0, shards - 1, Some(&all), None, &Unwatched).expect("written");
    let first = files_of(&folder.path().join("out"));
    for partition in 0..3 {
        assign_partition(&job, partition, None, None, 2, &Unwatched).expect("assigned");
    }
    write_shards(&job, 0, shards - 1, None, None, &Unwatched).expect("the same bytes");
    assert!(first == files_of(&folder.path().join("out")));
    finalized(&job);
    // A run has batches of one shard each.
    let run = FileReader::try_new(File::open(job.join("runs/00001.arrow")).expect("there"), None);
    for batch in run.expect("a file") {
        let batch = batch.expect("a batch");
        let shard = batch.column(0).as_any().downcast_ref::<arrow_array::Int32Array>();
        let shard = shard.expect("int32");
        assert!(shard.values().iter().all(|it| *it == shard.value(0)));
    }
}

#[test]
fn rows_that_another_program_gives_count_for_the_files_in_whose_place_they_come() {
    let case = Case { labels: true, carry: true, ..Case::new("parquet") };
    let folder = tempfile::tempdir().expect("a folder");
    let (job, sources, shards) = shuffle(&case, folder.path());
    for partition in 0..sources.len() {
        let path = folder.path().join("rows.arrows");
        arrow_stream(&path, &case.table(300 * partition..300 * (partition + 1), 60), 70);
        let input = path.to_str();
        // What is there already has these bytes, or these calls fail.
        count_partition(&job, partition, input, 2, &Unwatched).expect("the same counts");
        assign_partition(&job, partition, None, None, 2, &Unwatched).expect("assigned");
        assign_partition(&job, partition, input, None, 2, &Unwatched).expect("the same rows");
    }
    write_shards(&job, 0, shards - 1, None, None, &Unwatched).expect("written");
    finalized(&job);
    let apart = folder.path().join("apart");
    fs::create_dir(&apart).expect("a folder");
    let more = json!({ "groupPacks": 20_000, "maxLoss": 1 });
    let parts = json!([{ "inputs": [] }, { "inputs": [] }]);
    let local = begun(&apart, &case.job("local", &apart.join("out"), &parts, &more));
    let (first, second, both) = (apart.join("1"), apart.join("2"), apart.join("12"));
    arrow_stream(&first, &case.table(0..300, 60), 70);
    arrow_stream(&second, &case.table(300..500, 60), 70);
    arrow_stream(&both, &case.table(0..500, 60), 90);
    for (partition, path) in [&first, &second].into_iter().enumerate() {
        count_partition(&local, partition, path.to_str(), 2, &Unwatched).expect("counted");
    }
    assert_eq!(planned(&local)["groups"], 1);
    let fault = write_group(&local, 0, first.to_str(), None, 2, &Unwatched).expect_err("rows lack");
    assert_eq!(fault.code(), "ERR_INPUT_CHANGED");
    write_group(&local, 0, both.to_str(), None, 2, &Unwatched).expect("written");
    finalized(&local);
    let options = VerifyOptions {
        output: apart.join("out"),
        inputs: Some(inputs(&[&first, &second])),
        columns: case.columns(),
        text: None,
        digests: true,
    };
    verify_dataset(&options, 2, &Unwatched).expect("proved");
}

#[test]
fn a_mask_without_a_type_is_weights_everywhere_if_one_partition_has_fractions() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, second: &str| {
        let path = folder.path().join(name);
        let row = |k: usize| format!("{{\"input_ids\":[{k},7,8],\"mask\":[1,{second},1]}}\n");
        fs::write(&path, (0..50).map(row).collect::<String>()).expect("written");
        path
    };
    let sources = vec![write("a.jsonl", "0"), write("b.jsonl", "0.5"), write("c.jsonl", "1")];
    let case = Case { mask: Some(Mask::Weights), ..Case::new("parquet") };
    let paths: Vec<&Path> = sources.iter().map(PathBuf::as_path).collect();
    let (one, many) = (folder.path().join("one"), folder.path().join("many"));
    let options = case.options(inputs(&paths), one.clone());
    pack_dataset(&options, 2, &Unwatched).expect("packed");
    let partitions = partitions(&sources, 3);
    assert_eq!(count_of(&partitions), 3);
    let job = begun(folder.path(), &case.job("shuffle", &many, &partitions, &json!({})));
    counted(&job, 3);
    let shards = planned(&job)["shards"].as_u64().expect("a number") as usize;
    for partition in 0..3 {
        assign_partition(&job, partition, None, None, 2, &Unwatched).expect("assigned");
    }
    write_shards(&job, 0, shards - 1, None, None, &Unwatched).expect("written");
    finalized(&job);
    let (one, mut many) = (files_of(&one), files_of(&many));
    many.remove("_stowage.job.json");
    assert!(one == many);
}

#[test]
fn a_group_that_the_policies_leave_nothing_of_has_no_files_and_the_job_ends() {
    let pack = PackOptions { overlong: Overlong::Drop, ..PackOptions::new(64) };
    let case = Case { pack, ..Case::new("parquet") };
    let folder = tempfile::tempdir().expect("a folder");
    let mut sources = case.sources(folder.path(), 1, 300, 60);
    let path = folder.path().join("part-900.parquet");
    source(&path, &vec![vec![5; 99]; 40], 10);
    sources.push(path);
    let report = local(&case, folder.path(), &sources, 2, 1);
    assert!(report["groups"].as_u64() > Some(1), "{report}");
    let paths: Vec<&Path> = sources.iter().map(PathBuf::as_path).collect();
    let options = VerifyOptions {
        output: folder.path().join("local"),
        inputs: Some(inputs(&paths)),
        columns: case.columns(),
        text: None,
        digests: true,
    };
    let proved = verify_dataset(&options, 2, &Unwatched).expect("proved");
    assert_eq!(proved.stats.ledger.dropped_count, 40);
}
