//! The parts of a plan across the boundary: out for its properties and for JSON, and back in.

use crate::clock::Times;
use crate::fault;
use crate::options::{EMPTY, EngineOptions, LoadOptions, OVERLONG};
use crate::output;
use crate::plan::Plan;
use crate::stats::{SearchOutcome, TokenLedger};
use napi::bindgen_prelude::{Env, Float64ArraySlice, Result, Uint32ArraySlice};
use napi_derive::napi;
use std::num::NonZeroU32;
use stowage_engine::certificate::{Certificate, CertificateKind};
use stowage_engine::options::Overlong;
use stowage_engine::stats::Outcome;
use stowage_engine::template::{Run, Templates, sequences};
use stowage_engine::{plan, strategy};

/// What is known of a plan besides id, templates and proof.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct PlanFacts {
    /// Tokens that a pack holds.
    pub capacity: u32,
    /// Full name of the strategy.
    pub strategy: &'static str,
    /// Sequences planned.
    pub sequence_count: f64,
    /// Packs.
    pub pack_count: f64,
    /// Templates.
    pub template_count: u32,
    /// Runs of all templates.
    pub run_count: u32,
    /// No packing has fewer packs.
    pub lower_bound: f64,
    /// Tokens that stand in packs.
    pub token_count: f64,
    /// At most this many sequences in a pack.
    pub max_sequences_per_pack: Option<u32>,
    /// Each sequence takes a multiple of this.
    pub sequence_alignment: u32,
    /// The number of packs is a multiple of this.
    pub pack_count_multiple_of: f64,
    /// The number of packs asked for.
    pub pack_count_asked: Option<f64>,
    /// Place in the list of policies.
    pub overlong: u32,
    /// Place in the list of policies.
    pub empty: u32,
    /// Sequences planned, where pieces of split ones hide it.
    pub split_sequences: Option<f64>,
    /// What equal loads keep to, where they are the objective.
    pub loads: Option<LoadOptions>,
    /// What the search tells of itself.
    pub outcome: SearchOutcome,
}

/// A certificate without its weights.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct CertificateHead {
    /// How the weights were found.
    pub kind: &'static str,
    /// The parameter of `kind`.
    pub parameter: Option<f64>,
    /// No pack weighs more.
    pub pack_weight: f64,
    /// Number of weights.
    pub count: u32,
    /// `pack_weight` holds for packs of what there is.
    pub counted: bool,
}

/// Size and multiplicity of a template.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct TemplateHead {
    /// Sequences of a pack.
    pub size: f64,
    /// Packs of this template.
    pub multiplicity: f64,
}

#[napi]
impl Plan {
    /// 32 hex digits. O(runs), dearer than many a plan.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn id(&self) -> String {
        self.plan.id()
    }

    /// What is known of the plan besides id, templates and proof.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn facts(&self) -> PlanFacts {
        let plan::Plan { options, templates, ledger, .. } = &*self.plan;
        let runs: usize = templates.iter().map(|(runs, _)| runs.len()).sum();
        let split = options.overlong == Overlong::Split;
        PlanFacts {
            capacity: options.capacity,
            strategy: strategy::info(options.strategy).name,
            sequence_count: self.plan.sequence_count as f64,
            pack_count: self.plan.pack_count() as f64,
            template_count: templates.len() as u32,
            run_count: runs as u32,
            lower_bound: self.plan.lower_bound as f64,
            token_count: ledger.tokens_packed as f64,
            max_sequences_per_pack: options.max_sequences_per_pack.map(NonZeroU32::get),
            sequence_alignment: options.sequence_alignment,
            pack_count_multiple_of: options.pack_count_multiple_of as f64,
            pack_count_asked: options.pack_count.map(|count| count as f64),
            overlong: place(&OVERLONG, options.overlong),
            empty: place(&EMPTY, options.empty),
            split_sequences: split.then_some(self.plan.sequence_count as f64),
            loads: options.loads().map(|loads| LoadOptions {
                linear: loads.cost.linear,
                quadratic: loads.cost.quadratic,
                equal_counts: loads.equal_counts,
                free: loads.free,
            }),
            outcome: self.plan.outcome.into(),
        }
    }

    /// Where the tokens went.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn ledger(&self) -> TokenLedger {
        self.plan.ledger.into()
    }

    /// The proof of the lower bound, without its weights.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn certificate(&self) -> CertificateHead {
        head(&self.plan.certificate)
    }

    /// The proof of the bound on loads, if it has one.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn load_certificate(&self) -> Option<CertificateHead> {
        self.plan.load_certificate.as_ref().map(head)
    }

    /// Fills both arrays with the weights of the certificate, lengths descending; `of_loads`: of that
    /// of loads.
    #[napi(catch_unwind)]
    pub fn weights_into(
        &self,
        of_loads: bool,
        mut lengths: Uint32ArraySlice<'_>,
        mut weights: Float64ArraySlice<'_>,
    ) {
        let places = output::borrow(&mut lengths).iter_mut().zip(output::borrow(&mut weights));
        let proof = if of_loads {
            self.plan.load_certificate.as_ref()
        } else {
            Some(&self.plan.certificate)
        };
        let entries = proof.into_iter().flat_map(|proof| &proof.weights);
        for ((length, weight), entry) in places.zip(entries) {
            (*length, *weight) = (entry.0, entry.1 as f64);
        }
    }

    /// Size and multiplicity of template `t`.
    ///
    /// # Panics
    /// If there is none.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn template(&self, t: u32) -> TemplateHead {
        let (runs, multiplicity) = self.plan.templates.get(t as usize);
        TemplateHead { size: sequences(runs) as f64, multiplicity: multiplicity as f64 }
    }

    /// Fills `lengths` with those of template `t`, descending.
    ///
    /// # Panics
    /// If there is none.
    #[napi(catch_unwind)]
    pub fn template_into(&self, t: u32, mut lengths: Uint32ArraySlice<'_>) {
        let mut rest = output::borrow(&mut lengths);
        for run in self.plan.templates.get(t as usize).0 {
            let (these, others) = rest.split_at_mut(run.times as usize);
            these.fill(run.length);
            rest = others;
        }
    }

    /// Fills the columns of all templates: multiplicity, end of its runs; length and times.
    #[napi(catch_unwind)]
    pub fn templates_into(
        &self,
        mut multiplicities: Float64ArraySlice<'_>,
        mut ends: Float64ArraySlice<'_>,
        mut lengths: Uint32ArraySlice<'_>,
        mut times: Uint32ArraySlice<'_>,
    ) {
        let (lengths, times) = (output::borrow(&mut lengths), output::borrow(&mut times));
        let heads = output::borrow(&mut multiplicities).iter_mut().zip(output::borrow(&mut ends));
        let mut end = 0;
        for ((multiplicity, its_end), template) in heads.zip(self.plan.templates.iter()) {
            for run in template.0 {
                (lengths[end], times[end]) = (run.length, run.times);
                end += 1;
            }
            (*multiplicity, *its_end) = (template.1 as f64, end as f64);
        }
    }
}

fn head(certificate: &Certificate) -> CertificateHead {
    let Certificate { kind, parameter, pack_weight, weights, counted } = certificate;
    CertificateHead {
        kind: kind.name(),
        parameter: parameter.map(|parameter| parameter as f64),
        pack_weight: *pack_weight as f64,
        count: weights.len() as u32,
        counted: *counted,
    }
}

fn place<T: PartialEq>(list: &[T], value: T) -> u32 {
    list.iter().position(|entry| *entry == value).expect("every policy is in its list") as u32
}

/// A plan's parts besides its columns.
#[napi(object, object_to_js = false, use_nullable = true)]
pub struct PlanParts {
    /// What the parts must hash to.
    pub id: String,
    /// What was asked for.
    pub options: EngineOptions,
    /// Where the tokens went.
    pub ledger: TokenLedger,
    /// No packing has fewer packs.
    pub lower_bound: f64,
    /// The proof of it.
    pub proof: ProofParts,
    /// The loads, where they were the objective.
    pub outcome: Option<SearchOutcome>,
    /// The proof of their bound, if it has one.
    pub load_proof: Option<ProofParts>,
    /// Sequences planned, where pieces of split ones hide it.
    pub sequence_count: Option<f64>,
}

/// A certificate whose weights are the first `count` of a column.
#[napi(object, object_to_js = false, use_nullable = true)]
pub struct ProofParts {
    /// How the weights were found.
    pub kind: String,
    /// The parameter of `kind`.
    pub parameter: Option<f64>,
    /// No pack weighs more.
    pub pack_weight: f64,
    /// `pack_weight` holds for packs of what there is.
    pub counted: bool,
    /// Weights.
    pub count: u32,
}

impl ProofParts {
    /// Takes its weights from the front of both columns.
    fn certificate(self, lengths: &mut &[u32], weights: &mut &[f64]) -> Certificate {
        let (its_lengths, others) = lengths.split_at(self.count as usize);
        let (its_weights, more) = weights.split_at(self.count as usize);
        (*lengths, *weights) = (others, more);
        let pairs = its_lengths.iter().zip(its_weights);
        Certificate {
            kind: CertificateKind::from_name(&self.kind).expect("the wrapper knows the kinds"),
            parameter: self.parameter.map(|parameter| parameter as u64),
            pack_weight: self.pack_weight as u64,
            weights: pairs.map(|(&length, &weight)| (length, weight as u64)).collect(),
            counted: self.counted,
        }
    }
}

/// A plan from its parts; the weights of both certificates stand one after the other.
///
/// # Errors
/// As the engine's `from_parts`.
///
/// # Panics
/// If `kind` isn't one.
#[napi(catch_unwind)]
pub fn plan_from_parts(
    env: Env,
    parts: PlanParts,
    multiplicities: &[f64],
    ends: &[f64],
    lengths: &[u32],
    times: &[u32],
    weight_lengths: &[u32],
    weights: &[f64],
) -> Result<Plan> {
    let mut templates = Templates::new();
    let mut runs = lengths.iter().zip(times).map(|(&length, &times)| Run { length, times });
    let mut before = 0;
    for (&multiplicity, &end) in multiplicities.iter().zip(ends) {
        let its_runs: Vec<Run> = runs.by_ref().take(end as usize - before).collect();
        templates.push(&its_runs, multiplicity as u64);
        before = end as usize;
    }
    let (mut weight_lengths, mut weights) = (weight_lengths, weights);
    let certificate = parts.proof.certificate(&mut weight_lengths, &mut weights);
    let load_proof = parts.load_proof;
    let load_certificate =
        load_proof.map(|proof| proof.certificate(&mut weight_lengths, &mut weights));
    let entries = templates.iter().fold(0_u64, |sum, (runs, multiplicity)| {
        sum.saturating_add(sequences(runs).saturating_mul(multiplicity))
    });
    let dropped = parts.ledger.dropped_count as u64;
    let plan = plan::Plan {
        options: parts.options.into(),
        templates,
        lower_bound: parts.lower_bound as u64,
        certificate,
        ledger: parts.ledger.into(),
        sequence_count: parts.sequence_count.map_or(entries + dropped, |count| count as u64),
        outcome: parts.outcome.map_or_else(Outcome::default, SearchOutcome::of_loads),
        load_certificate,
    };
    let made = plan::Plan::from_parts(plan, Some(&parts.id));
    Plan::new(env, (made.map_err(|reason| fault::to_js(env, reason))?, Times::default()))
}
