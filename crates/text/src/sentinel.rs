//! Sentinels: noncharacters that mark places in a rendered text and are taken out again.
//!
//! Unicode keeps U+FDD0 to U+FDEF for such use within a program. A row may hold them all the same,
//! so each row gets some that it doesn't hold.

use crate::Fault;
use minijinja::value::{Object, ObjectRepr};
use std::sync::Arc;

/// What a sentinel marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// A special token in content, behind its first character.
    Special,
    /// The beginning of what a template says is generated.
    Open,
    /// Its end.
    Close,
    /// Before the first character of an assistant's content.
    First,
    /// Behind its last.
    Last,
}

const MARKS: [Mark; 5] = [Mark::Special, Mark::Open, Mark::Close, Mark::First, Mark::Last];

/// The sentinels of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sentinels([char; 5]);

/// A rendered text without its sentinels, and where they stood, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rendered {
    pub text: String,
    pub marks: Vec<(usize, Mark)>,
}

impl Sentinels {
    /// Whether `one` can be a sentinel.
    pub(crate) fn may_be(one: char) -> bool {
        // The last is kept for the tokenizer.
        ('\u{FDD0}'..='\u{FDEE}').contains(&one)
    }

    /// Sentinels that aren't among `held`.
    ///
    /// # Errors
    /// [`Fault::Row`] if there aren't enough.
    pub(crate) fn besides(held: &[char]) -> Result<Self, Fault> {
        let mut free = ('\u{FDD0}'..='\u{FDEE}').filter(|one| !held.contains(one));
        let mut all = ['\0'; 5];
        for one in &mut all {
            *one = free.next().ok_or_else(|| {
                Fault::Row("it holds too many of the noncharacters U+FDD0 to U+FDEE".to_string())
            })?;
        }
        Ok(Self(all))
    }

    /// The sentinel of a mark.
    pub(crate) fn of(&self, mark: Mark) -> char {
        self.0[mark as usize]
    }

    /// Whether `one` is a sentinel of this row.
    pub(crate) fn has(&self, one: char) -> bool {
        self.0.contains(&one)
    }

    /// Takes the sentinels out of `text`.
    pub(crate) fn taken_out(&self, text: &str) -> Rendered {
        let mut out = Rendered { text: String::with_capacity(text.len()), marks: Vec::new() };
        // All of them begin with the same byte, which few other characters do.
        let mut rest = text;
        while let Some(at) = rest.find(|one: char| self.has(one)) {
            out.text.push_str(&rest[..at]);
            let one = rest[at..].chars().next().expect("it was found there");
            let mark = self.0.iter().position(|sentinel| *sentinel == one);
            out.marks.push((out.text.len(), MARKS[mark.expect("it is one of them")]));
            rest = &rest[at + one.len_utf8()..];
        }
        out.text.push_str(rest);
        out
    }
}

impl Rendered {
    /// Places of one kind of mark, ascending.
    pub(crate) fn places(&self, mark: Mark) -> Vec<usize> {
        let of = self.marks.iter().filter(|(_, one)| *one == mark);
        of.map(|&(place, _)| place).collect()
    }
}

impl Object for Sentinels {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
}

#[cfg(test)]
mod tests {
    use super::{Mark, Sentinels};

    #[test]
    fn what_is_put_in_is_taken_out_with_its_places() {
        let all = Sentinels::besides(&['\u{FDD0}']).expect("most are free");
        let (a, b) = (all.of(Mark::Special), all.of(Mark::Last));
        let rendered = all.taken_out(&format!("ä{a}b{b}\u{FDD0}{b}"));
        assert_eq!(rendered.text, "äb\u{FDD0}");
        assert_eq!(rendered.marks, [(2, Mark::Special), (3, Mark::Last), (6, Mark::Last)]);
        assert_eq!(rendered.places(Mark::Last), [3, 6]);
    }

    #[test]
    fn a_row_that_holds_them_all_is_refused() {
        let held: Vec<char> = ('\u{FDD0}'..='\u{FDEE}').skip(4).collect();
        assert!(Sentinels::besides(&held).is_err());
        assert!(Sentinels::besides(&held[1..]).is_ok());
    }
}
