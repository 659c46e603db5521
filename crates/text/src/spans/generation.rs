//! What the template itself says is generated, by `{% generation %}` marks.

use super::turns::Turns;
use crate::Fault;
use crate::sentinel::Mark;
use std::ops::Range;

/// The marked spans of the wanted messages.
pub(super) fn spans(turns: &Turns<'_>, wanted: &[usize]) -> Result<Vec<Range<usize>>, Fault> {
    let (opens, closes) = (turns.whole.places(Mark::Open), turns.whole.places(Mark::Close));
    let all: Vec<Range<usize>> = opens.iter().zip(&closes).map(|(&a, &b)| a..b).collect();
    let paired = opens.len() == closes.len()
        && all.iter().all(|span| span.start <= span.end)
        && all.windows(2).all(|two| two[0].end <= two[1].start);
    if !paired {
        let why = "the chat template changes text after it marked it as generated, so the marks \
                   don't pair any more";
        return Err(Fault::Template(why.to_string()));
    }
    let own: Vec<usize> =
        (0..turns.messages.len()).filter(|&at| turns.messages[at].role() == "assistant").collect();
    if wanted == own {
        return Ok(all);
    }
    if all.len() != own.len() {
        return Err(Fault::Template(format!(
            "the chat template marks {} texts as generated and the conversation has {} turns of the \
             assistant, so a single one can't be told; set trainOn to 'assistant', without 'train' \
             or 'weight' on messages",
            all.len(),
            own.len()
        )));
    }
    let of = own.iter().zip(all).filter(|(at, _)| wanted.contains(at));
    Ok(of.map(|(_, span)| span).collect())
}
