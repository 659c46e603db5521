//! Templates render as the reference renders them. `data/templates.json` holds what
//! `transformers.utils.chat_template_utils.render_jinja_template` (5.24.0, Jinja2 3.1.6) gave.

mod common;

use common::{conversations, row};
use serde_json::Value;
use stowage_text::TrainOn;

#[test]
fn templates_render_as_the_reference_renders_them() {
    let text = include_str!("data/templates.json");
    let all: Value = serde_json::from_str(text).expect("JSON");
    let mut wrong = Vec::new();
    for case in all["cases"].as_array().expect("a list") {
        let template = case["template"].as_str().expect("a string");
        let found = conversations(template, |options| options.train_on = Some(TrainOn::All))
            .and_then(|encoder| encoder.encode(&row(all["messages"].clone()), false))
            .map(|it| it.text);
        let expected = case["text"].as_str();
        if found.as_ref().ok().map(String::as_str) != expected {
            wrong.push(format!("{template}\n  expected {expected:?}\n  found    {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
