//! Laws of plans at capacities that no table could follow.

use stowage_engine::certificate::CertificateKind;
use stowage_engine::options::Strategy;
use stowage_engine::seeded::Generator;
use stowage_engine::{Fault, Histogram, PackOptions, Unwatched, plan};

const MOST: u64 = (1 << 31) - 1;

/// Lengths of one kind of problem at about the largest capacities.
fn draw(generator: &mut Generator, case: u64) -> (Vec<(u32, u64)>, PackOptions) {
    let capacity = (MOST - generator.below(1 << 28)) as u32;
    let units = u64::from(capacity);
    // Without a common divisor, or with one that leaves a table within reach.
    let step = if case.is_multiple_of(2) { 1 } else { 1 << generator.below(18) };
    let many = case.is_multiple_of(3);
    let lengths = if many { 300 + generator.below(900) } else { 2 + generator.below(12) };
    let mut classes: Vec<(u32, u64)> = (0..lengths)
        .map(|_| {
            // In a bell about two fifths of a pack, where the tables of weights fall short, or evenly.
            let length = if many {
                units / 5 + (0..4).map(|_| generator.below(units / 10)).sum::<u64>()
            } else {
                units / 6 + generator.below(units / 3)
            };
            ((length / step * step) as u32, 1 + generator.below(30))
        })
        .collect();
    classes.sort_unstable();
    let options = PackOptions {
        strategy: if case.is_multiple_of(4) { Strategy::Auto } else { Strategy::Optimal },
        max_sequences_per_pack: std::num::NonZeroU32::new(generator.below(9) as u32),
        sequence_alignment: 1 << generator.below(4),
        effort: if many { 0.05 } else { 0.01 },
        ..PackOptions::new(capacity)
    };
    (classes, options)
}

#[test]
fn whatever_the_search_proves_is_proved_again() {
    let mut generator = Generator::new(12);
    let mut by_search = [0, 0];
    for case in 0..60 {
        let (classes, options) = draw(&mut generator, case);
        let histogram = Histogram::from_counts(classes.iter().copied()).expect("few sequences");
        let plan = plan(&histogram, &options, 1, &Unwatched).expect("lengths fit");
        by_search[usize::from(classes.len() > 200)] +=
            usize::from(plan.certificate.kind == CertificateKind::Lp);
        assert_eq!(plan.verify(&histogram, &Unwatched), Ok(()), "case {case}: {options:?}");
    }
    assert!(
        by_search[0] > 4 && by_search[1] > 4,
        "{by_search:?} of 60 proofs are the search's own"
    );
}

#[test]
fn a_proof_out_of_reach_is_refused_with_both_numbers() {
    // 70,000 sequences a pack at 2^31 - 1 tokens: more sums than anybody looks at.
    let classes = [(3, 1_000_000), (5, 1_000_000)];
    let histogram = Histogram::from_counts(classes).expect("few sequences");
    let limit = std::num::NonZeroU32::new(70_000);
    let options = PackOptions {
        strategy: Strategy::BestFitDecreasing,
        max_sequences_per_pack: limit,
        ..PackOptions::new(MOST as u32)
    };
    let mut plan = plan(&histogram, &options, 1, &Unwatched).expect("lengths fit");
    assert_eq!(plan.verify(&histogram, &Unwatched), Ok(()), "a table of weights proves it");
    plan.certificate.kind = CertificateKind::Lp;
    plan.certificate.parameter = None;
    let sums = (MOST + 1) * 70_001;
    match plan.verify(&histogram, &Unwatched) {
        Err(Fault::InvalidPlan { detail, .. }) => {
            assert!(detail.contains(&sums.to_string()), "{detail}");
            assert!(detail.contains("67108864"), "{detail}");
        }
        other => panic!("{other:?}"),
    }
}
