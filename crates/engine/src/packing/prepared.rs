//! A packing that is decided: its sizes, and how it is written.

use super::order::Order;
use super::output::{Output, Packing, Pieces};
use crate::binding::counting;
use crate::binding::gathering::gather;
use crate::binding::sorting::ByLength;
use crate::certificate::Certificate;
use crate::policy::{Admitted, Ledger};
use crate::stats::Outcome;
use crate::strategy::Assignment;
use crate::template::Templates;
use crate::{Fault, STRIDE, Stage, Watch, memory};

/// A packing that is decided and not yet written.
#[derive(Debug)]
pub struct Prepared {
    pub(super) source: Source,
    pub(super) admitted: Admitted,
    pub(super) pack_count: u32,
    pub(super) entry_count: usize,
    pub(super) lower_bound: u64,
    pub(super) certificate: Certificate,
    pub(super) capacity: u32,
    pub(super) outcome: Outcome,
}

#[derive(Debug)]
pub(super) enum Source {
    /// Templates, to be bound to sequences in order of length.
    Planned(Templates, Order),
    /// Each sequence has its pack.
    Placed(Assignment),
}

impl Prepared {
    /// Number of packs.
    #[must_use]
    pub fn pack_count(&self) -> u32 {
        self.pack_count
    }

    /// Number of entries: packed sequences, or pieces where some were split.
    #[must_use]
    pub fn entry_count(&self) -> usize {
        self.entry_count
    }

    /// Number of sequences left out by the policies.
    #[must_use]
    pub fn dropped_count(&self) -> usize {
        self.admitted.dropped.len()
    }

    /// True if a sequence was truncated or split, so that entries are pieces.
    #[must_use]
    pub fn cut(&self) -> bool {
        self.admitted.cut
    }

    /// No packing of these sequences under these options has fewer packs.
    #[must_use]
    pub fn lower_bound(&self) -> u64 {
        self.lower_bound
    }

    /// The proof of the lower bound.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Tokens that a pack holds: as asked for, or of the fullest pack where loads alone were asked for.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        self.capacity
    }

    /// What the search tells of itself.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Where the tokens went.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.admitted.ledger
    }

    /// The templates; none where sequences were placed one after another.
    #[must_use]
    pub fn templates(&self) -> Option<&Templates> {
        match &self.source {
            Source::Planned(templates, _) => Some(templates),
            Source::Placed(_) => None,
        }
    }

    /// The templates, for the figures of a packing that is written; none where sequences were
    /// placed one after another. Whatever else writing needed is freed.
    #[must_use]
    pub fn into_templates(self) -> Option<Templates> {
        match self.source {
            Source::Planned(templates, _) => Some(templates),
            Source::Placed(_) => None,
        }
    }

    /// Writes the packing. `lengths` are those it was prepared with; ignored if they were given
    /// away. The same bytes for any number of `threads`.
    ///
    /// # Errors
    /// [`Fault::Memory`]; [`Fault::Cancelled`]; [`Fault::Length`] if the lengths have changed.
    ///
    /// # Panics
    /// If an array has another size than this says.
    pub fn bind_into(
        &self,
        lengths: &[u32],
        out: Output<'_>,
        threads: usize,
        watch: &dyn Watch,
    ) -> Result<(), Fault> {
        let Output { offsets, sequences, starts, piece_lengths, dropped } = out;
        assert_eq!(offsets.len(), self.pack_count as usize + 1, "one offset per pack, and the end");
        assert_eq!(sequences.len(), self.entry_count, "one entry per sequence or piece");
        match &self.source {
            Source::Placed(assignment) => {
                assignment.bind_into(offsets, sequences, threads, watch)?;
            }
            Source::Planned(templates, order) => {
                let parts = counting::parts(self.entry_count, threads);
                let mut write = |by_length: &ByLength| {
                    gather(templates, by_length, &mut *offsets, &mut *sequences, parts, watch)
                };
                match order {
                    Order::Sorted(by_length) => write(by_length)?,
                    Order::Counted(tables) => {
                        let lengths = self.admitted.lengths(lengths);
                        write(&ByLength::counted(lengths, tables, threads, watch)?)?;
                    }
                }
            }
        }
        self.name_sequences(sequences, starts, piece_lengths, watch)?;
        dropped.copy_from_slice(&self.admitted.dropped);
        Ok(())
    }

    /// Turns numbers of pieces into sequences, starts and lengths.
    fn name_sequences(
        &self,
        entries: &mut [u32],
        starts: &mut [u32],
        lengths: &mut [u32],
        watch: &dyn Watch,
    ) -> Result<(), Fault> {
        let Some(pieces) = &self.admitted.pieces else { return Ok(()) };
        let total = entries.len() as u64;
        let (mut starts, mut lengths) = (starts.chunks_mut(STRIDE), lengths.chunks_mut(STRIDE));
        for part in entries.chunks_mut(STRIDE) {
            watch.step(Stage::Bind, total, total)?;
            if let (Some(starts), Some(lengths)) = (starts.next(), lengths.next()) {
                for ((&mut piece, start), length) in part.iter_mut().zip(starts).zip(lengths) {
                    *start = pieces.starts[piece as usize];
                    *length = pieces.lengths[piece as usize];
                }
            }
            for entry in part {
                *entry = pieces.sequences[*entry as usize];
            }
        }
        Ok(())
    }

    /// Sorts the sequences while their lengths are there, then frees the lengths.
    pub(super) fn give_up(
        mut self,
        lengths: Vec<u32>,
        threads: usize,
        watch: &dyn Watch,
    ) -> Result<Self, Fault> {
        if let Source::Planned(_, order) = &mut self.source
            && let Order::Counted(tables) = order
        {
            let given = self.admitted.lengths(&lengths);
            *order = Order::Sorted(ByLength::counted(given, tables, threads, watch)?);
        }
        drop(lengths);
        Ok(self)
    }

    /// Writes the packing to memory of its own.
    ///
    /// # Errors
    /// As [`bind_into`](Self::bind_into).
    pub fn into_packing(
        self,
        lengths: &[u32],
        capacity: u32,
        threads: usize,
        watch: &dyn Watch,
    ) -> Result<Packing, Fault> {
        let pieces = if self.cut() { self.entry_count } else { 0 };
        let mut offsets = memory::filled(0, self.pack_count as usize + 1)?;
        let mut sequences = memory::filled(0, self.entry_count)?;
        let mut starts = memory::filled(0, pieces)?;
        let mut piece_lengths = memory::filled(0, pieces)?;
        let mut dropped = memory::filled(0, self.dropped_count())?;
        let out = Output {
            offsets: &mut offsets,
            sequences: &mut sequences,
            starts: &mut starts,
            piece_lengths: &mut piece_lengths,
            dropped: &mut dropped,
        };
        self.bind_into(lengths, out, threads, watch)?;
        let pieces = self.cut().then_some(Pieces { starts, lengths: piece_lengths });
        let Self { lower_bound, certificate, admitted: Admitted { ledger, .. }, .. } = self;
        Ok(Packing {
            capacity,
            offsets,
            sequences,
            pieces,
            dropped,
            lower_bound,
            certificate,
            ledger,
        })
    }
}
