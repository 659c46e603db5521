//! Sequence ids grouped by length: what an epoch draws from.
//!
//! Stable counting sort, O(n + longest length) while lengths are dense, O(n log n) when few
//! sequences have huge lengths. 4 bytes a sequence and 8 a class; made once, used by every epoch.

use crate::{Fault, STRIDE, Stage, Watch};
use rayon::prelude::*;

/// Lengths of the classes ascending, where the ids of each begin, and the ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LengthIndex {
    /// The distinct lengths, ascending.
    pub lengths: Vec<u32>,
    /// Class c holds `sequences[starts[c] .. starts[c + 1]]`; one more than there are classes.
    pub starts: Vec<u32>,
    /// Ids by length, in input order within a class.
    pub sequences: Vec<u32>,
}

/// How the ids of some lengths will be laid out, before memory for them exists.
#[derive(Debug)]
pub struct Outline {
    /// As [`LengthIndex::lengths`].
    pub lengths: Vec<u32>,
    /// As [`LengthIndex::starts`].
    pub starts: Vec<u32>,
}

impl LengthIndex {
    /// Groups the ids of `lengths` in `threads` parts; the result is the same for any number.
    ///
    /// # Errors
    /// [`Fault::TooManySequences`], [`Fault::Memory`], [`Fault::Cancelled`].
    pub fn new(lengths: &[u32], threads: usize, watch: &dyn Watch) -> Result<Self, Fault> {
        let outline = Outline::new(lengths, threads, watch)?;
        let mut sequences = reserved(lengths.len())?;
        sequences.resize(lengths.len(), 0);
        outline.fill(lengths, &mut sequences, threads, watch)?;
        Ok(Self { lengths: outline.lengths, starts: outline.starts, sequences })
    }

    /// Number of sequences of `length`.
    #[must_use]
    pub fn count(&self, length: u32) -> u32 {
        let class = self.lengths.binary_search(&length);
        class.map_or(0, |class| self.starts[class + 1] - self.starts[class])
    }
}

impl Outline {
    /// Counts the classes of `lengths`.
    ///
    /// # Errors
    /// [`Fault::TooManySequences`], [`Fault::Memory`], [`Fault::Cancelled`].
    pub fn new(lengths: &[u32], threads: usize, watch: &dyn Watch) -> Result<Self, Fault> {
        if u32::try_from(lengths.len()).is_err() {
            return Err(Fault::TooManySequences { count: lengths.len() as u64 });
        }
        let classes = if is_dense(lengths) {
            dense_classes(lengths, threads, watch)?
        } else {
            sparse_classes(lengths)?
        };
        let mut starts = reserved(classes.len() + 1)?;
        let mut total = 0;
        starts.push(0);
        for &(_, count) in &classes {
            total += count;
            starts.push(total);
        }
        Ok(Self { lengths: classes.into_iter().map(|class| class.0).collect(), starts })
    }

    /// Writes the ids of `lengths`, those this outline was made of, grouped into `sequences`.
    ///
    /// # Errors
    /// [`Fault::Memory`], [`Fault::Cancelled`].
    ///
    /// # Panics
    /// If `sequences` and `lengths` differ in number, or other lengths are given.
    pub fn fill(
        &self,
        lengths: &[u32],
        sequences: &mut [u32],
        threads: usize,
        watch: &dyn Watch,
    ) -> Result<(), Fault> {
        assert_eq!(lengths.len(), sequences.len(), "one place per sequence");
        if is_dense(lengths) {
            let parts = self.parts(sequences, threads);
            return each(parts, threads, |(classes, part)| {
                self.fill_classes(classes, lengths, part, watch)
            });
        }
        // Keys are distinct, so that an unstable sort is as good as a stable one.
        let mut keys = reserved(lengths.len())?;
        keys.extend((0_u64..).zip(lengths).map(|(id, &length)| u64::from(length) << 32 | id));
        if threads > 1 {
            keys.par_sort_unstable();
        } else {
            keys.sort_unstable();
        }
        for (slot, key) in sequences.iter_mut().zip(keys) {
            *slot = key as u32;
        }
        Ok(())
    }

    /// Ranges of classes of about equal numbers of sequences, each with its part of the output.
    fn parts<'a>(
        &self,
        mut sequences: &'a mut [u32],
        threads: usize,
    ) -> Vec<(std::ops::Range<usize>, &'a mut [u32])> {
        let each = sequences.len().div_ceil(threads.max(1)).max(STRIDE);
        let (mut parts, mut from) = (Vec::new(), 0);
        while from < self.lengths.len() {
            let target = self.starts[from] as usize + each;
            let to = self.starts[from + 1..].partition_point(|&start| (start as usize) < target);
            let to = (from + 1 + to).min(self.lengths.len());
            let count = (self.starts[to] - self.starts[from]) as usize;
            let (part, rest) = sequences.split_at_mut(count);
            sequences = rest;
            parts.push((from..to, part));
            from = to;
        }
        parts
    }

    /// One pass over all lengths, which takes those of some classes: reading is quick, writing is
    /// what costs, and each thread writes to a part of its own.
    fn fill_classes(
        &self,
        classes: std::ops::Range<usize>,
        lengths: &[u32],
        part: &mut [u32],
        watch: &dyn Watch,
    ) -> Result<(), Fault> {
        let shortest = self.lengths[classes.start];
        let span = self.lengths[classes.end - 1] - shortest;
        let mut cursors = reserved(span as usize + 1)?;
        cursors.resize(span as usize + 1, 0);
        for class in classes.clone() {
            cursors[(self.lengths[class] - shortest) as usize] =
                self.starts[class] - self.starts[classes.start];
        }
        let mut id = 0;
        for some in lengths.chunks(STRIDE) {
            for &length in some {
                if let Some(cursor) = cursors.get_mut(length.wrapping_sub(shortest) as usize) {
                    part[*cursor as usize] = id;
                    *cursor += 1;
                }
                id = id.wrapping_add(1);
            }
            watch.step(Stage::Bind, u64::from(id), lengths.len() as u64)?;
        }
        Ok(())
    }
}

/// True where a counter per length costs no more than the sequences themselves.
fn is_dense(lengths: &[u32]) -> bool {
    let longest = lengths.iter().max().copied().unwrap_or(0);
    longest as usize <= lengths.len().max(STRIDE)
}

fn dense_classes(
    lengths: &[u32],
    threads: usize,
    watch: &dyn Watch,
) -> Result<Vec<(u32, u32)>, Fault> {
    let longest = lengths.iter().max().copied().unwrap_or(0) as usize;
    let each_part = lengths.len().div_ceil(threads.max(1)).max(STRIDE);
    let count = |part: &[u32]| -> Result<Vec<u32>, Fault> {
        let mut counts = reserved(longest + 1)?;
        counts.resize(longest + 1, 0);
        for (done, some) in (1_u64..).zip(part.chunks(STRIDE)) {
            for &length in some {
                counts[length as usize] += 1;
            }
            watch.step(Stage::Count, done * STRIDE as u64, lengths.len() as u64)?;
        }
        Ok(counts)
    };
    let counted: Vec<Result<Vec<u32>, Fault>> = if threads > 1 {
        lengths.par_chunks(each_part).map(count).collect()
    } else {
        lengths.chunks(each_part).map(count).collect()
    };
    let mut total: Vec<u32> = Vec::new();
    for counts in counted {
        let counts = counts?;
        if total.is_empty() {
            total = counts;
        } else {
            total.iter_mut().zip(counts).for_each(|(total, count)| *total += count);
        }
    }
    Ok((0..).zip(total).filter(|class| class.1 > 0).collect())
}

fn sparse_classes(lengths: &[u32]) -> Result<Vec<(u32, u32)>, Fault> {
    let mut sorted = reserved(lengths.len())?;
    sorted.extend_from_slice(lengths);
    sorted.sort_unstable();
    Ok(sorted.chunk_by(|a, b| a == b).map(|class| (class[0], class.len() as u32)).collect())
}

/// Runs `work` over `parts`, at once where there are threads; the first fault in order wins.
fn each<T: Send>(
    parts: Vec<T>,
    threads: usize,
    work: impl Fn(T) -> Result<(), Fault> + Sync + Send,
) -> Result<(), Fault> {
    if threads > 1 {
        let outcomes: Vec<_> = parts.into_par_iter().map(work).collect();
        outcomes.into_iter().collect()
    } else {
        parts.into_iter().try_for_each(work)
    }
}

fn reserved<T>(count: usize) -> Result<Vec<T>, Fault> {
    let mut list = Vec::new();
    let bytes = (count * size_of::<T>()) as u64;
    list.try_reserve_exact(count).map_err(|_| Fault::Memory { bytes })?;
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::LengthIndex;
    use crate::Unwatched;
    use proptest::prelude::*;

    fn by_sorting(lengths: &[u32]) -> Vec<u32> {
        let mut ids: Vec<u32> = (0..lengths.len() as u32).collect();
        ids.sort_by_key(|&id| lengths[id as usize]);
        ids
    }

    proptest! {
        #[test]
        fn ids_stand_by_length_and_in_input_order_for_any_number_of_threads(
            lengths in prop::collection::vec(
                prop_oneof![9 => 0..50_u32, 1 => 0..100_000_u32, 1 => any::<u32>()], 0..300
            ),
            threads in 1..5_usize,
        ) {
            let index = LengthIndex::new(&lengths, threads, &Unwatched).expect("it fits");
            prop_assert_eq!(&index.sequences, &by_sorting(&lengths));
            prop_assert!(index.lengths.is_sorted_by(|a, b| a < b));
            for (class, &length) in index.lengths.iter().enumerate() {
                let ids = &index.sequences[index.starts[class] as usize..index.starts[class + 1] as usize];
                prop_assert!(!ids.is_empty());
                prop_assert!(ids.iter().all(|&id| lengths[id as usize] == length));
                prop_assert_eq!(index.count(length) as usize, ids.len());
            }
        }
    }

    #[test]
    fn several_parts_give_the_index_of_one() {
        let lengths: Vec<u32> = (0..300_000_u64)
            .map(|i| (crate::seeded::mix(i) % 2000) as u32 * u32::from(i % 5 != 0))
            .collect();
        let one = LengthIndex::new(&lengths, 1, &Unwatched).expect("it fits");
        assert_eq!(one.sequences, by_sorting(&lengths));
        for threads in [2, 3, 8] {
            assert_eq!(LengthIndex::new(&lengths, threads, &Unwatched).as_ref(), Ok(&one));
        }
    }

    #[test]
    fn no_sequences_make_an_empty_index() {
        let index = LengthIndex::new(&[], 1, &Unwatched).expect("it fits");
        assert_eq!((index.lengths, index.starts, index.sequences), (vec![], vec![0], vec![]));
    }
}
