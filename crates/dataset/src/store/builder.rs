//! A block in the making, segment by segment, with labels and weights by the rules of training on
//! packs: the first token of a segment is never a target, nor is filler.

use super::block::{Block, Span};
use super::content::Content;
use super::targets::{Tally, trains};
use crate::Fault;
use crate::source::IGNORE;
use arrow_array::ArrayRef;
use arrow_buffer::{MutableBuffer, OffsetBuffer, ScalarBuffer};

/// What a segment is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    /// The sequence that it is of.
    pub id: i64,
    /// Its first token there.
    pub start: u32,
    /// Its tokens.
    pub count: usize,
    /// The places that it takes, at least as many.
    pub places: usize,
}

/// What belongs to a token, in cells of 4 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    Tokens,
    Labels,
    Weights,
}

/// What packs are made of besides their tokens.
#[derive(Clone, Copy)]
pub(crate) struct Recipe<'a> {
    pub content: &'a Content,
    /// The sources have labels or a mask, else each token is its own label.
    pub labelled: bool,
    /// The sources have weights.
    pub weighted: bool,
    /// The filler of aligned segments.
    pub pad: i32,
    /// Where what has no target is counted.
    pub without_targets: &'a Tally,
    /// Sees each segment as the sources have it.
    pub seen: Option<&'a Seen<'a>>,
}

/// Is shown a segment with the cells of its lanes, as the sources have them.
pub(crate) type Seen<'a> = dyn Fn(&Segment, &[u8], Option<&[u8]>, Option<&[u8]>) + Sync + 'a;

/// A block in the making.
pub(crate) struct BlockBuilder<'a> {
    recipe: Recipe<'a>,
    tokens: MutableBuffer,
    labels: Option<MutableBuffer>,
    weights: Option<MutableBuffer>,
    /// Places so far.
    at: usize,
    /// Segments of the open pack, and those of them without a target.
    open: (usize, usize),
    token_offsets: Vec<i32>,
    segment_offsets: Vec<i32>,
    lengths: Vec<i32>,
    counts: Vec<i32>,
    sequences: Vec<i64>,
    starts: Vec<i64>,
}

impl<'a> BlockBuilder<'a> {
    /// With room for so many places.
    pub(crate) fn new(recipe: Recipe<'a>, places: usize) -> Self {
        let lane = |wanted: bool| wanted.then(|| MutableBuffer::with_capacity(4 * places));
        Self {
            tokens: MutableBuffer::with_capacity(4 * places),
            labels: lane(recipe.content.labels),
            weights: lane(recipe.content.weights),
            recipe,
            at: 0,
            open: (0, 0),
            token_offsets: vec![0],
            segment_offsets: vec![0],
            lengths: Vec::new(),
            counts: Vec::new(),
            sequences: Vec::new(),
            starts: Vec::new(),
        }
    }

    /// Adds a segment; `read` fills the cells of a lane with what the sources have.
    ///
    /// # Errors
    /// Those of `read`.
    pub(crate) fn push(
        &mut self,
        segment: &Segment,
        mut read: impl FnMut(Lane, &mut [u8]) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let Recipe { labelled, weighted, pad, seen, .. } = self.recipe;
        let at = self.at;
        let here = 4 * at..4 * (at + segment.count);
        let filler = at + segment.count..at + segment.places;
        // Zeros first, segment by segment: in the cache they cost nothing.
        let end = 4 * (at + segment.places);
        self.tokens.resize(end, 0);
        read(Lane::Tokens, &mut self.tokens[here.clone()])?;
        let tokens = &self.tokens[here.clone()];
        if let Some(labels) = &mut self.labels {
            labels.resize(end, 0);
            if labelled {
                read(Lane::Labels, &mut labels[here.clone()])?;
            } else {
                labels[here.clone()].copy_from_slice(tokens);
            }
        }
        if let (Some(weights), true) = (&mut self.weights, weighted) {
            weights.resize(end, 0);
            read(Lane::Weights, &mut weights[here.clone()])?;
        }
        if let Some(seen) = seen {
            let labels = self.labels.as_ref().filter(|_| labelled).map(|all| &all[here.clone()]);
            let weights = self.weights.as_ref().filter(|_| weighted).map(|all| &all[here.clone()]);
            seen(segment, tokens, labels, weights);
        }
        if pad != 0 {
            self.tokens.typed_data_mut::<i32>()[filler.clone()].fill(pad);
        }
        if let Some(labels) = &mut self.labels {
            let labels = labels.typed_data_mut::<i32>();
            labels[at] = IGNORE;
            labels[filler].fill(IGNORE);
            let own = &labels[at..at + segment.count];
            self.open.1 += usize::from(labelled && !trains(own));
            if let (Some(weights), true) = (&mut self.weights, weighted) {
                let weights = &mut weights.typed_data_mut::<f32>()[at..at + segment.count];
                for (weight, _) in
                    weights.iter_mut().zip(own).filter(|(_, label)| **label == IGNORE)
                {
                    *weight = 0.0;
                }
            }
        }
        self.open.0 += 1;
        self.at += segment.places;
        let below = |count: usize| i32::try_from(count).expect("a pack has below 2^31 places");
        self.lengths.push(below(segment.places));
        self.counts.push(below(segment.count));
        self.sequences.push(segment.id);
        self.starts.push(segment.start.into());
        Ok(())
    }

    /// Segments so far.
    pub(crate) fn segments(&self) -> usize {
        self.sequences.len()
    }

    /// What follows is of the next pack.
    pub(crate) fn end_pack(&mut self) {
        let (segments, without) = std::mem::take(&mut self.open);
        self.recipe.without_targets.pack(segments, without);
        self.token_offsets.push(i32::try_from(self.at).expect("a block has below 2^31 places"));
        let segments = i32::try_from(self.sequences.len());
        self.segment_offsets.push(segments.expect("a segment has a place"));
    }

    /// The block at `span`, with a carried value per segment in each column.
    pub(crate) fn finish(self, span: Span, carried: Vec<ArrayRef>) -> Block {
        Block {
            span,
            token_offsets: OffsetBuffer::new(self.token_offsets.into()),
            segment_offsets: OffsetBuffer::new(self.segment_offsets.into()),
            tokens: ScalarBuffer::from(self.tokens),
            labels: self.labels.map(ScalarBuffer::from),
            weights: self.weights.map(ScalarBuffer::from),
            lengths: self.lengths.into(),
            counts: self.counts.into(),
            sequences: self.sequences.into(),
            starts: self.starts.into(),
            carried,
        }
    }
}
