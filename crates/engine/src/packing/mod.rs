//! Lengths to packs: everything is decided before memory for the result exists, then it is filled.
//!
//! A caller asks for a [`Prepared`], makes arrays of the sizes it names, and has them filled. The
//! strategies that plan cost three passes over the lengths and four bytes per sequence besides the
//! result; the others are one sequence after another.

mod counted;

use crate::binding::counting;
use crate::binding::gathering::gather;
use crate::binding::sorting::ByLength;
use crate::certificate::Certificate;
use crate::plan::{self, Plan, quick_bound};
use crate::policy::{self, Admitted, Ledger};
use crate::strategy::{self, Assignment};
use crate::template::Templates;
use crate::{Fault, PackOptions, Watch, memory};
use counted::{Counted, Order};

/// A packing that is decided and not yet written.
#[derive(Debug)]
pub struct Prepared {
    source: Source,
    admitted: Admitted,
    pack_count: u32,
    entry_count: usize,
    lower_bound: u64,
    certificate: Certificate,
}

#[derive(Debug)]
enum Source {
    /// Templates, to be bound to sequences in order of length.
    Planned(Templates, Order),
    /// Each sequence has its pack.
    Placed(Assignment),
}

/// Where the packing goes: arrays of exactly the sizes that [`Prepared`] names.
#[derive(Debug)]
pub struct Output<'a> {
    /// `pack_count + 1`: pack k holds `sequences[offsets[k] .. offsets[k + 1]]`.
    pub offsets: &'a mut [u32],
    /// `entry_count`: sequence indices, pack by pack.
    pub sequences: &'a mut [u32],
    /// `entry_count` if [`cut`](Prepared::cut), else empty: first token of each piece.
    pub starts: &'a mut [u32],
    /// As `starts`: tokens of each piece.
    pub piece_lengths: &'a mut [u32],
    /// `dropped_count`: sequences left out, ascending.
    pub dropped: &'a mut [u32],
}

/// Which part of its sequence each entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pieces {
    /// First tokens.
    pub starts: Vec<u32>,
    /// Numbers of tokens.
    pub lengths: Vec<u32>,
}

/// Which sequences stand in which pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packing {
    /// Tokens that a pack holds.
    pub capacity: u32,
    /// Pack k holds `sequences[offsets[k] .. offsets[k + 1]]`.
    pub offsets: Vec<u32>,
    /// Sequence indices, pack by pack.
    pub sequences: Vec<u32>,
    /// Parallel to `sequences`; none unless a sequence was cut.
    pub pieces: Option<Pieces>,
    /// Sequences left out by the policies, ascending.
    pub dropped: Vec<u32>,
    /// No packing of these sequences under these options has fewer packs.
    pub lower_bound: u64,
    /// Where the tokens went.
    pub ledger: Ledger,
}

/// Packs `lengths`.
///
/// # Errors
/// As [`prepare`].
pub fn pack(
    lengths: &[u32],
    options: &PackOptions,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Packing, Fault> {
    prepare(lengths, options, threads, watch)?.into_packing(
        lengths,
        options.capacity,
        threads,
        watch,
    )
}

/// Decides the packing of `lengths`, in `threads` parts at once; the same for any number of them.
///
/// # Errors
/// [`Fault::Overlong`] and [`Fault::Empty`] for the first sequence that its policy refuses;
/// [`Fault::Option`] for options that don't go together; [`Fault::TooManySequences`];
/// [`Fault::Memory`]; [`Fault::Cancelled`].
pub fn prepare(
    lengths: &[u32],
    options: &PackOptions,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Prepared, Fault> {
    check(options)?;
    if plan::plans(options.strategy) && options.tolerance == 1 {
        let counted = Counted::new(lengths, options, threads, watch)?;
        let solved = counted.solve(options, threads, watch)?;
        return Ok(counted.prepared(solved.templates, solved.lower_bound, solved.certificate));
    }
    let admitted = policy::admit(lengths, options, watch)?;
    let placed = admitted.lengths(lengths);
    let mut classes = counting::classes(placed, threads, watch)?;
    classes.reverse();
    let bound = quick_bound(&classes, options);
    let assignment = strategy::assign(placed, options, watch)?;
    Ok(Prepared {
        pack_count: assignment.pack_count,
        entry_count: placed.len(),
        source: Source::Placed(assignment),
        admitted,
        lower_bound: bound.packs,
        certificate: bound.certificate,
    })
}

/// As [`prepare`], with lengths that are given away: they are freed as soon as the sequences are in
/// order, before there are arrays for the result. [`Prepared::bind_into`] needs no lengths then.
///
/// # Errors
/// As [`prepare`].
pub fn prepare_owned(
    lengths: Vec<u32>,
    options: &PackOptions,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Prepared, Fault> {
    prepare(&lengths, options, threads, watch)?.give_up(lengths, threads, watch)
}

impl Plan {
    /// Decides which sequence fills which slot of the plan: those of each length, in input order,
    /// from the first pack to the last.
    ///
    /// # Errors
    /// [`Fault::HistogramMismatch`] unless the lengths have exactly the planned histogram; the
    /// faults of the policies; [`Fault::TooManySequences`]; [`Fault::Memory`]; [`Fault::Cancelled`].
    pub fn assign(
        &self,
        lengths: &[u32],
        threads: usize,
        watch: &dyn Watch,
    ) -> Result<Prepared, Fault> {
        let counted = Counted::new(lengths, &self.options, threads, watch)?;
        self.check_histogram(&counted)?;
        Ok(counted.prepared(self.templates.clone(), self.lower_bound, self.certificate.clone()))
    }

    /// As [`assign`](Self::assign), with lengths that are given away: see [`prepare_owned`].
    ///
    /// # Errors
    /// As [`assign`](Self::assign).
    pub fn assign_owned(
        &self,
        lengths: Vec<u32>,
        threads: usize,
        watch: &dyn Watch,
    ) -> Result<Prepared, Fault> {
        self.assign(&lengths, threads, watch)?.give_up(lengths, threads, watch)
    }

    fn check_histogram(&self, counted: &Counted) -> Result<(), Fault> {
        let (planned, given) = (self.classes(), &counted.classes);
        let (mut a, mut b) = (planned.iter().rev().peekable(), given.iter().rev().peekable());
        while a.peek().is_some() || b.peek().is_some() {
            let next = |side: Option<&&(u32, u64)>| side.map_or(u32::MAX, |class| class.0);
            let length = next(a.peek()).min(next(b.peek()));
            let planned = a.next_if(|class| class.0 == length).map_or(0, |class| class.1);
            let given = b.next_if(|class| class.0 == length).map_or(0, |class| class.1);
            if planned != given {
                return Err(Fault::HistogramMismatch { length, planned, given });
            }
        }
        let ledger = &counted.admitted.ledger;
        if self.ledger != *ledger {
            // The same pieces are packed, so what differs was dropped or cut off: name the shortest
            // length that can be.
            let (planned, given) = (self.ledger.dropped_count, ledger.dropped_count);
            let tokens = self.ledger.tokens_in == ledger.tokens_in;
            let length = if tokens { 0 } else { self.options.usable().saturating_add(1) };
            return Err(Fault::HistogramMismatch { length, planned, given });
        }
        Ok(())
    }
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

    /// Where the tokens went.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.admitted.ledger
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
        self.name_sequences(sequences, starts, piece_lengths);
        dropped.copy_from_slice(&self.admitted.dropped);
        Ok(())
    }

    /// Turns numbers of pieces into sequences, starts and lengths.
    fn name_sequences(&self, entries: &mut [u32], starts: &mut [u32], lengths: &mut [u32]) {
        let Some(pieces) = &self.admitted.pieces else { return };
        if self.admitted.cut {
            for ((&mut piece, start), length) in entries.iter_mut().zip(starts).zip(lengths) {
                *start = pieces.starts[piece as usize];
                *length = pieces.lengths[piece as usize];
            }
        }
        for entry in entries {
            *entry = pieces.sequences[*entry as usize];
        }
    }

    /// Sorts the sequences while their lengths are there, then frees the lengths.
    fn give_up(
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
        let Self { lower_bound, admitted: Admitted { ledger, .. }, .. } = self;
        Ok(Packing { capacity, offsets, sequences, pieces, dropped, lower_bound, ledger })
    }
}

/// Options that don't go together.
fn check(options: &PackOptions) -> Result<(), Fault> {
    let plans = plan::plans(options.strategy);
    let counted = options.pack_count.is_some() || options.pack_count_multiple_of > 1;
    if counted && (!plans || options.tolerance > 1) {
        let detail =
            "packCount and packCountMultipleOf need a strategy that plans, and tolerance 1";
        return Err(Fault::Option { detail: detail.to_owned() });
    }
    Ok(())
}
