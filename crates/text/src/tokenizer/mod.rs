//! The tokenizer: loaded and checked, then text to ids with the places where they come from.

mod cut;
mod load;
mod long;
mod pattern;

use crate::Fault;
use cut::{Cuts, Piece};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Version of the crate `tokenizers`; the lock file is held to it by a test.
pub(crate) const VERSION: &str = "0.23.2";

/// A noncharacter: no vocabulary has anything that begins or ends with it.
const FOREIGN: char = '\u{FDEF}';

/// Ids of a text, and the bytes of it that each stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub ids: Vec<u32>,
    /// Begin and end, in bytes of the text before normalization.
    pub offsets: Vec<(usize, usize)>,
}

/// A tokenizer that gives the reference's ids.
pub(crate) struct Tokenizer {
    inner: tokenizers::Tokenizer,
    /// What the post-processor puts before and behind every text.
    prefix: Vec<u32>,
    suffix: Vec<u32>,
    cuts: Cuts,
    long: long::Check,
    /// A text's first piece gets a space in front that later pieces don't get.
    first_differs: bool,
    sha256: String,
}

impl Tokenizer {
    /// SHA-256 of the `tokenizer.json`, in hexadecimal digits.
    pub(crate) fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Tokens of the vocabulary, added ones included: one more than the highest id.
    pub(crate) fn vocabulary(&self) -> u32 {
        let most = self.inner.get_vocab(true).into_values().max();
        most.map_or(0, |id| id.saturating_add(1))
    }

    /// The id of the token of this name.
    pub(crate) fn id_of(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// The name of the token of this id.
    pub(crate) fn token_of(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    /// What the post-processor puts before and behind every text.
    pub(crate) fn added(&self) -> (&[u32], &[u32]) {
        (&self.prefix, &self.suffix)
    }

    /// Places of special tokens in `text`, those that content may not stand for.
    pub(crate) fn special(&self) -> &Cuts {
        &self.cuts
    }

    /// Text to tokens, special tokens as the tokenizer was loaded for. Without `places`, offsets may
    /// be left out.
    pub(crate) fn encode(&self, text: &str, places: bool) -> Result<Tokens, Fault> {
        let mut tokens = Tokens::default();
        self.push(text, 0, places, &mut tokens)?;
        Ok(tokens)
    }

    /// Text to tokens, where special tokens stand for themselves except at `marked` places, in
    /// bytes behind the first character of each. The tokenizer must be loaded for plain content.
    pub(crate) fn encode_cut(
        &self,
        text: &str,
        marked: &[usize],
        places: bool,
    ) -> Result<Tokens, Fault> {
        let mut tokens = Tokens::default();
        for piece in self.cuts.pieces(text, marked) {
            match piece {
                Piece::Token { id, start, end } => {
                    tokens.ids.push(id);
                    tokens.offsets.push((start, end));
                }
                Piece::Text { start, end } => {
                    self.push(&text[start..end], start, places, &mut tokens)?;
                }
            }
        }
        Ok(tokens)
    }

    fn push(&self, text: &str, at: usize, places: bool, tokens: &mut Tokens) -> Result<(), Fault> {
        if text.is_empty() {
            return Ok(());
        }
        if text.len() >= long::BYTES {
            self.long.check(&self.inner, text)?;
        }
        // A piece behind a special token isn't the first: a character that merges with nothing goes
        // before it where that matters, and its own tokens are left out.
        let behind = at > 0 && self.first_differs;
        let (lead, encoded) = if behind {
            (FOREIGN.len_utf8(), self.inner.encode(format!("{FOREIGN}{text}"), false))
        } else if places {
            (0, self.inner.encode(text, false))
        } else {
            (0, self.inner.encode_fast(text, false))
        };
        let encoded =
            encoded.map_err(|error| Fault::Row(format!("the tokenizer refuses it: {error}")))?;
        if lead == 0 && !places {
            tokens.ids.extend(encoded.get_ids());
            return Ok(());
        }
        let offsets = encoded.get_offsets();
        let from = offsets.iter().position(|&(start, _)| start >= lead).unwrap_or(offsets.len());
        if behind && (from == 0 || offsets[..from].iter().any(|&(_, end)| end > lead)) {
            let why = "a text behind a special token can't be told from one at the beginning; set \
                       specialTokensInContent to true";
            return Err(Fault::Template(why.to_string()));
        }
        tokens.ids.extend(&encoded.get_ids()[from..]);
        let own = offsets[from..].iter();
        tokens.offsets.extend(own.map(|&(start, end)| (at + start - lead, at + end - lead)));
        Ok(())
    }
}

/// SHA-256 in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes everything");
        text
    })
}
