//! The arrays with one entry per place, and what is written into a run of them.
//!
//! Loops are plain copies and counts over slices, which the compiler vectorises: memory sets the
//! speed. The sequences of a pack lie far from each other in the source, so a group of segments is
//! asked for together before any is copied: waiting for one after another took half of the time at
//! 64 tokens each.

use crate::Fault;
use crate::rows::column::{Tokens, Weights};
use crate::rows::labels::{self, Labels};
use crate::rows::layout::{Layout, Segment};
use crate::rows::values::IGNORE;

/// The arrays with one entry per place; all of the same length.
#[derive(Debug, Default)]
pub struct Places<'a> {
    /// Token ids; the padding id at padding.
    pub input_ids: &'a mut [i32],
    /// 0, 1, 2 ... in each segment; 0 at padding.
    pub position_ids: &'a mut [i32],
    /// 1 .. k within a padded row, or along a flat line; 0 at padding.
    pub segment_ids: &'a mut [i32],
    /// Labels; -100 at padding.
    pub labels: Option<&'a mut [i32]>,
    /// Segment ids again, or 1 inside a segment.
    pub attention_mask: Option<&'a mut [i32]>,
    /// Weights of the labels; 0 at padding.
    pub loss_weights: Option<&'a mut [f32]>,
}

/// Where the contents of places come from.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    /// The column that was laid out.
    pub tokens: Tokens<'a>,
    /// Labels other than the tokens.
    pub own_labels: Option<Tokens<'a>>,
    /// Loss weights, or a mask.
    pub loss_mask: Option<Weights<'a>>,
    /// Where labels stand.
    pub labels: Labels,
    /// The id at padding.
    pub pad_token_id: i32,
    /// The attention mask is 1 inside a segment instead of its number.
    pub binary_mask: bool,
}

const ID: &str = "a token id, 0 to 2147483647";
const LABEL: &str = "a label, -100 or 0 to 2147483647";
const WEIGHT: &str = "a loss weight, a finite number of at least 0";

impl Places<'_> {
    #[inline]
    pub(super) fn split_at(self, middle: usize) -> (Self, Self) {
        let (input_ids, more_ids) = self.input_ids.split_at_mut(middle);
        let (position_ids, more_positions) = self.position_ids.split_at_mut(middle);
        let (segment_ids, more_segments) = self.segment_ids.split_at_mut(middle);
        let (labels, more_labels) = split(self.labels, middle);
        let (attention_mask, more_mask) = split(self.attention_mask, middle);
        let (loss_weights, more_weights) = split(self.loss_weights, middle);
        (
            Self { input_ids, position_ids, segment_ids, labels, attention_mask, loss_weights },
            Self {
                input_ids: more_ids,
                position_ids: more_positions,
                segment_ids: more_segments,
                labels: more_labels,
                attention_mask: more_mask,
                loss_weights: more_weights,
            },
        )
    }

    /// Fills exactly the places of a group of segments, filler included, one array after another.
    /// `first` is the number of the first.
    pub(super) fn fill_group(
        &mut self,
        layout: &Layout,
        content: &Content<'_>,
        group: &[Segment],
        first: usize,
        scratch: &mut [i32],
    ) -> Result<(), Fault> {
        let copied = self.copy_tokens(layout, content, group);
        let (mut positions, mut numbers) = (&mut *self.position_ids, &mut *self.segment_ids);
        let mut mask = self.attention_mask.as_deref_mut();
        for (number, segment) in (first..).zip(group) {
            let number = i32::try_from(number).expect("at most as many segments as places");
            let need = layout.need(segment.length) as usize;
            for (place, position) in take(&mut positions, need).iter_mut().zip(0..) {
                *place = position;
            }
            take(&mut numbers, need).fill(number);
            if let Some(mask) = &mut mask {
                take(mask, need).fill(if content.binary_mask { 1 } else { number });
            }
        }
        if self.labels.is_some() || self.loss_weights.is_some() {
            // Of several faults the first in the order of places counts.
            let readable = copied.as_ref().map_or_else(|(good, _)| *good, |()| group.len());
            self.fill_labels(layout, content, &group[..readable], scratch)?;
        }
        copied.map_err(|(_, fault)| fault)
    }

    /// The tokens of a group. A fault comes with the number of segments before it.
    fn copy_tokens(
        &mut self,
        layout: &Layout,
        content: &Content<'_>,
        group: &[Segment],
    ) -> Result<(), (usize, Fault)> {
        let tokens = &content.tokens;
        if group.len() > 1 {
            let range =
                |segment: &Segment| segment.source..segment.source + segment.length as usize;
            tokens.values.touch(group.iter().map(range));
        }
        let mut places = &mut *self.input_ids;
        for (index, &Segment { sequence, start, length, source }) in group.iter().enumerate() {
            let here = take(&mut places, layout.need(length) as usize);
            let (ids, filler) = here.split_at_mut(length as usize);
            tokens
                .values
                .copy_ids(source..source + ids.len(), ids)
                .map_err(|stray| (index, tokens.stray(sequence, start, stray, ID)))?;
            filler.fill(content.pad_token_id);
        }
        Ok(())
    }

    /// Labels and weights of a group whose tokens have been copied.
    fn fill_labels(
        &mut self,
        layout: &Layout,
        content: &Content<'_>,
        group: &[Segment],
        scratch: &mut [i32],
    ) -> Result<(), Fault> {
        let tokens = &content.tokens;
        let mut ids = &*self.input_ids;
        let mut all_labels = self.labels.as_deref_mut();
        let mut all_weights = self.loss_weights.as_deref_mut();
        for &Segment { sequence, start, length, .. } in group {
            let (need, n) = (layout.need(length) as usize, length as usize);
            let (here, rest) = ids.split_at(need);
            ids = rest;
            let labels = match &mut all_labels {
                Some(labels) => {
                    let (labels, filler) = take(labels, need).split_at_mut(n);
                    filler.fill(IGNORE);
                    labels
                }
                None => &mut scratch[..n],
            };
            match &content.own_labels {
                Some(own) => {
                    let range = own.beside(tokens, sequence, start, length)?;
                    let stray = |stray| own.stray(sequence, start, stray, LABEL);
                    // Whole first, so that the label of the first token is looked at too.
                    own.values.copy_labels(range, labels).map_err(stray)?;
                    labels::place_within(content.labels, labels);
                }
                None => labels::place(content.labels, &here[..n], labels),
            }
            let Some(out) = &mut all_weights else { continue };
            let (out, filler) = take(out, need).split_at_mut(n);
            let Some(mask) = &content.loss_mask else { continue };
            let range = mask.beside(tokens, sequence, start, length)?;
            filler.fill(0.0);
            if let Some(stray) = labels::weigh(content.labels, &mask.values, range, labels, out) {
                return Err(mask.stray(sequence, start, stray, WEIGHT));
            }
        }
        Ok(())
    }

    pub(super) fn fill_padding(&mut self, pad_token_id: i32) {
        self.input_ids.fill(pad_token_id);
        self.position_ids.fill(0);
        self.segment_ids.fill(0);
        if let Some(labels) = &mut self.labels {
            labels.fill(IGNORE);
        }
        if let Some(mask) = &mut self.attention_mask {
            mask.fill(0);
        }
        if let Some(weights) = &mut self.loss_weights {
            weights.fill(0.0);
        }
    }
}

/// Cuts the first `count` entries off.
#[expect(clippy::mut_mut, reason = "the slice that the caller holds becomes shorter")]
#[inline]
fn take<'a, T>(entries: &mut &'a mut [T], count: usize) -> &'a mut [T] {
    entries.split_off_mut(..count).expect("the layout made room for every segment")
}

#[inline]
fn split<T>(array: Option<&mut [T]>, middle: usize) -> (Option<&mut [T]>, Option<&mut [T]>) {
    array.map(|array| array.split_at_mut(middle)).unzip()
}
