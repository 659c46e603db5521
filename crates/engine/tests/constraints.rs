//! Laws of plans under all constraints together: limit, alignment, a multiple or a count of packs.

mod exhaustive;

use exhaustive::{Tiny, below};
use std::num::NonZeroU32;
use stowage_engine::options::Strategy;
use stowage_engine::plan::{Plan, plan};
use stowage_engine::seeded::Generator;
use stowage_engine::{Fault, Histogram, PackOptions, Unwatched};

const SEARCHING: [Strategy; 3] = [Strategy::Auto, Strategy::Optimal, Strategy::BestFitDecreasing];

fn histogram(classes: &[(u32, u64)]) -> Histogram {
    Histogram::from_counts(classes.iter().copied()).expect("a few small counts")
}

fn options(tiny: &Tiny, strategy: Strategy) -> PackOptions {
    PackOptions {
        strategy,
        max_sequences_per_pack: NonZeroU32::new(tiny.limit).filter(|_| tiny.limit < u32::MAX),
        effort: 0.002,
        ..PackOptions::new(tiny.capacity)
    }
}

/// The plan, proved; or the fault.
fn proved(tiny: &Tiny, options: &PackOptions) -> Result<Plan, Fault> {
    let histogram = histogram(&tiny.classes);
    let plan = plan(&histogram, options, 1, &Unwatched)?;
    if let Err(fault) = plan.verify(&histogram, &Unwatched) {
        panic!("{tiny:?} {options:?}: {fault}");
    }
    Ok(plan)
}

#[test]
fn a_multiple_is_reached_with_the_next_multiple_of_the_bound_or_refused() {
    let mut generator = Generator::new(21);
    for _ in 0..800 {
        let tiny = Tiny::draw(&mut generator);
        let n: u64 = tiny.classes.iter().map(|class| class.1).sum();
        let multiple = u64::from(1 + below(&mut generator, 5));
        for strategy in SEARCHING {
            let free = proved(&tiny, &options(&tiny, strategy)).expect("no demand");
            let wanted = free.pack_count().div_ceil(multiple) * multiple;
            let asked =
                PackOptions { pack_count_multiple_of: multiple, ..options(&tiny, strategy) };
            match proved(&tiny, &asked) {
                Ok(plan) => {
                    assert_eq!(plan.pack_count(), wanted, "{tiny:?}");
                    assert_eq!(plan.lower_bound, free.lower_bound.div_ceil(multiple) * multiple);
                    assert!(plan.lower_bound <= tiny.optimum().div_ceil(multiple) * multiple);
                }
                Err(fault) => {
                    assert!(wanted > n, "{tiny:?}");
                    assert_eq!(fault.code(), "ERR_OPTION");
                }
            }
        }
    }
}

#[test]
fn a_pack_count_is_met_exactly_and_is_its_own_bound() {
    let mut generator = Generator::new(22);
    for _ in 0..800 {
        let tiny = Tiny::draw(&mut generator);
        let n: u64 = tiny.classes.iter().map(|class| class.1).sum();
        for strategy in SEARCHING {
            let free = proved(&tiny, &options(&tiny, strategy)).expect("no demand");
            for wanted in [free.pack_count() - 1, free.pack_count(), free.pack_count() + 1, n] {
                let asked = PackOptions { pack_count: Some(wanted), ..options(&tiny, strategy) };
                let possible = wanted >= free.pack_count() && wanted <= n;
                match proved(&tiny, &asked) {
                    Ok(plan) => {
                        assert!(possible, "{tiny:?} {wanted}");
                        assert_eq!((plan.pack_count(), plan.gap()), (wanted, 0));
                    }
                    Err(fault) => {
                        assert!(!possible, "{tiny:?} {wanted}: {fault}");
                        assert_eq!(fault.code(), "ERR_OPTION");
                    }
                }
            }
        }
    }
}

#[test]
fn all_constraints_together_are_proved_and_keep_to_the_optimum_of_the_aligned_problem() {
    let mut generator = Generator::new(23);
    for _ in 0..600 {
        let tiny = Tiny::draw(&mut generator);
        let alignment = 1 + below(&mut generator, tiny.capacity);
        let usable = tiny.capacity / alignment * alignment;
        let fits: Vec<(u32, u64)> =
            tiny.classes.iter().copied().filter(|class| class.0 <= usable).collect();
        let units: Vec<u32> = fits
            .iter()
            .flat_map(|&(l, n)| std::iter::repeat_n(l.div_ceil(alignment), n as usize))
            .collect();
        let aligned = Tiny {
            classes: exhaustive::classes_of(&units),
            capacity: tiny.capacity / alignment,
            limit: tiny.limit,
        };
        let tiny = Tiny { classes: fits, ..tiny };
        for strategy in SEARCHING {
            let asked = PackOptions { sequence_alignment: alignment, ..options(&tiny, strategy) };
            let plan = proved(&tiny, &asked).expect("no demand");
            assert!(plan.lower_bound <= aligned.optimum(), "{tiny:?} {alignment}");
            assert!(plan.pack_count() >= aligned.optimum(), "{tiny:?} {alignment}");
        }
    }
}

#[test]
fn equal_questions_have_equal_plan_ids_for_every_thread_count() {
    let classes: Vec<(u32, u64)> = (30..400).map(|l| (l, u64::from(l * 7919 % 97))).collect();
    let histogram = histogram(&classes);
    for strategy in SEARCHING {
        for limit in [None, NonZeroU32::new(4)] {
            let options = PackOptions {
                strategy,
                max_sequences_per_pack: limit,
                effort: 0.05,
                ..PackOptions::new(1000)
            };
            let id =
                |threads| plan(&histogram, &options, threads, &Unwatched).expect("no demand").id();
            let first = id(1);
            assert!([1, 2, 4].into_iter().all(|threads| id(threads) == first), "{strategy:?}");
        }
    }
}
