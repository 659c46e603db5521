//! `'…' % (…)` of chat templates: `%s`, `%d`, `%r` isn't there; others are refused.

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value};

/// Python's `format % values`.
pub(super) fn percent(format: &str, values: &Value) -> Result<String, Error> {
    let wrong = |detail: String| Error::new(ErrorKind::InvalidOperation, detail);
    let values: Vec<Value> = match values.kind() {
        ValueKind::Seq if values.is_tuple() => values.try_iter()?.collect(),
        _ => vec![values.clone()],
    };
    let mut values = values.into_iter();
    let mut out = String::with_capacity(format.len());
    let mut signs = format.chars();
    while let Some(sign) = signs.next() {
        if sign != '%' {
            out.push(sign);
            continue;
        }
        let kind = signs.next();
        if kind == Some('%') {
            out.push('%');
            continue;
        }
        let value = values.next().ok_or_else(|| wrong("not enough values for '%'".to_string()))?;
        match kind {
            Some('s') => out.push_str(&value.to_string()),
            Some('d' | 'i') if value.is_integer() => out.push_str(&value.to_string()),
            Some(other) => return Err(wrong(format!("'%{other}' of {value} isn't known"))),
            None => return Err(wrong("'%' at the end of a format".to_string())),
        }
    }
    if values.next().is_some() {
        return Err(wrong("more values than '%' has places".to_string()));
    }
    Ok(out)
}
