//! Plans that may come from anywhere: their parts are checked, and all of it proved.

use super::plan::Plan;
use crate::certificate::{self, Claim};
use crate::loads::{self, LoadBound};
use crate::options::Loads;
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
            let after = |before| match parts.options.loads() {
                None => plan_order(before, runs).is_lt(),
                Some(Loads { cost, .. }) => loads::stands_before(before, runs, cost),
            };
            if before.is_some_and(|before| !after(before)) {
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
        check_loads(&parts)?;
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
        certificate::verify(&claim, watch)?;
        let (Some(Loads { cost, equal_counts, .. }), Some(figures)) =
            (self.options.loads(), self.outcome.loads)
        else {
            return Ok(());
        };
        let mut sizes = self.templates.iter().map(|(runs, _)| sequences(runs));
        let first = sizes.next();
        if equal_counts && sizes.any(|size| Some(size) != first) {
            return Err(invalid(None, "packs do not hold equally many sequences".to_owned()));
        }
        let bound = LoadBound { load: figures.bound, certificate: self.load_certificate.clone() };
        loads::verify_load(&admitted.classes, cost, self.pack_count(), &bound, watch)
    }
}

/// The loads that a plan tells are those of its templates, and not below their bound.
fn check_loads(parts: &Plan) -> Result<(), Fault> {
    let (Some(Loads { cost, .. }), figures) = (parts.options.loads(), parts.outcome.loads) else {
        return Ok(());
    };
    let each = || parts.templates.iter().map(|(runs, _)| cost.of_runs(runs));
    let (most, least) = (each().max().unwrap_or(0), each().min().unwrap_or(0));
    let told = figures.map_or((0, 0, 0), |told| (told.most.into(), told.least.into(), told.bound));
    if (told.0, told.1) != (most, least) || u128::from(told.2) > most {
        let detail = format!(
            "the loads are {least} to {most}, not {} to {} with a bound of {}",
            told.1, told.0, told.2
        );
        return Err(invalid(None, detail));
    }
    Ok(())
}

fn invalid(length: Option<u32>, detail: String) -> Fault {
    Fault::InvalidPlan { length, detail }
}
