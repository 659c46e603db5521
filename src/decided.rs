//! A packing between deciding and figures, on whatever thread: nothing of Node-API in here.

use crate::clock::{Clock, Times, ms};
use std::time::Instant;
use stowage_engine::packing::{self, prepare_owned};
use stowage_engine::stats::{self, Context, Fills};
use stowage_engine::{Fault, PackOptions, Unwatched, Watch, strategy};

/// A packing that can be written, on whatever thread.
pub struct Decided {
    packing: packing::Prepared,
    /// The copy of a job's input, unless planning has used it up.
    lengths: Vec<u32>,
    context: Context,
    times: Times,
}

/// What its figures need once it is written.
pub struct Written {
    pub fills: Fills,
    pub times: Times,
}

/// The arrays of a packing, in the order of the wrapper's arguments.
pub struct Arrays<'a> {
    pub offsets: &'a mut [u32],
    pub sequences: &'a mut [u32],
    pub starts: &'a mut [u32],
    pub lengths: &'a mut [u32],
    pub dropped: &'a mut [u32],
}

impl Decided {
    /// Decides the packing of lengths that stay the caller's.
    pub fn borrowed(
        lengths: &[u32],
        options: &PackOptions,
        threads: usize,
    ) -> std::result::Result<Self, Fault> {
        let clock = Clock::start(&Unwatched);
        let packing = packing::prepare(lengths, options, threads, &clock)?;
        Ok(Self::new(packing, Vec::new(), lengths.len(), clock.times()))
    }

    /// Decides the packing of lengths that are ours, which planning frees as early as it can.
    pub fn owned(
        lengths: Vec<u32>,
        options: &PackOptions,
        threads: usize,
        watch: &dyn Watch,
    ) -> std::result::Result<Self, Fault> {
        let (clock, count) = (Clock::start(watch), lengths.len());
        let (packing, lengths) = if strategy::plans(options) {
            (prepare_owned(lengths, options, threads, &clock)?, Vec::new())
        } else {
            (packing::prepare(&lengths, options, threads, &clock)?, lengths)
        };
        Ok(Self::new(packing, lengths, count, clock.times()))
    }

    /// Its sizes, bound and proof.
    pub fn packing(&self) -> &packing::Prepared {
        &self.packing
    }

    /// What its figures need besides fills.
    pub fn context(&self) -> Context {
        self.context
    }

    /// A packing that the engine has decided in `times`.
    pub fn new(
        packing: packing::Prepared,
        lengths: Vec<u32>,
        sequence_count: usize,
        times: Times,
    ) -> Self {
        let context = Context {
            capacity: packing.capacity(),
            sequence_count: sequence_count as u64,
            lower_bound: packing.lower_bound(),
            ledger: *packing.ledger(),
            outcome: packing.outcome(),
        };
        Self { packing, lengths, context, times }
    }

    /// Writes a packing of lengths that the caller still has, and the tokens of each pack into `fills`,
    /// from which figures can be made later; returns the times of all stages.
    pub fn write_small(
        mut self,
        lengths: &[u32],
        out: Arrays<'_>,
        fills: &mut [u32],
    ) -> std::result::Result<Times, Fault> {
        let started = Instant::now();
        let Arrays { offsets, sequences, starts, lengths: tokens, dropped } = out;
        let arrays = packing::Output {
            offsets: &mut *offsets,
            sequences: &mut *sequences,
            starts,
            piece_lengths: &mut *tokens,
            dropped,
        };
        self.packing.bind_into(lengths, arrays, 1, &Unwatched)?;
        if let Some(templates) = self.packing.templates() {
            templates.fill_tokens(fills);
        } else {
            let cut = self.packing.cut();
            for (fill, pack) in fills.iter_mut().zip(offsets.windows(2)) {
                let entries = pack[0] as usize..pack[1] as usize;
                *fill = if cut {
                    tokens[entries].iter().sum()
                } else {
                    sequences[entries].iter().map(|&sequence| lengths[sequence as usize]).sum()
                };
            }
        }
        self.times.bind += ms(started, Instant::now());
        Ok(self.times)
    }

    /// Writes the packing; `given` are the lengths of a caller that still has them.
    pub fn write(
        mut self,
        given: &[u32],
        out: Arrays<'_>,
        threads: usize,
        watch: &dyn Watch,
    ) -> std::result::Result<Written, Fault> {
        let started = Instant::now();
        let lengths = if self.lengths.is_empty() { given } else { &self.lengths };
        let Arrays { offsets, sequences, starts, lengths: tokens, dropped } = out;
        let arrays = packing::Output {
            offsets: &mut *offsets,
            sequences: &mut *sequences,
            starts,
            piece_lengths: &mut *tokens,
            dropped,
        };
        self.packing.bind_into(lengths, arrays, threads, watch)?;
        let cut = self.packing.cut();
        let fills = if let Some(templates) = self.packing.into_templates() {
            Fills::of_templates(&templates)
        } else {
            let of_entry = |entry: usize| {
                if cut { tokens[entry] } else { lengths[sequences[entry] as usize] }
            };
            Fills::of_packing(&stats::fills(offsets, of_entry)?, offsets)?
        };
        self.times.bind += ms(started, Instant::now());
        Ok(Written { fills, times: self.times })
    }
}
