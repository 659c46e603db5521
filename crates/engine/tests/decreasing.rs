//! The class machine gives what the plain programs give that place one sequence after another.

use proptest::prelude::*;
use std::collections::BTreeMap;
use stowage_engine::strategy::{
    Problem, best_fit_decreasing, first_fit_decreasing, modified_first_fit_decreasing,
    worst_fit_decreasing,
};
use stowage_engine::template::{Templates, plan_order, sequences};

/// A pack in the making.
#[derive(Clone)]
struct Pack {
    lengths: Vec<u32>,
    room: u32,
    /// When it came to this room.
    since: usize,
}

/// One sequence after another, as the definitions have it.
struct Plain<'a> {
    problem: &'a Problem<'a>,
    packs: Vec<Pack>,
    clock: usize,
}

impl<'a> Plain<'a> {
    fn new(problem: &'a Problem<'a>) -> Self {
        Self { problem, packs: Vec::new(), clock: 0 }
    }

    fn longest_first(&self) -> Vec<u32> {
        let classes = self.problem.classes.iter();
        classes.flat_map(|&(length, count)| std::iter::repeat_n(length, count as usize)).collect()
    }

    fn each(&mut self, place: fn(&mut Self, u32)) {
        for length in self.longest_first() {
            place(self, length);
        }
    }

    fn fits(&self, pack: &Pack, length: u32) -> bool {
        pack.room >= self.problem.need(length) && pack.lengths.len() < self.problem.limit as usize
    }

    fn put(&mut self, pack: Option<usize>, length: u32) {
        let pack = pack.unwrap_or_else(|| {
            let room = self.problem.capacity;
            self.packs.push(Pack { lengths: Vec::new(), room, since: 0 });
            self.packs.len() - 1
        });
        self.clock += 1;
        self.packs[pack].lengths.push(length);
        self.packs[pack].room -= self.problem.need(length);
        self.packs[pack].since = self.clock;
    }

    fn candidates(&self, length: u32) -> impl Iterator<Item = (usize, &Pack)> {
        self.packs.iter().enumerate().filter(move |(_, pack)| self.fits(pack, length))
    }

    fn best_fit(&mut self, length: u32) {
        let best =
            self.candidates(length).min_by_key(|(_, pack)| (pack.room, usize::MAX - pack.since));
        self.put(best.map(|best| best.0), length);
    }

    fn worst_fit(&mut self, length: u32) {
        let most =
            self.candidates(length).min_by_key(|(_, pack)| (u32::MAX - pack.room, pack.since));
        self.put(most.map(|most| most.0), length);
    }

    fn first_fit(&mut self, length: u32) {
        let first = self.candidates(length).next();
        self.put(first.map(|first| first.0), length);
    }

    /// Takes the sequences of which `above` need more than a pack out of `order`.
    fn part(&self, order: &mut Vec<u32>, above: u64) -> Vec<u32> {
        let capacity = u64::from(self.problem.capacity);
        let of_part = |length: &u32| above * u64::from(self.problem.need(*length)) > capacity;
        let (part, others) = order.iter().partition(|length| of_part(length));
        *order = others;
        part
    }

    fn modified_first_fit(&mut self) {
        let mut order = self.longest_first();
        let large = self.part(&mut order, 2);
        let mut medium = self.part(&mut order, 3);
        let mut small = self.part(&mut order, 6);
        for &length in &large {
            self.put(None, length);
        }
        let mut without = Vec::new();
        for pack in 0..large.len() {
            match medium.iter().position(|&length| self.fits(&self.packs[pack], length)) {
                Some(at) => self.put(Some(pack), medium.remove(at)),
                None => without.push(pack),
            }
        }
        for pack in without.into_iter().rev() {
            if small.len() < 2 || self.problem.limit < 3 {
                continue;
            }
            let shortest = small[small.len() - 1];
            let both = self.problem.need(shortest) + self.problem.need(small[small.len() - 2]);
            if both <= self.packs[pack].room {
                small.pop();
                self.put(Some(pack), shortest);
                let fits = |&length: &u32| self.fits(&self.packs[pack], length);
                let at = small.iter().position(fits).expect("the second shortest fits");
                self.put(Some(pack), small.remove(at));
            }
        }
        for length in medium.into_iter().chain(small).chain(order) {
            self.first_fit(length);
        }
    }

    /// Templates in plan order, each as its lengths.
    fn templates(&self) -> Vec<(Vec<u32>, u64)> {
        let mut counts = BTreeMap::new();
        for pack in &self.packs {
            let mut lengths = pack.lengths.clone();
            lengths.sort_unstable_by(|a, b| b.cmp(a));
            *counts.entry(lengths).or_insert(0) += 1;
        }
        counts.into_iter().rev().collect()
    }
}

fn spelled(templates: &Templates) -> Vec<(Vec<u32>, u64)> {
    let spell = |(runs, multiplicity): (&[stowage_engine::template::Run], u64)| {
        let lengths =
            runs.iter().flat_map(|run| std::iter::repeat_n(run.length, run.times as usize));
        (lengths.collect(), multiplicity)
    };
    templates.iter().map(spell).collect()
}

type Solver = fn(&Problem<'_>) -> Templates;
type Program = fn(&mut Plain<'_>);

const STRATEGIES: &[(&str, Solver, Program)] = &[
    ("best-fit-decreasing", best_fit_decreasing::plan, |plain| plain.each(Plain::best_fit)),
    ("first-fit-decreasing", first_fit_decreasing::plan, |plain| plain.each(Plain::first_fit)),
    ("worst-fit-decreasing", worst_fit_decreasing::plan, |plain| plain.each(Plain::worst_fit)),
    ("modified-first-fit-decreasing", modified_first_fit_decreasing::plan, |plain| {
        plain.modified_first_fit();
    }),
];

fn agree(problem: &Problem<'_>) {
    for &(name, solve, program) in STRATEGIES {
        let mut plain = Plain::new(problem);
        program(&mut plain);
        let templates = solve(problem);
        assert_eq!(spelled(&templates), plain.templates(), "{name} {problem:?}");
    }
}

/// Lengths 1 ..= capacity of many shapes, as classes longest first.
fn classes(capacity: u32) -> impl Strategy<Value = Vec<(u32, u64)>> {
    let length = prop_oneof![
        1..=capacity,
        1..=capacity.div_ceil(8),
        (capacity / 3).max(1)..=capacity.div_ceil(2),
        Just(capacity / 2 + 1).prop_map(move |length| length.min(capacity)),
    ];
    let counts = proptest::collection::btree_map(length, 1..12_u64, 0..40);
    counts.prop_map(|counts| counts.into_iter().rev().collect())
}

fn problems() -> impl Strategy<Value = (u32, u32, u32, Vec<(u32, u64)>)> {
    let capacity = prop_oneof![1..20_u32, 20..300_u32, Just(1000), Just(1 << 16)];
    let limit = prop_oneof![3 => Just(u32::MAX), 2 => 1..8_u32];
    (capacity, limit).prop_flat_map(|(capacity, limit)| {
        let alignment = prop_oneof![2 => Just(1), 1 => 1..=capacity.min(16)];
        alignment.prop_flat_map(move |alignment| {
            let usable = capacity / alignment * alignment;
            classes(usable).prop_map(move |classes| (capacity, alignment, limit, classes))
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn whole_classes_at_once_give_the_templates_of_one_sequence_after_another(
        (capacity, alignment, limit, classes) in problems(),
        scale in prop_oneof![3 => Just(1_u32), 1 => 1..30_000_u32],
    ) {
        // Multiples of one length make sparse rooms, which are divided by their common divisor.
        let classes: Vec<_> = classes.iter().map(|&(length, count)| (length * scale, count)).collect();
        let problem = Problem {
            classes: &classes,
            capacity: capacity * scale + (scale - 1) / 2,
            alignment: if scale == 1 { alignment } else { 1 },
            limit,
        };
        agree(&problem);
    }
}

#[test]
fn templates_come_in_plan_order() {
    let problem =
        Problem { classes: &[(7, 1), (5, 5), (3, 3)], capacity: 10, alignment: 1, limit: u32::MAX };
    let templates = best_fit_decreasing::plan(&problem);
    let expected: Vec<(Vec<u32>, u64)> =
        vec![(vec![7, 3], 1), (vec![5, 5], 2), (vec![5, 3], 1), (vec![3], 1)];
    assert_eq!(spelled(&templates), expected);
}

#[test]
fn a_billion_sequences_of_many_lengths_are_planned_to_the_last_one() {
    let classes: Vec<(u32, u64)> =
        (1..=2048).rev().map(|length| (length, 1_000_000_000 / u64::from(length))).collect();
    for &(name, solve, _) in STRATEGIES {
        let problem = Problem { classes: &classes, capacity: 2048, alignment: 1, limit: u32::MAX };
        let templates = solve(&problem);
        let mut counts = BTreeMap::new();
        let mut before: Option<&[stowage_engine::template::Run]> = None;
        for (runs, multiplicity) in templates.iter() {
            assert!(before.is_none_or(|before| plan_order(before, runs).is_lt()), "{name}");
            assert!(sequences(runs) > 0, "{name}");
            before = Some(runs);
            for run in runs {
                *counts.entry(run.length).or_insert(0) += u64::from(run.times) * multiplicity;
            }
        }
        let counts: Vec<(u32, u64)> = counts.into_iter().rev().collect();
        assert_eq!(counts, classes, "{name}");
    }
}

#[test]
fn many_lengths_at_a_large_capacity_cost_neither_their_square_nor_the_capacity() {
    // 60,000 distinct lengths; then one whose sequences would visit every pack once per round.
    // Quadratic programs, or arrays over rooms, would not come to an end here.
    let capacity = 0x7fff_ffff;
    let spread = |from: u32, step: u32| (0..60_000).rev().map(move |i| (from + i * step, 1));
    let mut water: Vec<(u32, u64)> = spread(capacity / 2 + 1, 17_000).collect();
    water.extend([(3, 1 << 30), (1, 1 << 40)]);
    let shapes = [spread(1, 35_000).collect(), spread(1_000_000, 17).collect(), water];
    for classes in &shapes {
        let all: u64 = classes.iter().map(|class| class.1).sum();
        for limit in [u32::MAX, 3] {
            let problem = Problem { classes, capacity, alignment: 1, limit };
            for &(name, solve, _) in STRATEGIES {
                let held = solve(&problem);
                let held: u64 = held.iter().map(|(runs, times)| sequences(runs) * times).sum();
                assert_eq!(held, all, "{name} {limit}");
            }
        }
    }
}
