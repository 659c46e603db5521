//! Laws of the places that members of a plan have: the way back from what an epoch shows.

mod any;

use any::{any_cut, any_order};
use proptest::prelude::*;
use std::collections::BTreeMap;
use stowage_engine::epoch::balance::Cost;
use stowage_engine::epoch::permutation::Permutation;
use stowage_engine::epoch::{Entry, Epoch, EpochOptions, LengthIndex, Locator, Order, Seat};
use stowage_engine::options::{Empty, Overlong};
use stowage_engine::plan::group_seed;
use stowage_engine::seeded::{mix, seed_from};
use stowage_engine::template::{Run, Templates};
use stowage_engine::{Histogram, PackOptions, Unwatched, plan};

/// (length, rank) of every piece, by (sequence, start): ranks are handed out in that order, as one
/// who reads the sequences one after another does.
fn ranks(lengths: &[u32], options: &PackOptions) -> BTreeMap<(u32, u32), (u32, u64)> {
    let usable = options.usable();
    let mut next = BTreeMap::<u32, u64>::new();
    let mut ranks = BTreeMap::new();
    for (id, &length) in (0_u32..).zip(lengths) {
        let pieces: Vec<(u32, u32)> = match options.overlong {
            _ if length == 0 => Vec::new(),
            _ if length <= usable => vec![(0, length)],
            Overlong::Error | Overlong::Drop => Vec::new(),
            Overlong::Truncate => vec![(0, usable)],
            Overlong::TruncateStart => vec![(length - usable, usable)],
            Overlong::Split => (0..length)
                .step_by(usable as usize)
                .map(|at| (at, usable.min(length - at)))
                .collect(),
        };
        for (start, length) in pieces {
            let rank = next.entry(length).or_default();
            ranks.insert((id, start), (length, *rank));
            *rank += 1;
        }
    }
    ranks
}

/// Number of places that were compared.
fn check(lengths: &[u32], options: &PackOptions, which: &EpochOptions) -> usize {
    let histogram = Histogram::from_lengths(lengths, 1, &Unwatched).expect("it fits");
    let plan = plan(&histogram, options, 1, &Unwatched).expect("policies settle everything");
    let index = LengthIndex::new(lengths, 1, &Unwatched).expect("it fits");
    let epoch = Epoch::new(&plan.templates, options, (&index).into(), which).expect("the same");
    let locator = Locator::new(&plan.templates, which);
    let ranks = ranks(lengths, options);
    assert_eq!(locator.pack_count(), epoch.pack_count());
    let mut seen = 0;
    for pack in 0..epoch.pack_count() {
        assert_eq!(locator.template_at(pack), epoch.template_at(pack));
        let mut slot = 0;
        epoch.visit(pack, |entry, length| {
            let piece = match entry {
                Entry::At(at) => {
                    let id = index.sequences[at as usize];
                    let start = match options.overlong {
                        Overlong::TruncateStart => {
                            lengths[id as usize].saturating_sub(options.usable())
                        }
                        _ => 0,
                    };
                    (id, start)
                }
                Entry::Piece { sequence, start } => (sequence, start),
            };
            let (of, rank) = ranks[&piece];
            assert_eq!(of, length);
            assert_eq!(locator.seat(length, rank), Some(Seat { pack, slot }));
            slot += 1;
            seen += 1;
        });
    }
    assert_eq!(seen, ranks.len());
    for (length, members) in locator.members() {
        assert_eq!(locator.seat(length, members), None);
    }
    assert_eq!(locator.seat(options.capacity + 1, 0), None);
    seen
}

proptest! {
    #[test]
    fn a_seat_is_where_the_epoch_shows_the_member(
        lengths in prop::collection::vec(prop_oneof![1 => Just(0), 8 => 1..30_u32, 2 => 25..95_u32], 0..300),
        capacity in 20..40_u32, alignment in 1..4_u32,
        overlong in any_cut(), order in any_order(), seed: u64, epoch in 0..5_u64,
    ) {
        let options = PackOptions {
            overlong,
            empty: Empty::Drop,
            sequence_alignment: alignment,
            ..PackOptions::new(capacity)
        };
        check(&lengths, &options, &EpochOptions { seed, epoch, order });
    }
}

#[test]
fn a_hundred_thousand_sequences_are_found_again() {
    let lengths: Vec<u32> = (0..100_000_u64).map(|k| 1 + (mix(k) % 900) as u32).collect();
    let options = PackOptions { overlong: Overlong::Split, ..PackOptions::new(512) };
    let balanced = Order::Balanced { cost: Cost::default(), world_size: 8 };
    for order in [Order::Plan, Order::Shuffled, balanced] {
        let seen = check(&lengths, &options, &EpochOptions { seed: 3, epoch: 1, order });
        assert!(seen > 100_000, "{seen}");
    }
}

#[test]
fn ranks_above_32_bits_have_their_places() {
    let mut templates = Templates::new();
    let packs = 1_u64 << 34;
    templates.push(&[Run { length: 7, times: 1 }, Run { length: 3, times: 2 }], packs);
    templates.push(&[Run { length: 3, times: 3 }], packs / 2);
    let which = EpochOptions { seed: 9, epoch: 2, order: Order::Shuffled };
    let locator = Locator::new(&templates, &which);
    let members = 2 * packs + 3 * (packs / 2);
    assert_eq!(locator.members().collect::<Vec<_>>(), [(3, members), (7, packs)]);
    // What docs/epochs.md says, forwards.
    let ids = Permutation::new(members, seed_from(&[9, 2, 4, 3]));
    let order = Permutation::new(packs + packs / 2, seed_from(&[9, 2, 5]));
    for draw in 0..20_000_u64 {
        let slot = mix(draw) % members;
        let (pack, place) = if slot < 2 * packs {
            (slot / 2, 1 + slot % 2)
        } else {
            (packs + (slot - 2 * packs) / 3, (slot - 2 * packs) % 3)
        };
        let seat = locator.seat(3, ids.apply(slot)).expect("a member");
        assert_eq!(order.apply(seat.pack), pack);
        assert_eq!(u64::from(seat.slot), place);
    }
}

#[test]
fn groups_have_seeds_of_their_own_which_are_no_keys_of_an_epoch() {
    let seeds: Vec<u64> = (0..100).map(|group| group_seed(5, group)).collect();
    assert_eq!(seeds[3], seed_from(&[5, 0, 8, 3]));
    assert!((0..100).all(|k| !seeds.contains(&seed_from(&[5, 8, k]))));
    assert!(seeds.iter().enumerate().all(|(k, seed)| !seeds[..k].contains(seed)));
}
