//! Text columns of every kind of file: the same rows give the same data set, wherever they lie.

mod common;

use arrow_array::builder::{ListBuilder, StringBuilder, StructBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, DictionaryArray, Int32Array, LargeStringArray, StringArray, StringViewArray,
};
use arrow_ipc::CompressionType;
use arrow_schema::{DataType, Field, Fields};
use common::{arrow, arrow_compressed, arrow_stream, inputs, parquet, table, zstd};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use stowage_dataset::{
    DatasetOptions, Fault, LengthsOptions, Rows, Shape, TextColumns, TextOptions, TextSource,
    VerifyOptions, pack_dataset, read_lengths, tokenize, verify_dataset,
};
use stowage_engine::{PackOptions, Unwatched};
use tempfile::TempDir;

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data")
}

fn conversations() -> Vec<Value> {
    let text = fs::read_to_string(data().join("conversations.jsonl")).expect("bundled data");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn chats() -> TextSource {
    TextSource {
        options: TextOptions::new(data().join("tokenizer"), Shape::Messages),
        columns: TextColumns::Messages { messages: "messages".to_string(), tools: None },
        eos_token: None,
    }
}

/// A list of structs with role and content, and a field that is null in every other message.
fn column(rows: &[Value]) -> ArrayRef {
    let fields = Fields::from(
        ["role", "content", "name"].map(|name| Field::new(name, DataType::Utf8, true)).to_vec(),
    );
    let builders = (0..3).map(|_| Box::new(StringBuilder::new()) as _).collect();
    let mut lists = ListBuilder::new(StructBuilder::new(fields, builders));
    for row in rows {
        for (at, message) in row["messages"].as_array().expect("a list").iter().enumerate() {
            let own = lists.values();
            for (field, name) in ["role", "content"].into_iter().enumerate() {
                let builder = own.field_builder::<StringBuilder>(field).expect("strings");
                builder.append_option(message[name].as_str());
            }
            let builder = own.field_builder::<StringBuilder>(2).expect("strings");
            builder.append_option((at % 2 == 0).then_some("n"));
            own.append(true);
        }
        lists.append(true);
    }
    Arc::new(lists.finish())
}

/// The bytes of the data file that a source becomes, once proved.
fn packed(input: &Path, text: &TextSource, threads: usize) -> Vec<u8> {
    let folder = TempDir::new().expect("a folder");
    let output = folder.path().join("packed");
    let mut options =
        DatasetOptions::new(inputs(&[input]), output.clone(), "parquet", PackOptions::new(512));
    options.text = Some(text.clone());
    pack_dataset(&options, threads, &Unwatched).expect("it packs");
    let verify = VerifyOptions {
        output: output.clone(),
        inputs: Some(inputs(&[input])),
        columns: stowage_dataset::Columns::default(),
        text: Some(text.clone()),
        digests: true,
    };
    verify_dataset(&verify, threads, &Unwatched).expect("it is right");
    fs::read(output.join("train-00000-of-00001.parquet")).expect("the file")
}

#[test]
fn conversations_in_json_parquet_and_arrow_give_the_same_bytes() {
    let folder = TempDir::new().expect("a folder");
    let rows = conversations();
    let batch = table(vec![
        ("id", Arc::new(Int32Array::from_iter_values(0..rows.len() as i32)) as ArrayRef),
        ("messages", column(&rows)),
    ]);
    let at = |name: &str| folder.path().join(name);
    parquet(&at("a.parquet"), &batch, 5, zstd());
    arrow(&at("a.arrow"), &batch, 7);
    arrow_stream(&at("a.arrows"), &batch, 7);
    arrow_compressed(&at("b.arrow"), &batch, 24, CompressionType::ZSTD);
    fs::write(at("a.json"), serde_json::to_string_pretty(&rows).expect("JSON")).expect("written");
    let strings: Vec<String> = rows.iter().map(|row| row["messages"].to_string()).collect();
    let strings = table(vec![("messages", Arc::new(StringArray::from(strings)) as ArrayRef)]);
    parquet(&at("strings.parquet"), &strings, 100, zstd());
    let expected = packed(&data().join("conversations.jsonl"), &chats(), 1);
    for name in ["a.parquet", "a.arrow", "a.arrows", "b.arrow", "a.json", "strings.parquet"] {
        for threads in [1, 3] {
            assert_eq!(packed(&at(name), &chats(), threads), expected, "{name}");
        }
    }
}

#[test]
fn strings_of_every_type_are_text() {
    let folder = TempDir::new().expect("a folder");
    let words = ["one", "zwei und drei", "", "四", "one"];
    let columns: [ArrayRef; 4] = [
        Arc::new(StringArray::from(words.to_vec())),
        Arc::new(LargeStringArray::from(words.to_vec())),
        Arc::new(StringViewArray::from(words.to_vec())),
        Arc::new(words.into_iter().collect::<DictionaryArray<Int32Type>>()),
    ];
    let mut found = Vec::new();
    for (at, column) in columns.into_iter().enumerate() {
        let path = folder.path().join(format!("{at}.arrow"));
        arrow(&path, &table(vec![("text", column)]), 2);
        found.push(lengths(&path, "text").expect("text"));
    }
    assert_eq!(found[0].len(), 5);
    assert!(found[0][2] == 0 && found[0][1] > 1);
    assert!(found.iter().all(|lengths| *lengths == found[0]));
}

fn lengths(path: &Path, column: &str) -> Result<Vec<u32>, Fault> {
    let text = TextSource {
        options: TextOptions::new(data().join("tokenizer"), Shape::Text),
        columns: TextColumns::Text(column.to_string()),
        eos_token: None,
    };
    let options = LengthsOptions {
        inputs: inputs(&[path]),
        column: String::new(),
        split: None,
        text: Some(text),
    };
    read_lengths(&options, 2, &Unwatched).map(|read| read.lengths)
}

#[test]
fn rows_that_are_no_text_say_where() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("a.parquet");
    let words: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), Some("b"), None, Some("c")]));
    let numbers: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 3, 4]));
    parquet(&path, &table(vec![("words", words), ("numbers", numbers)]), 2, zstd());
    let fault = lengths(&path, "words").expect_err("a null");
    assert_eq!((fault.code(), fault.path(), fault.row()), ("ERR_COLUMN", Some(&*path), Some(2)));
    let fault = lengths(&path, "numbers").expect_err("a number");
    assert_eq!((fault.code(), fault.row()), ("ERR_COLUMN", Some(0)));
    let fault = lengths(&path, "none").expect_err("no column");
    assert!(fault.to_string().contains("found: words, numbers"), "{fault}");
    let lines = folder.path().join("b.jsonl");
    fs::write(&lines, "{\"text\":\"a\"}\n\n{\"text\":\"b\"}\n{\"txt\":\"c\"}\n").expect("written");
    let fault = lengths(&lines, "text").expect_err("no column");
    assert_eq!((fault.code(), fault.row()), ("ERR_COLUMN", Some(2)));
    assert!(fault.to_string().contains("found: txt"), "{fault}");
    fs::write(&lines, "{\"text\":\"a\"}\n{\"text\":\"b\n").expect("written");
    let fault = lengths(&lines, "text").expect_err("not JSON");
    assert_eq!((fault.code(), fault.row()), ("ERR_FORMAT", Some(1)));
}

#[test]
fn carried_columns_follow_their_texts() {
    let folder = TempDir::new().expect("a folder");
    let rows = conversations();
    let ids: ArrayRef = Arc::new(Int32Array::from_iter_values(0..rows.len() as i32));
    let input = folder.path().join("a.parquet");
    parquet(&input, &table(vec![("id", ids), ("messages", column(&rows))]), 5, zstd());
    let output = folder.path().join("packed");
    let mut options =
        DatasetOptions::new(inputs(&[&input]), output, "arrow", PackOptions::new(512));
    options.text = Some(chats());
    options.columns.carry = vec!["id".to_string()];
    let report = pack_dataset(&options, 2, &Unwatched).expect("it packs");
    assert_eq!(report.stats.sequence_count, rows.len() as u64);
}

#[test]
fn many_rows_keep_their_order_whatever_the_threads() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("a.jsonl");
    let line = |row: usize| json!({ "text": "word ".repeat(row % 97) }).to_string();
    let lines: Vec<String> = (0..10_000).map(line).collect();
    fs::write(&path, lines.join("\n")).expect("written");
    let found = lengths(&path, "text").expect("text");
    let one: Vec<u32> = found[..97].to_vec();
    assert!(one.windows(2).all(|two| two[0] < two[1]));
    for (row, length) in found.iter().enumerate() {
        assert_eq!(*length, one[row % 97], "row {row}");
    }
}

#[test]
fn the_first_rows_can_be_looked_at() {
    let rows = Rows::Files {
        inputs: inputs(&[&data().join("conversations.jsonl")]),
        split: None,
        limit: 3,
    };
    let found = tokenize(&chats(), &rows, 2, &Unwatched).expect("rows");
    let all = conversations();
    let objects = Rows::Objects(all[..3].iter().map(ToString::to_string).collect());
    assert_eq!(found, tokenize(&chats(), &objects, 2, &Unwatched).expect("rows"));
    assert!(found.iter().all(|row| row.offsets.len() == row.ids.len()));
    let many = Rows::Files {
        inputs: inputs(&[&data().join("conversations.jsonl")]),
        split: None,
        limit: 999,
    };
    assert_eq!(tokenize(&chats(), &many, 1, &Unwatched).expect("rows").len(), all.len());
}
