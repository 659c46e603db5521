//! Which pack each sequence went to, and the packing that follows: a counting sort by pack.
//!
//! O(n + P). In parts, each thread owns a range of packs, hence a range of the result, and reads
//! all pack numbers for its own: nothing is shared, and the bytes don't depend on the parts.

use std::ops::Range;

use crate::{Fault, STRIDE, Stage, Watch};

/// Every sequence in exactly one pack. Packs are numbered in the order of opening; inside a pack
/// the order of placing is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    placed: Placed,
    /// The j-th sequence placed; none: input order.
    order: Option<Vec<u32>>,
    /// Number of packs.
    pub pack_count: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Placed {
    /// Packs are intervals of the order of placing: where each ends.
    Ends(Vec<u32>),
    /// The pack of the j-th sequence placed.
    Packs(Vec<u32>),
}

impl Assignment {
    /// Packs that cut the input into intervals.
    pub(super) fn in_order(ends: Vec<u32>) -> Self {
        let pack_count = ends.len() as u32;
        Self { placed: Placed::Ends(ends), order: None, pack_count }
    }

    pub(super) fn by_pack(packs: Vec<u32>, order: Option<Vec<u32>>, pack_count: u32) -> Self {
        Self { placed: Placed::Packs(packs), order, pack_count }
    }

    /// Number of sequences placed.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.placed {
            Placed::Ends(ends) => ends.last().map_or(0, |&end| end as usize),
            Placed::Packs(packs) => packs.len(),
        }
    }

    /// True if no sequence was placed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the packing: pack k holds `sequences[offsets[k] .. offsets[k + 1]]`.
    ///
    /// # Errors
    /// [`Fault::Cancelled`].
    ///
    /// # Panics
    /// If `offsets` is not `pack_count + 1` long or `sequences` not [`len`](Self::len).
    pub fn bind_into(
        &self,
        offsets: &mut [u32],
        sequences: &mut [u32],
        threads: usize,
        watch: &dyn Watch,
    ) -> Result<(), Fault> {
        assert_eq!(offsets.len(), self.pack_count as usize + 1, "one offset per pack, and the end");
        assert_eq!(sequences.len(), self.len(), "one entry per sequence");
        offsets[0] = 0;
        match &self.placed {
            Placed::Ends(ends) => {
                offsets[1..].copy_from_slice(ends);
                for (place, sequence) in (0..).zip(sequences) {
                    *sequence = place;
                }
                Ok(())
            }
            Placed::Packs(packs) => {
                let sort = Sort { packs, order: self.order.as_deref(), watch };
                sort.run(&mut offsets[1..], sequences, threads)
            }
        }
    }
}

/// The counting sort. `ends[k]` counts pack k, then is its cursor, and comes to be its end.
struct Sort<'a> {
    packs: &'a [u32],
    order: Option<&'a [u32]>,
    watch: &'a dyn Watch,
}

impl Sort<'_> {
    fn run(&self, ends: &mut [u32], sequences: &mut [u32], threads: usize) -> Result<(), Fault> {
        let parts = threads.clamp(1, ends.len().max(1));
        let step = ends.len().div_ceil(parts).max(1);
        let firsts = (0_u32..).step_by(step);
        if parts == 1 {
            self.count(0, ends)?;
            start_cursors(ends);
            return self.scatter(0, ends, 0, sequences);
        }
        in_parallel(firsts.zip(ends.chunks_mut(step)), |(first, ends)| self.count(first, ends))?;
        start_cursors(ends);
        // Where the entries of each range of packs begin, and where the last ones end.
        let mut cuts: Vec<u32> = ends.iter().step_by(step).copied().collect();
        cuts.push(sequences.len() as u32);
        let mut jobs = Vec::new();
        let mut rest = sequences;
        for (part, ends) in ends.chunks_mut(step).enumerate() {
            let (mine, others) = rest.split_at_mut((cuts[part + 1] - cuts[part]) as usize);
            rest = others;
            jobs.push(((part * step) as u32, ends, cuts[part], mine));
        }
        in_parallel(jobs.into_iter(), |(first, ends, base, mine)| {
            self.scatter(first, ends, base, mine)
        })
    }

    /// Counts the sequences of packs `first ..`.
    fn count(&self, first: u32, counts: &mut [u32]) -> Result<(), Fault> {
        counts.fill(0);
        for part in self.parts() {
            self.watch.step(Stage::Bind, 0, self.packs.len() as u64)?;
            for &pack in &self.packs[part] {
                if let Some(count) = counts.get_mut(pack.wrapping_sub(first) as usize) {
                    *count += 1;
                }
            }
        }
        Ok(())
    }

    /// Writes the entries of packs `first ..`, the first of which belongs at `base`.
    fn scatter(
        &self,
        first: u32,
        cursors: &mut [u32],
        base: u32,
        entries: &mut [u32],
    ) -> Result<(), Fault> {
        for part in self.parts() {
            self.watch.step(Stage::Bind, part.start as u64, self.packs.len() as u64)?;
            for place in part {
                let pack = self.packs[place].wrapping_sub(first) as usize;
                if let Some(cursor) = cursors.get_mut(pack) {
                    let sequence = self.order.map_or(place as u32, |order| order[place]);
                    entries[(*cursor - base) as usize] = sequence;
                    *cursor += 1;
                }
            }
        }
        Ok(())
    }

    fn parts(&self) -> impl Iterator<Item = Range<usize>> {
        let count = self.packs.len();
        (0..count).step_by(STRIDE).map(move |start| start..count.min(start + STRIDE))
    }
}

/// Counts become starts.
fn start_cursors(counts: &mut [u32]) {
    let mut total = 0;
    for count in counts {
        total += std::mem::replace(count, total);
    }
}

/// Runs the jobs side by side in the caller's pool; the first fault in their order counts.
fn in_parallel<J: Send>(
    jobs: impl Iterator<Item = J>,
    run: impl Fn(J) -> Result<(), Fault> + Sync,
) -> Result<(), Fault> {
    let mut outcomes: Vec<(Option<J>, Result<(), Fault>)> =
        jobs.map(|job| (Some(job), Ok(()))).collect();
    rayon::scope(|scope| {
        for (job, outcome) in &mut outcomes {
            let run = &run;
            scope.spawn(move |_| {
                *outcome = run(job.take().expect("each job is run once"));
            });
        }
    });
    outcomes.into_iter().try_for_each(|(_, outcome)| outcome)
}
