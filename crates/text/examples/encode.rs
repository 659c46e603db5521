//! Rows of JSON lines to ids and masks, one line each: what the oracles compare with the reference.
//!
//! `encode OPTIONS.json < rows.jsonl`, with options as `TextOptions` has them.

use serde_json::{Value, json};
use std::io::{BufRead, Write};
use stowage_text::{Encoder, Row, Shape, TextOptions, TrainOn};

fn main() {
    let path = std::env::args().nth(1).expect("a file of options");
    let given: Value =
        serde_json::from_slice(&std::fs::read(path).expect("it can be read")).expect("JSON");
    let shape = match given["shape"].as_str() {
        Some("messages") => Shape::Messages,
        Some("prompt") => Shape::Prompt,
        _ => Shape::Text,
    };
    let mut options = TextOptions::new(given["tokenizer"].as_str().expect("a path"), shape);
    options.chat_template = given["chatTemplate"].as_str().map(Into::into);
    options.train_on = given["trainOn"].as_str().and_then(TrainOn::find);
    options.add_special_tokens = given["addSpecialTokens"].as_bool();
    options.special_tokens_in_content = given["specialTokensInContent"].as_bool();
    if let Some(arguments) = given["templateArguments"].as_object() {
        options.template_arguments = arguments.clone();
    }
    let mut out = std::io::stdout().lock();
    let encoder = match Encoder::load(options) {
        Ok(encoder) => encoder,
        Err(fault) => {
            writeln!(out, "{}", json!({ "refused": fault.to_string() }))
                .expect("it can be written");
            return;
        }
    };
    for line in std::io::stdin().lock().lines() {
        let row: Value = serde_json::from_str(&line.expect("UTF-8")).expect("JSON");
        let tools = row["tools"].clone();
        let row = match shape {
            Shape::Text => Row::Text(row["text"].clone()),
            Shape::Messages => Row::Messages { messages: row["messages"].clone(), tools },
            Shape::Prompt => Row::Prompt {
                prompt: row["prompt"].clone(),
                completion: row["completion"].clone(),
                tools,
            },
        };
        let line = match encoder.encode(&row, true) {
            Ok(it) => json!({
                "ids": it.ids,
                "trained": it.trained.map(|all| all.into_iter().map(u8::from).collect::<Vec<_>>()),
                "text": it.text,
            }),
            Err(fault) => json!({ "fault": format!("{fault:?}") }),
        };
        writeln!(out, "{line}").expect("it can be written");
    }
}
