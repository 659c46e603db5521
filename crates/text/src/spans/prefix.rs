//! A turn between two prefixes: the conversation before it with the generation prompt, and up to it.
//!
//! So the header that the generation prompt supplies isn't trained on, and the end of the turn is.
//! Prefixes are rendered, never tokenized.

use super::turns::Turns;
use crate::Fault;
use std::ops::Range;

/// The span of a message; none if its prefixes aren't the beginning of the whole text.
pub(super) fn span(turns: &Turns<'_>, message: usize) -> Option<Range<usize>> {
    let whole = turns.whole.text.as_str();
    // A template may refuse the beginning of a conversation that it takes whole.
    let before = turns.rendered(message, true).ok()?.text;
    if !whole.starts_with(&before) {
        return None;
    }
    if message + 1 == turns.values.len() {
        return Some(before.len()..whole.len());
    }
    let with = turns.rendered(message + 1, false).ok()?.text;
    let fits = whole.starts_with(&with) && before.len() <= with.len();
    fits.then_some(before.len()..with.len())
}

/// What follows the prompt.
pub(super) fn completion(turns: &Turns<'_>) -> Result<Range<usize>, Fault> {
    if let Some(at) = turns.messages.iter().position(|message| message.train.is_some()) {
        return Err(Fault::Row(format!(
            "message {at}: it says whether it is trained on, which trainOn 'completion' can't \
             honour; set trainOn to 'assistant'"
        )));
    }
    let whole = turns.whole.text.as_str();
    let before = turns.rendered(turns.prompt, true)?.text;
    if whole.starts_with(&before) {
        return Ok(before.len()..whole.len());
    }
    Err(Fault::Template(
        "the chat template writes the prompt otherwise when its completion follows, so the border \
         can't be told; set trainOn to 'last' or 'all', or use a template that writes the prompt \
         with its generation prompt as the beginning of the whole"
            .to_string(),
    ))
}
