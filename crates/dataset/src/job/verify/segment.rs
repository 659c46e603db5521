//! What every segment must satisfy: its place, its filler, its positions, its label at the joint.
//!
//! O(places of the segment).

use super::expected::{Piece, targets};
use super::rule::{Promises, RowFault, need};
use crate::format::found::Row;
use crate::source::IGNORE;
use crate::store::trains;
use std::fmt;
use std::ops::Range;

/// One segment, while it is looked at.
pub(crate) struct Segment {
    /// Its number in the pack, from 0.
    pub number: usize,
    /// Its source, where the format says it.
    pub sequence: Option<usize>,
    /// First token in its source.
    pub start: u64,
    /// First place in the pack.
    pub at: usize,
    /// Tokens.
    pub count: usize,
    /// Tokens and filler.
    pub places: usize,
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.sequence {
            Some(sequence) => write!(f, "sequence {sequence}"),
            None => write!(f, "sequence number {} of the pack", self.number + 1),
        }
    }
}

impl Segment {
    /// Segment `number` of the pack, which begins at place `at`.
    pub(crate) fn of(
        row: &Row<'_>,
        number: usize,
        at: usize,
        promises: &Promises<'_>,
    ) -> Result<Self, RowFault> {
        let places = row.lengths[number] as usize;
        let sequence = row.sequences.map(|sequences| sequences[number]);
        let total = promises.manifest.sequence_count;
        let exists = |id: i64| u64::try_from(id).is_ok_and(|id| id < total);
        need("sequence_ids", sequence.is_none_or(exists), || {
            let id = sequence.unwrap_or(0);
            format!("source sequence {id} does not exist; there are {total}")
        })?;
        let sequence = sequence.map(|id| id as usize);
        let start = row.starts.map_or(0, |starts| starts[number]);
        let mut segment = Self { number, sequence, start: start as u64, at, count: places, places };
        need("piece_starts", u32::try_from(start).is_ok(), || {
            format!("the piece of {segment} starts at {start}")
        })?;
        let alignment = promises.manifest.sequence_alignment;
        if let Some(counts) = row.counts {
            let count = usize::try_from(counts[number]).unwrap_or(0);
            let taken = count.next_multiple_of(alignment as usize);
            need("token_counts", count > 0 && taken == places, || {
                let count = counts[number];
                format!("{count} tokens of {segment} take {places} places at alignment {alignment}")
            })?;
            segment.count = count;
        }
        Ok(segment)
    }

    /// The places of its tokens.
    pub(crate) fn own(&self) -> Range<usize> {
        self.at..self.at + self.count
    }

    /// Whether it has a target, as far as the format says.
    pub(crate) fn trains(&self, row: &Row<'_>) -> bool {
        match (row.labels, row.loss_mask) {
            (Some(labels), _) => trains(&labels[self.own()]),
            (None, Some(mask)) => mask[self.own()].contains(&1),
            (None, None) => true,
        }
    }

    /// All rules that need no source.
    pub(crate) fn check(&self, row: &Row<'_>, promises: &Promises<'_>) -> Result<(), RowFault> {
        self.filler(row, promises.manifest.pad_token_id)?;
        self.positions(row)?;
        self.labels(row)?;
        self.loss_mask(row)?;
        let last = row.tokens[self.own().end - 1];
        need("input_ids", promises.shape.end.is_none_or(|end| end == last), || {
            let end = promises.shape.end.unwrap_or(0);
            format!("{self} ends with token {last}, not with the end-of-document id {end}")
        })
    }

    fn filler(&self, row: &Row<'_>, pad: i32) -> Result<(), RowFault> {
        let filler = self.own().end..self.at + self.places;
        need("input_ids", row.tokens[filler.clone()].iter().all(|&token| token == pad), || {
            format!("the filler of {self} isn't the padding id {pad}")
        })?;
        let ignored = row.labels.is_none_or(|all| all[filler.clone()].iter().all(|&l| l == IGNORE));
        need("labels", ignored, || format!("the filler of {self} has labels"))?;
        let weightless = row.weights.is_none_or(|all| all[filler].iter().all(|&w| w == 0.0));
        need("loss_weights", weightless, || format!("the filler of {self} has weights"))
    }

    /// Positions run on through the filler; the mask is the segment's number there, too.
    fn positions(&self, row: &Row<'_>) -> Result<(), RowFault> {
        let places = self.at..self.at + self.places;
        if let Some(positions) = row.positions {
            let found = &positions[places.clone()];
            let wrong = found.iter().zip(0..).position(|(&found, wanted)| found != wanted);
            need("position_ids", wrong.is_none(), || {
                let place = wrong.unwrap_or(0);
                let found = found[place];
                format!("position_ids is {found} at token {place} of {self}, not {place}")
            })?;
        }
        if let Some(mask) = row.attention_mask {
            let wanted = self.number as i32 + 1;
            let found = &mask[places];
            let wrong = found.iter().position(|&found| found != wanted);
            need("attention_mask", wrong.is_none(), || {
                let place = wrong.unwrap_or(0);
                let found = found[place];
                format!("attention_mask is {found} at token {place} of {self}, not {wanted}")
            })?;
        }
        Ok(())
    }

    /// The first token of a segment is no target: it would be scored on the one before.
    fn labels(&self, row: &Row<'_>) -> Result<(), RowFault> {
        let Some(labels) = row.labels else { return Ok(()) };
        let labels = &labels[self.own()];
        let first = labels[0];
        need("labels", first == IGNORE, || {
            format!("the first label of {self} is {first}, not -100")
        })?;
        let strange = labels.iter().position(|&label| label < 0 && label != IGNORE);
        need("labels", strange.is_none(), || {
            let token = strange.unwrap_or(0);
            let label = labels[token];
            format!("label {token} of {self} is {label}, neither an id nor -100")
        })?;
        let Some(weights) = row.weights else { return Ok(()) };
        let weights = &weights[self.own()];
        let strange = weights.iter().position(|&weight| !(weight >= 0.0 && weight.is_finite()));
        need("loss_weights", strange.is_none(), || {
            let token = strange.unwrap_or(0);
            format!("weight {token} of {self} is {}", weights[token])
        })?;
        let mut both = labels.iter().zip(weights);
        let wrong = both.position(|(&label, &weight)| label == IGNORE && weight != 0.0);
        need("loss_weights", wrong.is_none(), || {
            let token = wrong.unwrap_or(0);
            format!("token {token} of {self} has a weight and no label")
        })
    }

    /// Entry t says whether token t + 1 is a target, so the last entry is 0.
    fn loss_mask(&self, row: &Row<'_>) -> Result<(), RowFault> {
        let Some(mask) = row.loss_mask else { return Ok(()) };
        let mask = &mask[self.own()];
        let strange = mask.iter().position(|&mark| mark != 0 && mark != 1);
        need("loss_mask", strange.is_none(), || {
            let token = strange.unwrap_or(0);
            let mark = mask[token];
            format!("loss_mask {token} of {self} is {mark}, neither 0 nor 1")
        })?;
        let last = mask[self.count - 1];
        need("loss_mask", last == 0, || {
            format!("the last loss_mask of {self} is {last}, though nothing follows in it")
        })
    }

    /// Where no column of labels was named, the tokens are the labels.
    pub(crate) fn check_plain_labels(&self, row: &Row<'_>) -> Result<(), RowFault> {
        const ADVICE: &str = "name the source's columns of labels and loss mask, if it has them";
        let tokens = &row.tokens[self.own()];
        if let Some(labels) = row.labels {
            let labels = &labels[self.own()];
            let wrong = (1..self.count).find(|&token| labels[token] != tokens[token]);
            need("labels", wrong.is_none(), || {
                let token = wrong.unwrap_or(0);
                let (label, id) = (labels[token], tokens[token]);
                format!("label {token} of {self} is {label}, not the token {id}; {ADVICE}")
            })?;
        }
        if let Some(mask) = row.loss_mask {
            let wrong = mask[self.at..self.own().end - 1].iter().position(|&mark| mark != 1);
            need("loss_mask", wrong.is_none(), || {
                let token = wrong.unwrap_or(0);
                format!("loss_mask {token} of {self} is 0, not 1; {ADVICE}")
            })?;
        }
        Ok(())
    }

    /// Compares the segment with its source.
    pub(crate) fn compare(&self, row: &Row<'_>, source: &Piece<'_>) -> Result<(), RowFault> {
        self.equal("input_ids", "token", &row.tokens[self.own()], source.tokens)?;
        if let (Some(found), Some(labels)) = (row.labels, source.labels) {
            self.equal("labels", "label", &found[self.own()], labels)?;
        }
        if let (Some(found), Some(labels)) = (row.loss_mask, source.labels) {
            self.equal("loss_mask", "loss_mask", &found[self.own()], &targets(labels))?;
        }
        if let (Some(found), Some(weights)) = (row.weights, source.weights) {
            self.equal("loss_weights", "weight", &found[self.own()], weights)?;
        }
        Ok(())
    }

    fn equal<T: PartialEq + fmt::Display>(
        &self,
        column: &'static str,
        what: &str,
        found: &[T],
        source: &[T],
    ) -> Result<(), RowFault> {
        need(column, found.len() == source.len(), || {
            let (here, there) = (found.len(), source.len());
            format!("{here} tokens of {self} from {}, where its source has {there}", self.start)
        })?;
        need(column, found == source, || {
            let at = found.iter().zip(source).position(|(a, b)| a != b).unwrap_or(0);
            let (found, source) = (&found[at], &source[at]);
            format!("{what} {at} of {self} is {found}, in the source {source}")
        })
    }
}
