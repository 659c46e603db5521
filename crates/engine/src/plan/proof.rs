//! Plans that may come from anywhere: their parts are checked, and all of it proved.

use super::plan::Plan;
use crate::certificate::{self, Claim};
use crate::policy;
use crate::template::{plan_order, sequences, tokens};
use crate::{Fault, Histogram, Watch};

impl Plan {
    /// A plan from its parts, as from a file: their shape and sums are checked, and `id` where one
    /// is given. [`verify`](Self::verify) proves the rest.
    ///
    /// # Errors
    /// [`Fault::InvalidPlan`] with the first fault.
    pub fn from_parts(parts: Self, id: Option<&str>) -> Result<Self, Fault> {
        let limit = u64::from(parts.options.limit());
        let mut packed = 0_u128;
        let mut entries = 0_u128;
        let mut before = None;
        for (t, (runs, multiplicity)) in parts.templates.iter().enumerate() {
            if runs.is_empty() || runs.iter().any(|run| run.length == 0 || run.times == 0) {
                return Err(invalid(None, format!("template {t} has a run of no sequences")));
            }
            if let Some(pair) = runs.windows(2).find(|pair| pair[0].length <= pair[1].length) {
                let detail = format!("template {t} has lengths that do not fall");
                return Err(invalid(Some(pair[1].length), detail));
            }
            if before.is_some_and(|before| !plan_order(before, runs).is_lt()) {
                return Err(invalid(None, format!("template {t} is not in plan order")));
            }
            let need = runs.iter().map(|run| {
                let need = run.length.div_ceil(parts.options.sequence_alignment);
                u128::from(need) * u128::from(run.times)
            });
            let room = parts.options.capacity / parts.options.sequence_alignment;
            if need.sum::<u128>() > room.into() {
                let detail = format!("template {t} is over the capacity");
                return Err(invalid(Some(runs[0].length), detail));
            }
            if sequences(runs) > limit {
                let detail = format!("template {t} has more than {limit} sequences");
                return Err(invalid(Some(runs[0].length), detail));
            }
            packed += u128::from(tokens(runs)) * u128::from(multiplicity);
            entries += u128::from(sequences(runs)) * u128::from(multiplicity);
            before = Some(runs);
        }
        let ledger = &parts.ledger;
        if !ledger.balances() || packed != ledger.tokens_packed.into() {
            let detail = format!("the templates hold {packed} tokens, the ledger says {ledger:?}");
            return Err(invalid(None, detail));
        }
        let whole = u128::from(parts.sequence_count.saturating_sub(ledger.dropped_count));
        if parts.sequence_count < ledger.dropped_count || entries < whole {
            let detail = format!("the templates hold {entries} sequences, of {whole}");
            return Err(invalid(None, detail));
        }
        let packs = parts.templates.pack_count();
        if parts.lower_bound > packs {
            let detail = format!("the lower bound {} is above {packs} packs", parts.lower_bound);
            return Err(invalid(None, detail));
        }
        if let Some(id) = id.filter(|id| *id != parts.id()) {
            return Err(invalid(None, format!("the id is {}, not {id}", parts.id())));
        }
        Ok(parts)
    }

    /// Proves the plan against the histogram it was made for, with integers alone.
    ///
    /// # Errors
    /// [`Fault::InvalidPlan`] naming the step and the length that fails; the faults of the policies.
    pub fn verify(&self, histogram: &Histogram, watch: &dyn Watch) -> Result<(), Fault> {
        let admitted = policy::admit_classes(histogram.classes(), &self.options)?;
        if admitted.ledger != self.ledger || histogram.sequence_count() != self.sequence_count {
            let detail = format!(
                "step 1: the ledger says {:?} of {} sequences, the histogram {:?} of {}",
                self.ledger,
                self.sequence_count,
                admitted.ledger,
                histogram.sequence_count()
            );
            return Err(invalid(None, detail));
        }
        let claim = Claim {
            classes: &admitted.classes,
            templates: &self.templates,
            capacity: self.options.capacity,
            alignment: self.options.sequence_alignment,
            limit: self.options.limit(),
            multiple: self.options.pack_count_multiple_of,
            pack_count: self.options.pack_count,
            lower_bound: self.lower_bound,
            certificate: &self.certificate,
        };
        certificate::verify(&claim, watch)
    }
}

fn invalid(length: Option<u32>, detail: String) -> Fault {
    Fault::InvalidPlan { length, detail }
}
