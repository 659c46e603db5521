//! What a caller should know besides the result, and how names of data stand in messages.

use std::borrow::Cow;
use std::fmt::Write;

/// Names that a message lists before it counts the rest.
const NAMES: usize = 12;

/// Warnings of a job, in the order in which they came up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Warnings(Vec<String>);

impl Warnings {
    /// Adds one.
    pub(crate) fn add(&mut self, text: impl AsRef<str>) {
        self.0.push(escaped(text.as_ref()));
    }

    /// All of them.
    pub(crate) fn into_list(self) -> Vec<String> {
        self.0
    }
}

/// `name` as it stands in a list of names: in quotes if a reader could take it for several, or for none.
pub(crate) fn named(name: &str) -> Cow<'_, str> {
    let plain = !name.is_empty() && name.trim() == name && !name.contains([',', '\'']);
    if plain { Cow::Borrowed(name) } else { Cow::Owned(format!("'{name}'")) }
}

/// All of `names` behind one another.
pub(crate) fn told<T: AsRef<str>>(names: &[T]) -> String {
    if names.is_empty() {
        return "none".to_string();
    }
    names.iter().map(|name| named(name.as_ref())).collect::<Vec<_>>().join(", ")
}

/// The same, the first of many and how many more there are.
pub(crate) fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let mut text = told(&names[..names.len().min(NAMES)]);
    if names.len() > NAMES {
        let _ = write!(text, " and {} more", names.len() - NAMES);
    }
    text
}

/// `text` with every character that a terminal might obey written as its code: control characters,
/// and those that turn the direction of writing.
pub(crate) fn escaped(text: &str) -> String {
    let obeyed = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if obeyed(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{escaped, listed, told};

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        let text = "\u{1b}[31mred\u{7}\u{9b}2J\n\u{202e}ü";
        assert_eq!(escaped(text), "\\u{1b}[31mred\\u{7}\\u{9b}2J\\n\\u{202e}ü");
    }

    #[test]
    fn many_names_are_counted() {
        let names: Vec<String> = (0..40).map(|k| format!("c{k}")).collect();
        assert_eq!(listed(&names[..2]), "c0, c1");
        assert!(listed(&names).ends_with("c11 and 28 more"));
    }

    #[test]
    fn a_name_that_could_be_two_or_none_stands_in_quotes() {
        assert_eq!(told(&["a, b", "c", "", " d", "it's"]), "'a, b', c, '', ' d', 'it's'");
        assert_eq!(told::<&str>(&[]), "none");
    }
}
