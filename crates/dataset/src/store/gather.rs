//! Tokens of packs, fetched from the spill into blocks, with labels and weights by the rules of
//! training on packs: the first token of a segment is never a target, nor is filler.

use super::block::{Block, Span};
use super::content::Content;
use super::ingest::Ingested;
use super::targets::{Tally, trains};
use crate::Fault;
use crate::source::IGNORE;
use arrow_array::ArrayRef;
use arrow_buffer::{MutableBuffer, OffsetBuffer, ScalarBuffer};

/// Segments fetched between two questions whether to go on: about a millisecond.
const SEGMENTS_AT_ONCE: usize = 512;

/// Which sequences stand in which pack, in the order of writing.
pub(crate) struct Packs {
    /// Pack k of the order holds entries `offsets[p] .. offsets[p + 1]` for p = `order[k]`.
    pub offsets: Vec<u32>,
    /// Source sequence of each entry.
    pub sequences: Vec<u32>,
    /// First token and number of tokens of each entry, if a sequence was cut.
    pub pieces: Option<(Vec<u32>, Vec<u32>)>,
    /// The packs in the order of writing; none: as they are.
    pub order: Option<Vec<u32>>,
}

/// Makes blocks. Shared by all threads.
pub(crate) struct Gatherer<'a> {
    pub sources: &'a Ingested,
    pub packs: &'a Packs,
    pub content: &'a Content,
    pub alignment: u32,
    pub pad: i32,
    /// What has no target, counted as it is gathered.
    pub without_targets: Tally,
}

/// A segment in the making.
struct Segment {
    sequence: usize,
    start: u32,
    count: usize,
    places: usize,
}

impl Packs {
    /// Number of packs.
    pub(crate) fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    fn entries(&self, k: usize) -> std::ops::Range<usize> {
        let pack = self.order.as_ref().map_or(k, |order| order[k] as usize);
        self.offsets[pack] as usize..self.offsets[pack + 1] as usize
    }
}

impl Gatherer<'_> {
    /// Places and segments of the packs in the order of writing.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = (u64, u64)> {
        (0..self.packs.len()).map(|k| {
            let entries = self.packs.entries(k);
            let segments = entries.len() as u64;
            (entries.map(|entry| self.segment(entry).places as u64).sum(), segments)
        })
    }

    /// Tokens of an entry.
    pub(crate) fn tokens_of(&self, entry: usize) -> u32 {
        self.segment(entry).count as u32
    }

    fn segment(&self, entry: usize) -> Segment {
        let sequence = self.packs.sequences[entry] as usize;
        let (start, count) = match &self.packs.pieces {
            Some((starts, lengths)) => (starts[entry], lengths[entry]),
            None => (0, self.sources.lengths[sequence]),
        };
        let places = count.div_ceil(self.alignment) * self.alignment;
        Segment { sequence, start, count: count as usize, places: places as usize }
    }

    /// The block of the packs at `span`.
    pub(crate) fn block(
        &self,
        span: &Span,
        go_on: &dyn Fn() -> Result<(), Fault>,
    ) -> Result<Block, Fault> {
        let places = (span.places.end - span.places.start) as usize;
        let mut tokens = MutableBuffer::with_capacity(4 * places);
        let mut labels = self.content.labels.then(|| MutableBuffer::with_capacity(4 * places));
        let mut weights = self.content.weights.then(|| MutableBuffer::with_capacity(4 * places));
        let mut columns = SegmentColumns::default();
        let counted = self.sources.label_lane.is_some();
        let mut at = 0;
        for k in span.packs.start..span.packs.end {
            let (entries, mut without) = (self.packs.entries(k as usize), 0);
            let count = entries.len();
            for entry in entries {
                if columns.sequences.len() % SEGMENTS_AT_ONCE == 0 {
                    go_on()?;
                }
                let segment = self.segment(entry);
                let position = self.sources.positions.of(segment.sequence, &self.sources.lengths);
                let position = position + u64::from(segment.start);
                let here = 4 * at..4 * (at + segment.count);
                let filler = at + segment.count..at + segment.places;
                // Zeros first, segment by segment: in the cache they cost nothing.
                let end = 4 * (at + segment.places);
                tokens.resize(end, 0);
                self.sources.spill.read(0, position, &mut tokens[here.clone()])?;
                if self.pad != 0 {
                    tokens.typed_data_mut::<i32>()[filler.clone()].fill(self.pad);
                }
                if let Some(labels) = &mut labels {
                    labels.resize(end, 0);
                    match self.sources.label_lane {
                        Some(lane) => {
                            self.sources.spill.read(lane, position, &mut labels[here.clone()])?;
                        }
                        None => labels[here.clone()].copy_from_slice(&tokens[here.clone()]),
                    }
                    let labels = labels.typed_data_mut::<i32>();
                    labels[at] = IGNORE;
                    labels[filler].fill(IGNORE);
                    without += usize::from(counted && !trains(&labels[at..at + segment.count]));
                    if let (Some(weights), Some(lane)) = (&mut weights, self.sources.weight_lane) {
                        weights.resize(end, 0);
                        self.sources.spill.read(lane, position, &mut weights[here])?;
                        let weights = weights.typed_data_mut::<f32>();
                        for place in at..at + segment.count {
                            if labels[place] == IGNORE {
                                weights[place] = 0.0;
                            }
                        }
                    }
                }
                at += segment.places;
                columns.push(&segment);
            }
            columns.end_pack(at);
            self.without_targets.pack(count, without);
        }
        let carried = (0..self.content.carried.len())
            .map(|column| self.sources.carried_values(column, &columns.sequences))
            .collect::<Result<_, _>>()?;
        Ok(columns.into_block(span.clone(), tokens, labels, weights, carried))
    }
}

/// The columns with a value per segment, growing.
struct SegmentColumns {
    token_offsets: Vec<i32>,
    segment_offsets: Vec<i32>,
    lengths: Vec<i32>,
    counts: Vec<i32>,
    sequences: Vec<i64>,
    starts: Vec<i64>,
}

impl Default for SegmentColumns {
    fn default() -> Self {
        Self {
            token_offsets: vec![0],
            segment_offsets: vec![0],
            lengths: Vec::new(),
            counts: Vec::new(),
            sequences: Vec::new(),
            starts: Vec::new(),
        }
    }
}

impl SegmentColumns {
    fn push(&mut self, segment: &Segment) {
        let below = |count: usize| i32::try_from(count).expect("a pack has below 2^31 places");
        self.lengths.push(below(segment.places));
        self.counts.push(below(segment.count));
        self.sequences.push(i64::from(segment.sequence as u32));
        self.starts.push(i64::from(segment.start));
    }

    fn end_pack(&mut self, places: usize) {
        self.token_offsets.push(i32::try_from(places).expect("a block has below 2^31 places"));
        let segments = i32::try_from(self.sequences.len());
        self.segment_offsets.push(segments.expect("a segment has a place"));
    }

    fn into_block(
        self,
        span: Span,
        tokens: MutableBuffer,
        labels: Option<MutableBuffer>,
        weights: Option<MutableBuffer>,
        carried: Vec<ArrayRef>,
    ) -> Block {
        Block {
            span,
            token_offsets: OffsetBuffer::new(self.token_offsets.into()),
            segment_offsets: OffsetBuffer::new(self.segment_offsets.into()),
            tokens: ScalarBuffer::from(tokens),
            labels: labels.map(ScalarBuffer::from),
            weights: weights.map(ScalarBuffer::from),
            lengths: self.lengths.into(),
            counts: self.counts.into(),
            sequences: self.sequences.into(),
            starts: self.starts.into(),
            carried,
        }
    }
}
