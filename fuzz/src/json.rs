//! JSON with some values replaced: what a byte flipped at random seldom leaves readable.

use arbitrary::{Result, Unstructured};
use serde_json::{Map, Value, json};

/// Numbers at the borders of what is read.
const BORDERS: [u64; 16] = [
    0,
    1,
    2,
    127,
    255,
    256,
    65_535,
    65_536,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
    1 << 32,
    (1 << 53) - 1,
    1 << 53,
    (1 << 63) - 1,
    u64::MAX,
];

/// Replaces up to four values, each at a place found by walking down from the root.
pub fn change(root: &mut Value, choices: &mut Unstructured<'_>) -> Result<()> {
    for _ in 0..choices.int_in_range(1..=4)? {
        walk(root, choices)?;
    }
    Ok(())
}

/// Replaces the value here, or goes down; the children of an object are equally likely.
fn walk(at: &mut Value, choices: &mut Unstructured<'_>) -> Result<()> {
    let stays = choices.is_empty() || choices.ratio(1, 16)?;
    match at {
        Value::Array(values) if !stays && !values.is_empty() => {
            let place = choices.choose_index(values.len())?;
            walk(&mut values[place], choices)
        }
        Value::Object(fields) if !stays && !fields.is_empty() => {
            let place = choices.choose_index(fields.len())?;
            walk(fields.values_mut().nth(place).expect("it has as many"), choices)
        }
        _ => replace(at, choices),
    }
}

fn replace(at: &mut Value, choices: &mut Unstructured<'_>) -> Result<()> {
    let near = |value: &Value, by: i64| value.as_i64().map(|was| json!(was.wrapping_add(by)));
    *at = match choices.int_in_range(0..=12)? {
        0 => Value::Null,
        1 => json!(choices.arbitrary::<bool>()?),
        2 => json!(*choices.choose(&BORDERS)?),
        3 => json!(choices.arbitrary::<i64>()?),
        4 => json!(choices.arbitrary::<f64>()?),
        5 => json!(choices.arbitrary::<&str>()?),
        6 => json!("../../elsewhere"),
        7 => json!([]),
        8 => json!({}),
        9 => near(at, 1).unwrap_or(Value::Null),
        10 => near(at, -1).unwrap_or(Value::Null),
        11 => grown(at, choices)?,
        _ => shrunk(at, choices)?,
    };
    Ok(())
}

/// With a child twice.
fn grown(at: &Value, choices: &mut Unstructured<'_>) -> Result<Value> {
    Ok(match at {
        Value::Array(values) if !values.is_empty() => {
            let again = values[choices.choose_index(values.len())?].clone();
            values.iter().cloned().chain([again]).collect()
        }
        Value::Object(fields) => {
            let mut fields: Map<String, Value> = fields.clone();
            fields.insert(choices.arbitrary()?, Value::Null);
            Value::Object(fields)
        }
        other => json!([other, other]),
    })
}

/// Without one of its children.
fn shrunk(at: &Value, choices: &mut Unstructured<'_>) -> Result<Value> {
    Ok(match at {
        Value::Array(values) if !values.is_empty() => {
            let mut values = values.clone();
            values.remove(choices.choose_index(values.len())?);
            Value::Array(values)
        }
        Value::Object(fields) if !fields.is_empty() => {
            let place = choices.choose_index(fields.len())?;
            let kept = fields.iter().enumerate().filter(|(at, _)| *at != place);
            kept.map(|(_, (name, value))| (name.clone(), value.clone())).collect()
        }
        _ => Value::Null,
    })
}
