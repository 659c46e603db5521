//! A plan to packs: the sequences of the planned lengths fill its slots.

use super::counted::Counted;
use super::prepared::Prepared;
use crate::plan::{Plan, Solved};
use crate::{Fault, Watch};

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
        Ok(counted.prepared(Solved {
            templates: self.templates.clone(),
            lower_bound: self.lower_bound,
            certificate: self.certificate.clone(),
            capacity: self.options.capacity,
            outcome: self.outcome,
            load_certificate: None,
        }))
    }

    /// As [`assign`](Self::assign), with lengths that are given away: see
    /// [`prepare_owned`](super::prepare_owned).
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
