//! What every pack must satisfy by itself: boundaries, capacity, shapes, padding; its segments are
//! looked at one by one.
//!
//! O(places).

use super::claims::Claims;
use super::expected::Expected;
use super::rule::{Promises, RowFault, need};
use super::segment::Segment;
use crate::Fault;
use crate::format::found::{Found, Row};
use crate::format::reader::Shape;
use crate::source::IGNORE;

impl Promises<'_> {
    /// Checks packs and notes their segments. `fault` makes a fault of a column, a row of the file
    /// and what is wrong.
    pub(crate) fn check(
        &self,
        found: &Found,
        claims: &mut Claims,
        fault: &dyn Fn(&str, u64, String) -> Fault,
    ) -> Result<(), Fault> {
        let mut expected = Expected::default();
        for row in 0..found.rows() {
            self.pack(&found.row(row), claims, &mut expected).map_err(|error| match error {
                RowFault::Broken { column, detail } => {
                    fault(column, found.first_row + row as u64, detail)
                }
                RowFault::Other(fault) => fault,
            })?;
        }
        Ok(())
    }

    fn pack(
        &self,
        row: &Row<'_>,
        claims: &mut Claims,
        expected: &mut Expected,
    ) -> Result<(), RowFault> {
        let filled = self.boundaries(row)?;
        self.shapes(row)?;
        need("input_ids", row.tokens.iter().all(|&id| id >= 0), || {
            let place = row.tokens.iter().position(|&id| id < 0).unwrap_or(0);
            format!("token {place} of the pack is {}, which is no id", row.tokens[place])
        })?;
        let (mut at, mut tokens, mut without) = (0, 0, 0);
        for number in 0..row.lengths.len() {
            let segment = Segment::of(row, number, at, self)?;
            segment.check(row, self)?;
            if self.plain_labels() {
                segment.check_plain_labels(row)?;
            }
            if let Some(sources) = self.sources {
                match segment.sequence {
                    Some(sequence) => {
                        let Segment { start, count, .. } = segment;
                        segment.compare(row, &expected.fetch(sources, sequence, start, count)?)?;
                    }
                    None => claims.digests.push(self.kept.digest_found(row, segment.own())),
                }
            }
            claims.push(&segment, row.starts.is_some());
            without += usize::from(!segment.trains(row));
            tokens += segment.count as u32;
            at += segment.places;
        }
        self.padding(row, filled)?;
        claims.without_targets(row.lengths.len(), without);
        claims.end_pack(tokens);
        Ok(())
    }

    /// The places that segments take.
    fn boundaries(&self, row: &Row<'_>) -> Result<usize, RowFault> {
        let Shape { width, boundaries: by, .. } = self.shape;
        let (lengths, places) = (row.lengths, row.tokens.len());
        need(by, !lengths.is_empty(), || "the pack has no sequence".to_string())?;
        let shortest = lengths.iter().min().copied().unwrap_or(0);
        need(by, shortest > 0, || format!("a sequence of length {shortest} in {by}"))?;
        let sum: u64 = lengths.iter().map(|&length| u64::from(length.unsigned_abs())).sum();
        match width {
            None => need(by, sum == places as u64, || {
                format!("{by} add up to {sum}, but input_ids has {places} elements")
            })?,
            Some(width) => need("input_ids", places == width, || {
                format!("the row has {places} places, not {width}")
            })?,
        }
        let capacity = self.manifest.capacity;
        need(by, sum <= u64::from(capacity), || {
            format!("{sum} tokens in a pack of capacity {capacity}")
        })?;
        let limit = self.options.limit() as usize;
        need(by, lengths.len() <= limit, || {
            format!("{} sequences in a pack; {limit} is the most", lengths.len())
        })?;
        Ok(sum as usize)
    }

    fn shapes(&self, row: &Row<'_>) -> Result<(), RowFault> {
        let (segments, places) = (row.lengths.len(), row.tokens.len());
        let same = |name: &'static str, entries: Option<usize>, of: usize, what: &str| {
            need(name, entries.is_none_or(|entries| entries == of), || {
                format!("{name} has {} entries for {of} {what}", entries.unwrap_or(0))
            })
        };
        same("sequence_ids", row.sequences.map(<[_]>::len), segments, "sequences")?;
        same("piece_starts", row.starts.map(<[_]>::len), segments, "sequences")?;
        same("token_counts", row.counts.map(<[_]>::len), segments, "sequences")?;
        same("labels", row.labels.map(<[_]>::len), places, "tokens")?;
        same("loss_weights", row.weights.map(<[_]>::len), places, "tokens")?;
        same("loss_mask", row.loss_mask.map(<[_]>::len), places, "tokens")?;
        same("position_ids", row.positions.map(<[_]>::len), places, "tokens")?;
        same("attention_mask", row.attention_mask.map(<[_]>::len), places, "tokens")?;
        let aligned = self.manifest.sequence_alignment > 1;
        need("token_counts", row.counts.is_some() || !aligned, || {
            "token_counts is missing, though sequences are aligned".to_string()
        })
    }

    /// Behind the last segment there is nothing but padding.
    fn padding(&self, row: &Row<'_>, from: usize) -> Result<(), RowFault> {
        let pad = self.manifest.pad_token_id;
        only("input_ids", Some(row.tokens), from, &pad)?;
        only("labels", row.labels, from, &IGNORE)?;
        only("position_ids", row.positions, from, &0)?;
        only("attention_mask", row.attention_mask, from, &0)?;
        only("loss_weights", row.weights, from, &0.0)?;
        only("loss_mask", row.loss_mask, from, &0)
    }
}

fn only<T: PartialEq + std::fmt::Display>(
    name: &'static str,
    values: Option<&[T]>,
    from: usize,
    wanted: &T,
) -> Result<(), RowFault> {
    let wrong = values.and_then(|values| {
        let behind = values[from..].iter().position(|value| value != wanted)?;
        Some((from + behind, &values[from + behind]))
    });
    need(name, wrong.is_none(), || match wrong {
        Some((place, value)) => {
            format!("{name} is {value} at the padding, place {place}, not {wanted}")
        }
        None => String::new(),
    })
}
