//! Turns found by marks within their contents, for templates that rewrite earlier turns.
//!
//! The conversation is rendered once more with a sentinel before the first and one behind the last
//! character of each content. Only if the text is the same without them, and every sentinel came
//! through once and in order, do they say where a content stands. The turn then ends with the first
//! special token behind it.

use super::turns::Turns;
use crate::sentinel::{Mark, Sentinels};
use serde_json::{Map, Value};
use std::ops::Range;

/// Where a message's content stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// From its first character to the end of its turn.
    At(Range<usize>),
    /// It has no character that could be trained on.
    Blank,
    /// It can't be told.
    Lost,
}

/// What comes before the answer proper in a content with reasoning.
const THOUGHT: &str = "</think>";

/// Where the contents of all messages stand; those of other roles than the assistant are `Lost`.
pub(super) fn spans(turns: &Turns<'_>) -> Vec<Found> {
    let sentinels = &turns.setting.sentinels;
    let mut found = vec![Found::Lost; turns.messages.len()];
    let mut marked = Vec::new();
    let mut fields = turns.fields.to_vec();
    for (at, own) in fields.iter_mut().enumerate() {
        if turns.messages[at].role() != "assistant" {
            continue;
        }
        match mark(own, sentinels) {
            Some(content) => marked.push((at, content)),
            None => found[at] = Found::Blank,
        }
    }
    // A template that fails on marked contents says nothing of them.
    let Ok(rendered) = turns.rendered_with(&fields) else { return found };
    let places: Vec<(usize, Mark)> = rendered
        .marks
        .iter()
        .copied()
        .filter(|(_, mark)| matches!(mark, Mark::First | Mark::Last))
        .collect();
    let in_order = places.len() == 2 * marked.len()
        && places.chunks(2).all(|two| two[0].1 == Mark::First && two[1].1 == Mark::Last);
    if rendered.text != turns.whole.text || !in_order {
        return found;
    }
    let special = turns.whole.places(Mark::Special);
    for (two, (at, content)) in places.chunks(2).zip(marked) {
        let (start, end) = (two[0].0, two[1].0);
        if content.is_some_and(|content| content != rendered.text[start..end]) {
            continue;
        }
        if let Some(token) = turns.tokenizer.special().next(&rendered.text, &special, end) {
            found[at] = Found::At(start..token.end);
        }
    }
    found
}

/// Marks the content of a message: what stands between the marks, if that is one string; none
/// without any character.
#[expect(clippy::option_option, reason = "a marked content needn't be one string")]
fn mark(fields: &mut Map<String, Value>, sentinels: &Sentinels) -> Option<Option<String>> {
    let mut parts: Vec<&mut String> = match fields.get_mut("content")? {
        Value::String(text) => vec![text],
        Value::Array(parts) => {
            let texts = parts.iter_mut().filter_map(|part| match part.get_mut("text") {
                Some(Value::String(text)) => Some(text),
                _ => None,
            });
            texts.collect()
        }
        _ => return None,
    };
    let thought = parts.iter().rposition(|part| part.contains(THOUGHT));
    let from = thought.unwrap_or(0);
    let skip =
        thought.map_or(0, |at| parts[at].rfind(THOUGHT).map_or(0, |place| place + THOUGHT.len()));
    let start_of = |at: usize| if at == from { skip } else { 0 };
    let blank = |one: char| one.is_whitespace() || ('\u{1C}'..='\u{1F}').contains(&one);
    let first = (from..parts.len()).find_map(|at| {
        let own = &parts[at][start_of(at)..];
        own.find(|one| !blank(one)).map(|place| (at, start_of(at) + place))
    })?;
    let last = (from..parts.len()).rev().find_map(|at| {
        let end = parts[at][start_of(at)..].trim_end_matches(blank).len();
        (end > 0).then_some((at, start_of(at) + end))
    })?;
    let whole = (parts.len() == 1).then(|| {
        let text = &parts[0][first.1..last.1];
        sentinels.taken_out(text).text
    });
    parts[last.0].insert(last.1, sentinels.of(Mark::Last));
    parts[first.0].insert(first.1, sentinels.of(Mark::First));
    Some(whole)
}
