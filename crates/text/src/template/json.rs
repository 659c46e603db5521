//! `tojson` of chat templates: Python's `json.dumps`, which escapes nothing for HTML.

use super::arguments::{argument, sentinels};
use super::values::{float_of, python_float};
use crate::sentinel::Sentinels;
use minijinja::value::{Kwargs, Rest, ValueKind, ValueOrKwargs, from_args};
use minijinja::{Error, ErrorKind, State, Value};
use std::fmt::Write;

struct Writer {
    out: String,
    ensure_ascii: bool,
    indent: Option<String>,
    item: String,
    key: String,
    sort_keys: bool,
    sentinels: Option<Sentinels>,
}

/// `tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False)`.
pub(super) fn tojson(
    state: &State<'_, '_>,
    value: &Value,
    args: Rest<ValueOrKwargs>,
) -> Result<Value, Error> {
    let args = args.into_values();
    let (args, named): (&[Value], Kwargs) = from_args(&args)?;
    let ensure_ascii = argument(args, 0, &named, "ensure_ascii")?.is_true();
    let indent = argument(args, 1, &named, "indent")?;
    let separators = argument(args, 2, &named, "separators")?;
    let sort_keys = argument(args, 3, &named, "sort_keys")?.is_true();
    named.assert_all_used()?;
    let indent = match (indent.as_str(), indent.as_usize()) {
        (Some(text), _) => Some(text.to_string()),
        (None, Some(width)) if !matches!(indent.kind(), ValueKind::Bool) => Some(" ".repeat(width)),
        _ if indent.is_none() || indent.is_undefined() => None,
        _ => return Err(wrong("indent of tojson is neither a number nor a string")),
    };
    let (mut item, mut key) =
        (if indent.is_some() { "," } else { ", " }.to_string(), ": ".to_string());
    if !(separators.is_none() || separators.is_undefined()) {
        let two: Vec<Value> = separators.try_iter()?.collect();
        let [first, second] = &two[..] else {
            return Err(wrong("separators of tojson aren't two strings"));
        };
        (item, key) = (first.to_string(), second.to_string());
    }
    let sentinels = sentinels(state);
    let mut writer =
        Writer { out: String::new(), ensure_ascii, indent, item, key, sort_keys, sentinels };
    writer.value(value, 0)?;
    Ok(Value::from(writer.out))
}

fn wrong(detail: &'static str) -> Error {
    Error::new(ErrorKind::InvalidOperation, detail)
}

impl Writer {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        if let Some(float) = float_of(value) {
            self.out.push_str(&python_float(float));
            return Ok(());
        }
        match value.kind() {
            ValueKind::None => self.out.push_str("null"),
            ValueKind::Bool => self.out.push_str(if value.is_true() { "true" } else { "false" }),
            ValueKind::Number => write!(self.out, "{value}").expect("a String takes everything"),
            ValueKind::String => self.string(value.as_str().unwrap_or_default()),
            ValueKind::Map => self.map(value, depth)?,
            ValueKind::Seq | ValueKind::Iterable => {
                let items: Vec<Value> = value.try_iter()?.collect();
                self.list(('[', ']'), items.len(), depth, |writer, at| {
                    writer.value(&items[at], depth + 1)
                })?;
            }
            kind => {
                let detail = format!("{kind} is not JSON serializable");
                return Err(Error::new(ErrorKind::InvalidOperation, detail));
            }
        }
        Ok(())
    }

    fn map(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        let mut fields = Vec::new();
        for key in value.try_iter()? {
            let of = value.get_item(&key)?;
            let name = match key.kind() {
                ValueKind::String => key.as_str().unwrap_or_default().to_string(),
                ValueKind::None => "null".to_string(),
                ValueKind::Bool => key.is_true().to_string(),
                _ => key.to_string(),
            };
            fields.push((name, of));
        }
        if self.sort_keys {
            fields.sort_by(|a, b| a.0.cmp(&b.0));
        }
        self.list(('{', '}'), fields.len(), depth, |writer, at| {
            writer.string(&fields[at].0);
            let key = writer.key.clone();
            writer.out.push_str(&key);
            writer.value(&fields[at].1, depth + 1)
        })
    }

    fn list(
        &mut self,
        (open, close): (char, char),
        count: usize,
        depth: usize,
        each: impl Fn(&mut Self, usize) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.out.push(open);
        for at in 0..count {
            if at > 0 {
                let item = self.item.clone();
                self.out.push_str(&item);
            }
            self.line(depth + 1);
            each(self, at)?;
        }
        if count > 0 {
            self.line(depth);
        }
        self.out.push(close);
        Ok(())
    }

    fn line(&mut self, depth: usize) {
        if let Some(indent) = &self.indent {
            self.out.push('\n');
            self.out.push_str(&indent.repeat(depth));
        }
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        for one in text.chars() {
            match one {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\u{8}' => self.out.push_str("\\b"),
                '\u{C}' => self.out.push_str("\\f"),
                control if control < ' ' => self.unit(control as u16),
                // A sentinel is no part of the text: it must come through to be taken out again.
                other
                    if self.ensure_ascii
                        && !(other.is_ascii() && other != '\u{7F}')
                        && !self.sentinels.as_ref().is_some_and(|all| all.has(other)) =>
                {
                    let mut units = [0; 2];
                    for unit in other.encode_utf16(&mut units) {
                        self.unit(*unit);
                    }
                }
                other => self.out.push(other),
            }
        }
        self.out.push('"');
    }

    fn unit(&mut self, unit: u16) {
        write!(self.out, "\\u{unit:04x}").expect("a String takes everything");
    }
}
