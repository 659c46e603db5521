//! Tokens of packs, fetched from the spill into blocks.

use super::block::{Block, Span};
use super::builder::{BlockBuilder, Lane, Recipe, Seen, Segment};
use super::content::Content;
use super::ingest::Ingested;
use super::targets::Tally;
use crate::Fault;

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

/// Ids of sequences, where they aren't those of the order in which they were read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ids {
    /// Sequences from which on ids follow each other, and the first of these.
    runs: Vec<(u64, u64)>,
}

impl Ids {
    /// Runs of so many sequences, each with its first id.
    pub(crate) fn of_runs(runs: impl Iterator<Item = (u64, u64)>) -> Self {
        let mut first = 0;
        let run = |(sequences, id)| {
            let run = (first, id);
            first += sequences;
            run
        };
        Self { runs: runs.map(run).collect() }
    }

    fn id(&self, sequence: u32) -> i64 {
        let sequence = u64::from(sequence);
        let run = self.runs.partition_point(|&(first, _)| first <= sequence);
        let id = run.checked_sub(1).map_or(sequence, |run| {
            let (first, id) = self.runs[run];
            id + (sequence - first)
        });
        id as i64 // at most 2^53 sequences are counted
    }
}

/// Makes blocks. Shared by all threads.
pub(crate) struct Gatherer<'a> {
    pub sources: &'a Ingested,
    pub packs: &'a Packs,
    pub content: &'a Content,
    pub alignment: u32,
    pub pad: i32,
    pub ids: Ids,
    /// What has no target, counted as it is gathered.
    pub without_targets: Tally,
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
            (entries.map(|entry| self.segment(entry).1.places as u64).sum(), segments)
        })
    }

    /// Tokens of an entry.
    pub(crate) fn tokens_of(&self, entry: usize) -> u32 {
        self.segment(entry).1.count as u32
    }

    /// The sequence of an entry, as it was read, and what the entry is.
    fn segment(&self, entry: usize) -> (u32, Segment) {
        let sequence = self.packs.sequences[entry];
        let (start, count) = match &self.packs.pieces {
            Some((starts, lengths)) => (starts[entry], lengths[entry]),
            None => (0, self.sources.lengths[sequence as usize]),
        };
        let places = count.div_ceil(self.alignment) * self.alignment;
        let (count, places) = (count as usize, places as usize);
        (sequence, Segment { id: self.ids.id(sequence), start, count, places })
    }

    /// The block of the packs at `span`, whose segments are shown to `seen` as the sources have them.
    pub(crate) fn block(
        &self,
        span: &Span,
        seen: Option<&Seen<'_>>,
        go_on: &dyn Fn() -> Result<(), Fault>,
    ) -> Result<Block, Fault> {
        let (label_lane, weight_lane) = (self.sources.label_lane, self.sources.weight_lane);
        let recipe = Recipe {
            content: self.content,
            labelled: label_lane.is_some(),
            weighted: weight_lane.is_some(),
            pad: self.pad,
            without_targets: &self.without_targets,
            seen,
        };
        let mut block = BlockBuilder::new(recipe, (span.places.end - span.places.start) as usize);
        let mut sequences = Vec::new();
        for k in span.packs.start..span.packs.end {
            for entry in self.packs.entries(k as usize) {
                if block.segments().is_multiple_of(SEGMENTS_AT_ONCE) {
                    go_on()?;
                }
                let (sequence, segment) = self.segment(entry);
                let sources = self.sources;
                let position = sources.positions.of(sequence as usize, &sources.lengths);
                let position = position + u64::from(segment.start);
                block.push(&segment, |lane, cells| {
                    let lane = match lane {
                        Lane::Tokens => Some(0),
                        Lane::Labels => label_lane,
                        Lane::Weights => weight_lane,
                    };
                    sources.spill.read(lane.expect("only these are asked for"), position, cells)
                })?;
                if !self.content.carried.is_empty() {
                    sequences.push(i64::from(sequence));
                }
            }
            block.end_pack();
        }
        let carried = (0..self.content.carried.len())
            .map(|column| self.sources.carried_values(column, &sequences))
            .collect::<Result<_, _>>()?;
        Ok(block.finish(span.clone(), carried))
    }
}
