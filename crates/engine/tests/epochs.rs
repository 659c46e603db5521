//! Laws of epochs, over plans made here by first fit, longest first.

mod any;

use any::{any_cut, any_order};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashSet};
use stowage_engine::epoch::balance::{Cost, measure, useful_share};
use stowage_engine::epoch::permutation::Permutation;
use stowage_engine::epoch::{
    Entry, Epoch, EpochOptions, LengthIndex, LengthIndexView, Order, PackingRange,
};
use stowage_engine::options::{Empty, Overlong};
use stowage_engine::seeded::{mix, seed_from};
use stowage_engine::template::{Run, Templates};
use stowage_engine::{Fault, PackOptions, Unwatched};

/// (sequence, start, length) of what `options` leave of `lengths`.
fn items(lengths: &[u32], options: &PackOptions) -> Vec<(u32, u32, u32)> {
    let usable = options.usable();
    let mut items = Vec::new();
    for (id, &length) in (0_u32..).zip(lengths) {
        match options.overlong {
            _ if length <= usable => items.push((id, 0, length)),
            Overlong::Error | Overlong::Drop => {}
            Overlong::Truncate => items.push((id, 0, usable)),
            Overlong::TruncateStart => items.push((id, length - usable, usable)),
            Overlong::Split => items.extend(
                (0..length).step_by(usable as usize).map(|at| (id, at, usable.min(length - at))),
            ),
        }
    }
    items.retain(|item| item.2 > 0);
    items
}

fn first_fit_decreasing(mut lengths: Vec<u32>, capacity: u32) -> Templates {
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    let mut packs: Vec<(u32, Vec<Run>)> = Vec::new();
    for length in lengths {
        let run = Run { length, times: 1 };
        match packs.iter_mut().find(|pack| pack.0 >= length) {
            Some((room, runs)) => {
                *room -= length;
                runs.push(run);
            }
            None => packs.push((capacity - length, vec![run])),
        }
    }
    let mut templates = Templates::new();
    for (_, runs) in packs {
        templates.push(&runs, 1);
    }
    templates.into_plan_order()
}

struct Case {
    lengths: Vec<u32>,
    options: PackOptions,
    templates: Templates,
    index: LengthIndex,
}

impl Case {
    fn new(lengths: Vec<u32>, capacity: u32, overlong: Overlong) -> Self {
        let options = PackOptions { overlong, empty: Empty::Drop, ..PackOptions::new(capacity) };
        let items = items(&lengths, &options).into_iter().map(|item| item.2).collect();
        let templates = first_fit_decreasing(items, capacity);
        let index = LengthIndex::new(&lengths, 1, &Unwatched).expect("it fits");
        Self { lengths, options, templates, index }
    }

    fn epoch(&self, seed: u64, epoch: u64, order: Order) -> Epoch {
        let index = LengthIndexView::from(&self.index);
        let options = EpochOptions { seed, epoch, order };
        Epoch::new(&self.templates, &self.options, index, &options).expect("planned for these")
    }

    /// The packs of an epoch as (sequence, start, length).
    fn packs(&self, epoch: &Epoch) -> Vec<Vec<(u32, u32, u32)>> {
        let pack = |k| {
            let mut entries = Vec::new();
            epoch.visit(k, |entry, length| {
                entries.push(match entry {
                    Entry::At(at) => (self.index.sequences[at as usize], 0, length),
                    Entry::Piece { sequence, start } => (sequence, start, length),
                });
            });
            entries
        };
        (0..epoch.pack_count()).map(pack).collect()
    }
}

fn some_lengths() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(prop_oneof![1 => Just(0), 8 => 1..30_u32, 2 => 25..95_u32], 0..150)
}

proptest! {
    #[test]
    fn each_sequence_and_piece_stands_once_in_an_epoch(
        lengths in some_lengths(), overlong in any_cut(), order in any_order(), seed: u64,
        number in 0..4_u64,
    ) {
        let case = Case::new(lengths, 30, overlong);
        let epoch = case.epoch(seed, number, order);
        let mut placed: Vec<_> = case.packs(&epoch).into_iter().flatten().collect();
        placed.sort_unstable();
        prop_assert_eq!(placed.len() as u64, epoch.entry_count());
        prop_assert_eq!(placed, items(&case.lengths, &case.options));
    }

    #[test]
    fn each_pack_has_the_lengths_of_its_template(
        lengths in some_lengths(), overlong in any_cut(), order in any_order(), seed: u64,
    ) {
        let case = Case::new(lengths, 30, overlong);
        let epoch = case.epoch(seed, 0, order);
        for (k, pack) in (0..).zip(case.packs(&epoch)) {
            let runs = case.templates.get(epoch.template_at(k)).0;
            let planned = runs.iter().flat_map(|run| vec![run.length; run.times as usize]);
            prop_assert!(pack.iter().map(|entry| entry.2).eq(planned));
            prop_assert!(pack.len() as u32 <= epoch.most_entries());
        }
    }

    #[test]
    fn slot_s_holds_the_member_whose_rank_is_the_sth_of_the_permutation(
        lengths in some_lengths(), overlong in any_cut(), seed: u64, number in 0..4_u64,
    ) {
        let case = Case::new(lengths, 30, overlong);
        let mut members: BTreeMap<u32, Vec<(u32, u32, u32)>> = BTreeMap::new();
        for item in items(&case.lengths, &case.options) {
            members.entry(item.2).or_default().push(item);
        }
        let mut next_slot: BTreeMap<u32, u64> = BTreeMap::new();
        let mut expected = Vec::new();
        for (runs, multiplicity) in case.templates.iter() {
            for _ in 0..multiplicity {
                let mut pack = Vec::new();
                for run in runs {
                    let class = &members[&run.length];
                    let key = seed_from(&[seed, number, 4, run.length.into()]);
                    let permutation = Permutation::new(class.len() as u64, key);
                    for _ in 0..run.times {
                        let slot = next_slot.entry(run.length).or_default();
                        pack.push(class[permutation.apply(*slot) as usize]);
                        *slot += 1;
                    }
                }
                expected.push(pack);
            }
        }
        prop_assert_eq!(case.packs(&case.epoch(seed, number, Order::Plan)), expected);
    }

    #[test]
    fn a_bound_range_is_its_packs_one_by_one_for_any_number_of_threads(
        lengths in some_lengths(), overlong in any_cut(), order in any_order(), seed: u64,
        ends in (0..1000_u64, 0..1000_u64), threads in 1..4_usize,
    ) {
        let case = Case::new(lengths, 30, overlong);
        let epoch = case.epoch(seed, 1, order);
        let (a, b) = (ends.0 % (epoch.pack_count() + 1), ends.1 % (epoch.pack_count() + 1));
        let range = a.min(b)..a.max(b);
        let entries = epoch.entries_in(range.clone()) as usize;
        let mut offsets = vec![7; (range.end - range.start) as usize + 1];
        let (mut ids, mut starts, mut sizes) = (vec![0; entries], vec![7; entries], vec![7; entries]);
        let pieces = epoch.cut().then_some((&mut starts[..], &mut sizes[..]));
        let out = PackingRange { offsets: &mut offsets, sequences: &mut ids, pieces };
        epoch.bind_into(range.clone(), &case.index.sequences, out, threads, &Unwatched).expect("it fits");
        let packs = case.packs(&epoch);
        for (k, bounds) in range.zip(offsets.windows(2)) {
            let places = bounds[0] as usize..bounds[1] as usize;
            let pack = &packs[k as usize];
            prop_assert!(pack.iter().map(|entry| &entry.0).eq(&ids[places.clone()]));
            prop_assert_eq!(epoch.pack_at(k, &case.index.sequences), &ids[places.clone()]);
            if epoch.cut() {
                prop_assert!(pack.iter().map(|entry| &entry.1).eq(&starts[places.clone()]));
                prop_assert!(pack.iter().map(|entry| &entry.2).eq(&sizes[places]));
            }
        }
    }

    #[test]
    fn the_figures_of_a_balanced_epoch_are_those_of_its_groups(
        lengths in some_lengths(), world_size in 1..9_u64, seed: u64,
    ) {
        let case = Case::new(lengths, 30, Overlong::Drop);
        let cost = Cost::default();
        let epoch = case.epoch(seed, 0, Order::Balanced { cost, world_size });
        let found = measure(&case.templates, cost, world_size, |k| epoch.template_at(k));
        let expected = useful_share(&case.templates, cost, world_size);
        prop_assert!((found.useful_share - expected).abs() < 1e-9);
        prop_assert!((-1.0..=1.0).contains(&found.correlation));
    }
}

/// Lengths with a few hundred sequences in each class.
fn thousands() -> Vec<u32> {
    (0..6000_u64).map(|i| 1 + (mix(i) % 20) as u32).collect()
}

#[test]
fn a_plan_for_other_lengths_is_refused_by_the_smallest_length_that_differs() {
    let case = Case::new(vec![5, 7, 7, 9], 10, Overlong::Drop);
    let other = LengthIndex::new(&[9, 7, 5, 5], 1, &Unwatched).expect("it fits");
    let options = EpochOptions { seed: 0, epoch: 0, order: Order::Plan };
    let fault = Epoch::new(&case.templates, &case.options, (&other).into(), &options);
    assert_eq!(
        fault.expect_err("5 is there twice"),
        Fault::HistogramMismatch { length: 5, planned: 1, given: 2 }
    );
}

#[test]
fn two_epochs_share_no_more_pairs_than_chance() {
    let case = Case::new(thousands(), 64, Overlong::Error);
    let pairs = |epoch: u64| -> HashSet<(u32, u32)> {
        let epoch = case.epoch(11, epoch, Order::Shuffled);
        let mut pairs = HashSet::new();
        for pack in case.packs(&epoch) {
            for (at, a) in pack.iter().enumerate() {
                pairs.extend(pack[..at].iter().map(|b| (a.0.min(b.0), a.0.max(b.0))));
            }
        }
        pairs
    };
    // Pairs of lengths that the plan puts together, over all pairs of sequences of those lengths.
    let mut together: BTreeMap<(u32, u32), f64> = BTreeMap::new();
    for (runs, multiplicity) in case.templates.iter() {
        let lengths: Vec<u32> =
            runs.iter().flat_map(|run| vec![run.length; run.times as usize]).collect();
        for (at, &a) in lengths.iter().enumerate() {
            for &b in &lengths[..at] {
                *together.entry((a.min(b), a.max(b))).or_default() += multiplicity as f64;
            }
        }
    }
    let expected: f64 = together
        .iter()
        .map(|(&(a, b), count)| {
            let (a_count, b_count) =
                (f64::from(case.index.count(a)), f64::from(case.index.count(b)));
            let possible = if a == b { a_count * (a_count - 1.0) / 2.0 } else { a_count * b_count };
            count * count / possible
        })
        .sum();
    let first = pairs(0);
    for epoch in 1..6 {
        let shared = first.intersection(&pairs(epoch)).count() as f64;
        assert!(
            (shared - expected).abs() < 5.0 * expected.sqrt(),
            "{shared} pairs of {} meet again, {expected:.1} expected",
            first.len()
        );
    }
}

#[test]
fn the_order_of_packs_differs_between_epochs_and_seeds() {
    let case = Case::new(thousands(), 64, Overlong::Error);
    let templates = |seed, epoch| -> Vec<usize> {
        let epoch = case.epoch(seed, epoch, Order::Shuffled);
        (0..epoch.pack_count()).map(|k| epoch.template_at(k)).collect()
    };
    assert_ne!(templates(1, 0), templates(1, 1));
    assert_ne!(templates(1, 0), templates(2, 0));
    assert_eq!(templates(1, 0), templates(1, 0));
}

#[test]
fn a_balanced_order_shows_no_trend_in_lengths() {
    let case = Case::new(thousands(), 64, Overlong::Error);
    let cost = Cost::default();
    let packs = case.templates.pack_count();
    // A short last group always stands last, and its packs are the cheapest: a trend by definition.
    for world_size in (1..=12).filter(|world_size| packs.is_multiple_of(*world_size)) {
        let correlation = |number| {
            let epoch = case.epoch(5, number, Order::Balanced { cost, world_size });
            measure(&case.templates, cost, world_size, |k| epoch.template_at(k)).correlation
        };
        let mean = (0..50).map(correlation).sum::<f64>() / 50.0;
        // Of s random steps the standard deviation is 1 / sqrt(s - 1), of 50 epochs a seventh of it.
        let steps = (packs / world_size) as f64;
        assert!(mean.abs() < 5.0 / (50.0 * (steps - 1.0)).sqrt(), "{mean}");
    }
}
