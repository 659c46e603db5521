//! Whether a data set was made from text in the way that the caller names.

use crate::Fault;
use crate::source::{TextSource, Texts};
use serde_json::Value;

/// The tokenizer to read the sources with, if they are text; the data set must have been made with
/// the same one, and with the same options.
///
/// # Errors
/// `ERR_OPTION` with both values for another tokenizer, template or option, and where one of the two
/// knows of text and the other doesn't.
pub(super) fn same(
    given: Option<&TextSource>,
    made: Option<&Value>,
    compared: bool,
) -> Result<Option<Texts>, Fault> {
    let (given, made) = match (given, made) {
        (Some(given), Some(made)) => (given, made),
        (None, Some(_)) if compared => {
            return Err(Fault::option(
                "the data set was made from text; name its tokenizer and columns with text",
            ));
        }
        (Some(_), None) => {
            return Err(Fault::option(
                "the data set was made from token columns, not from text; leave text out",
            ));
        }
        (None, _) => return Ok(None),
    };
    let texts = Texts::load(given)?;
    let own = texts.record();
    let names = made.as_object().into_iter().flatten().map(|(name, _)| name);
    for name in names.chain(own.as_object().into_iter().flatten().map(|(name, _)| name)) {
        if own[name] != made[name] {
            return Err(Fault::option(format!(
                "text.{name}: the data set was made with {} and this is {}",
                made[name], own[name]
            )));
        }
    }
    Ok(Some(texts))
}
