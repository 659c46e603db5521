//! Templates and sequences in order of length to a packing: which sequence fills which slot.
//!
//! The sequences of each length, in input order, fill that length's slots from the first pack to
//! the last. Template by template and run by run, so that ids are read in order and written with a
//! stride into a block that stays in the first cache; pack by pack, each id would pay for a cursor
//! (up to 2.6 times slower). O(n + runs). Parts take stretches of packs.

use super::sorting::{ByLength, Starts};
use crate::template::{Run, Templates, sequences};
use crate::{Fault, STRIDE, Stage, Watch};
use std::sync::atomic::{AtomicU32, Ordering};

/// Why a slice has an end: the caller made the arrays.
const SIZES: &str = "the outputs have the sizes of the packing";
/// Entries of a block of packs: it stays in the first cache.
const BLOCK: usize = 4096;

/// Writes the packing: pack k holds `entries[offsets[k] .. offsets[k + 1]]`.
///
/// # Errors
/// [`Fault::Cancelled`].
///
/// # Panics
/// If the sequences are not those that the templates hold, or the outputs not as long as needed.
pub(crate) fn gather(
    templates: &Templates,
    by_length: &ByLength,
    offsets: &mut [u32],
    entries: &mut [u32],
    parts: usize,
    watch: &dyn Watch,
) -> Result<(), Fault> {
    let (first, offsets) = offsets.split_first_mut().expect("one offset more than packs");
    *first = 0;
    let total = entries.len();
    let jobs = cut(templates, by_length, offsets, entries, parts);
    let run = |job: Job<'_>| job.run(templates, &by_length.sequences, total, watch);
    if parts == 1 {
        return jobs.into_iter().try_for_each(run);
    }
    let mut outcomes: Vec<Result<(), Fault>> = vec![Ok(()); jobs.len()];
    rayon::scope(|scope| {
        for (job, outcome) in jobs.into_iter().zip(&mut outcomes) {
            let run = &run;
            scope.spawn(move |_| *outcome = run(job));
        }
    });
    outcomes.into_iter().collect()
}

/// A stretch of packs.
struct Job<'a> {
    /// The template of the first pack, and packs of it that come before.
    template: usize,
    passed: u64,
    /// Entries before the first pack.
    before: usize,
    cursors: Starts,
    offsets: &'a mut [u32],
    entries: &'a mut [u32],
}

/// Cuts the packing into `parts` of about as many entries.
fn cut<'a>(
    templates: &Templates,
    by_length: &ByLength,
    mut offsets: &'a mut [u32],
    mut entries: &'a mut [u32],
    parts: usize,
) -> Vec<Job<'a>> {
    let total = entries.len();
    let mut cursors = by_length.starts.clone();
    let (mut template, mut passed, mut before) = (0, 0, 0);
    let jobs = (1..=parts).map(|part| {
        let (job_template, job_passed, job_before) = (template, passed, before);
        let job_cursors = cursors.clone();
        let goal = (total as u128 * part as u128 / parts as u128) as usize;
        let mut packs = 0;
        while before < goal {
            let (runs, multiplicity) = templates.get(template);
            let width = sequences(runs) as usize;
            let some = (multiplicity - passed).min((goal - before).div_ceil(width) as u64);
            for run in runs {
                *cursor(&mut cursors, *run) += (u64::from(run.times) * some) as u32;
            }
            packs += some as usize;
            before += width * some as usize;
            passed += some;
            if passed == multiplicity {
                (template, passed) = (template + 1, 0);
            }
        }
        Job {
            template: job_template,
            passed: job_passed,
            before: job_before,
            cursors: job_cursors,
            offsets: offsets.split_off_mut(..packs).expect(SIZES),
            entries: entries.split_off_mut(..before - job_before).expect(SIZES),
        }
    });
    jobs.collect()
}

fn cursor(cursors: &mut Starts, run: Run) -> &mut u32 {
    cursors.of(run.length).expect("a plan is bound to the lengths it was made for")
}

impl Job<'_> {
    fn run(
        mut self,
        templates: &Templates,
        ids: &[AtomicU32],
        total: usize,
        watch: &dyn Watch,
    ) -> Result<(), Fault> {
        let (mut offsets, mut entries) = (self.offsets, self.entries);
        let mut end = self.before as u32;
        let mut since = STRIDE;
        while !offsets.is_empty() {
            let (runs, multiplicity) = templates.get(self.template);
            let width = sequences(runs) as usize;
            let all = (multiplicity - self.passed).min(offsets.len() as u64) as usize;
            let mut left = all;
            while left > 0 {
                if since >= STRIDE {
                    watch.step(Stage::Bind, (total + end as usize) as u64 / 2, total as u64)?;
                    since = 0;
                }
                let packs = left.min((BLOCK / width).max(1));
                let block = entries.split_off_mut(..packs * width).expect(SIZES);
                fill(block, width, runs, &mut self.cursors, ids);
                for offset in offsets.split_off_mut(..packs).expect(SIZES) {
                    end += width as u32;
                    *offset = end;
                }
                left -= packs;
                since += packs * width;
            }
            (self.template, self.passed) = (self.template + 1, 0);
        }
        Ok(())
    }
}

/// Fills equal packs of `width` entries.
fn fill(block: &mut [u32], width: usize, runs: &[Run], cursors: &mut Starts, ids: &[AtomicU32]) {
    let packs = block.len() / width;
    let mut slot = 0;
    for run in runs {
        let times = run.times as usize;
        let start = cursor(cursors, *run);
        let ids = &ids[*start as usize..][..packs * times];
        *start += ids.len() as u32;
        if times == width || packs == 1 {
            copy(&mut block[slot..][..ids.len()], ids);
        } else if times <= 4 {
            for copy in 0..times {
                let to = block[slot + copy..].iter_mut().step_by(width);
                for (entry, id) in to.zip(ids[copy..].iter().step_by(times)) {
                    *entry = id.load(Ordering::Relaxed);
                }
            }
        } else {
            for (pack, ids) in block.chunks_exact_mut(width).zip(ids.chunks_exact(times)) {
                copy(&mut pack[slot..slot + times], ids);
            }
        }
        slot += times;
    }
}

fn copy(entries: &mut [u32], ids: &[AtomicU32]) {
    for (entry, id) in entries.iter_mut().zip(ids) {
        *entry = id.load(Ordering::Relaxed);
    }
}
