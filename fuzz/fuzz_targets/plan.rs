//! Plans of any parts, at any capacity: what proves is true, and the proof takes bounded work.
//!
//! The parts are those of a real plan, some of them changed, or all made up.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use stowage_engine::certificate::CertificateKind;
use stowage_engine::options::{Empty, Overlong, Strategy};
use stowage_engine::template::{Run, Templates};
use stowage_engine::{Fault, Histogram, PackOptions, Plan, Stage, Unwatched, Watch, plan};
use stowage_fuzz::hold;

#[derive(Arbitrary, Debug)]
struct Case {
    magnitude: u8,
    capacity: u32,
    limit: Option<u8>,
    alignment: u8,
    overlong: u8,
    multiple: u8,
    strategy: bool,
    classes: Vec<(u32, u16)>,
    changes: Vec<Change>,
    /// The histogram that the plan is proved against has one sequence more.
    another: bool,
}

/// A part of a plan that is replaced.
#[derive(Arbitrary, Debug)]
enum Change {
    Capacity(u32),
    Limit(Option<u8>),
    Alignment(u8),
    Multiple(u8),
    PackCount(Option<u8>),
    LowerBound(u8),
    SequenceCount(u8),
    Packed(i8),
    Kind(u8),
    Parameter(Option<u32>),
    PackWeight(u64),
    NearWeight(i8),
    Weights(Vec<(u32, u32)>),
    Weight { at: u8, length: i8, weight: i8 },
    Counted(bool),
    Templates(Vec<(Vec<(u32, u8)>, u8)>),
    Template { at: u8, by: i8 },
}

impl Case {
    fn options(&self) -> PackOptions {
        let most = [30, 5000, 1 << 20, (1 << 31) - 1][usize::from(self.magnitude % 4)];
        let capacity = 1 + self.capacity % most;
        PackOptions {
            strategy: if self.strategy { Strategy::Optimal } else { Strategy::BestFitDecreasing },
            max_sequences_per_pack: self.limit.and_then(|limit| NonZeroU32::new(limit.into())),
            sequence_alignment: 1 + u32::from(self.alignment % 16).min(capacity - 1),
            pack_count_multiple_of: 1 + u64::from(self.multiple % 3),
            overlong: [Overlong::Drop, Overlong::Truncate, Overlong::Split]
                [usize::from(self.overlong % 3)],
            empty: Empty::Drop,
            effort: 0.001,
            ..PackOptions::new(capacity)
        }
    }

    fn histogram(&self, capacity: u32, more: bool) -> Option<Histogram> {
        let mut counts = std::collections::BTreeMap::new();
        for &(length, count) in &self.classes {
            // Up to a quarter longer than a pack.
            let most = u64::from(capacity) / 4 * 5 + 1;
            let length = 1 + (u64::from(length) * most >> 32) as u32;
            *counts.entry(length).or_insert(0_u64) += u64::from(count % 500) + 1;
        }
        if more {
            *counts.entry(1).or_insert(0) += 1;
        }
        Histogram::from_counts(counts).ok()
    }
}

fn change(plan: &mut Plan, change: &Change) {
    let near = |value: u64, by: i8| value.saturating_add_signed(by.into());
    let certificate = &mut plan.certificate;
    match change {
        // As the surface has it: a capacity above 0, an alignment within it.
        Change::Capacity(capacity) => {
            plan.options.capacity =
                (*capacity & (1 << 31) - 1).max(plan.options.sequence_alignment);
        }
        Change::Limit(limit) => {
            plan.options.max_sequences_per_pack =
                limit.and_then(|limit| NonZeroU32::new(limit.into()));
        }
        Change::Alignment(alignment) => {
            plan.options.sequence_alignment =
                1 + u32::from(*alignment).min(plan.options.capacity - 1);
        }
        Change::Multiple(multiple) => {
            plan.options.pack_count_multiple_of = 1 + u64::from(*multiple);
        }
        Change::PackCount(count) => plan.options.pack_count = count.map(u64::from),
        Change::LowerBound(bound) => plan.lower_bound = u64::from(*bound),
        Change::SequenceCount(count) => plan.sequence_count = u64::from(*count),
        Change::Packed(by) => {
            plan.ledger.tokens_packed = near(plan.ledger.tokens_packed, *by);
            plan.ledger.tokens_in = near(plan.ledger.tokens_in, *by);
        }
        Change::Kind(kind) => {
            certificate.kind =
                CertificateKind::ALL[usize::from(*kind) % CertificateKind::ALL.len()];
        }
        Change::Parameter(parameter) => certificate.parameter = parameter.map(u64::from),
        Change::PackWeight(weight) => certificate.pack_weight = *weight,
        Change::NearWeight(by) => certificate.pack_weight = near(certificate.pack_weight, *by),
        Change::Weights(weights) => certificate.weights = falling(weights),
        Change::Weight { at, length, weight } => {
            let count = certificate.weights.len().max(1);
            if let Some(entry) = certificate.weights.get_mut(usize::from(*at) % count) {
                entry.0 = entry.0.saturating_add_signed((*length).into());
                entry.1 = near(entry.1, *weight);
            }
        }
        Change::Counted(counted) => certificate.counted = *counted,
        Change::Templates(templates) => {
            plan.templates = Templates::new();
            for (runs, multiplicity) in templates {
                let runs: Vec<Run> = runs
                    .iter()
                    .map(|&(length, times)| Run { length, times: times.into() })
                    .collect();
                plan.templates.push(&runs, (*multiplicity).into());
            }
        }
        Change::Template { at, by } => {
            let mut changed = Templates::new();
            let count = plan.templates.len().max(1);
            for (t, (runs, multiplicity)) in plan.templates.iter().enumerate() {
                let here = t == usize::from(*at) % count;
                changed.push(runs, if here { near(multiplicity, *by) } else { multiplicity });
            }
            plan.templates = changed;
        }
    }
}

/// Weights as lengths fall, the form without which no proof begins.
fn falling(weights: &[(u32, u32)]) -> Vec<(u32, u64)> {
    let mut weights: Vec<(u32, u64)> =
        weights.iter().map(|&(length, weight)| (length, weight.into())).collect();
    weights.sort_unstable_by_key(|weight| std::cmp::Reverse(weight.0));
    weights.dedup_by_key(|weight| weight.0);
    weights
}

/// Looks at the watch that a proof may take; many more are work without a bound.
const MOST_LOOKS: u64 = 1 << 14;

#[derive(Default)]
struct Looks(AtomicU64);

impl Watch for Looks {
    fn step(&self, _stage: Stage, _done: u64, _total: u64) -> Result<(), Fault> {
        let looks = self.0.fetch_add(1, Ordering::Relaxed);
        assert!(looks < MOST_LOOKS, "the proof of a plan takes bounded work");
        Ok(())
    }
}

fuzz_target!(|case: Case| hold(|| run(&case)));

fn run(case: &Case) {
    let options = case.options();
    let Some(histogram) = case.histogram(options.capacity, false) else { return };
    let Ok(real) = plan(&histogram, &options, 1, &Unwatched) else { return };
    real.verify(&histogram, &Unwatched).expect("a plan proves its bound");
    let mut made = real.clone();
    case.changes.iter().take(6).for_each(|part| change(&mut made, part));
    let Ok(made) = Plan::from_parts(made, None) else { return };
    let _ = (made.stats(), made.classes(), made.id());
    let another = case.histogram(options.capacity, case.another);
    let histogram = another.as_ref().unwrap_or(&histogram);
    if made.verify(histogram, &Looks::default()).is_err() {
        return;
    }
    // What was proved holds for every packing of these sequences, that of best fit among them.
    let strategy = Strategy::BestFitDecreasing;
    let same = PackOptions { strategy, ..made.options.clone() };
    if let Ok(other) = plan(histogram, &same, 1, &Unwatched) {
        assert!(made.lower_bound <= other.pack_count(), "a bound above a packing");
    }
}
