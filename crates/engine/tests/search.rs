//! Laws of the search: certified, never worse than best-fit-decreasing, the same every time.

mod exhaustive;

use exhaustive::{Tiny, below, classes_of};
use std::sync::atomic::{AtomicU64, Ordering};
use stowage_engine::certificate::{CertificateKind, Claim, verify};
use stowage_engine::optimal::{Found, Mode, search};
use stowage_engine::seeded::Generator;
use stowage_engine::strategy::{Problem, best_fit_decreasing};
use stowage_engine::{Fault, Stage, Unwatched, Watch};

type Classes = Vec<(u32, u64)>;

/// Searches and proves; panics with the problem where the proof fails.
fn proved(problem: &Problem<'_>, mode: Mode, effort: f64) -> Found {
    let found = search(problem, mode, effort, 1, &Unwatched).expect("nobody cancels");
    let claim = claim(problem, &found);
    if let Err(fault) = verify(&claim, &Unwatched) {
        panic!("{problem:?}: {fault}");
    }
    let decreasing = best_fit_decreasing::plan(problem).pack_count();
    assert!(found.templates.pack_count() <= decreasing, "{problem:?}");
    found
}

fn claim<'a>(problem: &Problem<'a>, found: &'a Found) -> Claim<'a> {
    Claim {
        classes: problem.classes,
        templates: &found.templates,
        capacity: problem.capacity,
        alignment: problem.alignment,
        limit: problem.limit,
        multiple: 1,
        pack_count: None,
        lower_bound: found.lower_bound,
        certificate: &found.certificate,
    }
}

fn lengths(generator: &mut Generator, n: usize, low: u32, high: u32) -> Vec<(u32, u64)> {
    let lengths: Vec<u32> = (0..n).map(|_| low + below(generator, high - low + 1)).collect();
    classes_of(&lengths)
}

#[test]
fn tiny_problems_are_solved_to_the_optimum_of_exhaustive_search() {
    let mut generator = Generator::new(11);
    let (mut closed, mut all) = (0, 0);
    for case in 0..4000 {
        let tiny = Tiny::draw(&mut generator);
        let optimum = tiny.optimum();
        let (classes, capacity, limit) = (&tiny.classes, tiny.capacity, tiny.limit);
        let problem = Problem { classes, capacity, alignment: 1, limit };
        for (mode, effort) in [(Mode::Auto, 1.0), (Mode::Optimal, 0.01), (Mode::Optimal, 0.0)] {
            let found = proved(&problem, mode, effort);
            assert!(found.lower_bound <= optimum, "case {case}: {tiny:?}");
            assert!(found.templates.pack_count() >= optimum, "case {case}: {tiny:?}");
            if mode == Mode::Optimal && effort > 0.0 {
                assert_eq!(found.templates.pack_count(), optimum, "case {case}: {tiny:?}");
                closed += usize::from(found.lower_bound == optimum);
                all += 1;
            }
        }
    }
    assert!(closed * 100 >= all * 99, "{closed} of {all} proved");
}

#[test]
fn alignment_packs_the_aligned_problem_and_puts_true_lengths_back() {
    let mut generator = Generator::new(12);
    for case in 0..600 {
        let capacity = 40 + below(&mut generator, 200);
        let alignment = 1 + below(&mut generator, 16);
        let usable = capacity / alignment * alignment;
        let limit = if case % 2 == 0 { u32::MAX } else { 2 + below(&mut generator, 4) };
        let classes = lengths(&mut generator, 30, 1, usable);
        let problem = Problem { classes: &classes, capacity, alignment, limit };
        proved(&problem, Mode::Optimal, 0.01);
        proved(&problem, Mode::Auto, 1.0);
    }
}

#[test]
fn the_same_problem_gives_the_same_plan_for_every_run_and_thread_count() {
    let mut generator = Generator::new(13);
    for (n, low, high, capacity) in
        [(400, 20, 100, 150), (300, 250, 500, 1000), (5000, 1, 300, 900)]
    {
        let classes = lengths(&mut generator, n, low, high);
        let problem = Problem { classes: &classes, capacity, alignment: 1, limit: u32::MAX };
        let first = proved(&problem, Mode::Optimal, 0.05);
        for threads in [1, 2, 5] {
            let again = search(&problem, Mode::Optimal, 0.05, threads, &Unwatched);
            assert_eq!(again.expect("nobody cancels"), first, "{n} {threads}");
        }
    }
}

#[test]
fn a_changed_weight_or_bound_of_an_lp_certificate_is_refused() {
    let mut generator = Generator::new(14);
    let mut proofs = 0;
    for _ in 0..60 {
        let classes = lengths(&mut generator, 80, 20, 100);
        let problem = Problem { classes: &classes, capacity: 150, alignment: 1, limit: u32::MAX };
        let found = proved(&problem, Mode::Optimal, 0.05);
        if found.certificate.kind != CertificateKind::Lp {
            continue;
        }
        proofs += 1;
        let mut changed = found.clone();
        changed.lower_bound += 1;
        assert!(verify(&claim(&problem, &changed), &Unwatched).is_err());
        for at in 0..found.certificate.weights.len() {
            let mut changed = found.clone();
            // All of a pack and more: no weight of a sequence that fits with another may be so.
            changed.certificate.weights[at].1 = found.certificate.pack_weight + 1;
            assert!(verify(&claim(&problem, &changed), &Unwatched).is_err());
        }
    }
    assert!(proofs > 0);
}

#[test]
fn adversarial_shapes_end_within_their_effort_and_are_proved() {
    let mut generator = Generator::new(15);
    let most = i32::MAX as u32;
    let triplets: Vec<u32> = (0..300)
        .flat_map(|_| {
            let a = 380 + below(&mut generator, 110);
            let b = 251 + below(&mut generator, (1000 - a) / 2 - 250);
            [a, b, 1000 - a - b]
        })
        .collect();
    let shapes: [(&str, Classes, u32); 9] = [
        ("triplets", classes_of(&triplets), 1000),
        ("all above half", lengths(&mut generator, 5000, 513, 1024), 1024),
        ("one class", vec![(7, 1_000_003)], 100),
        ("one class, far too many", vec![(3, 1 << 52)], 10),
        ("prime steps", (1..200).map(|i| (i * 8191 % 65521, 3)).collect::<Vec<_>>(), 65521),
        ("capacity 1", vec![(1, 12345)], 1),
        ("largest capacity", (1..60).map(|i| (most / 60 * (61 - i) - i, 2)).collect(), most),
        ("few classes, large capacity", vec![(most / 3 + 1, 999), (most / 3 - 5, 1000)], most),
        ("many lengths", lengths(&mut generator, 100_000, 1, 131_072), 131_072),
    ];
    for (name, mut classes, capacity) in shapes {
        classes.sort_unstable_by(|a, b| b.cmp(a));
        let n: u64 = classes.iter().map(|class| class.1).sum();
        for limit in [u32::MAX, 3] {
            let problem = Problem { classes: &classes, capacity, alignment: 1, limit };
            for (mode, units) in
                [(Mode::Auto, (1 << 22) + 128 * n.min(1 << 20)), (Mode::Optimal, (1 << 31) / 32)]
            {
                let effort = if mode == Mode::Auto { 1.0 } else { 1.0 / 32.0 };
                let found = search(&problem, mode, effort, 1, &Unwatched).expect(name);
                // One heuristic pass may be under way when the work is spent.
                let pass = 600 * classes.len() as u64 + (1 << 22);
                assert!(found.units <= units + units / 8 + pass, "{name}: {}", found.units);
                if u64::from(capacity) * (classes.len() as u64) < 1 << 28 {
                    verify(&claim(&problem, &found), &Unwatched).expect(name);
                }
            }
        }
    }
}

/// Cancels at the given step.
struct Patience(AtomicU64);

impl Watch for Patience {
    fn step(&self, _stage: Stage, _done: u64, _total: u64) -> Result<(), Fault> {
        let left = self.0.load(Ordering::Relaxed);
        self.0.store(left.saturating_sub(1), Ordering::Relaxed);
        if left == 0 { Err(Fault::Cancelled) } else { Ok(()) }
    }
}

#[test]
fn a_cancelled_search_ends_with_the_fault_and_soon() {
    let mut generator = Generator::new(16);
    let classes = lengths(&mut generator, 20_000, 300, 2048);
    let problem = Problem { classes: &classes, capacity: 4096, alignment: 1, limit: u32::MAX };
    for patience in [0, 1, 5, 20] {
        let watch = Patience(AtomicU64::new(patience));
        let found = search(&problem, Mode::Optimal, 1.0, 1, &watch);
        assert_eq!(found.map(|found| found.units), Err(Fault::Cancelled));
    }
}

/// The most units between two questions whether to go on.
#[derive(Default)]
struct Pauses {
    last: AtomicU64,
    longest: AtomicU64,
}

impl Watch for Pauses {
    fn step(&self, _stage: Stage, done: u64, _total: u64) -> Result<(), Fault> {
        let last = self.last.swap(done, Ordering::Relaxed);
        self.longest.fetch_max(done.saturating_sub(last), Ordering::Relaxed);
        Ok(())
    }
}

#[test]
fn a_search_asks_at_least_every_2_21_units_whether_to_go_on() {
    let mut generator = Generator::new(18);
    let mut draw = |n, low, high| lengths(&mut generator, n, low, high);
    let problems = [
        // A counted knapsack of up to 2^24 cells, and one part of it of most of them.
        (draw(15, 250_000, 480_000), (1 << 20) - 1, u32::MAX),
        (draw(400, 4000, 9000), 20_000, u32::MAX),
        (draw(60, 100_000, 400_000), 1_000_000, 9),
        // Knapsacks without counts: short lengths in large packs, and lengths of some million tokens.
        (vec![(7_000_001, 900), (5_000_003, 900), (3, 5_000_000)], 20_000_000, u32::MAX),
        (
            vec![(3_900_001, 700), (3_100_007, 900), (2_700_001, 800), (2_000_003, 1000)],
            8_000_009,
            u32::MAX,
        ),
        (draw(20_000, 300, 2048), 4096, u32::MAX),
        (draw(30_000, 1600, 2600), 8192, u32::MAX),
        (draw(20_000, 5000, 30_000), 1 << 16, u32::MAX),
        (draw(1000, 1 << 14, 1 << 16), 1 << 17, u32::MAX),
    ];
    for (classes, capacity, limit) in &problems {
        let problem = Problem { classes, capacity: *capacity, alignment: 1, limit: *limit };
        for mode in [Mode::Auto, Mode::Optimal] {
            let pauses = Pauses::default();
            search(&problem, mode, 0.25, 1, &pauses).expect("no cancel");
            let longest = pauses.longest.load(Ordering::Relaxed);
            assert!(
                longest <= 1 << 21,
                "{capacity}, {} classes, {mode:?}: {longest}",
                classes.len()
            );
        }
    }
}

#[test]
fn nothing_to_pack_needs_no_packs() {
    let problem = Problem { classes: &[], capacity: 10, alignment: 1, limit: u32::MAX };
    let found = proved(&problem, Mode::Optimal, 1.0);
    assert_eq!((found.templates.pack_count(), found.lower_bound), (0, 0));
}

#[test]
fn small_problems_keep_to_their_units_whatever_the_capacity() {
    let mut generator = Generator::new(17);
    for capacity in [8192, 32_768, 131_072, 1 << 20, 1 << 26, i32::MAX as u32] {
        for (low, high) in [(5, 2), (16, 2), (1000, 1)] {
            let n = 64 + below(&mut generator, 960) as usize;
            let classes = lengths(&mut generator, n, (capacity / low).max(1), capacity / high);
            let problem = Problem { classes: &classes, capacity, alignment: 1, limit: u32::MAX };
            let tell = |found: &Found| format!("{n} at {capacity}: {} units", found.units);
            let found = search(&problem, Mode::Optimal, 0.02, 1, &Unwatched).expect("no cancel");
            assert!(found.units <= (1 << 31) / 50 + (1 << 22), "{}", tell(&found));
            let found = search(&problem, Mode::Auto, 1.0, 1, &Unwatched).expect("no cancel");
            let budget = (1 << 22) + 128 * n as u64;
            assert!(found.units <= budget + budget / 50 + (1 << 17), "{}", tell(&found));
        }
    }
}
