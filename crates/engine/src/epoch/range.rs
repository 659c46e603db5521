//! A range of an epoch's packs as the parts of a packing, written by several threads.
//!
//! O(entries). Each thread owns a run of packs and the parts of the outputs that belong to them, so
//! that the result is the same for any number of threads.

use super::epoch::{Entry, Epoch, id};
use crate::{Fault, STRIDE, Stage, Watch};
use rayon::prelude::*;
use std::ops::Range;

/// The parts of a packing that one call of [`Epoch::bind_into`] fills.
#[derive(Debug)]
pub struct PackingRange<'a> {
    /// One more than the packs of the range.
    pub offsets: &'a mut [u32],
    /// An id per entry.
    pub sequences: &'a mut [u32],
    /// First token and length of every entry; wanted exactly if the epoch is [`cut`](Epoch::cut).
    pub pieces: Option<(&'a mut [u32], &'a mut [u32])>,
}

impl Epoch {
    /// Entries of the packs of a range.
    ///
    /// # Panics
    /// If the range leaves the packs.
    #[must_use]
    pub fn entries_in(&self, packs: Range<u64>) -> u64 {
        if packs == (0..self.pack_count()) {
            return self.entry_count;
        }
        packs.map(|k| self.entries_of(self.template_at(k))).sum()
    }

    /// Writes packs `packs` as the parts of a packing, in `threads` parts.
    ///
    /// # Errors
    /// [`Fault::TooManySequences`], [`Fault::Cancelled`].
    ///
    /// # Panics
    /// If the outputs don't have the sizes told by [`entries_in`](Self::entries_in), or `sequences`
    /// aren't those of the index.
    pub fn bind_into(
        &self,
        packs: Range<u64>,
        sequences: &[u32],
        out: PackingRange<'_>,
        threads: usize,
        watch: &dyn Watch,
    ) -> Result<(), Fault> {
        assert_eq!(sequences.len(), self.sequence_count as usize, "the sequences of the index");
        assert_eq!(out.offsets.len() as u64, packs.end - packs.start + 1, "an offset per pack");
        assert_eq!(out.pieces.is_some(), self.cut(), "pieces where something was cut");
        let mut total = 0_u64;
        out.offsets[0] = 0;
        for (k, offset) in packs.clone().zip(&mut out.offsets[1..]) {
            total += self.entries_of(self.template_at(k));
            *offset = u32::try_from(total)
                .map_err(|_| Fault::TooManySequences { count: self.entries_in(packs.clone()) })?;
        }
        assert_eq!(out.sequences.len() as u64, total, "a place per entry");
        let parts = parts(packs, out, threads);
        let bind = |part| self.bind_part(part, sequences, watch);
        if threads > 1 {
            let outcomes: Vec<_> = parts.into_par_iter().map(bind).collect();
            outcomes.into_iter().collect()
        } else {
            parts.into_iter().try_for_each(bind)
        }
    }

    fn bind_part(&self, part: Part<'_>, ids: &[u32], watch: &dyn Watch) -> Result<(), Fault> {
        let (mut at, mut reported) = (0, 0);
        let Part { packs, sequences, mut pieces } = part;
        for k in packs {
            self.visit(k, |entry, length| {
                sequences[at] = id(entry, ids);
                if let Some((starts, lengths)) = &mut pieces {
                    starts[at] = match entry {
                        Entry::At(_) => 0,
                        Entry::Piece { start, .. } => start,
                    };
                    lengths[at] = length;
                }
                at += 1;
            });
            if at - reported >= STRIDE {
                reported = at;
                watch.step(Stage::Bind, at as u64, sequences.len() as u64)?;
            }
        }
        Ok(())
    }
}

/// Some packs and their part of the outputs.
struct Part<'a> {
    packs: Range<u64>,
    sequences: &'a mut [u32],
    pieces: Option<(&'a mut [u32], &'a mut [u32])>,
}

/// Packs in runs of about equal numbers of entries.
fn parts(packs: Range<u64>, out: PackingRange<'_>, threads: usize) -> Vec<Part<'_>> {
    let PackingRange { offsets, mut sequences, mut pieces } = out;
    let each = sequences.len().div_ceil(threads.max(1)).max(STRIDE / 4);
    let (mut parts, mut from) = (Vec::new(), 0);
    while from + 1 < offsets.len() {
        let target = (offsets[from] as usize + each).min(u32::MAX as usize) as u32;
        let more = offsets[from + 1..].partition_point(|&offset| offset < target);
        let to = (from + 1 + more).min(offsets.len() - 1);
        let count = (offsets[to] - offsets[from]) as usize;
        let (some, rest) = sequences.split_at_mut(count);
        sequences = rest;
        let mut some_pieces = None;
        if let Some((starts, lengths)) = pieces {
            let (some_starts, starts) = starts.split_at_mut(count);
            let (some_lengths, lengths) = lengths.split_at_mut(count);
            some_pieces = Some((some_starts, some_lengths));
            pieces = Some((starts, lengths));
        }
        let range = packs.start + from as u64..packs.start + to as u64;
        parts.push(Part { packs: range, sequences: some, pieces: some_pieces });
        from = to;
    }
    parts
}
