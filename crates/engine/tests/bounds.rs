//! Laws of the quick bounds and of the check of certificates, against exhaustive search.

mod exhaustive;

use exhaustive::Tiny;
use stowage_engine::bound::{Bound, dual_feasible, packs, quick};
use stowage_engine::certificate::{Certificate, CertificateKind, Claim, verify};
use stowage_engine::seeded::Generator;
use stowage_engine::template::{Run, Templates};
use stowage_engine::{Fault, Unwatched};

/// One pack per sequence: feasible for every bound.
fn alone(classes: &[(u32, u64)]) -> Templates {
    let mut templates = Templates::new();
    for &(length, count) in classes {
        templates.push(&[Run { length, times: 1 }], count);
    }
    templates
}

fn check(problem: &Tiny, bound: &Bound) -> Result<(), Fault> {
    let templates = alone(&problem.classes);
    let claim = Claim {
        classes: &problem.classes,
        templates: &templates,
        capacity: problem.capacity,
        alignment: 1,
        limit: problem.limit,
        multiple: 1,
        pack_count: None,
        lower_bound: bound.packs,
        certificate: &bound.certificate,
    };
    verify(&claim, &Unwatched)
}

fn step_of(result: Result<(), Fault>) -> Option<char> {
    match result {
        Ok(()) => None,
        Err(Fault::InvalidPlan { detail, .. }) => detail.chars().nth(5),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn no_bound_exceeds_the_optimum_and_every_certificate_verifies() {
    let mut generator = Generator::new(1);
    for case in 0..4000 {
        let problem = Tiny::draw(&mut generator);
        let optimum = problem.optimum();
        let (classes, capacity) = (&problem.classes, problem.capacity);
        for bound in
            [quick(classes, capacity, problem.limit), dual_feasible(classes, capacity, || false)]
        {
            assert!(bound.packs <= optimum, "case {case}: {problem:?}, {bound:?}, {optimum}");
            assert_eq!(check(&problem, &bound), Ok(()), "case {case}: {problem:?}, {bound:?}");
        }
    }
}

#[test]
fn l2_and_count_by_classes_equal_the_best_of_all_thresholds() {
    let mut generator = Generator::new(2);
    for case in 0..2000 {
        let problem = Tiny::draw(&mut generator);
        let (c, k) = (u64::from(problem.capacity), u64::from(problem.limit));
        let binds = k < c / u64::from(problem.classes.last().expect("a sequence").0);
        let all = |pack: u64, part: &dyn Fn(u64) -> u64| {
            let bound = |a: u64| {
                let weight = |l: u64| {
                    if l > c - a {
                        pack
                    } else if l < a {
                        0
                    } else {
                        part(l)
                    }
                };
                let total: u64 = problem.classes.iter().map(|&(l, n)| weight(l.into()) * n).sum();
                total.div_ceil(pack)
            };
            (0..=c.div_ceil(2)).map(bound).max().expect("a = 0")
        };
        let count = if binds { all(k, &|_| 1) } else { 0 };
        let expected = all(c, &|l| l).max(count);
        let found = quick(&problem.classes, problem.capacity, problem.limit);
        assert_eq!(found.packs, expected, "case {case}: {problem:?}");
    }
}

#[test]
fn lp_weights_pass_only_with_a_pack_weight_that_no_pack_exceeds() {
    let problem = Tiny { classes: vec![(6, 1), (5, 1), (4, 1)], capacity: 10, limit: u32::MAX };
    let weights = vec![(6, 3), (5, 2), (4, 2)];
    let lp = |pack_weight| Bound {
        packs: 7u64.div_ceil(pack_weight),
        certificate: Certificate {
            kind: CertificateKind::Lp,
            parameter: None,
            pack_weight,
            weights: weights.clone(),
            counted: false,
        },
    };
    assert_eq!(check(&problem, &lp(5)), Ok(()));
    assert_eq!(step_of(check(&problem, &lp(4))), Some('2'));
}

#[test]
fn a_limit_on_sequences_can_make_weights_a_proof() {
    // Two per pack: nobody reaches 3 sequences of weight 1, though four fit by room.
    let mut problem = Tiny { classes: vec![(2, 7)], capacity: 9, limit: 2 };
    let certificate = Certificate {
        kind: CertificateKind::Lp,
        parameter: None,
        pack_weight: 2,
        weights: vec![(2, 1)],
        counted: false,
    };
    let bound = Bound { packs: packs(&certificate, &problem.classes), certificate };
    assert_eq!(bound.packs, 4);
    assert_eq!(check(&problem, &bound), Ok(()));
    problem.limit = 3;
    assert_eq!(step_of(check(&problem, &bound)), Some('3'));
}

#[test]
fn a_changed_weight_parameter_or_bound_is_refused() {
    let mut generator = Generator::new(3);
    let mut changed = 0;
    for _ in 0..500 {
        let problem = Tiny::draw(&mut generator);
        let (classes, capacity) = (&problem.classes, problem.capacity);
        for bound in
            [quick(classes, capacity, problem.limit), dual_feasible(classes, capacity, || false)]
        {
            let mut more = bound.clone();
            more.packs += 1;
            assert_eq!(step_of(check(&problem, &more)), Some('4'), "{problem:?}, {more:?}");
            for at in 0..bound.certificate.weights.len() {
                let mut heavier = bound.clone();
                heavier.certificate.weights[at].1 += 1;
                assert_eq!(step_of(check(&problem, &heavier)), Some('2'), "{problem:?}");
                let mut lighter = bound.clone();
                lighter.certificate.weights[at].1 -= 1;
                assert_eq!(step_of(check(&problem, &lighter)), Some('2'), "{problem:?}");
                changed += 2;
            }
            let mut roomier = bound.clone();
            roomier.certificate.pack_weight += 1;
            assert_eq!(step_of(check(&problem, &roomier)), Some('2'), "{problem:?}");
        }
    }
    assert!(changed > 1000);
}

#[test]
fn templates_that_lose_or_overfill_are_refused_by_the_first_step() {
    let classes = vec![(7, 1), (3, 2)];
    let bound = quick(&classes, 10, u32::MAX);
    let step = |templates: &[(&[(u32, u32)], u64)], alignment, limit| {
        let mut all = Templates::new();
        for &(runs, multiplicity) in templates {
            let runs: Vec<Run> =
                runs.iter().map(|&(length, times)| Run { length, times }).collect();
            all.push(&runs, multiplicity);
        }
        let claim = Claim {
            classes: &classes,
            templates: &all,
            capacity: 10,
            alignment,
            limit,
            multiple: 1,
            pack_count: None,
            lower_bound: bound.packs,
            certificate: &bound.certificate,
        };
        step_of(verify(&claim, &Unwatched))
    };
    let (seven, three) = ((7, 1), (3, 1));
    assert_eq!(step(&[(&[seven, three], 1), (&[three], 1)], 1, u32::MAX), None);
    assert_eq!(step(&[(&[seven, three], 1)], 1, u32::MAX), Some('1'), "a sequence is lost");
    assert_eq!(step(&[(&[seven, (3, 2)], 1)], 1, u32::MAX), Some('1'), "13 of 10 tokens");
    assert_eq!(step(&[(&[seven, three], 1), (&[three], 1)], 1, 1), Some('1'), "two of one");
    // At alignment 4 the 7 takes 8 tokens and the 3 takes 4: 12 of 8.
    assert_eq!(step(&[(&[seven, three], 1), (&[three], 1)], 4, u32::MAX), Some('1'));
    assert_eq!(step(&[(&[], 1)], 1, u32::MAX), Some('1'), "an empty template");
}

#[test]
fn no_classes_need_no_packs() {
    let bound = quick(&[], 512, u32::MAX);
    assert_eq!(bound.packs, 0);
    let problem = Tiny { classes: vec![], capacity: 512, limit: u32::MAX };
    assert_eq!(check(&problem, &bound), Ok(()));
}

#[test]
fn bounds_cost_nothing_in_proportion_to_the_capacity() {
    let capacity = i32::MAX as u32;
    let classes: Vec<(u32, u64)> = (0..64).map(|i| (capacity - 12_345_678 * i, 3)).collect();
    let problem = Tiny { classes, capacity, limit: 5 };
    for bound in
        [quick(&problem.classes, capacity, 5), dual_feasible(&problem.classes, capacity, || false)]
    {
        assert!(bound.packs >= 64);
        assert_eq!(check(&problem, &bound), Ok(()));
    }
}
