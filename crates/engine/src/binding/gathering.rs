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
/// Packs of a stretch of single ones, between two looks at whether the caller has had enough.
const SINGLES: usize = 256;

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
        if part == parts {
            packs = offsets.len(); // all that are left, without a walk
            before = total;
        }
        while before < goal {
            let (runs, multiplicity) = templates.get(template);
            let width = sequences(runs) as usize;
            let some = (multiplicity - passed).min((goal - before).div_ceil(width) as u64);
            for run in runs {
                cursors.advance(run.length, (u64::from(run.times) * some) as u32);
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

/// Where the next sequence of each length stands.
trait Cursors {
    /// The place of `length`'s next sequence, and `count` places further for the next time.
    fn advance(&mut self, length: u32, count: u32) -> usize;
}

/// By length.
impl Cursors for [u32] {
    #[inline]
    fn advance(&mut self, length: u32, count: u32) -> usize {
        let place = &mut self[length as usize];
        *place += count;
        (*place - count) as usize
    }
}

/// (length, place), ascending.
impl Cursors for [(u32, u32)] {
    fn advance(&mut self, length: u32, count: u32) -> usize {
        let found = self.binary_search_by_key(&length, |cursor| cursor.0);
        let place = &mut self[found.expect("a plan is bound to the lengths it was made for")].1;
        *place += count;
        (*place - count) as usize
    }
}

impl Starts {
    fn advance(&mut self, length: u32, count: u32) {
        match self {
            Self::Dense(places) => places.advance(length, count),
            Self::Sparse(places) => places.advance(length, count),
        };
    }
}

impl Job<'_> {
    fn run(
        mut self,
        templates: &Templates,
        ids: &[AtomicU32],
        total: usize,
        watch: &dyn Watch,
    ) -> Result<(), Fault> {
        match std::mem::replace(&mut self.cursors, Starts::Dense(Vec::new())) {
            Starts::Dense(mut places) => self.fill(templates, &mut places[..], ids, total, watch),
            Starts::Sparse(mut places) => self.fill(templates, &mut places[..], ids, total, watch),
        }
    }

    fn fill<C: Cursors + ?Sized>(
        mut self,
        templates: &Templates,
        cursors: &mut C,
        ids: &[AtomicU32],
        total: usize,
        watch: &dyn Watch,
    ) -> Result<(), Fault> {
        let mut end = self.before as u32;
        let (mut at, mut pack) = (0, 0);
        let mut goal = 0;
        while pack < self.offsets.len() {
            if at >= goal {
                watch.step(Stage::Bind, (total + self.before + at) as u64 / 2, total as u64)?;
                goal = at + STRIDE;
            }
            let (runs, multiplicity) = templates.get(self.template);
            let left = (multiplicity - self.passed).min((self.offsets.len() - pack) as u64);
            if multiplicity == 1 {
                let most = (self.offsets.len() - pack).min(SINGLES);
                let (runs, ends) = templates.singles(self.template, most);
                let offsets = &mut self.offsets[pack..pack + ends.len()];
                let filled =
                    fill_singles(&mut self.entries[at..], offsets, runs, ends, cursors, ids);
                for offset in offsets {
                    *offset += end;
                }
                end += filled as u32;
                at += filled;
                pack += ends.len();
                self.template += ends.len();
                continue;
            }
            let width = sequences(runs) as usize;
            let packs = (left as usize).min((BLOCK / width).max(1));
            fill_block(&mut self.entries[at..][..packs * width], width, runs, cursors, ids);
            for offset in &mut self.offsets[pack..pack + packs] {
                end += width as u32;
                *offset = end;
            }
            at += packs * width;
            pack += packs;
            self.passed += packs as u64;
            if self.passed == multiplicity {
                (self.template, self.passed) = (self.template + 1, 0);
            }
        }
        Ok(())
    }
}

/// Fills packs that are alone in their kind, whose runs stand one after another in `runs` and end
/// before the `ends`; the ends of their entries go to `offsets`. Returns the number of entries. Nearly
/// all packs are such ones where sequences are few: no branch depends on how many runs a pack has.
fn fill_singles<C: Cursors + ?Sized>(
    entries: &mut [u32],
    offsets: &mut [u32],
    runs: &[Run],
    ends: &[usize],
    cursors: &mut C,
    ids: &[AtomicU32],
) -> usize {
    let (mut at, mut pack) = (0, 0);
    let first = ends[ends.len() - 1] - runs.len();
    for (run, next) in runs.iter().zip(first + 1..) {
        let place = cursors.advance(run.length, run.times);
        if run.times == 1 {
            entries[at] = ids[place].load(Ordering::Relaxed);
            at += 1;
        } else {
            let ids = &ids[place..][..run.times as usize];
            copy(&mut entries[at..][..ids.len()], ids);
            at += ids.len();
        }
        offsets[pack] = at as u32;
        pack += usize::from(next == ends[pack]);
    }
    at
}

/// Fills equal packs of `width` entries, run by run.
fn fill_block<C: Cursors + ?Sized>(
    block: &mut [u32],
    width: usize,
    runs: &[Run],
    cursors: &mut C,
    ids: &[AtomicU32],
) {
    let packs = block.len() / width;
    let mut slot = 0;
    for run in runs {
        let times = run.times as usize;
        let place = cursors.advance(run.length, (packs * times) as u32);
        let ids = &ids[place..][..packs * times];
        if times == width {
            copy(block, ids);
        } else if times <= 4 {
            for one in 0..times {
                let entries = block[slot + one..].iter_mut().step_by(width);
                for (entry, id) in entries.zip(ids[one..].iter().step_by(times)) {
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

#[inline]
fn copy(entries: &mut [u32], ids: &[AtomicU32]) {
    for (entry, id) in entries.iter_mut().zip(ids) {
        *entry = id.load(Ordering::Relaxed);
    }
}
