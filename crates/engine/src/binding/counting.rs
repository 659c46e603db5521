//! Counting lengths: a table of counters by length where that is cheap, sorting where it is not.
//!
//! O(n) with four counters per length, so that equal neighbours do not wait for each other; then
//! four bytes for each length up to the longest, in each part. Where the longest length is large
//! beside n (a few sequences of millions of tokens) lengths are sorted instead, O(n log n), so that
//! nothing costs time or memory in proportion to a length.

use crate::{Fault, STRIDE, Stage, Watch, memory};
use rayon::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};

/// Below this a table of four counters per length stays in the first cache.
const QUADRUPLE_BELOW: usize = 4096;
/// From so many sequences per length on, the quicker counting pays for the larger table.
const QUADRUPLE_FROM: usize = 16;
/// Fewer sequences than this are not worth a thread.
const PART_AT_LEAST: usize = 1 << 15;

/// True if a table up to `longest` is cheap beside `n` sequences.
pub(crate) fn is_dense(longest: u32, n: usize) -> bool {
    let longest = longest as usize;
    longest <= 4096 + 2 * n && (longest <= 1 << 17 || longest <= n / 16)
}

/// True if `n` sequences are so few that sorting them by comparison costs less than a walk over a table
/// up to `longest`.
pub(crate) fn is_sparse(longest: u32, n: usize) -> bool {
    n <= 128 && longest as usize >= 8 * n
}

/// How many parts `n` sequences are worth, at most `threads`; at least 1.
pub(crate) fn parts(n: usize, threads: usize) -> usize {
    threads.min(n / PART_AT_LEAST).max(1)
}

/// The part of `lengths` that part `part` of `parts` counts and sorts.
pub(crate) fn part_of(lengths: &[u32], part: usize, parts: usize) -> &[u32] {
    let (n, part) = (lengths.len() as u128, part as u128);
    let at = |part: u128| (n * part / parts as u128) as usize;
    &lengths[at(part)..at(part + 1)]
}

/// The longest length; 0 if there are none.
pub(crate) fn longest(lengths: &[u32], parts: usize) -> u32 {
    let most = |lengths: &[u32]| lengths.iter().fold(0, |most, &length| most.max(length));
    if parts == 1 {
        return most(lengths);
    }
    (0..parts).into_par_iter().map(|part| most(part_of(lengths, part, parts))).max().unwrap_or(0)
}

/// (length, count) of `lengths`, ascending, counted in `threads` parts.
pub(crate) fn classes(
    lengths: &[u32],
    threads: usize,
    watch: &dyn Watch,
) -> Result<Vec<(u32, u64)>, Fault> {
    let parts = parts(lengths.len(), threads);
    let longest = longest(lengths, parts);
    if is_dense(longest, lengths.len()) {
        return Ok(Tables::count(lengths, longest, parts, watch)?.classes());
    }
    watch.step(Stage::Count, 0, lengths.len() as u64)?;
    let mut sorted = memory::reserved(lengths.len())?;
    sorted.extend_from_slice(lengths);
    if parts == 1 {
        sorted.sort_unstable();
    } else {
        sorted.par_sort_unstable();
    }
    Ok(sorted.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u64)).collect())
}

/// Counters by length, one table for each part of the lengths.
#[derive(Debug)]
pub(crate) struct Tables(Vec<Vec<u32>>);

impl Tables {
    /// Counts `lengths` in `parts`. Lengths above `longest` count as `longest + 1`.
    pub(crate) fn count(
        lengths: &[u32],
        longest: u32,
        parts: usize,
        watch: &dyn Watch,
    ) -> Result<Self, Fault> {
        let progress = Progress { done: AtomicU64::new(0), total: lengths.len() as u64, watch };
        let one = |part| table(part_of(lengths, part, parts), longest as usize + 2, &progress);
        let tables: Result<_, Fault> = if parts == 1 {
            one(0).map(|table| vec![table])
        } else {
            (0..parts).into_par_iter().map(one).collect()
        };
        tables.map(Self)
    }

    /// (length, count), ascending.
    pub(crate) fn classes(&self) -> Vec<(u32, u64)> {
        let (first, others) = self.0.split_first().expect("there is at least one part");
        if others.is_empty() {
            // Each is written and only those that count are kept: no branch to guess wrong.
            let found = first.iter().filter(|&&count| count > 0).count();
            let mut classes = vec![(0, 0); found + 1];
            let mut at = 0;
            for (length, &count) in (0..).zip(first) {
                classes[at] = (length, u64::from(count));
                at += usize::from(count > 0);
            }
            classes.truncate(found);
            return classes;
        }
        let of_all = |(length, &count): (u32, &u32)| {
            let of_others: u64 = others.iter().map(|table| u64::from(table[length as usize])).sum();
            (length, u64::from(count) + of_others)
        };
        (0..).zip(first).map(of_all).filter(|class| class.1 > 0).collect()
    }

    /// The place of the first sequence of each length in each part, when all are ordered by length
    /// and, within a length, by part.
    pub(crate) fn places(&self) -> Vec<Vec<u32>> {
        let mut places = self.0.clone();
        let mut place = 0;
        if let [table] = &mut places[..] {
            for slot in table {
                place += std::mem::replace(slot, place);
            }
            return places;
        }
        for length in 0..places[0].len() {
            for table in &mut places {
                place += std::mem::replace(&mut table[length], place);
            }
        }
        places
    }
}

struct Progress<'a> {
    done: AtomicU64,
    total: u64,
    watch: &'a dyn Watch,
}

fn table(lengths: &[u32], size: usize, progress: &Progress<'_>) -> Result<Vec<u32>, Fault> {
    let mut counts = Vec::new();
    counts.try_reserve_exact(size).map_err(|_| Fault::Memory { bytes: 4 * size as u64 })?;
    counts.resize(size, 0_u32);
    let top = size - 1;
    let worth = size <= QUADRUPLE_BELOW && lengths.len() / QUADRUPLE_FROM >= size;
    let mut quadruple = vec![[0_u32; 4]; if worth { size } else { 0 }];
    for stride in lengths.chunks(STRIDE) {
        let done = progress.done.fetch_add(stride.len() as u64, Ordering::Relaxed);
        progress.watch.step(Stage::Count, done, progress.total)?;
        if quadruple.is_empty() {
            for &length in stride {
                counts[top.min(length as usize)] += 1;
            }
            continue;
        }
        let fours = stride.chunks_exact(4);
        for &length in fours.remainder() {
            counts[top.min(length as usize)] += 1;
        }
        for four in fours {
            for (lane, &length) in four.iter().enumerate() {
                quadruple[top.min(length as usize)][lane] += 1;
            }
        }
    }
    for (count, four) in counts.iter_mut().zip(&quadruple) {
        *count += four.iter().sum::<u32>();
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::classes;
    use crate::Unwatched;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn counts_are_those_of_an_ordered_map_for_any_number_of_parts(
            shape in prop_oneof![Just(3_u32), Just(2048), Just(1 << 20), Just(u32::MAX)],
            seeds in proptest::collection::vec(any::<u32>(), 0..300),
            times in 1..400_usize,
            threads in 1..5_usize,
        ) {
            let lengths: Vec<u32> =
                seeds.iter().cycle().take(seeds.len() * times).map(|seed| seed % shape).collect();
            let mut expected = BTreeMap::new();
            for &length in &lengths {
                *expected.entry(length).or_insert(0_u64) += 1;
            }
            let expected: Vec<(u32, u64)> = expected.into_iter().collect();
            prop_assert_eq!(classes(&lengths, threads, &Unwatched), Ok(expected));
        }
    }
}
