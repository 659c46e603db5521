//! Values of a row as a template sees them: dictionaries with Python's methods, numbers that print
//! as Python's.

use crate::Fault;
use minijinja::value::{Enumerator, Object, ObjectExt, ObjectRepr, Tuple, from_args};
use minijinja::{Error, ErrorKind, State, Value};
use serde_json::Value as Json;
use std::fmt;
use std::sync::Arc;

/// A dictionary. Its methods win over keys of the same name, as in Python.
#[derive(Debug, Default)]
pub(crate) struct Dict(pub Vec<(Arc<str>, Value)>);

/// A float whose Python text differs from Rust's.
#[derive(Debug)]
pub(crate) struct Float(pub f64);

impl Dict {
    fn find(&self, key: &str) -> Option<Value> {
        self.0.iter().find(|(name, _)| **name == *key).map(|(_, value)| value.clone())
    }
}

impl Object for Dict {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.find(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.find(key)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.mapped_enumerator(|this| {
            Box::new(this.0.iter().map(|(key, _)| Value::from(Arc::clone(key))))
        })
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "get" => {
                let (key, default): (&Value, Option<Value>) = from_args(args)?;
                let found = key.as_str().and_then(|key| self.find(key));
                Ok(found.or(default).unwrap_or(Value::from(())))
            }
            "keys" => {
                let () = from_args(args)?;
                Ok(self.0.iter().map(|(key, _)| Value::from(Arc::clone(key))).collect())
            }
            "values" => {
                let () = from_args(args)?;
                Ok(self.0.iter().map(|(_, value)| value.clone()).collect())
            }
            "items" => {
                let () = from_args(args)?;
                let pair = |(key, value): &(Arc<str>, Value)| {
                    Value::from(Tuple::from([Value::from(Arc::clone(key)), value.clone()]))
                };
                Ok(self.0.iter().map(pair).collect())
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

impl Object for Float {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.0 != 0.0
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&python_float(self.0))
    }
}

/// A JSON value as a template sees it. `string` is asked about every string, keys included.
///
/// # Errors
/// [`Fault::Row`] for a number beyond what can be told exactly.
pub(crate) fn to_value(json: &Json, string: &dyn Fn(&str) -> String) -> Result<Value, Fault> {
    Ok(match json {
        Json::Null => Value::from(()),
        Json::Bool(value) => Value::from(*value),
        Json::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(whole), ..) => Value::from(whole),
            (_, Some(whole), _) => Value::from(whole),
            (.., Some(float)) => float_value(float)?,
            _ => return Err(beyond(&number.to_string())),
        },
        Json::String(text) => Value::from(string(text)),
        Json::Array(items) => {
            let items: Result<Vec<Value>, Fault> =
                items.iter().map(|item| to_value(item, string)).collect();
            Value::from(items?)
        }
        Json::Object(fields) => {
            let mut dict = Dict::default();
            for (key, value) in fields {
                dict.0.push((Arc::from(string(key)), to_value(value, string)?));
            }
            Value::from_object(dict)
        }
    })
}

fn float_value(value: f64) -> Result<Value, Fault> {
    if value.abs() >= 18_446_744_073_709_551_616.0 {
        // An integer that is too large for 64 bits reads like this, and Python keeps its digits.
        return Err(beyond(&format!("{value:e}")));
    }
    let plain = value == 0.0 || (1e-4..1e16).contains(&value.abs());
    Ok(if plain { Value::from(value) } else { Value::from_object(Float(value)) })
}

fn beyond(number: &str) -> Fault {
    Fault::Row(format!("the number {number} is beyond 64 bits; write it as a string"))
}

/// A float as Python's `repr` writes it.
pub(super) fn python_float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_string();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_string();
    }
    let exact = format!("{value:e}");
    let (digits, exponent) = exact.split_once('e').expect("an exponent is always written");
    let exponent: i32 = exponent.parse().expect("it is a number");
    if value != 0.0 && !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let plain = value.to_string();
    if plain.contains('.') { plain } else { format!("{plain}.0") }
}

/// A value that is a float, whichever way it is kept.
pub(super) fn float_of(value: &Value) -> Option<f64> {
    if let Some(float) = value.downcast_object_ref::<Float>() {
        return Some(float.0);
    }
    let is_float = value.is_number() && !value.is_integer();
    is_float.then(|| f64::try_from(value.clone()).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{python_float, to_value};
    use serde_json::json;

    #[test]
    fn floats_are_written_as_python_does() {
        // Right side: what `repr` of Python 3.12 says.
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.2345e17, "1.2345e+17"),
            (1e100, "1e+100"),
            (123456.789, "123456.789"),
            (-2.5e-310, "-2.5e-310"),
        ] {
            assert_eq!(python_float(value), text);
        }
    }

    #[test]
    fn a_number_that_lost_digits_is_refused() {
        let text = "123456789012345678901234567890";
        let json = serde_json::from_str(text).expect("JSON");
        assert!(to_value(&json, &str::to_string).is_err());
        assert!(to_value(&json!(18_446_744_073_709_551_615_u64), &str::to_string).is_ok());
    }
}
