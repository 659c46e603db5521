//! Tokens of all sources, uncompressed, in a nameless temporary file beside the output: packs take
//! sequences in any order, and sources are compressed.
//!
//! O(1) per sequence to find, one system call per sequence and lane to fetch. Memory: 4 bytes of
//! length and a fifth of a byte of position per sequence. The system's page cache decides what
//! touches the disk; a killed process leaves nothing.

use crate::Fault;
use crate::source::file::{read_exact_at, write_all_at};
use arrow_buffer::ToByteSlice;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use stowage_engine::Fault as EngineFault;

/// Sequences per mark: what one look-up adds up.
const STEP: usize = 64;

/// What is kept of every token: a lane is a file of 4-byte cells. Lanes have the same positions.
pub(crate) struct Spill {
    folder: PathBuf,
    lanes: Vec<File>,
    end: AtomicU64,
}

/// A run of consecutive sequences behind one another in the spill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// Sequence it begins with.
    pub first: u64,
    /// Position of its first token.
    pub position: u64,
}

/// Where each sequence lies.
pub(crate) struct Positions {
    runs: Vec<Run>,
    /// Position of every 64th sequence, and the run it lies in.
    marks: Vec<(u64, u32)>,
}

impl Spill {
    pub(crate) fn create(folder: &Path, lanes: usize) -> Result<Self, Fault> {
        let lane = |_| tempfile::tempfile_in(folder);
        let lanes = (0..lanes).map(lane).collect::<Result<_, _>>();
        let lanes =
            lanes.map_err(|error| Fault::io("create a temporary file in", folder, &error))?;
        Ok(Self { folder: folder.to_path_buf(), lanes, end: AtomicU64::new(0) })
    }

    /// Bytes of all lanes.
    pub(crate) fn bytes(&self) -> u64 {
        4 * self.lanes.len() as u64 * self.end.load(Relaxed)
    }

    /// Room for `count` tokens; several threads may ask.
    pub(crate) fn reserve(&self, count: usize) -> u64 {
        self.end.fetch_add(count as u64, Relaxed)
    }

    /// Writes cells of one lane at a reserved position.
    pub(crate) fn write<T>(&self, lane: usize, position: u64, cells: &[T]) -> Result<(), Fault>
    where
        [T]: ToByteSlice,
    {
        write_all_at(&self.lanes[lane], cells.to_byte_slice(), 4 * position)
            .map_err(|error| Fault::io("write a temporary file in", &self.folder, &error))
    }

    /// Fills `cells` (bytes, 4 per token) from a position of one lane.
    pub(crate) fn read(&self, lane: usize, position: u64, cells: &mut [u8]) -> Result<(), Fault> {
        read_exact_at(&self.lanes[lane], cells, 4 * position)
            .map_err(|error| Fault::io("read a temporary file in", &self.folder, &error))
    }
}

impl Positions {
    /// `runs` in the order of sequences; the first begins with sequence 0.
    pub(crate) fn new(runs: Vec<Run>, lengths: &[u32]) -> Result<Self, Fault> {
        let mut marks = Vec::new();
        let count = lengths.len().div_ceil(STEP);
        let memory = |_| EngineFault::Memory { bytes: 16 * count as u64 };
        marks.try_reserve_exact(count).map_err(memory)?;
        let (mut run, mut position) = (0, 0);
        for (sequence, &length) in lengths.iter().enumerate() {
            while runs.get(run).is_some_and(|next| next.first == sequence as u64) {
                position = runs[run].position;
                run += 1;
            }
            if sequence % STEP == 0 {
                marks.push((position, run as u32));
            }
            position += u64::from(length);
        }
        Ok(Self { runs, marks })
    }

    /// Position of the first token of `sequence`.
    pub(crate) fn of(&self, sequence: usize, lengths: &[u32]) -> u64 {
        let (mut position, mut run) = self.marks[sequence / STEP];
        let mut first = sequence / STEP * STEP;
        // Runs have a thousand sequences, mostly: at most one begins here.
        while let Some(next) = self.runs.get(run as usize) {
            if next.first > sequence as u64 {
                break;
            }
            (first, position) = (next.first as usize, next.position);
            run += 1;
        }
        position + lengths[first..sequence].iter().map(|&length| u64::from(length)).sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::{Positions, Run, Spill};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_sequence_is_found_where_its_run_put_it(
            parts in prop::collection::vec(prop::collection::vec(0_u32..9, 0..200), 0..6),
            shift in 0_u64..1000,
        ) {
            let lengths: Vec<u32> = parts.concat();
            let (mut runs, mut wanted, mut first) = (Vec::new(), Vec::new(), 0);
            for (k, part) in parts.iter().enumerate() {
                // Runs lie in any order in the spill: here backwards, with gaps.
                let mut position = 10_000 * (parts.len() - k) as u64 + shift;
                runs.push(Run { first, position });
                for &length in part {
                    wanted.push(position);
                    position += u64::from(length);
                }
                first += part.len() as u64;
            }
            let positions = Positions::new(runs, &lengths).expect("memory");
            let found: Vec<u64> = (0..lengths.len()).map(|s| positions.of(s, &lengths)).collect();
            prop_assert_eq!(found, wanted);
        }
    }

    #[test]
    fn what_is_spilled_comes_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let spill = Spill::create(folder.path(), 2).expect("files");
        let at = spill.reserve(3);
        spill.write(0, at, &[1_i32, -2, 3]).expect("written");
        spill.write(1, at, &[0.5_f32, 1.0, 2.0]).expect("written");
        let mut cells = [0; 8];
        spill.read(0, at + 1, &mut cells).expect("read");
        assert_eq!(cells, [0xFE, 0xFF, 0xFF, 0xFF, 3, 0, 0, 0]);
        assert_eq!(spill.bytes(), 24);
        let visible = std::fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(visible, 0, "a killed process would leave nothing");
    }
}
