//! Tokens of all sources, uncompressed: packs take sequences in any order, and sources are
//! compressed. The first 128 MiB stay in memory; what follows goes to a nameless temporary file
//! beside the output.
//!
//! Ids below 2^16, which most vocabularies have, take half the room and half the time.
//!
//! O(1) per sequence to find. To fetch: a copy, or one system call per sequence and lane. Memory
//! besides: 4 bytes of length and a fifth of a byte of position per sequence. The system's page
//! cache decides what of the file touches the disk; a killed process leaves nothing.

use super::lanes::Lanes;
use crate::Fault;
use crate::source::Rows;
use crate::source::positioned::{read_exact_at, write_all_at};
use arrow_buffer::ToByteSlice;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use stowage_engine::Fault as EngineFault;

/// Bytes that stay in memory beside the blocks of so many threads: together, and with what decoding
/// takes, within the 512 MiB that a job may have.
pub(crate) fn room(threads: usize) -> u64 {
    const MIB: u64 = 1 << 20;
    let blocks = (threads as u64).saturating_mul(2 * 16 * MIB);
    (448 * MIB).saturating_sub(blocks).min(128 * MIB)
}

/// Sequences per mark: what one look-up adds up.
const STEP: usize = 64;

/// Set in the position of tokens that lie in cells of 2 bytes. Steps within a run leave it alone.
const NARROW: u64 = 1 << 63;
/// Set in the position of a run in memory; below it the run's number, then the place in it.
const KEPT: u64 = 1 << 62;
const PLACE_BITS: u32 = 32;

/// Where rows are put, by several threads.
pub(crate) struct SpillWriter {
    files: Files,
    end: AtomicU64,
    bytes: AtomicU64,
    room: AtomicU64,
    kept: Mutex<Vec<Lanes>>,
}

/// Where cells are fetched from.
pub(crate) struct Spill {
    files: Files,
    bytes: u64,
    kept: Vec<Lanes>,
}

/// A lane is a file of 4-byte cells; lanes have the same positions. The first is of the tokens; runs
/// of them that fit lie in cells of 2 bytes in a file of their own.
struct Files {
    folder: PathBuf,
    lanes: Vec<File>,
    narrow: File,
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

impl SpillWriter {
    /// With files in `folder`, used when `room` bytes are in memory.
    pub(crate) fn create(folder: &Path, lanes: usize, room: u64) -> Result<Self, Fault> {
        let refused = |error| Fault::io("create a temporary file in", folder, &error);
        let create = || tempfile::tempfile_in(folder).map_err(refused);
        let narrow = create()?;
        let lanes = (0..lanes).map(|_| create()).collect::<Result<_, _>>()?;
        Ok(Self {
            files: Files { folder: folder.to_path_buf(), lanes, narrow },
            end: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            room: AtomicU64::new(room),
            kept: Mutex::new(Vec::new()),
        })
    }

    /// Takes in the tokens of a run, its labels as lane 1 and its weights as lane 2, and returns its
    /// position.
    pub(crate) fn append(&self, rows: &Rows) -> Result<u64, Fault> {
        let narrow = rows.tokens.iter().fold(0, |all, &token| all | token) as u32 <= 0xFFFF;
        if let Some(position) = self.keep(rows, narrow) {
            return Ok(position);
        }
        let position = self.end.fetch_add(rows.tokens.len() as u64, Relaxed);
        if let Some(labels) = &rows.labels {
            self.put(&self.files.lanes[1], labels.to_byte_slice(), 4 * position)?;
        }
        if let Some(weights) = &rows.weights {
            self.put(&self.files.lanes[2], weights.to_byte_slice(), 4 * position)?;
        }
        if !narrow {
            self.put(&self.files.lanes[0], rows.tokens.to_byte_slice(), 4 * position)?;
            return Ok(position);
        }
        let cells: Vec<u16> = rows.tokens.iter().map(|&token| token as u16).collect();
        self.put(&self.files.narrow, cells.to_byte_slice(), 2 * position)?;
        Ok(position | NARROW)
    }

    /// Keeps a run in memory; none if there is no room, or the system has none.
    fn keep(&self, rows: &Rows, narrow: bool) -> Option<u64> {
        if u32::try_from(rows.tokens.len()).is_err() {
            return None;
        }
        let bytes = Lanes::bytes(rows, narrow);
        self.room.fetch_update(Relaxed, Relaxed, |room| room.checked_sub(bytes)).ok()?;
        let run = Lanes::new(rows, narrow)?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.try_reserve(1).ok()?;
        kept.push(run);
        Some(KEPT | (kept.len() as u64 - 1) << PLACE_BITS)
    }

    fn put(&self, file: &File, bytes: &[u8], at: u64) -> Result<(), Fault> {
        self.bytes.fetch_add(bytes.len() as u64, Relaxed);
        write_all_at(file, bytes, at)
            .map_err(|error| Fault::io("write a temporary file in", &self.files.folder, &error))
    }

    /// Everything is in.
    pub(crate) fn finish(self) -> Spill {
        let kept = self.kept.into_inner().unwrap_or_else(PoisonError::into_inner);
        Spill { files: self.files, bytes: self.bytes.into_inner(), kept }
    }
}

impl Spill {
    /// Bytes in files.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Fills `cells` (bytes, 4 per token) from a position of one lane.
    pub(crate) fn read(&self, lane: usize, position: u64, cells: &mut [u8]) -> Result<(), Fault> {
        if position & KEPT != 0 {
            let run = &self.kept[((position ^ KEPT) >> PLACE_BITS) as usize];
            run.read(lane, position as u32 as usize, cells);
            return Ok(());
        }
        let Files { folder, lanes, narrow } = &self.files;
        let read = if lane == 0 && position & NARROW != 0 {
            let half = cells.len() / 2;
            let read = read_exact_at(narrow, &mut cells[half..], 2 * (position ^ NARROW));
            widen(cells);
            read
        } else {
            read_exact_at(&lanes[lane], cells, 4 * (position & !NARROW))
        };
        read.map_err(|error| Fault::io("read a temporary file in", folder, &error))
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
        // Runs have hundreds of sequences, mostly: at most one begins here.
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
    use super::{KEPT, Positions, Run, SpillWriter};
    use crate::source::Rows;
    use arrow_buffer::ToByteSlice;
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

    fn rows(tokens: Vec<i32>) -> Rows {
        Rows { tokens, ..Rows::default() }
    }

    proptest! {
        #[test]
        fn cells_come_back_from_any_place_of_memory_and_file(
            runs in prop::collection::vec(
                (prop::collection::vec(0_i32..0x1_0000, 0..70), any::<bool>()), 1..6,
            ),
            room in 0_u64..2000,
            cut in any::<(prop::sample::Index, prop::sample::Index)>(),
        ) {
            let folder = tempfile::tempdir().expect("a folder");
            let spill = SpillWriter::create(folder.path(), 3, room).expect("files");
            let mut put = Vec::new();
            for (mut tokens, wide) in runs {
                if let (true, Some(token)) = (wide, tokens.last_mut()) {
                    *token += 0x1_0000;
                }
                let labels = tokens.iter().map(|token| token - 100).collect();
                let weights = tokens.iter().map(|&token| token as f32 / 4.0).collect();
                let run = Rows { labels: Some(labels), weights: Some(weights), ..rows(tokens) };
                put.push((spill.append(&run).expect("written"), run));
            }
            let spill = spill.finish();
            for (position, run) in put {
                let start = cut.0.index(run.tokens.len() + 1);
                let end = start + cut.1.index(run.tokens.len() - start + 1);
                let (labels, weights) = (run.labels.expect("put"), run.weights.expect("put"));
                for (lane, wanted) in
                    [run.tokens.to_byte_slice(), labels.to_byte_slice(), weights.to_byte_slice()]
                        .into_iter()
                        .enumerate()
                {
                    let mut cells = vec![0xAA; 4 * (end - start)];
                    spill.read(lane, position + start as u64, &mut cells).expect("read");
                    prop_assert_eq!(&cells, &wanted[4 * start..4 * end]);
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_into_memory_goes_to_a_file_that_nobody_sees() {
        let folder = tempfile::tempdir().expect("a folder");
        let spill = SpillWriter::create(folder.path(), 1, 200).expect("files");
        let positions = [0, 1, 2, 3].map(|id| spill.append(&rows(vec![id; 20])).expect("written"));
        assert_eq!(positions.map(|position| position & KEPT != 0), [true, false, false, false]);
        let visible = std::fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(visible, 0, "a killed process would leave nothing");
        assert_eq!(spill.finish().bytes(), 3 * 40);
    }
}
