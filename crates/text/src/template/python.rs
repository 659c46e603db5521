//! Methods, filters and tests that templates use and that Python has otherwise than Rust.
//!
//! Python's white space holds U+001C to U+001F too, its lines end at more characters, and strings
//! and dictionaries are sequences to Jinja. What isn't here is as `minijinja-contrib` has it.

use super::arguments::argument;
use super::values::Float;
use minijinja::value::{Kwargs, Rest, Tuple, ValueKind, from_args};
use minijinja::{Environment, Error, ErrorKind, State, Value};
use minijinja_contrib::pycompat::unknown_method_callback;

/// Puts the filters and tests in the environment.
pub(super) fn install(environment: &mut Environment<'static>) {
    environment.add_filter("trim", |text: &Value, chars: Option<&str>| {
        stripped(&text.to_string(), chars, true, true).to_string()
    });
    environment.add_test("sequence", |value: &Value| {
        let kind = value.kind();
        matches!(kind, ValueKind::Undefined | ValueKind::String | ValueKind::Seq | ValueKind::Map)
    });
    environment.add_test("iterable", |value: &Value| {
        let kind = value.kind();
        matches!(
            kind,
            ValueKind::Undefined
                | ValueKind::String
                | ValueKind::Seq
                | ValueKind::Map
                | ValueKind::Iterable
        )
    });
    environment.add_test("number", |value: &Value| {
        let kind = value.kind();
        matches!(kind, ValueKind::Number | ValueKind::Bool) || is_float(value)
    });
    environment.add_test("float", |value: &Value| {
        is_float(value) || (matches!(value.kind(), ValueKind::Number) && !value.is_integer())
    });
}

fn is_float(value: &Value) -> bool {
    value.downcast_object_ref::<Float>().is_some()
}

/// Methods that a value has in Python and not here.
pub(super) fn method(
    state: &mut State<'_, '_>,
    value: &Value,
    method: &str,
    args: &[Value],
) -> Result<Value, Error> {
    let Some(text) = value.as_str() else {
        return unknown_method_callback(state, value, method, args);
    };
    match method {
        "strip" | "lstrip" | "rstrip" => {
            let (chars,): (Option<&str>,) = from_args(args)?;
            Ok(Value::from(stripped(text, chars, method != "rstrip", method != "lstrip")))
        }
        "split" | "rsplit" => split(text, args, method == "rsplit"),
        "splitlines" => {
            let (keep,): (Option<bool>,) = from_args(args)?;
            Ok(lines(text, keep.unwrap_or(false)).into_iter().map(Value::from).collect())
        }
        "isspace" => {
            let () = from_args(args)?;
            Ok(Value::from(!text.is_empty() && text.chars().all(is_space)))
        }
        "removeprefix" => {
            let (prefix,): (&str,) = from_args(args)?;
            Ok(Value::from(text.strip_prefix(prefix).unwrap_or(text)))
        }
        "removesuffix" => {
            let (suffix,): (&str,) = from_args(args)?;
            Ok(Value::from(text.strip_suffix(suffix).unwrap_or(text)))
        }
        "partition" | "rpartition" => {
            let (by,): (&str,) = from_args(args)?;
            let first = method == "partition";
            let halves = if first { text.split_once(by) } else { text.rsplit_once(by) };
            let parts = match halves {
                Some((before, behind)) => [before, by, behind],
                None if first => [text, "", ""],
                None => ["", "", text],
            };
            Ok(Value::from(Tuple::from(parts.map(Value::from))))
        }
        _ => unknown_method_callback(state, value, method, args),
    }
}

/// What Python takes for white space.
fn is_space(one: char) -> bool {
    one.is_whitespace() || ('\u{1C}'..='\u{1F}').contains(&one)
}

fn stripped<'a>(text: &'a str, chars: Option<&str>, left: bool, right: bool) -> &'a str {
    let goes = |one: char| chars.map_or_else(|| is_space(one), |chars| chars.contains(one));
    let text = if left { text.trim_start_matches(goes) } else { text };
    if right { text.trim_end_matches(goes) } else { text }
}

/// `split(sep=None, maxsplit=-1)` and `rsplit`.
fn split(text: &str, args: &[Value], from_right: bool) -> Result<Value, Error> {
    let (args, named): (Rest<Value>, Kwargs) = from_args(args)?;
    let by = argument(&args, 0, &named, "sep")?;
    let most = argument(&args, 1, &named, "maxsplit")?;
    named.assert_all_used()?;
    let most = if most.is_undefined() {
        usize::MAX
    } else {
        most.as_i64().map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX))
    };
    let parts: Vec<&str> = match by.as_str() {
        Some("") => return Err(Error::new(ErrorKind::InvalidOperation, "empty separator")),
        Some(by) if from_right => {
            let mut parts: Vec<&str> = text.rsplitn(most.saturating_add(1), by).collect();
            parts.reverse();
            parts
        }
        Some(by) => text.splitn(most.saturating_add(1), by).collect(),
        None if from_right => {
            let (mut parts, mut rest) = (Vec::new(), text.trim_end_matches(is_space));
            while !rest.is_empty() {
                let at = rest.rfind(is_space).filter(|_| parts.len() < most);
                let word =
                    at.map_or(0, |at| at + rest[at..].chars().next().map_or(0, char::len_utf8));
                parts.push(&rest[word..]);
                rest = rest[..word].trim_end_matches(is_space);
            }
            parts.reverse();
            parts
        }
        None => {
            let (mut parts, mut rest) = (Vec::new(), text.trim_start_matches(is_space));
            while !rest.is_empty() {
                let at = rest.find(is_space).filter(|_| parts.len() < most);
                let word = at.unwrap_or(rest.len());
                parts.push(&rest[..word]);
                rest = rest[word..].trim_start_matches(is_space);
            }
            parts
        }
    };
    Ok(parts.into_iter().map(Value::from).collect())
}

fn lines(text: &str, keep: bool) -> Vec<&str> {
    let ends = |one: char| matches!(one, '\n'..='\r' | '\u{1C}'..='\u{1E}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let (mut lines, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let at = rest.find(ends).unwrap_or(rest.len());
        let end = match rest[at..].chars().next() {
            Some('\r') if rest[at + 1..].starts_with('\n') => at + 2,
            Some(one) => at + one.len_utf8(),
            None => at,
        };
        lines.push(&rest[..if keep { end } else { at }]);
        rest = &rest[end..];
    }
    lines
}
