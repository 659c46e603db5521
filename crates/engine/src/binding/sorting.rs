//! Sequences in order of length, those of one length in input order: a counting sort of indices.
//!
//! O(n), four bytes per sequence. In parts, each writes the sequences of its own stretch of the
//! input to places known beforehand; the places are atomics because the stretches interleave, and
//! relaxed stores cost what plain ones do. Where the longest length is large beside n, (length,
//! index) pairs are sorted instead, O(n log n).

use super::counting::{Tables, part_of};
use crate::{Fault, STRIDE, Stage, Watch, memory};
use rayon::prelude::*;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// All sequences, ordered by length and then by index.
#[derive(Debug)]
pub(crate) struct ByLength {
    /// Their indices.
    pub(crate) sequences: Vec<AtomicU32>,
    /// Where each length begins.
    pub(crate) starts: Starts,
}

/// Where the sequences of each length begin; used as cursors, where the next of them stands.
#[derive(Clone, Debug)]
pub(crate) enum Starts {
    /// By length.
    Dense(Vec<u32>),
    /// (length, start), ascending.
    Sparse(Vec<(u32, u32)>),
}

impl ByLength {
    /// Sorts `lengths`, which `tables` has counted, in as many parts; in one thread if so told.
    pub(crate) fn counted(
        lengths: &[u32],
        tables: &Tables,
        threads: usize,
        watch: &dyn Watch,
    ) -> Result<Self, Fault> {
        let mut places = tables.places();
        let parts = places.len();
        let alone = threads == 1 || parts == 1;
        let starts = Starts::Dense(places[0].clone());
        let sequences = blank(lengths.len(), alone)?;
        let done = AtomicU64::new(0);
        let sort = |part: usize, places: &mut [u32]| -> Result<(), Fault> {
            let mine = part_of(lengths, part, parts);
            // The parts lie one after another, so the first index is a difference of lengths.
            let mut index = (lengths.len() as u128 * part as u128 / parts as u128) as u32;
            let top = places.len() - 1;
            for stride in mine.chunks(STRIDE) {
                let before = done.fetch_add(stride.len() as u64, Ordering::Relaxed);
                watch.step(Stage::Bind, before / 2, lengths.len() as u64)?;
                for &length in stride {
                    let place = &mut places[top.min(length as usize)];
                    let Some(slot) = sequences.get(*place as usize) else {
                        return Err(changed());
                    };
                    slot.store(index, Ordering::Relaxed);
                    *place += 1;
                    index += 1;
                }
            }
            Ok(())
        };
        if alone {
            (0..).zip(&mut places).try_for_each(|(part, places)| sort(part, places))?;
        } else {
            let jobs = places.par_iter_mut().enumerate();
            jobs.map(|(part, places)| sort(part, places)).collect::<Result<(), Fault>>()?;
        }
        Ok(Self { sequences, starts })
    }

    /// Sorts `lengths` by comparison, and counts them: (length, count), ascending.
    pub(crate) fn compared(
        lengths: &[u32],
        parts: usize,
        watch: &dyn Watch,
    ) -> Result<(Self, Vec<(u32, u64)>), Fault> {
        watch.step(Stage::Count, 0, lengths.len() as u64)?;
        let mut pairs: Vec<u64> = memory::reserved(lengths.len())?;
        pairs.extend((0_u64..).zip(lengths).map(|(index, &l)| u64::from(l) << 32 | index));
        // All pairs differ, so there is one order, whatever sorts them.
        if parts == 1 {
            pairs.sort_unstable();
        } else {
            pairs.par_sort_unstable();
        }
        watch.step(Stage::Count, lengths.len() as u64, lengths.len() as u64)?;
        let mut classes: Vec<(u32, u64)> = Vec::new();
        let mut starts = Vec::new();
        let mut start = 0;
        for run in pairs.chunk_by(|a, b| a >> 32 == b >> 32) {
            let length = (run[0] >> 32) as u32;
            classes.push((length, run.len() as u64));
            starts.push((length, start));
            start += run.len() as u32;
        }
        let mut sequences = memory::reserved(lengths.len())?;
        sequences.extend(pairs.into_iter().map(|pair| AtomicU32::new(pair as u32)));
        Ok((Self { sequences, starts: Starts::Sparse(starts) }, classes))
    }
}

fn blank(count: usize, alone: bool) -> Result<Vec<AtomicU32>, Fault> {
    let mut blank = memory::reserved(count)?;
    if alone {
        blank.extend((0..count).map(|_| AtomicU32::new(0)));
    } else {
        blank.par_extend((0..count).into_par_iter().map(|_| AtomicU32::new(0)));
    }
    Ok(blank)
}

/// The lengths are not the ones that were counted; memory that others write to can do that.
fn changed() -> Fault {
    Fault::Length { index: None, detail: "the lengths changed while they were packed".to_owned() }
}
