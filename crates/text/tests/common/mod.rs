//! A small tokenizer of bytes with a few merges, and templates of the kinds that models have.
#![allow(dead_code, reason = "each test takes what it needs")]

use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use stowage_text::{Encoded, Encoder, Fault, Row, Shape, TextOptions};
use tempfile::TempDir;

pub const BOS: u32 = 259;
pub const START: u32 = 260;
pub const END: u32 = 261;

/// Turns between `<|im_start|>` and `<|im_end|>`, as they are.
pub const CHATML: &str = "{% for message in messages %}<|im_start|>{{ message.role }}\n\
     {{ message.content }}<|im_end|>\n{% endfor %}\
     {% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

/// Takes the reasoning out of all turns but the last, as Qwen3's does.
pub const FORGETS: &str = "{% for message in messages %}{% set content = message.content %}\
     {% if message.role == 'assistant' and '</think>' in content %}\
     {% set thought = content.split('</think>')[0].split('<think>')[-1].strip('\n') %}\
     {% set content = content.split('</think>')[-1].lstrip('\n') %}\
     {% if loop.last %}{% set content = '<think>\n' + thought + '\n</think>\n\n' + content %}{% endif %}\
     {% endif %}<|im_start|>{{ message.role }}\n{{ content }}<|im_end|>\n{% endfor %}\
     {% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

/// Says what is generated.
pub const MARKED: &str = "{% for message in messages %}<|im_start|>{{ message.role }}\n\
     {% if message.role == 'assistant' %}{% generation %}{{ message.content }}<|im_end|>{% endgeneration %}\
     {% else %}{{ message.content }}<|im_end|>{% endif %}\n{% endfor %}";

/// Supplies an empty thought with the generation prompt, and writes it in the last turn.
pub const SUPPLIES: &str = "{% for message in messages %}<|im_start|>{{ message.role }}\n\
     {% if message.role == 'assistant' %}<think></think>{% endif %}{{ message.content }}<|im_end|>\n\
     {% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n<think></think>{% endif %}";

/// What stands for each byte in a byte-level vocabulary, as GPT-2 chose it.
fn letter(byte: u8) -> char {
    let plain = |byte: u8| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    if plain(byte) {
        return char::from(byte);
    }
    let before = (0..byte).filter(|&other| !plain(other)).count() as u32;
    char::from_u32(256 + before).expect("a letter")
}

/// `tokenizer.json`: ids 0 to 255 are bytes; then `\n\n`, `hi`, ` hi`, special tokens, `<think>`s.
pub fn tokenizer() -> Value {
    let mut vocabulary = serde_json::Map::new();
    for byte in 0..=255 {
        vocabulary.insert(letter(byte).to_string(), byte.into());
    }
    let (line, space) = (letter(b'\n'), letter(b' '));
    for (id, token) in (256..).zip([format!("{line}{line}"), "hi".into(), format!("{space}hi")]) {
        vocabulary.insert(token, id.into());
    }
    let added = |(id, content, special): (u32, &str, bool)| {
        json!({ "id": id, "content": content, "special": special, "single_word": false,
                "lstrip": false, "rstrip": false, "normalized": false })
    };
    let tokens = [
        (BOS, "<s>", true),
        (START, "<|im_start|>", true),
        (END, "<|im_end|>", true),
        (262, "<think>", false),
        (263, "</think>", false),
    ];
    json!({
        "version": "1.0", "truncation": null, "padding": null,
        "added_tokens": tokens.map(added),
        "normalizer": null,
        "pre_tokenizer": { "type": "Sequence", "pretokenizers": [
            { "type": "Split", "behavior": "Isolated", "invert": false, "pattern": {
                "Regex": r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+" } },
            { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false },
        ] },
        "post_processor": { "type": "Sequence", "processors": [
            { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false },
            { "type": "TemplateProcessing",
              "single": [{ "SpecialToken": { "id": "<s>", "type_id": 0 } }, { "Sequence": { "id": "A", "type_id": 0 } }],
              "pair": [{ "Sequence": { "id": "A", "type_id": 0 } }, { "Sequence": { "id": "B", "type_id": 1 } }],
              "special_tokens": { "<s>": { "id": "<s>", "ids": [BOS], "tokens": ["<s>"] } } },
        ] },
        "decoder": { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false },
        "model": { "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "vocab": vocabulary,
            "merges": [[line.to_string(), line.to_string()], ["h", "i"], [space.to_string(), "hi"]] },
    })
}

/// A folder as a model's: a tokenizer and a configuration with a chat template.
pub fn folder(tokenizer: &Value, template: &str) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    write(folder.path(), "tokenizer.json", tokenizer);
    let config = json!({ "bos_token": "<s>", "eos_token": { "content": "<|im_end|>" },
                         "chat_template": template });
    write(folder.path(), "tokenizer_config.json", &config);
    folder
}

pub fn write(folder: &Path, name: &str, value: &Value) {
    fs::write(folder.join(name), value.to_string()).expect("it can be written");
}

/// An encoder of conversations with `template`; `change` sets further options.
pub fn conversations(
    template: &str,
    change: impl FnOnce(&mut TextOptions),
) -> Result<Encoder, Fault> {
    let folder = folder(&tokenizer(), template);
    let mut options = TextOptions::new(folder.path(), Shape::Messages);
    change(&mut options);
    Encoder::load(options)
}

/// The rows of conversations.
pub fn row(messages: Value) -> Row {
    Row::Messages { messages, tools: Value::Null }
}

pub fn user(content: &str) -> Value {
    json!({ "role": "user", "content": content })
}

pub fn assistant(content: &str) -> Value {
    json!({ "role": "assistant", "content": content })
}

/// The trained characters of a row: what lies under its trained tokens, in runs.
pub fn trained(it: &Encoded) -> Vec<String> {
    let marks = it.trained.as_ref().expect("there is a mask");
    let (mut runs, mut before) = (Vec::new(), None);
    for (&(start, end), &mark) in it.offsets.iter().zip(marks) {
        if mark && before == Some(start) {
            let last: &mut String = runs.last_mut().expect("a run is open");
            last.push_str(&it.text[start..end]);
        } else if mark {
            runs.push(it.text[start..end].to_string());
        }
        before = mark.then_some(end);
    }
    runs
}
