//! Inputs as people have them: folders of the Hub and of `datasets`, links, sidecars, partitions,
//! packed data sets, compressed and other JSON; columns that decide what is trained on.

mod common;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int8Type, Int32Type, Int64Type};
use arrow_ipc::reader::FileReader;
use common::{arrow_stream, inputs, lists, names, rows, source, table};
use flate2::Compression as Gzip;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use stowage_dataset::{
    Columns, DatasetOptions, DatasetReport, Fault, LengthsOptions, VerifyOptions, WithoutTargets,
    pack_dataset, read_lengths, verify_dataset,
};
use stowage_engine::options::{Empty, Overlong};
use stowage_engine::{PackOptions, Unwatched};

/// A folder for sources and one for outputs.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn at(&self, name: &str) -> PathBuf {
        let path = self.0.path().join("in").join(name);
        fs::create_dir_all(path.parent().expect("a folder above")).expect("a folder");
        path
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        fs::write(self.at(name), bytes).expect("written");
        self
    }

    /// A Parquet file with one sequence of so many tokens.
    fn tokens(&self, name: &str, count: i32) -> &Self {
        source(&self.at(name), &[(1..=count).collect()], 10);
        self
    }

    fn options(&self) -> DatasetOptions {
        let output = self.0.path().join("out");
        let _ = fs::remove_dir_all(&output);
        let pack = PackOptions { empty: Empty::Drop, ..PackOptions::new(1000) };
        DatasetOptions::new(inputs(&[&self.0.path().join("in")]), output, "arrow", pack)
    }

    fn pack(options: &DatasetOptions) -> Result<DatasetReport, Fault> {
        let report = pack_dataset(options, 2, &Unwatched)?;
        let mut columns = options.columns.clone();
        (columns.ignore, columns.attention_mask) = (Vec::new(), None);
        let verify = VerifyOptions {
            output: options.output.clone(),
            inputs: Some(options.inputs.clone()),
            columns,
            text: None,
            digests: true,
        };
        verify_dataset(&verify, 2, &Unwatched).expect("what was packed is proved");
        Ok(report)
    }

    /// Sequences and tokens of the folder.
    fn packed(&self) -> (u64, u64) {
        let report = Self::pack(&self.options()).expect("packed");
        (report.stats.sequence_count, report.stats.ledger.tokens_in)
    }

    fn refused(&self, options: &DatasetOptions) -> (&'static str, String) {
        let fault = pack_dataset(options, 2, &Unwatched).expect_err("refused");
        assert!(names(self.0.path()).iter().all(|name| name == "in"), "nothing is left");
        (fault.code(), fault.to_string())
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Gzip::default());
    encoder.write_all(text.as_bytes()).expect("packed");
    encoder.finish().expect("packed")
}

#[cfg(unix)]
#[test]
fn a_link_to_a_folder_above_is_not_followed_in_folders_and_patterns() {
    let place = Place::new();
    place.tokens("a/x.parquet", 3);
    for (link, to) in [("loop", "."), ("a/up", ".."), ("a/again", "../a")] {
        std::os::unix::fs::symlink(to, place.at(link)).expect("a link");
    }
    assert_eq!(place.packed(), (1, 3));
    let mut options = place.options();
    options.inputs = vec![format!("{}/**/*.parquet", place.0.path().join("in").display())];
    assert_eq!(Place::pack(&options).expect("packed").stats.sequence_count, 1);
    // A second name for a file that is no loop is read, and said.
    std::os::unix::fs::symlink("a/x.parquet", place.at("other.parquet")).expect("a link");
    let report = Place::pack(&place.options()).expect("packed");
    assert_eq!(report.stats.sequence_count, 2);
    assert!(report.warnings[0].contains("other.parquet"), "{:?}", report.warnings);
}

#[test]
fn compressed_lines_are_read_beside_others_whatever_their_case() {
    let place = Place::new();
    let mut both = gzip("{\"input_ids\":[1,2]}\n");
    both.extend(gzip("{\"input_ids\":[3]}\n"));
    let line = b"{\"input_ids\":[4,5,6]}\n";
    let mut frames = zstd::encode_all(&line[..], 1).expect("packed");
    frames.extend(zstd::encode_all(&line[..], 1).expect("packed"));
    place.write("a.jsonl", line).write("b.JSONL.gz", both).write("c.ndjson.zst", frames);
    place.write("d.json.gz", gzip("[{\"input_ids\":[7]},\n {\"input_ids\":[8,9]}]"));
    assert_eq!(place.packed(), (7, 15));
}

#[test]
fn what_is_cut_off_or_packed_otherwise_is_named() {
    for (name, bytes, words) in [
        ("cut.jsonl.gz", gzip("{\"input_ids\":[1,2]}\n")[..25].to_vec(), "was cut off"),
        ("x.jsonl.xz", b"\xfd7zXZ\0".to_vec(), "xz"),
        ("x.jsonl.bz2", b"BZh9".to_vec(), "bzip2"),
        ("p.jsonl.gz", gzip("PAR1...."), "Parquet in it"),
        ("u.jsonl", b"\xff\xfe{\0".to_vec(), "UTF-16"),
        ("n.jsonl", b"{\"input_ids\":[1],\"score\":NaN}\n".to_vec(), "NaN isn't JSON"),
        ("i.jsonl", b"{\"input_ids\":[1,-Infinity]}\n".to_vec(), "Infinity isn't JSON"),
        ("a.json", b"[{\"input_ids\":[1]}".to_vec(), "the array ends in the middle"),
        ("b.json", b"[{\"input_ids\":[1]} {}]".to_vec(), "a comma or ] is missing"),
        ("c.json", b"[[1,2],[3]]".to_vec(), "a list, not an object"),
        ("d.json", b"[{\"input_ids\":[1]}] x".to_vec(), "behind the end of the array"),
    ] {
        let place = Place::new();
        place.write(name, bytes);
        let mut options = place.options();
        options.inputs = inputs(&[&place.at(name)]);
        let (code, message) = place.refused(&options);
        assert_eq!(code, "ERR_FORMAT", "{name}: {message}");
        assert!(message.contains(words) && message.contains(name), "{name}: {message}");
    }
}

#[test]
fn nesting_is_bounded() {
    let place = Place::new();
    let deep = |depth: usize| {
        format!("[{{\"x\":{}1{},\"input_ids\":[1]}}]", "[".repeat(depth), "]".repeat(depth))
    };
    place.write("a.json", deep(60));
    assert_eq!(place.packed(), (1, 1));
    place.write("a.json", deep(100_000));
    assert!(place.refused(&place.options()).1.contains("64 deep"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn rows_are_the_same_however_their_json_stands(
        sequences in prop::collection::vec(prop::collection::vec(0_i32..70_000, 0..20), 1..30),
        word in "[\\]\\[{}\", \\\\a]{0,12}",
    ) {
        let rows: Vec<serde_json::Value> = sequences
            .iter()
            .map(|ids| serde_json::json!({ "text": word, "input_ids": ids, "more": [{ "a": word }] }))
            .collect();
        let lines = rows.iter().fold(String::new(), |all, row| all + &format!("{row}\n"));
        let pretty = rows.iter().fold(String::new(), |all, row| all + &format!("{row:#}\n"));
        let array = serde_json::Value::Array(rows);
        let texts = [
            lines.clone(),
            format!("\u{feff}{lines}"),
            lines.replace('\n', "\r\n\n"),
            pretty,
            format!("{array}"),
            format!(" \n{array:#}\n"),
        ];
        let place = Place::new();
        for text in texts {
            for (name, bytes) in [("x.json", text.clone().into_bytes()), ("x.json.gz", gzip(&text))] {
                let path = place.at(name);
                fs::write(&path, bytes).expect("written");
                let column = "input_ids".to_string();
                let options = LengthsOptions { inputs: inputs(&[&path]), column, split: None, text: None };
                let found = read_lengths(&options, 1, &Unwatched).expect("read").lengths;
                let wanted: Vec<u32> = sequences.iter().map(|ids| ids.len() as u32).collect();
                prop_assert_eq!(found, wanted);
            }
        }
    }
}

#[test]
fn several_splits_are_refused_unless_one_is_chosen() {
    let place = Place::new();
    place.tokens("data/train-00000-of-00001.parquet", 2);
    place.tokens("data/validation-00000-of-00001.parquet", 3);
    place.tokens("data/extra-00000-of-00001.parquet", 4);
    let (code, message) = place.refused(&place.options());
    assert_eq!(code, "ERR_OPTION");
    assert!(message.contains("extra, train, validation"), "{message}");
    for (split, tokens) in [("train", 2), ("val", 3), ("extra", 4)] {
        let mut options = place.options();
        options.split = Some(split.to_string());
        assert_eq!(
            Place::pack(&options).expect("packed").stats.ledger.tokens_in,
            tokens,
            "{split}"
        );
    }
    let mut options = place.options();
    options.split = Some("test".to_string());
    assert!(place.refused(&options).1.contains("has no split 'test'"));
    options.inputs = inputs(&[&place.at("data/train-00000-of-00001.parquet")]);
    assert!(place.refused(&options).1.contains("leave it out"));
    options.split = None;
    options.inputs = vec![format!("{}/**/*.parquet", place.0.path().join("in").display())];
    assert_eq!(Place::pack(&options).expect("a pattern says it").stats.sequence_count, 3);
}

/// Writes a folder as `datasets.save_to_disk` does.
fn saved(place: &Place, prefix: &str) {
    let batch = |ids: &[&[i32]]| table(vec![("input_ids", lists::<i32, Int32Type>(&rows(ids)))]);
    arrow_stream(&place.at(&format!("{prefix}data-1.arrow")), &batch(&[&[1, 2], &[3]]), 10);
    arrow_stream(&place.at(&format!("{prefix}data-0.arrow")), &batch(&[&[4, 5, 6]]), 10);
    arrow_stream(&place.at(&format!("{prefix}cache-9.arrow")), &batch(&[&[7]]), 10);
    let files = r#"{"_data_files":[{"filename":"data-1.arrow"},{"filename":"data-0.arrow"}]}"#;
    place.write(&format!("{prefix}state.json"), files);
    place.write(&format!("{prefix}dataset_info.json"), "{}");
}

#[test]
fn folders_of_save_to_disk_are_read_as_their_files_say() {
    let place = Place::new();
    saved(&place, "");
    let column = "input_ids".to_string();
    let folder = inputs(&[&place.0.path().join("in")]);
    let options = LengthsOptions { inputs: folder, column, split: None, text: None };
    assert_eq!(read_lengths(&options, 2, &Unwatched).expect("read").lengths, [2, 1, 3]);
    let place = Place::new();
    saved(&place, "train/");
    saved(&place, "mine/");
    place.write("dataset_dict.json", r#"{"splits":["train","mine"]}"#);
    assert!(place.refused(&place.options()).1.contains("mine, train"));
    let mut options = place.options();
    options.split = Some("mine".to_string());
    assert_eq!(Place::pack(&options).expect("packed").stats.sequence_count, 3);
}

#[test]
fn what_lies_beside_the_data_is_passed_over_with_a_word() {
    let place = Place::new();
    place.tokens("x.parquet", 3).write("config.json", "{\n  \"vocab\": 3\n}");
    place.write("lengths.npy", "\u{93}").write("y.json", "{\"input_ids\":[1,2]}\n");
    place.write("tokens.json", "[1, 2]").write("README.md", "words");
    let report = Place::pack(&place.options()).expect("packed");
    assert_eq!(report.stats.ledger.tokens_in, 5);
    let [warning] = &report.warnings[..] else { panic!("{:?}", report.warnings) };
    for name in ["config.json", "lengths.npy", "tokens.json"] {
        assert!(warning.contains(name), "{warning}");
    }
    assert!(!warning.contains("y.json"), "{warning}");
}

#[test]
fn names_of_folders_give_columns_unless_the_file_has_them() {
    let place = Place::new();
    place.tokens("lang=de/year=2024/x.parquet", 2).tokens("lang=en%20us/year=-3/x.parquet", 3);
    place.write("lang=__HIVE_DEFAULT_PARTITION__/year=7/x.jsonl", "{\"input_ids\":[1]}\n");
    let mut options = place.options();
    let carry = vec!["lang".to_string(), "year".to_string()];
    options.columns = Columns::new("input_ids".to_string(), None, None, carry);
    let report = Place::pack(&options).expect("packed");
    let file = File::open(options.output.join(&report.files[0].path)).expect("a file");
    let batch =
        FileReader::try_new(file, None).expect("Arrow").next().expect("a batch").expect("read");
    let column = |name: &str| batch.column_by_name(name).expect(name).as_list::<i32>().value(0);
    let ids = column("sequence_ids");
    let (words, years) = (column("lang"), column("year"));
    let (words, years) = (words.as_string::<i32>(), years.as_primitive::<Int64Type>());
    for (at, &id) in ids.as_primitive::<Int64Type>().values().iter().enumerate() {
        let (word, year) = [(None, 7), (Some("de"), 2024), (Some("en us"), -3)][id as usize];
        assert_eq!((words.iter().nth(at).expect("a value"), years.value(at)), (word, year));
    }
    // Its own column wins.
    let own = table(vec![
        ("input_ids", lists::<i32, Int32Type>(&rows(&[&[1]]))),
        ("lang", lists::<i32, Int8Type>(&rows(&[&[9]]))),
    ]);
    let place = Place::new();
    arrow_stream(&place.at("lang=de/x.arrows"), &own, 1);
    let mut options = place.options();
    options.columns = Columns::new("input_ids".to_string(), None, None, vec!["lang".to_string()]);
    Place::pack(&options).expect("packed");
}

#[test]
fn packed_data_sets_are_no_sources_unless_that_is_said() {
    let place = Place::new();
    place.tokens("a.parquet", 2).tokens("done/train.parquet", 5).write("done/_stowage.json", "{}");
    let report = Place::pack(&place.options()).expect("packed");
    assert_eq!(report.stats.ledger.tokens_in, 2);
    assert!(report.warnings[0].contains("done"), "{:?}", report.warnings);
    for input in [place.at("done"), place.at("done/train.parquet"), place.at("done/*.parquet")] {
        let mut options = place.options();
        options.inputs = inputs(&[&input]);
        let (code, message) = place.refused(&options);
        assert_eq!(code, "ERR_OPTION");
        assert!(message.contains("repack"), "{message}");
        options.repack = true;
        assert_eq!(Place::pack(&options).expect("packed").stats.ledger.tokens_in, 5);
        let column = "input_ids".to_string();
        let lengths = LengthsOptions { inputs: inputs(&[&input]), column, split: None, text: None };
        let read = read_lengths(&lengths, 1, &Unwatched).expect("read");
        assert_eq!((read.lengths, read.warnings.len()), (vec![5], 1));
    }
}

/// Sources of a row each way: Parquet, Arrow, JSON.
fn each_format(place: &Place, columns: &[(&str, &[i32])], mut check: impl FnMut(&str)) {
    let batch = columns
        .iter()
        .map(|(name, values)| (*name, lists::<i32, Int32Type>(&rows(&[*values]))))
        .collect();
    let batch = table(batch);
    let row: serde_json::Map<_, _> = columns
        .iter()
        .map(|(name, values)| ((*name).to_string(), serde_json::json!(values)))
        .collect();
    for name in ["x.parquet", "x.arrows", "x.jsonl"] {
        let path = place.at(name);
        match name {
            "x.parquet" => common::parquet(&path, &batch, 5, common::zstd()),
            "x.arrows" => arrow_stream(&path, &batch, 5),
            _ => fs::write(&path, serde_json::to_vec(&row).expect("JSON")).expect("written"),
        }
        check(name);
        fs::remove_file(&path).expect("removed");
    }
}

#[test]
fn columns_that_decide_what_is_trained_on_must_be_named_or_ignored() {
    for name in ["labels", "assistant_masks", "completion_mask", "loss_mask"] {
        let place = Place::new();
        each_format(&place, &[("input_ids", &[5, 6]), (name, &[0, 1])], |format| {
            let (code, message) = place.refused(&place.options());
            assert_eq!(code, "ERR_COLUMN", "{format}: {message}");
            assert!(message.contains(&format!("columns.ignore to ['{name}']")), "{message}");
            let mut options = place.options();
            options.columns.ignore = vec![name.to_string()];
            Place::pack(&options).expect("ignored");
            let mut options = place.options();
            match name {
                "labels" => options.columns.labels = Some(name.to_string()),
                _ => options.columns.loss_mask = Some(name.to_string()),
            }
            Place::pack(&options).expect("named");
        });
    }
}

#[test]
fn padding_is_stripped_where_its_mask_is_named_and_refused_where_it_is_not() {
    let place = Place::new();
    let padded: &[(&str, &[i32])] = &[
        ("input_ids", &[0, 0, 5, 6, 7, 0]),
        ("attention_mask", &[0, 0, 1, 1, 1, 0]),
        ("labels", &[-100, -100, 5, -100, 7, -100]),
    ];
    each_format(&place, padded, |format| {
        let mut options = place.options();
        options.columns.labels = Some("labels".to_string());
        let (code, message) = place.refused(&options);
        assert_eq!(code, "ERR_COLUMN", "{format}");
        assert!(
            message.contains("row 0") && message.contains("columns.attentionMask"),
            "{message}"
        );
        options.columns.attention_mask = Some("attention_mask".to_string());
        let report = Place::pack(&options).expect("stripped");
        assert_eq!(report.stats.ledger.tokens_in, 3, "{format}");
        let mut options = place.options();
        options.columns.labels = Some("labels".to_string());
        options.columns.ignore = vec!["attention_mask".to_string()];
        assert_eq!(Place::pack(&options).expect("kept").stats.ledger.tokens_in, 6);
    });
    // A mask of ones says nothing.
    each_format(&place, &[("input_ids", &[5, 6]), ("attention_mask", &[1, 1])], |_| {
        assert_eq!(place.packed(), (1, 2));
    });
}

#[test]
fn integer_masks_above_one_are_refused_and_fractions_are_weights() {
    let place = Place::new();
    let loss_mask = |place: &Place| {
        let mut options = place.options();
        options.columns.loss_mask = Some("m".to_string());
        options
    };
    each_format(&place, &[("input_ids", &[5, 6]), ("m", &[1, 2])], |format| {
        let (code, message) = place.refused(&loss_mask(&place));
        assert_eq!(code, "ERR_COLUMN");
        assert!(message.contains("row 0") && message.contains("position 1"), "{format}: {message}");
    });
    place.write(
        "a.jsonl",
        "{\"input_ids\":[5,6,7],\"m\":[0,2,0.5]}\n{\"input_ids\":[8,9],\"m\":[1,1]}\n",
    );
    let options = loss_mask(&place);
    let report = Place::pack(&options).expect("weights");
    let file = File::open(options.output.join(&report.files[0].path)).expect("a file");
    let batch =
        FileReader::try_new(file, None).expect("Arrow").next().expect("a batch").expect("read");
    let weights = batch.column_by_name("loss_weights").expect("weights").as_list::<i32>().value(0);
    let mut weights = weights.as_primitive::<arrow_array::types::Float32Type>().values().to_vec();
    weights.sort_by(f32::total_cmp);
    assert_eq!(weights, [0.0, 0.0, 0.5, 1.0, 2.0]);
}

#[test]
fn sequences_without_targets_are_counted_left_out_or_refused() {
    let place = Place::new();
    let late: Vec<i32> = (1..=20).collect();
    let mut labels = vec![-100; 19];
    labels.push(20);
    let line =
        |ids: &[i32], labels: &[i32]| serde_json::json!({ "input_ids": ids, "labels": labels });
    let text = format!("{}\n{}\n", line(&[7, 8, 9], &[7, 8, 9]), line(&late, &labels));
    place.write("a.jsonl", text);
    let with = |policy, overlong, format: &str| {
        let mut options = place.options();
        options.pack = PackOptions { overlong, ..PackOptions::new(8) };
        options.format = format.to_string();
        options.columns.labels = Some("labels".to_string());
        options.without_targets = policy;
        options
    };
    for format in ["arrow", "trl", "nemo", "npy", "hf"] {
        let report =
            Place::pack(&with(WithoutTargets::Keep, Overlong::Truncate, format)).expect("kept");
        let counts = report.without_targets.expect("labels are named");
        assert_eq!((counts.sequences, counts.packs), (1, 1), "{format}");
        assert!(report.warnings[0].contains("1 sequence and 1 pack"), "{:?}", report.warnings);
        let report =
            Place::pack(&with(WithoutTargets::Drop, Overlong::Truncate, format)).expect("dropped");
        let ledger = report.stats.ledger;
        assert_eq!(
            (report.stats.pack_count, ledger.tokens_packed, ledger.tokens_dropped),
            (1, 3, 20)
        );
        assert_eq!((ledger.dropped_count, ledger.tokens_in), (1, 23));
        let report = Place::pack(&with(WithoutTargets::Drop, Overlong::TruncateStart, format))
            .expect("late");
        assert_eq!(report.stats.ledger.tokens_packed, 11, "{format}: the end has the target");
        assert_eq!(report.without_targets.expect("named").sequences, 0);
    }
    let fault = place.refused(&with(WithoutTargets::Error, Overlong::Truncate, "arrow"));
    assert_eq!(fault.0, "ERR_COLUMN");
    assert!(fault.1.contains("a.jsonl, row 1"), "{}", fault.1);
}

#[test]
fn aligned_sequences_of_every_trainer_are_proved() {
    let place = Place::new();
    source(&place.at("x.parquet"), &[vec![1, 2, 3], vec![4, 5], vec![6], (1..=8).collect()], 2);
    for format in ["trl", "nemo", "megatron", "hf", "arrow"] {
        let mut options = place.options();
        options.format = format.to_string();
        options.pack = PackOptions { sequence_alignment: 4, ..PackOptions::new(16) };
        options.eos_token_id = (format != "hf").then_some(9);
        Place::pack(&options).expect(format);
        let alone = VerifyOptions {
            output: options.output.clone(),
            inputs: None,
            columns: Columns::default(),
            text: None,
            digests: true,
        };
        verify_dataset(&alone, 1, &Unwatched).expect(format);
    }
    let mut options = place.options();
    options.format = "llamafactory".to_string();
    options.pack.sequence_alignment = 4;
    assert_eq!(place.refused(&options).0, "ERR_OPTION");
}

#[test]
fn nothing_of_a_name_reaches_a_terminal_raw() {
    let place = Place::new();
    place.write("\u{1b}[31m.jsonl", "{\"\u{7}x\":1}\n");
    let (_, message) = place.refused(&place.options());
    assert!(!message.chars().any(char::is_control), "{message:?}");
    assert!(message.contains("\\u{1b}[31m.jsonl"), "{message}");
    let many: Vec<String> = (0..500).map(|k| format!("\"c{k}\":1")).collect();
    let place = Place::new();
    place.write("a.jsonl", format!("{{{}}}", many.join(",")));
    let (_, message) = place.refused(&place.options());
    assert!(message.contains("and 488 more") && message.len() < 400, "{message}");
}

#[test]
fn a_path_that_is_no_folder_keeps_its_fault() {
    let place = Place::new();
    let mut options = place.options();
    options.inputs = inputs(&[Path::new("/nowhere/x.parquet")]);
    assert_eq!(place.refused(&options).0, "ERR_IO");
}
