//! A `tokenizer.json` to a tokenizer, or the reason why it isn't one that gives the reference's ids.

use super::cut::Cuts;
use super::pattern::objection;
use super::{Tokenizer, long, sha256};
use crate::Fault;
use std::path::Path;
use tokenizers::models::ModelWrapper;
use tokenizers::normalizers::NormalizerWrapper;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::metaspace::PrependScheme;
use tokenizers::pre_tokenizers::split::SplitPattern;
use tokenizers::{Encoding, PostProcessorWrapper, Token};

impl Tokenizer {
    /// Loads a `tokenizer.json`. Truncation and padding in it are ignored, as by transformers.
    ///
    /// Where `plain_content`, special tokens in text that is encoded are text.
    ///
    /// # Errors
    /// [`Fault::Io`]; [`Fault::Option`] for bytes that aren't a tokenizer, a model with dropout, a
    /// pattern that isn't known to be read alike, and special tokens that can't be told from text.
    pub(crate) fn load(path: &Path, plain_content: bool) -> Result<Self, Fault> {
        let bytes = std::fs::read(path).map_err(|error| Fault::io(path, &error))?;
        let refused = |why: &str| Fault::Option(format!("the tokenizer {}: {why}", path.display()));
        let mut inner = tokenizers::Tokenizer::from_bytes(&bytes)
            .map_err(|error| refused(&format!("not a tokenizer.json that can be read: {error}")))?;
        let digest = sha256(&bytes);
        drop(bytes);
        if let ModelWrapper::BPE(model) = inner.get_model()
            && model.dropout.is_some_and(|dropout| dropout > 0.0)
        {
            let why = "its model has dropout, so the same text would give other ids each time; set \
                       'dropout' to null";
            return Err(refused(why));
        }
        if let Some(normalizer) = inner.get_normalizer() {
            check_normalizer(normalizer).map_err(|why| refused(&why))?;
        }
        let mut first_differs = false;
        if let Some(pre_tokenizer) = inner.get_pre_tokenizer() {
            first_differs = check_pre_tokenizer(pre_tokenizer).map_err(|why| refused(&why))?;
        }
        let (prefix, suffix) =
            added(inner.get_post_processor(), &inner).map_err(|why| refused(&why))?;
        // Its special tokens are known now, and all that it does besides is to trim offsets.
        inner.with_post_processor(None::<PostProcessorWrapper>);
        inner.with_padding(None);
        let untruncated = inner.with_truncation(None).map(|_| ());
        untruncated.map_err(|error| refused(&error.to_string()))?;
        inner.set_encode_special_tokens(plain_content);
        let normalizes = inner.get_normalizer().is_some();
        let cuts = Cuts::new(&inner.get_added_tokens_decoder(), plain_content, normalizes)
            .map_err(|why| refused(&why))?;
        let long = long::Check::new(inner.get_pre_tokenizer());
        Ok(Self { inner, prefix, suffix, cuts, long, first_differs, sha256: digest })
    }
}

/// What the post-processor puts before and behind a text: it is asked about a text of one token.
fn added(
    processor: Option<&PostProcessorWrapper>,
    tokenizer: &tokenizers::Tokenizer,
) -> Result<(Vec<u32>, Vec<u32>), String> {
    if processor.is_none() {
        return Ok((Vec::new(), Vec::new()));
    }
    let one = Encoding::from_tokens(vec![Token::new(u32::MAX, "x".to_string(), (0, 1))], 0);
    let all = tokenizer.post_process(one, None, true).map_err(|error| error.to_string())?;
    let ids = all.get_ids();
    let places: Vec<usize> = (0..ids.len()).filter(|&at| ids[at] == u32::MAX).collect();
    let [place] = places[..] else {
        return Err("its post-processor takes a text more than once, or not at all".to_string());
    };
    Ok((ids[..place].to_vec(), ids[place + 1..].to_vec()))
}

fn check_pattern(pattern: &str, ahead: bool) -> Result<(), String> {
    match objection(pattern, ahead) {
        None => Ok(()),
        Some(what) => Err(format!(
            "its pattern {pattern:?} holds {what}, which two regular-expression engines may read \
             differently, so ids might differ from the reference's; tokenize with the reference and \
             pack the token column"
        )),
    }
}

fn check_normalizer(normalizer: &NormalizerWrapper) -> Result<(), String> {
    match normalizer {
        NormalizerWrapper::Sequence(all) => all.as_ref().iter().try_for_each(check_normalizer),
        NormalizerWrapper::Replace(_) => {
            // Its pattern is private, and what it writes of itself isn't.
            let written = serde_json::to_value(normalizer).map_err(|error| error.to_string())?;
            match written["pattern"]["Regex"].as_str() {
                Some(pattern) => check_pattern(pattern, false),
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// Whether the first piece of a text is treated otherwise than later ones.
fn check_pre_tokenizer(one: &PreTokenizerWrapper) -> Result<bool, String> {
    match one {
        PreTokenizerWrapper::Sequence(all) => {
            let mut first_differs = false;
            for one in all.as_ref() {
                first_differs |= check_pre_tokenizer(one)?;
            }
            Ok(first_differs)
        }
        PreTokenizerWrapper::Split(split) => {
            if let SplitPattern::Regex(pattern) = &split.pattern {
                check_pattern(pattern, true)?;
            }
            Ok(false)
        }
        PreTokenizerWrapper::Metaspace(space) => {
            Ok(space.get_prepend_scheme() == PrependScheme::First)
        }
        _ => Ok(false),
    }
}
