//! Laws of counted certificates: packs of what there is prove at least as much as packs without end,
//! and the check is the same as that of listing all packs.

mod exhaustive;

use exhaustive::{Tiny, below, classes_of};
use stowage_engine::certificate::{Certificate, CertificateKind, Claim, verify};
use stowage_engine::optimal::{Found, Mode, search};
use stowage_engine::seeded::Generator;
use stowage_engine::strategy::Problem;
use stowage_engine::template::{Run, Templates};
use stowage_engine::{Fault, Unwatched};

/// The heaviest pack, by listing every pack of what there is.
fn heaviest(classes: &[(u32, u64)], certificate: &Certificate, room: u32, slots: u32) -> u64 {
    let Some((&(length, count), rest)) = classes.split_first() else { return 0 };
    let weight = certificate.weights.iter().find(|weight| weight.0 == length);
    let weight = weight.map_or(0, |weight| weight.1);
    let most = count.min((room / length).min(slots).into()) as u32;
    (0..=most)
        .map(|n| {
            let others = heaviest(rest, certificate, room - n * length, slots - n);
            others + u64::from(n) * weight
        })
        .max()
        .expect("none is a number too")
}

fn check(problem: &Problem<'_>, found: &Found) -> Result<(), Fault> {
    let claim = Claim {
        classes: problem.classes,
        templates: &found.templates,
        capacity: problem.capacity,
        alignment: problem.alignment,
        limit: problem.limit,
        multiple: 1,
        pack_count: None,
        lower_bound: found.lower_bound,
        certificate: &found.certificate,
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

/// Problems of up to 30 sequences whose bound needs the counts, with the plan found.
fn counted(seed: u64, wanted: usize, mut each: impl FnMut(&Problem<'_>, &Found)) {
    let mut generator = Generator::new(seed);
    let mut met = 0;
    for _ in 0..100_000 {
        let capacity = 60 + below(&mut generator, 200);
        let limit = if below(&mut generator, 3) == 0 { 3 } else { u32::MAX };
        let n = 8 + below(&mut generator, 22);
        let lengths: Vec<u32> =
            (0..n).map(|_| capacity / 9 + below(&mut generator, capacity / 2)).collect();
        let classes = classes_of(&lengths);
        let problem = Problem { classes: &classes, capacity, alignment: 1, limit };
        let found = search(&problem, Mode::Optimal, 0.002, 1, &Unwatched).expect("nobody cancels");
        if found.certificate.counted {
            each(&problem, &found);
            met += 1;
        }
        if met == wanted {
            return;
        }
    }
    panic!("only {met} problems need their counts");
}

#[test]
fn the_pack_weight_of_a_counted_certificate_is_that_of_listing_all_packs() {
    counted(21, 60, |problem, found| {
        let listed = heaviest(problem.classes, &found.certificate, problem.capacity, problem.limit);
        assert_eq!(listed, found.certificate.pack_weight, "{problem:?}");
        assert_eq!(check(problem, found), Ok(()), "{problem:?}");
    });
}

#[test]
fn a_changed_counted_certificate_is_refused() {
    counted(22, 60, |problem, found| {
        let step = |change: &dyn Fn(&mut Found)| {
            let mut changed = found.clone();
            change(&mut changed);
            step_of(check(problem, &changed))
        };
        let refused = if problem.limit == 3 { Some('3') } else { Some('2') };
        assert_eq!(step(&|found| found.certificate.pack_weight -= 1), refused, "{problem:?}");
        assert_eq!(step(&|found| found.lower_bound += 1), Some('4'), "{problem:?}");
        // Without the counts the same weights prove less: the field is needed.
        assert!(step(&|found| found.certificate.counted = false).is_some(), "{problem:?}");
        assert_eq!(step(&|found| found.certificate.kind = CertificateKind::L1), Some('2'));
        assert_eq!(step(&|found| found.certificate.parameter = Some(1)), Some('2'));
        for at in 0..found.certificate.weights.len() {
            // What one more unit of weight may do: the check says what listing says.
            let mut changed = found.clone();
            changed.certificate.weights[at].1 += 1;
            let certificate = &changed.certificate;
            let listed = heaviest(problem.classes, certificate, problem.capacity, problem.limit);
            let passes = check(problem, &changed).is_ok();
            assert!(!passes || listed <= certificate.pack_weight, "{problem:?}");
        }
    });
}

#[test]
fn one_more_sequence_of_a_length_can_void_a_counted_certificate() {
    // Three of 6 never share a pack of 17 while there are two of them: 6 + 6 + 5.
    let certificate = Certificate {
        kind: CertificateKind::Lp,
        parameter: None,
        pack_weight: 5,
        weights: vec![(6, 2), (5, 1)],
        counted: true,
    };
    let claim = |classes: &[(u32, u64)], capacity: u32, lower_bound: u64| {
        let mut templates = Templates::new();
        for &(length, count) in classes {
            templates.push(&[Run { length, times: 1 }], count);
        }
        let certificate = &certificate;
        let limit = u32::MAX;
        step_of(verify(
            &Claim {
                classes,
                templates: &templates,
                capacity,
                alignment: 1,
                limit,
                multiple: 1,
                pack_count: None,
                lower_bound,
                certificate,
            },
            &Unwatched,
        ))
    };
    assert_eq!(claim(&[(6, 2), (5, 2)], 18, 2), None);
    assert_eq!(claim(&[(6, 3), (5, 2)], 18, 2), Some('2'));
}

#[test]
fn aligned_classes_count_together() {
    // 7 and 8 both take 8 of 32: three units of weight each, three of them.
    let classes = [(8, 1), (7, 2), (3, 1)];
    let mut templates = Templates::new();
    for (length, times) in classes {
        templates.push(&[Run { length, times: 1 }], times);
    }
    let mut certificate = Certificate {
        kind: CertificateKind::Lp,
        parameter: None,
        pack_weight: 10,
        weights: vec![(2, 3), (1, 1)],
        counted: true,
    };
    let verdict = |certificate: &Certificate| {
        let claim = Claim {
            classes: &classes,
            templates: &templates,
            capacity: 32,
            alignment: 4,
            limit: u32::MAX,
            multiple: 1,
            pack_count: None,
            lower_bound: 1,
            certificate,
        };
        step_of(verify(&claim, &Unwatched))
    };
    assert_eq!(verdict(&certificate), None);
    certificate.pack_weight = 9;
    assert_eq!(verdict(&certificate), Some('2'));
}

#[test]
fn a_counted_certificate_that_takes_too_long_to_check_is_refused() {
    let classes: Vec<(u32, u64)> = (1..=100).rev().map(|l| (l * 1000 + 1, 1)).collect();
    let mut templates = Templates::new();
    for &(length, count) in &classes {
        templates.push(&[Run { length, times: 1 }], count);
    }
    let certificate = Certificate {
        kind: CertificateKind::Lp,
        parameter: None,
        pack_weight: 100,
        weights: classes.iter().map(|class| (class.0, 1)).collect(),
        counted: true,
    };
    let claim = |capacity| Claim {
        classes: &classes,
        templates: &templates,
        capacity,
        alignment: 1,
        limit: u32::MAX,
        multiple: 1,
        pack_count: None,
        lower_bound: 1,
        certificate: &certificate,
    };
    assert_eq!(verify(&claim((1 << 28) / 100 - 1), &Unwatched), Ok(()));
    assert_eq!(step_of(verify(&claim((1 << 28) / 100 + 1), &Unwatched)), Some('2'));
}

#[test]
fn no_counted_bound_exceeds_the_optimum() {
    let mut generator = Generator::new(23);
    let mut met = 0;
    for case in 0..4000 {
        let Tiny { classes, capacity, limit } = &Tiny::draw(&mut generator);
        let problem = Problem { classes, capacity: *capacity, alignment: 1, limit: *limit };
        let found = search(&problem, Mode::Optimal, 0.002, 1, &Unwatched).expect("nobody cancels");
        assert_eq!(check(&problem, &found), Ok(()), "case {case}: {problem:?}");
        if found.certificate.counted {
            let tiny = Tiny { classes: classes.clone(), capacity: *capacity, limit: *limit };
            assert!(found.lower_bound <= tiny.optimum(), "case {case}: {problem:?}");
            met += 1;
        }
    }
    assert!(met > 0, "no problem needed its counts");
}
