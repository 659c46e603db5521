//! Tokenizers, templates and options that are refused before any row is read, and rows that are wrong.

mod common;

use common::{CHATML, assistant, conversations, folder, row, tokenizer, user, write};
use serde_json::{Value, json};
use stowage_text::{Encoder, Fault, Row, Shape, TextOptions, TrainOn};

fn refused(file: &Value, change: impl FnOnce(&mut TextOptions)) -> String {
    let folder = folder(file, CHATML);
    let mut options = TextOptions::new(folder.path(), Shape::Messages);
    change(&mut options);
    match Encoder::load(options) {
        Err(Fault::Option(why)) => why,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was taken"),
    }
}

fn texts() -> Encoder {
    let folder = folder(&tokenizer(), "");
    Encoder::load(TextOptions::new(folder.path(), Shape::Text)).expect("it loads")
}

#[test]
fn a_model_with_dropout_is_refused() {
    let mut file = tokenizer();
    file["model"]["dropout"] = json!(0.1);
    assert!(refused(&file, |_| {}).contains("dropout"));
}

#[test]
fn a_pattern_that_engines_read_differently_is_refused_with_the_pattern() {
    let mut file = tokenizer();
    file["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = json!(r"\w+|\s");
    let why = refused(&file, |_| {});
    assert!(why.contains(r"\\w+|\\s") && why.contains(r"'\w'"), "{why}");
    let mut file = tokenizer();
    file["normalizer"] =
        json!({ "type": "Replace", "pattern": { "Regex": r"\s(?=a)" }, "content": " " });
    assert!(refused(&file, |_| {}).contains("look-ahead"));
}

#[test]
fn special_tokens_of_normalized_text_are_refused_where_content_may_not_hold_them() {
    let mut file = tokenizer();
    file["normalizer"] = json!({ "type": "NFC" });
    file["added_tokens"][2]["normalized"] = json!(true);
    assert!(refused(&file, |_| {}).contains("specialTokensInContent"));
    let folder = folder(&file, CHATML);
    let mut options = TextOptions::new(folder.path(), Shape::Messages);
    options.special_tokens_in_content = Some(true);
    assert!(Encoder::load(options).is_ok());
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    for change in [
        |options: &mut TextOptions| options.train_on = Some(TrainOn::Completion),
        |options: &mut TextOptions| {
            drop(options.template_arguments.insert("tools".into(), json!(1)));
        },
        |options: &mut TextOptions| drop(options.template_arguments.insert("now".into(), json!(1))),
        |options: &mut TextOptions| {
            drop(options.template_arguments.insert("now".into(), json!("noon")));
        },
        |options: &mut TextOptions| {
            options.shape = Shape::Text;
            options.train_on = Some(TrainOn::Assistant);
        },
    ] {
        refused(&tokenizer(), change);
    }
}

#[test]
fn a_folder_without_a_tokenizer_a_file_that_is_none_and_one_that_is_not_there() {
    let empty = tempfile::TempDir::new().expect("a folder");
    let load = |path: &std::path::Path| Encoder::load(TextOptions::new(path, Shape::Text));
    assert!(matches!(load(empty.path()), Err(Fault::Option(_))));
    assert!(matches!(load(&empty.path().join("no")), Err(Fault::Io { .. })));
    write(empty.path(), "tokenizer.json", &json!({ "model": 1 }));
    assert!(matches!(load(empty.path()), Err(Fault::Option(_))));
}

#[test]
fn a_template_that_needs_the_time_is_given_one_or_refused() {
    let asks = format!("{{{{ strftime_now('%d %B %Y') }}}}{CHATML}");
    let messages = json!([user("a"), assistant("b")]);
    let encoder = conversations(&asks, |_| {}).expect("it loads");
    let Err(Fault::Template(why)) = encoder.encode(&row(messages.clone()), true) else {
        panic!("the template's")
    };
    assert!(why.contains("templateArguments.now"), "{why}");
    let fixed = conversations(&asks, |options| {
        options.template_arguments.insert("now".into(), json!("2024-07-26"));
    });
    let it = fixed.expect("it loads").encode(&row(messages), true).expect("a row");
    assert!(it.text.starts_with("26 July 2024<|im_start|>"));
}

#[test]
fn a_template_file_wins_and_a_name_without_meaning_is_refused() {
    let folder = folder(&tokenizer(), CHATML);
    let file = folder.path().join("own.jinja");
    std::fs::write(&file, "{{ bos_token }}{{ messages[0].content }}").expect("it can be written");
    let mut options = TextOptions::new(folder.path(), Shape::Messages);
    options.chat_template = Some(file.clone());
    options.train_on = Some(TrainOn::All);
    let encoder = Encoder::load(options.clone()).expect("it loads");
    assert_eq!(encoder.encode(&row(json!([user("x")])), true).expect("a row").text, "<s>x");
    // Without a configuration nobody says what bos_token is.
    options.tokenizer = folder.path().join("tokenizer.json");
    let Err(Fault::Option(why)) = Encoder::load(options) else { panic!("it was taken") };
    assert!(why.contains("bos_token"), "{why}");
}

#[test]
fn what_a_template_raises_is_a_fault_of_the_row() {
    let raises = "{% if messages[0].role != 'user' %}{{ raise_exception('user first, not ' ~ messages[0].role) }}{% endif %}";
    let encoder = conversations(raises, |options| options.train_on = Some(TrainOn::All));
    let it = encoder.expect("it loads").encode(&row(json!([assistant("a")])), true);
    let Err(Fault::Row(why)) = it else { panic!("{it:?}") };
    assert!(why.contains("user first, not assistant"), "{why}");
}

#[test]
fn templates_that_are_none_are_refused() {
    for template in ["{% if %}", "{{ a", "{% generation %}", "\u{FDD0}"] {
        assert!(matches!(conversations(template, |_| {}), Err(Fault::Option(_))), "{template}");
    }
}

#[test]
fn rows_that_are_no_conversations_say_which_message() {
    let encoder = conversations(CHATML, |_| {}).expect("it loads");
    for (messages, word) in [
        (json!(null), "null"),
        (json!([]), "without messages"),
        (json!("x"), "JSON"),
        (json!([user("a"), 5]), "message 1"),
        (json!([{ "content": "a" }]), "no role"),
        (json!([{ "role": 3, "content": "a" }]), "a number"),
        (json!([{ "role": "user", "content": 3 }]), "a number"),
        (json!([{ "from": "alien", "value": "a" }]), "alien"),
    ] {
        let it = encoder.encode(&row(messages), true);
        let Err(Fault::Row(why)) = it else { panic!("{it:?}") };
        assert!(why.contains(word), "{why}");
    }
    for tools in [json!("{"), json!({}), json!([1])] {
        let messages = json!([user("a")]);
        let it = encoder.encode(&Row::Messages { messages, tools }, true);
        assert!(matches!(it, Err(Fault::Row(_))));
    }
    let it = texts().encode(&Row::Text(Value::Null), true);
    assert!(matches!(it, Err(Fault::Row(_))));
}

#[test]
fn a_text_that_the_matcher_gives_up_on_is_refused_and_not_split_otherwise() {
    let text = texts();
    let spaces = |count: usize| Row::Text(Value::String(format!("{}hi", " ".repeat(count))));
    let Err(Fault::Row(why)) = text.encode(&spaces(1_500_000), false) else {
        panic!("ids that differ from the reference's")
    };
    assert!(why.contains("1500002 bytes"), "{why}");
    // Below, the last blank goes to the word, as the pattern says.
    for count in [1000, 131_072, 400_000] {
        let it = text.encode(&spaces(count), false).expect("the matcher gets through");
        assert_eq!(it.ids.len(), 1 + (count - 1) + 1, "BOS, blanks, ' hi'");
        assert_eq!(it.ids.last(), Some(&258));
    }
}

#[test]
fn the_version_said_is_the_version_used() {
    let lock = std::fs::read_to_string("../../Cargo.lock").expect("the lock file");
    let (_, behind) = lock.split_once("name = \"tokenizers\"\nversion = \"").expect("it is there");
    let (version, _) = behind.split_once('"').expect("it ends");
    assert_eq!(texts().record().tokenizers_version, version);
}
