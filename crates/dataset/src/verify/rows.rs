//! What every pack must satisfy by itself: boundaries, capacity, filler, labels at the joints; and,
//! with the sources at hand, the contents of every segment.
//!
//! O(places); one read of the spill per segment and lane.

use super::reader::Found;
use crate::Fault;
use crate::ingest::Ingested;
use crate::manifest::Manifest;
use crate::source::IGNORE;
use arrow_buffer::{MutableBuffer, ToByteSlice};
use std::path::Path;
use stowage_engine::PackOptions;

/// What packs are held against.
pub(crate) struct Promises<'a> {
    pub manifest: &'a Manifest,
    pub options: PackOptions,
    pub sources: Option<&'a Ingested>,
}

/// The segments of some packs, as they were claimed.
#[derive(Default)]
pub(crate) struct Claims {
    /// Source sequence of each segment.
    pub sequences: Vec<u32>,
    /// First token of each in its sequence; empty where none can be cut.
    pub starts: Vec<u32>,
    /// Tokens of each.
    pub counts: Vec<u32>,
    /// Where each pack's segments end.
    pub ends: Vec<u32>,
    /// Tokens of each pack.
    pub fills: Vec<u32>,
}

/// One segment, while it is looked at.
struct Segment {
    sequence: usize,
    start: u64,
    /// Place in the column of tokens.
    at: usize,
    count: usize,
    places: usize,
}

impl Promises<'_> {
    /// Checks packs and notes their segments.
    pub(crate) fn check(
        &self,
        found: &Found,
        path: &Path,
        claims: &mut Claims,
    ) -> Result<(), Fault> {
        let mut scratch = MutableBuffer::new(0);
        for row in 0..found.tokens.rows() {
            let fault = |detail: String| Fault::invalid(path, found.first_row + row as u64, detail);
            self.pack(found, row, claims, &mut scratch).map_err(|error| match error {
                RowFault::Detail(detail) => fault(detail),
                RowFault::Other(fault) => fault,
            })?;
        }
        Ok(())
    }

    fn pack(
        &self,
        found: &Found,
        row: usize,
        claims: &mut Claims,
        scratch: &mut MutableBuffer,
    ) -> Result<(), RowFault> {
        let lengths = found.lengths.row(row);
        let places = found.tokens.row(row).len();
        need(!lengths.is_empty(), || "the pack has no sequence".to_string())?;
        let sum: i64 = lengths.iter().map(|&length| i64::from(length)).sum();
        let sum = u64::try_from(sum).unwrap_or(0);
        let shortest = lengths.iter().min().copied().unwrap_or(0);
        need(shortest > 0, || format!("a sequence of length {shortest} in seq_lengths"))?;
        need(sum == places as u64, || {
            format!("seq_lengths add up to {sum}, but input_ids has {places} elements")
        })?;
        let capacity = self.manifest.capacity;
        need(places <= capacity as usize, || {
            format!("{places} tokens in a pack of capacity {capacity}")
        })?;
        let limit = self.options.limit() as usize;
        need(lengths.len() <= limit, || {
            format!("{} sequences in a pack; {limit} is the most", lengths.len())
        })?;
        self.shapes(found, row, lengths.len(), places)?;
        let mut at = found.tokens.range(row).start;
        let mut tokens = 0;
        for (k, &length) in lengths.iter().enumerate() {
            let segment = self.segment(found, row, k, at, length as usize)?;
            self.filler(found, &segment)?;
            Self::labels(found, &segment)?;
            if let Some(sources) = self.sources {
                Contents { found, sources, segment: &segment, scratch }.check()?;
            }
            claims.sequences.push(segment.sequence as u32);
            claims.counts.push(segment.count as u32);
            if found.starts.is_some() {
                claims.starts.push(segment.start as u32);
            }
            tokens += segment.count as u32;
            at += segment.places;
        }
        claims.ends.push(claims.sequences.len() as u32);
        claims.fills.push(tokens);
        Ok(())
    }

    fn shapes(
        &self,
        found: &Found,
        row: usize,
        segments: usize,
        places: usize,
    ) -> Result<(), RowFault> {
        let same = |name: &str, entries: usize, of: usize, what: &str| {
            need(entries == of, || format!("{name} has {entries} entries for {of} {what}"))
        };
        same("sequence_ids", found.sequences.row(row).len(), segments, "sequences")?;
        if let Some(starts) = &found.starts {
            same("piece_starts", starts.row(row).len(), segments, "sequences")?;
        }
        match &found.counts {
            Some(counts) => same("token_counts", counts.row(row).len(), segments, "sequences")?,
            None => need(self.manifest.sequence_alignment == 1, || {
                "token_counts is missing, though sequences are aligned".to_string()
            })?,
        }
        if let Some(labels) = &found.labels {
            same("labels", labels.row(row).len(), places, "tokens")?;
        }
        if let Some(weights) = &found.weights {
            same("loss_weights", weights.row(row).len(), places, "tokens")?;
        }
        Ok(())
    }

    fn segment(
        &self,
        found: &Found,
        row: usize,
        k: usize,
        at: usize,
        places: usize,
    ) -> Result<Segment, RowFault> {
        let sequence = found.sequences.row(row)[k];
        let total = self.manifest.sequence_count;
        need(u64::try_from(sequence).is_ok_and(|sequence| sequence < total), || {
            format!("source sequence {sequence} does not exist; there are {total}")
        })?;
        let start = found.starts.as_ref().map_or(0, |starts| starts.row(row)[k]);
        need(u32::try_from(start).is_ok(), || {
            format!("the piece of sequence {sequence} starts at {start}")
        })?;
        let count =
            found.counts.as_ref().map_or(Ok(places), |counts| usize::try_from(counts.row(row)[k]));
        let alignment = self.manifest.sequence_alignment;
        let count = count
            .ok()
            .filter(|&count| count > 0 && count.next_multiple_of(alignment as usize) == places);
        let Some(count) = count else {
            let detail = format!(
                "the tokens of sequence {sequence} don't take {places} places at alignment {alignment}"
            );
            return Err(RowFault::Detail(detail));
        };
        Ok(Segment { sequence: sequence as usize, start: start as u64, at, count, places })
    }

    fn filler(&self, found: &Found, segment: &Segment) -> Result<(), RowFault> {
        let filler = segment.at + segment.count..segment.at + segment.places;
        let pad = self.manifest.pad_token_id;
        let padded = found.tokens.all()[filler.clone()].iter().all(|&token| token == pad);
        need(padded, || {
            format!("the filler of sequence {} isn't the padding id {pad}", segment.sequence)
        })?;
        if let Some(labels) = &found.labels {
            let ignored = labels.all()[filler.clone()].iter().all(|&label| label == IGNORE);
            need(ignored, || format!("the filler of sequence {} has labels", segment.sequence))?;
        }
        if let Some(weights) = &found.weights {
            let weightless = weights.all()[filler].iter().all(|&weight| weight == 0.0);
            need(weightless, || {
                format!("the filler of sequence {} has weights", segment.sequence)
            })?;
        }
        Ok(())
    }

    /// The first token of a segment is no target: it would be scored on the one before.
    fn labels(found: &Found, segment: &Segment) -> Result<(), RowFault> {
        let Some(labels) = &found.labels else { return Ok(()) };
        let first = labels.all()[segment.at];
        need(first == IGNORE, || {
            format!("the first label of sequence {} is {first}, not -100", segment.sequence)
        })?;
        let Some(weights) = &found.weights else { return Ok(()) };
        let own = segment.at..segment.at + segment.count;
        let wrong = own.clone().find(|&at| labels.all()[at] == IGNORE && weights.all()[at] != 0.0);
        need(wrong.is_none(), || {
            let at = wrong.map_or(0, |at| at - segment.at);
            format!("token {at} of sequence {} has a weight and no label", segment.sequence)
        })
    }
}

/// A segment beside its source.
struct Contents<'a> {
    found: &'a Found,
    sources: &'a Ingested,
    segment: &'a Segment,
    scratch: &'a mut MutableBuffer,
}

impl Contents<'_> {
    fn check(mut self) -> Result<(), RowFault> {
        let Segment { sequence, start, at, count, .. } = *self.segment;
        let length = self.sources.lengths[sequence];
        need(start + count as u64 <= u64::from(length), || {
            format!("{count} tokens of sequence {sequence} from {start}, which has {length}")
        })?;
        let own = at..at + count;
        let found = self.found;
        self.fetch(0)?;
        let tokens = &found.tokens.all()[own.clone()];
        if tokens.to_byte_slice() != self.scratch.as_slice() {
            let source = self.scratch.typed_data::<i32>();
            return Err(differs("token", sequence, tokens, source));
        }
        if let (Some(lane), Some(labels)) = (self.sources.label_lane, &found.labels) {
            self.fetch(lane)?;
            self.scratch.typed_data_mut::<i32>()[0] = IGNORE;
            let labels = &labels.all()[own.clone()];
            let source = self.scratch.typed_data::<i32>();
            if labels != source {
                return Err(differs("label", sequence, labels, source));
            }
        }
        if let (Some(lane), Some(weights), Some(labels)) =
            (self.sources.weight_lane, &found.weights, &found.labels)
        {
            self.fetch(lane)?;
            let source = self.scratch.typed_data_mut::<f32>();
            for (weight, label) in source.iter_mut().zip(&labels.all()[own.clone()]) {
                if *label == IGNORE {
                    *weight = 0.0;
                }
            }
            let weights = &weights.all()[own];
            if weights != source {
                return Err(differs("weight", sequence, weights, source));
            }
        }
        Ok(())
    }

    fn fetch(&mut self, lane: usize) -> Result<(), RowFault> {
        let Segment { sequence, start, count, .. } = *self.segment;
        let position = self.sources.positions.of(sequence, &self.sources.lengths) + start;
        self.scratch.resize(4 * count, 0);
        Ok(self.sources.spill.read(lane, position, self.scratch.as_slice_mut())?)
    }
}

fn differs<T: PartialEq + std::fmt::Display>(
    what: &str,
    sequence: usize,
    found: &[T],
    source: &[T],
) -> RowFault {
    let at = found.iter().zip(source).position(|(a, b)| a != b).unwrap_or(0);
    let (found, source) = (&found[at], &source[at]);
    let detail = format!("{what} {at} of sequence {sequence} is {found}, in the source {source}");
    RowFault::Detail(detail)
}

/// What is wrong with a pack, or with reading the sources.
enum RowFault {
    Detail(String),
    Other(Fault),
}

impl From<Fault> for RowFault {
    fn from(fault: Fault) -> Self {
        Self::Other(fault)
    }
}

fn need(holds: bool, detail: impl FnOnce() -> String) -> Result<(), RowFault> {
    if holds { Ok(()) } else { Err(RowFault::Detail(detail())) }
}
