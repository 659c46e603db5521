//! The plan itself: what is planned, by what name it goes, what its packing comes to.

use super::solve::{has_no_plan, solve};
use crate::certificate::Certificate;
use crate::policy::{self, Ledger};
use crate::stats::{self, Context, Outcome, Stats};
use crate::template::Templates;
use crate::{Fault, Histogram, PackOptions, Watch, strategy};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Templates with multiplicities in plan order, a lower bound and its proof.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What was asked for.
    pub options: PackOptions,
    /// In plan order; by falling load where loads are the objective.
    pub templates: Templates,
    /// No packing of these sequences under these options has fewer packs.
    pub lower_bound: u64,
    /// The proof of it.
    pub certificate: Certificate,
    /// Where the tokens went.
    pub ledger: Ledger,
    /// Sequences planned for, dropped ones included.
    pub sequence_count: u64,
    /// What the search tells of itself: why it ended, and the loads where they were the objective.
    pub outcome: Outcome,
    /// The proof of the bound on loads; none where there are none, or where their bound needs none.
    pub load_certificate: Option<Certificate>,
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
    if !strategy::info(options.strategy).plans {
        return Err(has_no_plan());
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
        options: PackOptions { capacity: solved.capacity, ..options.clone() },
        templates: solved.templates,
        lower_bound: solved.lower_bound,
        certificate: solved.certificate,
        ledger: admitted.ledger,
        sequence_count: histogram.sequence_count(),
        outcome: solved.outcome,
        load_certificate: solved.load_certificate,
    })
}

impl Plan {
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
        // In plan order whatever the objective: the id is of the packs.
        let ordered = options.loads().map(|_| self.templates.clone().into_plan_order());
        for (runs, multiplicity) in ordered.as_ref().unwrap_or(&self.templates).iter() {
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
            outcome: self.outcome,
        };
        stats::of_templates(&self.templates, &context)
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
