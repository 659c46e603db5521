//! The segments of some packs, as the files claim them: 8 bytes each, or 12 where they may be cut.

use super::segment::Segment;
use std::path::PathBuf;
use stowage_engine::template::{Run, Templates};

/// The claims of a part, and where it lies.
pub(crate) struct PartClaims {
    pub path: PathBuf,
    pub first_row: u64,
    pub claims: Claims,
}

/// The segments of some packs.
#[derive(Default)]
pub(crate) struct Claims {
    /// Source sequence of each segment; empty where the format has no ids.
    pub sequences: Vec<u32>,
    /// First token of each in its sequence; empty where none can be cut, or without ids.
    pub starts: Vec<u32>,
    /// Tokens of each; empty without ids.
    pub counts: Vec<u32>,
    /// Digest of each, where there are no ids and the sources are given.
    pub digests: Vec<u64>,
    /// Where each pack's segments end.
    pub ends: Vec<u32>,
    /// Tokens of each pack.
    pub fills: Vec<u32>,
    /// Tokens of the longest segment.
    pub longest: u32,
    segments: u32,
    /// Segments and packs without any target, where that is asked.
    pub targetless: (u64, u64),
    /// Lengths of the open pack's segments.
    open: Vec<u32>,
    /// Lengths that share a pack, with how many packs have them.
    pub templates: Templates,
}

impl Claims {
    /// Adds a segment; `cuts` where the format says where pieces start.
    pub(crate) fn push(&mut self, segment: &Segment, cuts: bool) {
        if let Some(sequence) = segment.sequence {
            self.sequences.push(sequence as u32);
            self.counts.push(segment.count as u32);
            if cuts {
                self.starts.push(segment.start as u32);
            }
        }
        self.open.push(segment.count as u32);
        self.longest = self.longest.max(segment.count as u32);
        self.segments += 1;
    }

    /// Takes note of segments of a pack without a target.
    pub(crate) fn without_targets(&mut self, segments: usize, without: usize) {
        self.targetless.0 += without as u64;
        self.targetless.1 += u64::from(without == segments);
    }

    /// Ends a pack of `tokens`.
    pub(crate) fn end_pack(&mut self, tokens: u32) {
        self.open.sort_unstable_by(|a, b| b.cmp(a));
        let run = |run: &[u32]| Run { length: run[0], times: run.len() as u32 };
        let runs: Vec<Run> = self.open.chunk_by(|a, b| a == b).map(run).collect();
        self.templates.push(&runs, 1);
        self.open.clear();
        self.ends.push(self.segments);
        self.fills.push(tokens);
    }

    /// Ends the part: what packs have in common is kept once.
    pub(crate) fn end_part(&mut self) {
        self.templates = std::mem::take(&mut self.templates).into_plan_order();
    }

    /// Number of segments.
    pub(crate) fn segments(&self) -> u32 {
        self.segments
    }

    /// Segments in the pack that has the most.
    pub(crate) fn most(&self) -> u32 {
        let starts = std::iter::once(&0).chain(&self.ends);
        self.ends.iter().zip(starts).map(|(end, start)| end - start).max().unwrap_or(0)
    }

    /// The pack that segment `segment` stands in, counted from the part's first.
    pub(crate) fn pack_of(&self, segment: usize) -> usize {
        self.ends.partition_point(|&end| end as usize <= segment)
    }
}
