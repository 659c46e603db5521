//! Where a template's own special tokens stand in its text.
//!
//! The same search as the reference's: of all added tokens the leftmost, of those the longest; those
//! that are found before normalization first. A special token that stands in content is text.

use aho_corasick::{AhoCorasick, MatchKind};
use std::collections::BTreeMap;
use std::ops::Range;
use tokenizers::AddedToken;

/// What a text is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// A special token of the template; white space that it takes in belongs to it.
    Token { id: u32, start: usize, end: usize },
    /// What stands between.
    Text { start: usize, end: usize },
}

/// Finds special tokens.
pub(crate) struct Cuts {
    /// Tokens found before normalization, then those found after it.
    rounds: [Option<Round>; 2],
    /// Special tokens alone, each wherever it stands.
    special: Option<AhoCorasick>,
    contents: Vec<String>,
}

struct Round {
    search: AhoCorasick,
    tokens: Vec<(u32, AddedToken)>,
}

impl Cuts {
    /// `normalizes`: the tokenizer has a normalizer.
    ///
    /// # Errors
    /// Where they are to be `told_apart`, the reason why special tokens can't be found in text as it is.
    pub(crate) fn new<'a>(
        added: impl IntoIterator<Item = (&'a u32, &'a AddedToken)>,
        told_apart: bool,
        normalizes: bool,
    ) -> Result<Self, String> {
        let added: BTreeMap<u32, &AddedToken> =
            added.into_iter().map(|(&id, token)| (id, token)).collect();
        let mut contents = Vec::new();
        for token in added.values().filter(|token| token.special && !token.content.is_empty()) {
            if told_apart && ((normalizes && token.normalized) || token.single_word) {
                return Err(format!(
                    "its special token '{}' is found in normalized text, or as a word alone, so it \
                     can't be told from the same string in content; set specialTokensInContent to true",
                    token.content
                ));
            }
            contents.push(token.content.clone());
        }
        let round = |normalized: bool| {
            let of = added.iter().filter(|(_, it)| it.normalized == normalized);
            let of = of.filter(|(_, it)| !it.content.is_empty());
            let tokens: Vec<(u32, AddedToken)> = of.map(|(&id, &it)| (id, it.clone())).collect();
            search(tokens.iter().map(|(_, it)| it.content.as_str()), MatchKind::LeftmostLongest)
                .map(|found| found.map(|search| Round { search, tokens }))
        };
        let rounds = [round(false)?, round(true)?];
        let special = search(contents.iter().map(String::as_str), MatchKind::Standard)?;
        Ok(Self { rounds, special, contents })
    }

    /// The places behind the first characters of all special tokens in `text`, ascending: what a
    /// sentinel there keeps from being one.
    pub(crate) fn places(&self, text: &str) -> Vec<usize> {
        let Some(search) = &self.special else { return Vec::new() };
        let mut places: Vec<usize> = search
            .find_overlapping_iter(text)
            .map(|found| found.start() + first_of(&self.contents[found.pattern().as_usize()]))
            .collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// The first special token in `text` from `from` on that isn't marked.
    pub(crate) fn next(&self, text: &str, marked: &[usize], from: usize) -> Option<Range<usize>> {
        self.pieces(text, marked).into_iter().find_map(|piece| match piece {
            Piece::Token { start, end, .. } if start >= from => Some(start..end),
            _ => None,
        })
    }

    /// The pieces of `text`, whose tokens at `marked` places are text.
    pub(crate) fn pieces(&self, text: &str, marked: &[usize]) -> Vec<Piece> {
        let mut pieces = vec![Piece::Text { start: 0, end: text.len() }];
        for round in self.rounds.iter().flatten() {
            let mut next = Vec::new();
            for piece in pieces {
                match piece {
                    Piece::Text { start, end } => round.split(text, start..end, marked, &mut next),
                    token @ Piece::Token { .. } => next.push(token),
                }
            }
            pieces = next;
        }
        pieces
    }
}

impl Round {
    fn split(&self, text: &str, range: Range<usize>, marked: &[usize], out: &mut Vec<Piece>) {
        let base = range.start;
        let own = &text[range.clone()];
        let mut done = 0;
        for found in self.search.find_iter(own) {
            let (id, token) = &self.tokens[found.pattern().as_usize()];
            let inner = base + found.start() + first_of(&token.content);
            if !token.special || marked.binary_search(&inner).is_ok() {
                continue;
            }
            let (mut start, mut end) = (found.start(), found.end());
            if token.lstrip {
                start = own[..start].trim_end().len().max(done);
            }
            if token.rstrip {
                end = own.len() - own[end..].trim_start().len();
            }
            if done < start {
                out.push(Piece::Text { start: base + done, end: base + start });
            }
            out.push(Piece::Token { id: *id, start: base + start, end: base + end });
            done = end;
        }
        if done < own.len() {
            out.push(Piece::Text { start: base + done, end: range.end });
        }
    }
}

fn first_of(content: &str) -> usize {
    content.chars().next().map_or(0, char::len_utf8)
}

fn search<'a>(
    contents: impl Iterator<Item = &'a str>,
    kind: MatchKind,
) -> Result<Option<AhoCorasick>, String> {
    let contents: Vec<&str> = contents.collect();
    if contents.is_empty() {
        return Ok(None);
    }
    let built = AhoCorasick::builder().match_kind(kind).build(contents);
    built.map(Some).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::{Cuts, Piece};
    use tokenizers::AddedToken;

    fn cuts(tokens: &[AddedToken]) -> Cuts {
        let ids: Vec<u32> = (100..).take(tokens.len()).collect();
        Cuts::new(ids.iter().zip(tokens), true, false).expect("they can be told apart")
    }

    fn special(content: &str) -> AddedToken {
        AddedToken::from(content, true).normalized(false)
    }

    #[test]
    fn special_tokens_are_cut_and_others_are_left_in_their_text() {
        let cuts = cuts(&[special("<e>"), AddedToken::from("<think>", false)]);
        assert_eq!(
            cuts.pieces("a<think>b<e>c", &[]),
            [
                Piece::Text { start: 0, end: 9 },
                Piece::Token { id: 100, start: 9, end: 12 },
                Piece::Text { start: 12, end: 13 },
            ]
        );
    }

    #[test]
    fn a_marked_token_is_text() {
        let cuts = cuts(&[special("<e>")]);
        let text = "x<e>y<e>";
        assert_eq!(cuts.places(text), [2, 6]);
        assert_eq!(
            cuts.pieces(text, &[2]),
            [Piece::Text { start: 0, end: 5 }, Piece::Token { id: 100, start: 5, end: 8 }]
        );
        assert_eq!(cuts.next(text, &[2], 0), Some(5..8));
        assert_eq!(cuts.next(text, &[2], 6), None);
    }

    #[test]
    fn the_longest_of_the_leftmost_is_the_token() {
        let cuts = cuts(&[special("<e>"), special("<e><f>"), special("<f>")]);
        assert_eq!(cuts.pieces("<e><f>", &[]), [Piece::Token { id: 101, start: 0, end: 6 }]);
        assert_eq!(cuts.places("<e><f>"), [1, 4]);
    }

    #[test]
    fn white_space_goes_to_tokens_that_strip() {
        let cuts = cuts(&[special("<m>").lstrip(true), special("<r>").rstrip(true)]);
        assert_eq!(
            cuts.pieces("a <m> b<r>\n c", &[]),
            [
                Piece::Text { start: 0, end: 1 },
                Piece::Token { id: 100, start: 1, end: 5 },
                Piece::Text { start: 5, end: 7 },
                Piece::Token { id: 101, start: 7, end: 12 },
                Piece::Text { start: 12, end: 13 },
            ]
        );
    }
}
