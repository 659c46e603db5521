//! What a row became, and what a data set remembers of how.

use crate::options::TrainOn;
use serde_json::{Map, Value as Json};

/// A row as tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encoded {
    /// Token ids.
    pub ids: Vec<u32>,
    /// Begin and end of each token, in bytes of `text`; (0, 0) for what the post-processor added.
    /// Empty where they weren't asked for.
    pub offsets: Vec<(usize, usize)>,
    /// Whether each token is trained on; none: all are.
    pub trained: Option<Vec<bool>>,
    /// What was tokenized.
    pub text: String,
    /// Its content holds strings of special tokens, which were encoded as text.
    pub special_in_content: bool,
}

impl Encoded {
    /// The offsets as JavaScript counts: in UTF-16 units of `text`.
    #[must_use]
    pub fn utf16_offsets(&self) -> Vec<(u32, u32)> {
        let mut units = vec![0_u32; self.text.len() + 1];
        let mut unit = 0;
        for (at, one) in self.text.char_indices() {
            units[at..at + one.len_utf8()].fill(unit);
            unit += one.len_utf16() as u32;
        }
        units[self.text.len()] = unit;
        // A token that ends within a character ends with it.
        let end = |at: usize| {
            let whole = (at..self.text.len()).find(|&at| self.text.is_char_boundary(at));
            units[whole.unwrap_or(self.text.len())]
        };
        self.offsets.iter().map(|&(from, to)| (units[from], end(to))).collect()
    }
}

/// What a data set says of how its text became tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// SHA-256 of the `tokenizer.json`.
    pub tokenizer_sha256: String,
    /// SHA-256 of the chat template, if there is one; where rows with tools have another, of both
    /// with a zero byte between.
    pub template_sha256: Option<String>,
    /// Further names given to the template.
    pub template_arguments: Map<String, Json>,
    /// What is trained on.
    pub train_on: TrainOn,
    /// Whether the post-processor's tokens are added; none: where no template made the text.
    pub add_special_tokens: Option<bool>,
    /// Whether special tokens in content are such; none: where no template made the text.
    pub special_tokens_in_content: Option<bool>,
    /// Version of the crate `tokenizers`.
    pub tokenizers_version: &'static str,
}
