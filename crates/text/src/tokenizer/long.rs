//! Long texts and the limit of backtracking.
//!
//! Where the matcher gives up, `tokenizers` ends the split without a word, and the ids are others
//! than the reference's (seen: 1,500,000 spaces and a word). So texts that could reach the limit are
//! matched here first, each pattern on the pieces that it will meet, by the same matcher, which says
//! so. Shorter texts can't: what passes the pattern check goes back at most once per character and
//! alternative.

use crate::Fault;
use fancy_regex::Regex;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::split::SplitPattern;
use tokenizers::{OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer};

/// Bytes from which a text is matched here first: the limit is 1,000,000 steps back, and an
/// alternative with look-ahead takes one per character.
pub(super) const BYTES: usize = 1 << 17;

/// The pattern of a `ByteLevel` pre-tokenizer that splits by itself.
const BYTE_LEVEL: &str =
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

/// The patterns of a tokenizer, one per stage of its pre-tokenizer.
pub(super) struct Check {
    stages: Vec<Option<Regex>>,
}

impl Check {
    pub(super) fn new(pre_tokenizer: Option<&PreTokenizerWrapper>) -> Self {
        let stages = pre_tokenizer.map(stages).unwrap_or_default();
        let pattern = |stage: &PreTokenizerWrapper| match stage {
            PreTokenizerWrapper::Split(split) => match &split.pattern {
                SplitPattern::Regex(pattern) => Regex::new(pattern).ok(),
                SplitPattern::String(_) => None,
            },
            PreTokenizerWrapper::ByteLevel(bytes) if bytes.use_regex => Regex::new(BYTE_LEVEL).ok(),
            _ => None,
        };
        Self { stages: stages.into_iter().map(pattern).collect() }
    }

    /// # Errors
    /// [`Fault::Row`] where the matcher gives up.
    pub(super) fn check(&self, inner: &tokenizers::Tokenizer, text: &str) -> Result<(), Fault> {
        if self.stages.iter().all(Option::is_none) {
            return Ok(());
        }
        let vocabulary = inner.get_added_vocabulary();
        let mut pieces = vocabulary.extract_and_normalize(inner.get_normalizer(), text);
        let stages = inner.get_pre_tokenizer().map(stages).unwrap_or_default();
        for (stage, pattern) in stages.into_iter().zip(&self.stages) {
            if let Some(pattern) = pattern {
                matched(pattern, &pieces)?;
            }
            let failed = |error| Fault::Row(format!("the tokenizer refuses it: {error}"));
            stage.pre_tokenize(&mut pieces).map_err(failed)?;
        }
        Ok(())
    }
}

fn matched(pattern: &Regex, pieces: &PreTokenizedString) -> Result<(), Fault> {
    for (piece, _, tokens) in pieces.get_splits(OffsetReferential::Normalized, OffsetType::None) {
        if tokens.is_some() {
            continue;
        }
        if let Some(error) = pattern.find_iter(piece).find_map(Result::err) {
            let detail = format!(
                "a text of {} bytes that the tokenizer's pattern can't be matched on ({error}), so \
                 its ids would differ from the reference's; cut the text, or take long runs of white \
                 space out of it",
                piece.len()
            );
            return Err(Fault::Row(detail));
        }
    }
    Ok(())
}

fn stages(one: &PreTokenizerWrapper) -> Vec<&PreTokenizerWrapper> {
    match one {
        PreTokenizerWrapper::Sequence(all) => all.as_ref().iter().flat_map(stages).collect(),
        one => vec![one],
    }
}
