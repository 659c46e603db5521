//! A histogram to a plan: templates with multiplicities, and the proof of how good they are.
//!
//! Policies first, then the strategy over length classes, then the bound. Nothing here depends on
//! the number of sequences. Which sequence stands where is the business of [`crate::packing`].

use crate::bound::{self, Bound};
use crate::certificate::{self, Certificate, Claim};
use crate::optimal::{self, Mode};
use crate::options::Strategy;
use crate::policy::{self, Ledger};
use crate::split::{self, Target};
use crate::stats::{self, Context, Stats};
use crate::strategy::{
    Problem, best_fit_decreasing, first_fit_decreasing, modified_first_fit_decreasing,
    worst_fit_decreasing,
};
use crate::template::{Templates, plan_order, sequences};
use crate::{Fault, Histogram, PackOptions, Watch};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Templates with multiplicities in plan order, a lower bound and its proof.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What was asked for.
    pub options: PackOptions,
    /// In plan order.
    pub templates: Templates,
    /// No packing of these sequences under these options has fewer packs.
    pub lower_bound: u64,
    /// The proof of it.
    pub certificate: Certificate,
    /// Where the tokens went.
    pub ledger: Ledger,
    /// Sequences planned for, dropped ones included.
    pub sequence_count: u64,
}

/// What a strategy makes of length classes.
#[derive(Clone, Debug)]
pub(crate) struct Solved {
    pub(crate) templates: Templates,
    pub(crate) lower_bound: u64,
    pub(crate) certificate: Certificate,
}

/// Plans the sequences of `histogram`.
///
/// # Errors
/// [`Fault::Strategy`] for a strategy that doesn't plan; [`Fault::Option`] for a tolerance above 1
/// or a pack count that can't be met; [`Fault::Empty`] and [`Fault::Overlong`] without an index;
/// [`Fault::Memory`]; [`Fault::Cancelled`].
pub fn plan(
    histogram: &Histogram,
    options: &PackOptions,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Plan, Fault> {
    if !plans(options.strategy) {
        let detail = "this strategy places one sequence after another and has no plan; plan with \
                      auto, optimal, best-fit-decreasing, first-fit-decreasing, \
                      worst-fit-decreasing or modified-first-fit-decreasing"
            .to_owned();
        return Err(Fault::Strategy { detail });
    }
    if options.tolerance > 1 {
        let detail = format!(
            "a plan has no tolerance, got {}; plan.epoch() gives another pairing for every epoch",
            options.tolerance
        );
        return Err(Fault::Option { detail });
    }
    let admitted = policy::admit_classes(histogram.classes(), options)?;
    let solved = solve(&admitted.classes, options, threads, watch)?;
    Ok(Plan {
        options: options.clone(),
        templates: solved.templates,
        lower_bound: solved.lower_bound,
        certificate: solved.certificate,
        ledger: admitted.ledger,
        sequence_count: histogram.sequence_count(),
    })
}

/// True if the strategy works on length classes.
pub(crate) fn plans(strategy: Strategy) -> bool {
    matches!(
        strategy,
        Strategy::Auto
            | Strategy::Optimal
            | Strategy::FirstFitDecreasing
            | Strategy::BestFitDecreasing
            | Strategy::WorstFitDecreasing
            | Strategy::ModifiedFirstFitDecreasing
    )
}

/// Packs `classes` (longest first, after the policies) as the options say.
pub(crate) fn solve(
    classes: &[(u32, u64)],
    options: &PackOptions,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Solved, Fault> {
    let problem = Problem {
        classes,
        capacity: options.capacity,
        alignment: options.sequence_alignment,
        limit: options.limit(),
    };
    let templates = match options.strategy {
        Strategy::FirstFitDecreasing => first_fit_decreasing::plan(&problem),
        Strategy::WorstFitDecreasing => worst_fit_decreasing::plan(&problem),
        Strategy::ModifiedFirstFitDecreasing => modified_first_fit_decreasing::plan(&problem),
        Strategy::Auto | Strategy::Optimal => {
            let mode = if options.strategy == Strategy::Auto { Mode::Auto } else { Mode::Optimal };
            let found = optimal::search(&problem, mode, options.effort, threads, watch)?;
            let templates = found.templates.into_plan_order();
            let (lower_bound, certificate) = (found.lower_bound, found.certificate);
            return resize(Solved { templates, lower_bound, certificate }, classes, options);
        }
        _ => best_fit_decreasing::plan(&problem),
    };
    let Bound { packs, certificate } = quick_bound(classes, options);
    watch.gap(templates.pack_count() - packs);
    resize(Solved { templates, lower_bound: packs, certificate }, classes, options)
}

/// Splits packs until there are as many as the options want.
fn resize(solved: Solved, classes: &[(u32, u64)], options: &PackOptions) -> Result<Solved, Fault> {
    let target =
        Target { multiple: options.pack_count_multiple_of, pack_count: options.pack_count };
    let sequences = classes.iter().map(|class| class.1).sum();
    let packs = solved.templates.pack_count();
    let (wanted, lower_bound) = split::counts(target, packs, solved.lower_bound, sequences)?;
    if wanted == packs {
        return Ok(Solved { lower_bound, ..solved });
    }
    let templates = split::split_to(solved.templates, wanted);
    Ok(Solved { templates, lower_bound, certificate: solved.certificate })
}

/// The bound that every packing carries at least: L1, L2 and count, in units of the alignment.
pub(crate) fn quick_bound(classes: &[(u32, u64)], options: &PackOptions) -> Bound {
    let alignment = options.sequence_alignment;
    if alignment == 1 {
        return bound::quick(classes, options.capacity, options.limit());
    }
    let mut units: Vec<(u32, u64)> =
        classes.iter().map(|&(length, count)| (length.div_ceil(alignment), count)).collect();
    units.dedup_by(|shorter, kept| {
        let same = shorter.0 == kept.0;
        kept.1 += if same { shorter.1 } else { 0 };
        same
    });
    bound::quick(&units, options.capacity / alignment, options.limit())
}

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
            packed += u128::from(crate::template::tokens(runs)) * u128::from(multiplicity);
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

    /// Number of packs.
    #[must_use]
    pub fn pack_count(&self) -> u64 {
        self.templates.pack_count()
    }

    /// Packs above the lower bound; 0 means proved optimal.
    #[must_use]
    pub fn gap(&self) -> u64 {
        self.pack_count() - self.lower_bound
    }

    /// 32 hexadecimal digits; equal plans have equal ids. Strategy, bound and certificate aren't
    /// part of it.
    #[must_use]
    pub fn id(&self) -> String {
        let options = &self.options;
        let limit = options.max_sequences_per_pack.map_or(0, std::num::NonZero::get);
        let mut text = format!(
            "stowage plan 1\n{} {} {limit}\n",
            options.capacity, options.sequence_alignment
        );
        let mut hash = Sha256::new();
        for (runs, multiplicity) in self.templates.iter() {
            write!(text, "{multiplicity}").expect("a string takes everything");
            for run in runs {
                write!(text, " {}×{}", run.length, run.times).expect("a string takes everything");
            }
            text.push('\n');
            hash.update(text.as_bytes());
            text.clear();
        }
        hash.update(text.as_bytes());
        let digest = hash.finalize();
        digest[..16].iter().fold(String::with_capacity(32), |mut id, byte| {
            write!(id, "{byte:02x}").expect("a string takes everything");
            id
        })
    }

    /// The figures of the packing that the plan stands for. O(T log T) for T templates.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let context = Context {
            capacity: self.options.capacity,
            sequence_count: self.sequence_count,
            lower_bound: self.lower_bound,
            ledger: self.ledger,
        };
        stats::of_templates(&self.templates, &context)
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

    /// (length, count) of the sequences or pieces that the templates hold, longest first.
    #[must_use]
    pub fn classes(&self) -> Vec<(u32, u64)> {
        let runs = self.templates.iter().flat_map(|(runs, multiplicity)| {
            runs.iter().map(move |run| (run.length, u64::from(run.times) * multiplicity))
        });
        let mut classes: Vec<(u32, u64)> = runs.collect();
        classes.sort_unstable_by_key(|class| std::cmp::Reverse(class.0));
        classes.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            kept.1 += if same { next.1 } else { 0 };
            same
        });
        classes
    }
}

fn invalid(length: Option<u32>, detail: String) -> Fault {
    Fault::InvalidPlan { length, detail }
}
