//! Lengths after the policies, counted: what a packing by plan needs before and after planning.
//!
//! O(n). In the common case, lengths in 1 ..= usable capacity and not large beside their number, that
//! is one pass, and the same tables sort the sequences when the packing is written. Otherwise the
//! policies take a pass of their own, and lengths that are few or large beside their number are sorted
//! by comparison, O(n log n). Not for strategies that place one sequence after another.

use super::order::Order;
use super::prepared::{Prepared, Source};
use crate::binding::counting::{self, Tables};
use crate::binding::sorting::ByLength;
use crate::plan::{self, Solved};
use crate::policy::{self, Admitted, Ledger};
use crate::{Fault, PackOptions, Stage, Watch};

/// Lengths after the policies, counted.
pub(super) struct Counted {
    pub(super) admitted: Admitted,
    /// Longest first.
    pub(super) classes: Vec<(u32, u64)>,
    entry_count: usize,
    order: Order,
}

impl Counted {
    /// Applies the policies and counts what is left.
    ///
    /// # Errors
    /// The faults of the policies; [`Fault::TooManySequences`]; [`Fault::Memory`];
    /// [`Fault::Cancelled`].
    pub(super) fn new(
        lengths: &[u32],
        options: &PackOptions,
        threads: usize,
        watch: &dyn Watch,
    ) -> Result<Self, Fault> {
        let parts = counting::parts(lengths.len(), threads);
        let usable = options.usable();
        let sparse = counting::is_sparse(usable, lengths.len());
        if !sparse && lengths.len() < u32::MAX as usize && counting::is_dense(usable, lengths.len())
        {
            let tables = Tables::count(lengths, usable, parts, watch)?;
            let mut classes = tables.classes();
            let ordinary = classes.first().is_none_or(|class| class.0 > 0)
                && classes.last().is_none_or(|class| class.0 <= usable);
            if ordinary {
                let total = classes.iter().map(|&(length, count)| u64::from(length) * count).sum();
                let ledger = Ledger { tokens_in: total, tokens_packed: total, ..Ledger::default() };
                classes.reverse();
                return Ok(Self {
                    admitted: Admitted { ledger, ..Admitted::default() },
                    classes,
                    entry_count: lengths.len(),
                    order: Order::Counted(tables),
                });
            }
        }
        let admitted = policy::admit(lengths, options, watch)?;
        let placed = admitted.lengths(lengths);
        let parts = counting::parts(placed.len(), threads);
        let longest = counting::longest(placed, parts);
        let sparse = counting::is_sparse(longest, placed.len());
        let (order, mut classes) = if !sparse && counting::is_dense(longest, placed.len()) {
            let tables = Tables::count(placed, longest, parts, watch)?;
            let classes = tables.classes();
            (Order::Counted(tables), classes)
        } else {
            let (by_length, classes) = ByLength::compared(placed, parts, watch)?;
            (Order::Sorted(by_length), classes)
        };
        classes.reverse();
        Ok(Self { entry_count: placed.len(), classes, order, admitted })
    }

    /// The templates for what was counted; a caller that watches hears that planning begins.
    ///
    /// # Errors
    /// [`Fault::Option`] where no plan has as many packs as asked for; [`Fault::Memory`];
    /// [`Fault::Cancelled`].
    pub(super) fn solve(
        &self,
        options: &PackOptions,
        threads: usize,
        watch: &dyn Watch,
    ) -> Result<Solved, Fault> {
        watch.step(Stage::Plan, 0, 1)?;
        plan::solve(&self.classes, options, threads, watch)
    }

    /// The packing that was solved.
    pub(super) fn prepared(self, solved: Solved) -> Prepared {
        let Solved { templates, lower_bound, certificate, capacity, outcome, .. } = solved;
        Prepared {
            pack_count: u32::try_from(templates.pack_count())
                .expect("no more packs than sequences, which are fewer than 2^32"),
            entry_count: self.entry_count,
            source: Source::Planned(templates, self.order),
            admitted: self.admitted,
            lower_bound,
            certificate,
            capacity,
            outcome,
        }
    }
}
