//! Tokens of all sources, uncompressed, in a nameless temporary file beside the output: packs take
//! sequences in any order, and sources are compressed.
//!
//! Ids below 2^16, which most vocabularies have, take half the room and half the time.
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

/// Set in the position of tokens that lie in cells of 2 bytes. Steps within a run leave it alone.
const NARROW: u64 = 1 << 63;

/// What is kept of every token: a lane is a file of 4-byte cells. Lanes have the same positions.
/// The first is of the tokens; runs of them that fit lie in cells of 2 bytes in a file of their own.
pub(crate) struct Spill {
    folder: PathBuf,
    lanes: Vec<File>,
    narrow: File,
    end: AtomicU64,
    bytes: AtomicU64,
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
        let refused = |error| Fault::io("create a temporary file in", folder, &error);
        let create = || tempfile::tempfile_in(folder).map_err(refused);
        let narrow = create()?;
        let lanes = (0..lanes).map(|_| create()).collect::<Result<_, _>>()?;
        let (end, bytes) = (AtomicU64::new(0), AtomicU64::new(0));
        Ok(Self { folder: folder.to_path_buf(), lanes, narrow, end, bytes })
    }

    /// Bytes written.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    /// Writes the tokens of a run and returns its position, at which the other lanes may be written
    /// too; several threads may come.
    pub(crate) fn append(&self, tokens: &[i32]) -> Result<u64, Fault> {
        let position = self.end.fetch_add(tokens.len() as u64, Relaxed);
        if tokens.iter().fold(0, |all, &token| all | token) as u32 > 0xFFFF {
            self.write(0, position, tokens)?;
            return Ok(position);
        }
        let cells: Vec<u16> = tokens.iter().map(|&token| token as u16).collect();
        self.put(&self.narrow, cells.to_byte_slice(), 2 * position)?;
        Ok(position | NARROW)
    }

    /// Writes cells of one lane at a reserved position.
    pub(crate) fn write<T>(&self, lane: usize, position: u64, cells: &[T]) -> Result<(), Fault>
    where
        [T]: ToByteSlice,
    {
        self.put(&self.lanes[lane], cells.to_byte_slice(), 4 * (position & !NARROW))
    }

    fn put(&self, file: &File, bytes: &[u8], at: u64) -> Result<(), Fault> {
        self.bytes.fetch_add(bytes.len() as u64, Relaxed);
        write_all_at(file, bytes, at)
            .map_err(|error| Fault::io("write a temporary file in", &self.folder, &error))
    }

    /// Fills `cells` (bytes, 4 per token) from a position of one lane.
    pub(crate) fn read(&self, lane: usize, position: u64, cells: &mut [u8]) -> Result<(), Fault> {
        let (narrow, position) = (lane == 0 && position & NARROW != 0, position & !NARROW);
        let read = if narrow {
            let half = cells.len() / 2;
            read_exact_at(&self.narrow, &mut cells[half..], 2 * position)
        } else {
            read_exact_at(&self.lanes[lane], cells, 4 * position)
        };
        if narrow {
            widen(cells);
        }
        read.map_err(|error| Fault::io("read a temporary file in", &self.folder, &error))
    }
}

/// Cells of 2 bytes in the second half become cells of 4 in the whole. Half of what is left goes
/// at a time, from one part to another that it doesn't overlap.
fn widen(mut cells: &mut [u8]) {
    while cells.len() > 4 {
        let count = cells.len() / 4;
        let (low, high) = cells.split_at_mut(2 * count);
        for (wide, narrow) in low.chunks_exact_mut(4).zip(high.chunks_exact(2)) {
            wide.copy_from_slice(&[narrow[0], narrow[1], 0, 0]);
        }
        cells = &mut cells[count / 2 * 4..];
    }
    if let [low, high, from @ ..] = cells {
        (*low, *high) = (from[0], from[1]);
        from.fill(0);
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

    proptest! {
        #[test]
        fn tokens_of_any_size_come_back_from_any_place(
            runs in prop::collection::vec(
                (prop::collection::vec(0_i32..0x1_0000, 0..70), any::<bool>()), 1..6,
            ),
            cut in any::<(prop::sample::Index, prop::sample::Index)>(),
        ) {
            let folder = tempfile::tempdir().expect("a folder");
            let spill = Spill::create(folder.path(), 1).expect("files");
            for (mut tokens, wide) in runs {
                if let (true, Some(token)) = (wide, tokens.last_mut()) {
                    *token += 0x1_0000;
                }
                let position = spill.append(&tokens).expect("written");
                let start = cut.0.index(tokens.len() + 1);
                let end = start + cut.1.index(tokens.len() - start + 1);
                let mut cells = vec![0xAA; 4 * (end - start)];
                spill.read(0, position + start as u64, &mut cells).expect("read");
                let wanted: Vec<u8> =
                    tokens[start..end].iter().flat_map(|token| token.to_le_bytes()).collect();
                prop_assert_eq!(cells, wanted);
            }
        }
    }

    #[test]
    fn what_is_spilled_comes_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let spill = Spill::create(folder.path(), 2).expect("files");
        let at = spill.append(&[1_i32, 70_000, 3]).expect("written");
        spill.write(1, at, &[0.5_f32, 1.0, 2.0]).expect("written");
        let mut cells = [0; 8];
        spill.read(0, at + 1, &mut cells).expect("read");
        assert_eq!(cells, [0x70, 0x11, 1, 0, 3, 0, 0, 0]);
        assert_eq!(spill.bytes(), 24);
        let visible = std::fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(visible, 0, "a killed process would leave nothing");
    }
}
