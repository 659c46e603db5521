//! Laws of equal loads: exactly k packs of what there is, never above longest first, never below the
//! bound, and the optimum where exhaustive search can tell.

mod exhaustive;

use exhaustive::{Tiny, below, classes_of};
use stowage_engine::loads::{Balanced, LoadCost, Question, balance, stands_before, verify_load};
use stowage_engine::optimal::{Mode, Stopped};
use stowage_engine::seeded::{Generator, seed_from};
use stowage_engine::template::{sequences, tokens};
use stowage_engine::{Fault, Unwatched};

const TOKENS: LoadCost = LoadCost { linear: 1, quadratic: 0 };
const ATTENTION: LoadCost = LoadCost { linear: 24_576, quadratic: 1 };

fn question(classes: &[(u32, u64)], packs: u64) -> Question<'_> {
    Question {
        classes,
        packs,
        cost: TOKENS,
        capacity: None,
        limit: u32::MAX,
        equal_counts: false,
        alignment: 1,
        mode: Mode::Auto,
        effort: 1.0,
    }
}

/// Balances, and checks all that holds for any result.
fn balanced(question: &Question<'_>) -> Balanced {
    let found = balance(question, None, 1, &Unwatched)
        .unwrap_or_else(|fault| panic!("{question:?}: {fault}"));
    let packs = &found.templates;
    assert_eq!(packs.pack_count(), question.packs, "{question:?}");
    let mut held: Vec<u32> = Vec::new();
    for (runs, multiplicity) in packs.iter() {
        assert!(sequences(runs) <= question.limit.into());
        assert!(question.capacity.is_none_or(|capacity| tokens(runs) <= capacity.into()));
        for run in runs {
            held.extend(std::iter::repeat_n(
                run.length,
                run.times as usize * multiplicity as usize,
            ));
        }
    }
    assert_eq!(classes_of(&held), question.classes, "{question:?}");
    let loads = || packs.iter().map(|(runs, _)| question.cost.of_runs(runs));
    assert_eq!(loads().max(), Some(found.max_load.into()), "{question:?}");
    assert_eq!(loads().min(), Some(found.min_load.into()), "{question:?}");
    for t in 1..packs.len() {
        let (before, here) = (packs.get(t - 1).0, packs.get(t).0);
        assert!(stands_before(before, here, question.cost), "{question:?}");
    }
    assert!(found.max_load >= found.bound.load, "{question:?}");
    let (classes, packs) = (question.classes, question.packs);
    let sum: u128 = classes.iter().map(|&(l, n)| question.cost.of(l) * u128::from(n)).sum();
    assert!(
        u128::from(found.bound.load)
            >= sum.div_ceil(packs.into()).max(question.cost.of(classes[0].0))
    );
    assert_eq!(
        verify_load(classes, question.cost, packs, &found.bound, &Unwatched),
        Ok(()),
        "{question:?}"
    );
    found
}

fn listed(classes: &[(u32, u64)]) -> Vec<u32> {
    classes.iter().flat_map(|&(l, n)| std::iter::repeat_n(l, n as usize)).collect()
}

/// Longest first to the least loaded, as one would write it down.
fn longest_first(question: &Question<'_>) -> u128 {
    let mut loads = vec![0u128; question.packs as usize];
    for length in listed(question.classes) {
        *loads.iter_mut().min().expect("a pack") += question.cost.of(length);
    }
    loads.into_iter().max().expect("a pack")
}

/// The smallest largest load, by trying every pack for every sequence.
fn optimum(question: &Question<'_>, per_pack: Option<usize>) -> u128 {
    fn place(
        lengths: &[u32],
        cost: LoadCost,
        packs: &mut Vec<(u128, usize)>,
        most: usize,
        best: &mut u128,
    ) {
        let Some((&length, rest)) = lengths.split_first() else {
            if packs.iter().all(|pack| pack.1 > 0) {
                *best = packs.iter().map(|pack| pack.0).max().expect("a pack").min(*best);
            }
            return;
        };
        for p in 0..packs.len() {
            let (load, held) = packs[p];
            if held < most && load + cost.of(length) < *best && !packs[..p].contains(&packs[p]) {
                packs[p] = (load + cost.of(length), held + 1);
                place(rest, cost, packs, most, best);
                packs[p] = (load, held);
            }
        }
    }
    let mut best = u128::MAX;
    let mut packs = vec![(0, 0); question.packs as usize];
    place(
        &listed(question.classes),
        question.cost,
        &mut packs,
        per_pack.unwrap_or(usize::MAX),
        &mut best,
    );
    best
}

fn lognormal(generator: &mut Generator, n: usize) -> Vec<(u32, u64)> {
    // Products of uniform factors have the long tail that batches of a rollout have.
    let lengths: Vec<u32> = (0..n)
        .map(|_| {
            let factor = |g: &mut Generator| 300 + u64::from(below(g, 1800));
            let product = (0..4).fold(3000, |product, _| product * factor(generator) / 1000);
            product.clamp(16, 32_768) as u32
        })
        .collect();
    classes_of(&lengths)
}

#[test]
fn tiny_problems_are_within_a_hair_of_the_optimum_and_the_bound_is_never_above_it() {
    let mut generator = Generator::new(71);
    let (mut met, mut all) = (0, 0);
    for case in 0..3000 {
        let tiny = Tiny::draw(&mut generator);
        let n: u64 = tiny.classes.iter().map(|class| class.1).sum();
        let packs = 1 + u64::from(below(&mut generator, n.min(4) as u32));
        let cost = if case % 3 == 0 { ATTENTION } else { TOKENS };
        let mode = if case % 2 == 0 { Mode::Optimal } else { Mode::Auto };
        let question = Question { cost, mode, ..question(&tiny.classes, packs) };
        let found = balanced(&question);
        let best = optimum(&question, None);
        assert!(u128::from(found.bound.load) <= best, "case {case}: {question:?}");
        assert!(u128::from(found.max_load) >= best, "case {case}: {question:?}");
        assert!(u128::from(found.max_load) <= longest_first(&question), "case {case}");
        if cost == TOKENS && tiny.limit == u32::MAX {
            // The dual of packing: the load fits the capacity where the packs suffice.
            assert_eq!(best <= tiny.capacity.into(), tiny.optimum() <= packs, "case {case}");
        }
        met += usize::from(u128::from(found.max_load) == best);
        all += 1;
        if found.stopped == Some(Stopped::Bound) {
            assert_eq!(u128::from(found.max_load), best, "case {case}");
        }
    }
    assert!(met * 100 >= all * 99, "{met} of {all} are optimal");
}

#[test]
fn equal_counts_are_kept_and_near_the_optimum_of_such_packs() {
    let mut generator = Generator::new(72);
    let (mut met, mut all) = (0, 0);
    for _ in 0..800 {
        let packs = 1 + u64::from(below(&mut generator, 4));
        let each = 1 + u64::from(below(&mut generator, if packs > 3 { 2 } else { 3 }));
        let lengths: Vec<u32> = (0..packs * each).map(|_| 1 + below(&mut generator, 60)).collect();
        let classes = classes_of(&lengths);
        let question = Question { equal_counts: true, ..question(&classes, packs) };
        let found = balanced(&question);
        assert!(found.templates.iter().all(|(runs, _)| sequences(runs) == each), "{question:?}");
        met += usize::from(u128::from(found.max_load) == optimum(&question, Some(each as usize)));
        all += 1;
    }
    assert!(met * 100 >= all * 95, "{met} of {all} are optimal");
}

#[test]
fn batches_end_as_near_to_the_bound_as_is_promised() {
    for (n, packs, most) in
        [(64, 8, 1e-3), (64, 16, 1e-3), (256, 16, 1e-4), (1024, 64, 1e-4), (1024, 256, 3e-3)]
    {
        let mut above = 0.0;
        for batch in 0..8 {
            let seed = seed_from(&[2026, n as u64, packs, batch]);
            let classes = lognormal(&mut Generator::new(seed), n);
            let found = balanced(&question(&classes, packs));
            above += found.max_load as f64 / found.bound.load as f64 - 1.0;
            let dear = Question { cost: ATTENTION, ..question(&classes, packs) };
            assert!(u128::from(balanced(&dear).max_load) <= longest_first(&dear));
        }
        assert!(above / 8.0 <= most, "{n} in {packs}: {:.6} above the bound", above / 8.0);
    }
}

#[test]
fn the_ends_of_the_scale_are_what_they_must_be() {
    let classes = [(9, 1), (5, 2), (1, 3)];
    let one = balanced(&question(&classes, 1));
    assert_eq!((one.max_load, one.min_load, one.bound.load), (22, 22, 22));
    let all = balanced(&question(&classes, 6));
    assert_eq!((all.max_load, all.min_load), (9, 1));
    assert_eq!(all.stopped, Some(Stopped::Bound));
    // Equal lengths: seven in three packs are 3, 2 and 2.
    let equal = balanced(&question(&[(4, 7)], 3));
    assert_eq!((equal.max_load, equal.min_load, equal.bound.load), (12, 8, 12));
    // One giant beside many small ones is the bound.
    let giant = balanced(&question(&[(1000, 1), (3, 50)], 4));
    assert_eq!(
        (giant.max_load, giant.bound.load, giant.bound.certificate.is_none()),
        (1000, 1000, true)
    );
}

#[test]
fn what_cannot_be_is_refused_with_the_numbers() {
    let refused = |question: &Question<'_>| match balance(question, None, 1, &Unwatched) {
        Err(Fault::Option { detail }) => detail,
        other => panic!("{other:?}"),
    };
    let classes = [(5, 3), (4, 4)];
    let detail = refused(&question(&classes, 8));
    assert!(detail.contains('8') && detail.contains('7'), "{detail}");
    let detail = refused(&Question { equal_counts: true, ..question(&classes, 2) });
    assert!(detail.contains('7') && detail.contains('2'), "{detail}");
    refused(&Question { limit: 2, ..question(&classes, 3) });
    refused(&Question { capacity: Some(6), ..question(&classes, 3) });
    refused(&Question { cost: LoadCost { linear: 0, quadratic: 0 }, ..question(&classes, 3) });
    let most = LoadCost { linear: i32::MAX as u32, quadratic: i32::MAX as u32 };
    refused(&Question { cost: most, ..question(&[(i32::MAX as u32, 2)], 2) });
    refused(&question(&[(1, 1 << 23)], 2));
}

#[test]
fn limits_hold_whatever_the_loads() {
    let mut generator = Generator::new(74);
    for _ in 0..200 {
        let n = 12 + below(&mut generator, 60);
        let lengths: Vec<u32> = (0..n).map(|_| 1 + below(&mut generator, 400)).collect();
        let classes = classes_of(&lengths);
        let packs = u64::from(n.div_ceil(5));
        let question = Question {
            limit: 6,
            capacity: Some(1600),
            cost: ATTENTION,
            ..question(&classes, packs)
        };
        balanced(&question);
    }
}

#[test]
fn a_forged_bound_is_refused() {
    let mut generator = Generator::new(75);
    let mut forged = 0;
    for _ in 0..100 {
        let classes = lognormal(&mut generator, 60);
        for cost in [TOKENS, ATTENTION] {
            let found = balanced(&Question { cost, ..question(&classes, 7) });
            let mut bound = found.bound.clone();
            bound.load += 1;
            let verdict = verify_load(&classes, cost, 7, &bound, &Unwatched);
            assert!(matches!(verdict, Err(Fault::InvalidPlan { .. })), "{verdict:?}");
            forged += 1;
        }
    }
    assert!(forged > 0);
}
