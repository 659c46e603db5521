//! A row as it comes from a file, and its messages in one form.

use crate::Fault;
use crate::sentinel::Sentinels;
use serde_json::{Map, Value};

/// What one row holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// A text.
    Text(Value),
    /// A conversation, and tools if there are any.
    Messages {
        /// The list of messages.
        messages: Value,
        /// Tool definitions; null where there are none.
        tools: Value,
    },
    /// A prompt and its completion, both strings or both lists of messages.
    Prompt {
        /// The prompt.
        prompt: Value,
        /// The completion.
        completion: Value,
        /// Tool definitions; null where there are none.
        tools: Value,
    },
}

/// A message in the form that templates read, and what it says of itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Message {
    pub fields: Map<String, Value>,
    /// Whether it is trained on, if it says so.
    pub train: Option<bool>,
}

impl Message {
    /// Its role.
    pub(crate) fn role(&self) -> &str {
        self.fields.get("role").and_then(Value::as_str).unwrap_or_default()
    }
}

/// The messages of a list, in one form: nulls left out, `ShareGPT`'s names replaced, reasoning under
/// the names that templates read.
///
/// # Errors
/// [`Fault::Row`] for what isn't a list of messages, naming the message.
pub(crate) fn messages(list: &Value, what: &str) -> Result<Vec<Message>, Fault> {
    let row = |detail: String| Fault::Row(format!("{what}: {detail}"));
    // A list that lies in a column of strings, as JSON.
    let parsed;
    let list = match list {
        Value::String(text) => {
            parsed = serde_json::from_str(text)
                .map_err(|error| row(format!("a string that isn't a JSON list: {error}")))?;
            &parsed
        }
        other => other,
    };
    let Value::Array(list) = list else {
        return Err(row(format!("{}, not a list of messages", kind_of(list))));
    };
    if list.is_empty() {
        return Err(row("a list without messages".to_string()));
    }
    let one = |(at, value): (usize, &Value)| {
        message(value).map_err(|detail| row(format!("message {at}: {detail}")))
    };
    list.iter().enumerate().map(one).collect()
}

fn message(value: &Value) -> Result<Message, String> {
    let Value::Object(given) = value else {
        return Err(format!("{}, not an object with role and content", kind_of(value)));
    };
    let mut fields: Map<String, Value> = given
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    if !fields.contains_key("role") && fields.contains_key("from") {
        fields = from_sharegpt(fields)?;
    }
    match fields.get("role") {
        Some(Value::String(_)) => {}
        Some(other) => return Err(format!("its role is {}", kind_of(other))),
        None => return Err("it has no role".to_string()),
    }
    match fields.get("content") {
        None | Some(Value::String(_)) => {}
        Some(Value::Array(parts)) => parts.iter().try_for_each(text_part)?,
        Some(other) => {
            return Err(format!("its content is {}, not a string or a list", kind_of(other)));
        }
    }
    let train = train_of(&fields)?;
    let names = ["reasoning_content", "thinking", "reasoning"];
    if let Some(reasoning) = names.iter().find_map(|name| fields.get(*name)).cloned() {
        let mut all = Map::new();
        all.insert("thinking".to_string(), reasoning.clone());
        all.extend(fields);
        all.insert("reasoning_content".to_string(), reasoning);
        fields = all;
    }
    Ok(Message { fields, train })
}

fn text_part(part: &Value) -> Result<(), String> {
    match (part["type"].as_str(), &part["text"]) {
        (Some("text"), Value::String(_)) => Ok(()),
        (Some("text"), _) => Err("a part of its content has no text".to_string()),
        (Some(other), _) => {
            Err(format!("a part of its content is of type '{other}'; only text is known"))
        }
        (None, _) => Err("a part of its content has no type".to_string()),
    }
}

/// `{from, value}` as `{role, content}`.
fn from_sharegpt(fields: Map<String, Value>) -> Result<Map<String, Value>, String> {
    let mut all = Map::new();
    for (name, value) in fields {
        match name.as_str() {
            "from" => {
                let role = match value.as_str() {
                    Some("human" | "user") => "user",
                    Some("gpt" | "assistant") => "assistant",
                    Some("system") => "system",
                    Some("tool") => "tool",
                    _ => {
                        let known = "human, gpt, system and tool";
                        return Err(format!("it is from {value}; known are {known}"));
                    }
                };
                all.insert("role".to_string(), role.into());
            }
            "value" => drop(all.insert("content".to_string(), value)),
            _ => drop(all.insert(name, value)),
        }
    }
    Ok(all)
}

/// What a message says of being trained on: `train: true|false`, `weight: 0|1`.
fn train_of(fields: &Map<String, Value>) -> Result<Option<bool>, String> {
    let train = match fields.get("train") {
        None => None,
        Some(Value::Bool(train)) => Some(*train),
        Some(other) => return Err(format!("its 'train' is {other}; expected true or false")),
    };
    let weight = match fields.get("weight").map(|weight| (weight, weight.as_f64())) {
        None => None,
        Some((_, Some(0.0))) => Some(false),
        Some((_, Some(1.0))) => Some(true),
        Some((other, _)) => {
            return Err(format!(
                "its 'weight' is {other}; expected 0 or 1 (for fractions use a token column with a \
                 loss mask)"
            ));
        }
    };
    match (train, weight) {
        (Some(train), Some(weight)) if train != weight => {
            Err("its 'train' and its 'weight' say different things".to_string())
        }
        _ => Ok(train.or(weight)),
    }
}

/// Tools as templates read them; strings are parsed as JSON. Null where there are none.
///
/// # Errors
/// [`Fault::Row`] for what isn't a list of objects.
pub(crate) fn tools(value: &Value) -> Result<Value, Fault> {
    let row = |detail: String| Fault::Row(format!("tools: {detail}"));
    let parsed = |text: &str| -> Result<Value, Fault> {
        serde_json::from_str(text)
            .map_err(|error| row(format!("a string that isn't JSON: {error}")))
    };
    let list = match value {
        Value::Null => return Ok(Value::Null),
        Value::String(text) if text.trim().is_empty() => return Ok(Value::Null),
        Value::String(text) => parsed(text)?,
        other => other.clone(),
    };
    let list = match list {
        Value::Null => return Ok(Value::Null),
        Value::Array(list) => list,
        other => return Err(row(format!("{}, not a list", kind_of(&other)))),
    };
    let mut all = Vec::with_capacity(list.len());
    for one in list {
        let one = if let Value::String(text) = &one { parsed(text)? } else { one };
        if !one.is_object() {
            return Err(row(format!("one of them is {}, not an object", kind_of(&one))));
        }
        all.push(one);
    }
    Ok(Value::Array(all))
}

/// The characters of `values` that could be sentinels.
pub(crate) fn held<'a>(values: impl IntoIterator<Item = &'a Value>) -> Vec<char> {
    let mut all = Vec::new();
    for value in values {
        gather(value, &mut all);
    }
    all
}

fn gather(value: &Value, all: &mut Vec<char>) {
    let mut text = |text: &str| {
        // The first byte that all sentinels share is rare: most texts aren't looked at by character.
        if text.as_bytes().contains(&0xEF) {
            all.extend(text.chars().filter(|one| Sentinels::may_be(*one)));
        }
    };
    match value {
        Value::String(own) => text(own),
        Value::Array(items) => items.iter().for_each(|item| gather(item, all)),
        Value::Object(fields) => {
            for (key, value) in fields {
                if key.as_bytes().contains(&0xEF) {
                    all.extend(key.chars().filter(|one| Sentinels::may_be(*one)));
                }
                gather(value, all);
            }
        }
        _ => {}
    }
}

/// What a value is, for a message.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
