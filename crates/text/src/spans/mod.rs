//! Which characters of a rendered conversation are trained on.

mod generation;
mod prefix;
mod turns;
mod verified;

pub(crate) use turns::Turns;

use crate::Fault;
use crate::options::TrainOn;
use std::ops::Range;

/// The characters trained on, in bytes of the text, ascending.
///
/// # Errors
/// [`Fault::Row`] for what messages say of themselves that can't be honoured, [`Fault::Template`]
/// where the template doesn't let the turns be found.
pub(crate) fn spans(turns: &Turns<'_>, train_on: TrainOn) -> Result<Vec<Range<usize>>, Fault> {
    if train_on == TrainOn::Completion {
        return prefix::completion(turns).map(|span| vec![span]);
    }
    let wanted = turns.wanted(train_on == TrainOn::Last)?;
    if turns.template.marks {
        return generation::spans(turns, &wanted);
    }
    let mut spans = Vec::new();
    let mut verified = None;
    for message in wanted {
        if let Some(span) = prefix::span(turns, message) {
            spans.push(span);
            continue;
        }
        let found = match &verified {
            Some(found) => found,
            None => verified.insert(verified::spans(turns)),
        };
        match &found[message] {
            verified::Found::At(span) => spans.push(span.clone()),
            verified::Found::Blank => {}
            verified::Found::Lost => return Err(Turns::lost(message)),
        }
    }
    spans.sort_unstable_by_key(|span| span.start);
    Ok(spans)
}

/// Which tokens begin at a character of `spans`.
pub(crate) fn trained(text: &str, offsets: &[(usize, usize)], spans: &[Range<usize>]) -> Vec<bool> {
    // Spans overlap only where a template writes one turn's text in another's.
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if last.end >= span.start => last.end = last.end.max(span.end),
            _ => merged.push(span.clone()),
        }
    }
    let begins = |&(start, _): &(usize, usize)| {
        // A token of some bytes of a character belongs to the whole of it.
        let start = (0..=start).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        let before = merged.partition_point(|span| span.start <= start);
        before > 0 && start < merged[before - 1].end
    };
    offsets.iter().map(begins).collect()
}

#[cfg(test)]
mod tests {
    use super::trained;
    use std::ops::Range;

    #[test]
    fn a_token_is_trained_if_the_character_where_it_begins_is_in_a_span() {
        let text = "a😀b c";
        // The bytes of the emoji, two tokens in it and one across its end.
        let offsets = [(0, 1), (1, 3), (3, 5), (5, 6), (6, 8)];
        let only = |span: Range<usize>| trained(text, &offsets, &[span]);
        assert_eq!(only(1..5), [false, true, true, false, false]);
        assert_eq!(only(6..8), [false, false, false, false, true]);
        assert_eq!(only(0..0), [false; 5]);
        assert_eq!(trained(text, &offsets, &[]), [false; 5]);
    }

    #[test]
    fn many_spans_are_as_few() {
        let text = "x".repeat(200);
        let offsets: Vec<(usize, usize)> = (0..100).map(|k| (2 * k, 2 * k + 2)).collect();
        let spans: Vec<_> = (0..20).map(|k| 10 * k..10 * k + 3).collect();
        let marks = trained(&text, &offsets, &spans);
        for (k, mark) in marks.iter().enumerate() {
            assert_eq!(*mark, spans.iter().any(|span| span.contains(&(2 * k))));
        }
    }
}
