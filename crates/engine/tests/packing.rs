//! From lengths to packs: what every strategy that plans promises, and the examples of the rules.

use proptest::prelude::*;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use stowage_engine::options::{Empty, Overlong, Strategy as Packs};
use stowage_engine::packing::prepare_owned;
use stowage_engine::{Fault, Histogram, PackOptions, Packing, Unwatched, pack, plan, prepare};

const PLANNING: [Packs; 5] = [
    Packs::Auto,
    Packs::BestFitDecreasing,
    Packs::FirstFitDecreasing,
    Packs::WorstFitDecreasing,
    Packs::ModifiedFirstFitDecreasing,
];

fn options(capacity: u32, strategy: Packs) -> PackOptions {
    PackOptions { strategy, ..PackOptions::new(capacity) }
}

fn packs(packing: &Packing) -> Vec<Vec<u32>> {
    let pair = |pair: &[u32]| packing.sequences[pair[0] as usize..pair[1] as usize].to_vec();
    packing.offsets.windows(2).map(pair).collect()
}

fn histogram(lengths: &[u32]) -> Histogram {
    Histogram::from_lengths(lengths, 1, &Unwatched).expect("small totals")
}

/// Runs `work` in a pool of four threads.
fn in_pool<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build();
    pool.expect("four threads").install(work)
}

#[test]
fn the_worked_example_comes_out() {
    let lengths = [1000, 800, 600, 500, 400, 300, 200, 100];
    let expected: [(Packs, &[&[u32]]); 4] = [
        (Packs::BestFitDecreasing, &[&[0], &[1, 7], &[2, 4], &[3, 5, 6]]),
        (Packs::FirstFitDecreasing, &[&[0], &[1, 6], &[2, 4], &[3, 5, 7]]),
        (Packs::ModifiedFirstFitDecreasing, &[&[0], &[1, 6], &[2, 4], &[3, 5, 7]]),
        (Packs::WorstFitDecreasing, &[&[0], &[1, 6], &[2, 5], &[3, 4, 7]]),
    ];
    for (strategy, expected) in expected {
        let packing = pack(&lengths, &options(1024, strategy), 1, &Unwatched).expect("all fit");
        assert_eq!(packs(&packing), expected, "{strategy:?}");
        assert_eq!(packing.lower_bound, 4);
    }
}

#[test]
fn sequences_of_a_length_fill_its_slots_in_input_order() {
    let lengths = [5, 3, 5, 7, 5, 3, 5, 3, 5];
    let options = options(10, Packs::BestFitDecreasing);
    let packing = pack(&lengths, &options, 1, &Unwatched).expect("all fit");
    let expected: [&[u32]; 5] = [&[3, 1], &[0, 2], &[4, 6], &[8, 5], &[7]];
    assert_eq!(packs(&packing), expected);
}

#[test]
fn pieces_are_sequences_of_their_own() {
    let options = PackOptions {
        overlong: Overlong::Split,
        empty: Empty::Drop,
        ..options(10, Packs::BestFitDecreasing)
    };
    let packing = pack(&[25, 4, 0], &options, 1, &Unwatched).expect("split and dropped");
    let pieces = packing.pieces.expect("one was split");
    assert_eq!(packing.offsets, [0, 1, 2, 4]);
    assert_eq!(packing.sequences, [0, 0, 0, 1]);
    assert_eq!((pieces.starts, pieces.lengths), (vec![0, 10, 20, 0], vec![10, 10, 5, 4]));
    assert_eq!(packing.dropped, [2]);
    assert_eq!((packing.ledger.tokens_in, packing.ledger.tokens_packed), (29, 29));
}

#[test]
fn no_sequences_make_no_packs() {
    for strategy in PLANNING {
        let packing = pack(&[], &options(8, strategy), 1, &Unwatched).expect("nothing to refuse");
        assert_eq!((packs(&packing).len(), packing.offsets, packing.lower_bound), (0, vec![0], 0));
    }
}

#[test]
fn the_first_fault_is_named() {
    let fault = |lengths: &[u32]| {
        pack(lengths, &options(10, Packs::Auto), 1, &Unwatched).expect_err("not packable")
    };
    assert_eq!(fault(&[3, 0, 11]), Fault::Empty { index: Some(1) });
    let overlong = Fault::Overlong { index: Some(1), length: 11, capacity: 10, alignment: 1 };
    assert_eq!(fault(&[3, 11, 0]), overlong);
}

#[test]
fn a_plan_refuses_other_lengths_and_names_the_shortest_that_differs() {
    let planned = plan(&histogram(&[5, 5, 3]), &PackOptions::new(10), 1, &Unwatched).expect("fits");
    let fault = planned.assign(&[5, 3, 3, 2], 1, &Unwatched).expect_err("another histogram");
    assert_eq!(fault, Fault::HistogramMismatch { length: 2, planned: 0, given: 1 });
}

#[test]
fn strategies_that_look_at_one_sequence_after_another_do_not_plan() {
    let fault = plan(&histogram(&[5]), &options(10, Packs::NextFit), 1, &Unwatched);
    assert_eq!(fault.expect_err("no plan").code(), "ERR_STRATEGY");
    let tolerant = PackOptions { tolerance: 3, ..options(10, Packs::BestFitDecreasing) };
    let fault = plan(&histogram(&[5]), &tolerant, 1, &Unwatched);
    assert_eq!(fault.expect_err("no tolerance").code(), "ERR_OPTION");
}

/// Lengths of many shapes, some of them 0 or overlong.
fn given() -> impl Strategy<Value = (PackOptions, Vec<u32>)> {
    let capacity = prop_oneof![1..20_u32, 20..3000_u32, Just(100_000), Just(0x7fff_ffff)];
    let lengths = prop_oneof![
        proptest::collection::vec(0..40_u32, 0..400),
        proptest::collection::vec(0..3000_u32, 0..400),
        proptest::collection::vec(prop_oneof![1..5_u32, 90_000..200_000_u32], 0..200),
        proptest::collection::vec(1 << 28..=u32::MAX, 0..60),
    ];
    let strategy = proptest::sample::select(PLANNING.to_vec());
    (capacity, lengths, strategy, 1..20_u32, 0..6_u32, 1..5_u32).prop_map(
        |(capacity, lengths, strategy, alignment, limit, overlong)| {
            let options = PackOptions {
                strategy,
                sequence_alignment: if alignment <= 10 { 1 } else { alignment.min(capacity) },
                max_sequences_per_pack: NonZeroU32::new(limit),
                overlong: match overlong {
                    1 => Overlong::Drop,
                    2 => Overlong::Truncate,
                    3 => Overlong::TruncateStart,
                    // Billions of pieces would be refused, rightly.
                    _ if capacity >= 20 && lengths.iter().all(|&length| length < 1 << 20) => {
                        Overlong::Split
                    }
                    _ => Overlong::Drop,
                },
                empty: Empty::Drop,
                ..PackOptions::new(capacity)
            };
            (options, lengths)
        },
    )
}

/// Every token of every sequence is where the ledger says, and no pack is over its limits.
fn check(packing: &Packing, options: &PackOptions, lengths: &[u32]) {
    let mut covered: BTreeMap<u32, Vec<(u32, u32)>> = BTreeMap::new();
    for (k, pair) in packing.offsets.windows(2).enumerate() {
        let entries = pair[0] as usize..pair[1] as usize;
        assert!(!entries.is_empty(), "pack {k} is empty");
        assert!(entries.len() <= options.limit() as usize, "pack {k} holds too many");
        let mut room = options.capacity;
        for entry in entries {
            let sequence = packing.sequences[entry];
            let whole = (0, lengths[sequence as usize]);
            let piece = packing.pieces.as_ref();
            let (start, length) = piece.map_or(whole, |p| (p.starts[entry], p.lengths[entry]));
            room = room.checked_sub(options.need(length)).expect("no pack is over its capacity");
            covered.entry(sequence).or_default().push((start, length));
        }
    }
    let mut packed = 0;
    for (&sequence, pieces) in &mut covered {
        pieces.sort_unstable();
        let whole = lengths[sequence as usize];
        let cut = whole.saturating_sub(options.usable());
        let begin = if options.overlong == Overlong::TruncateStart { cut } else { 0 };
        let mut end = begin;
        for &(start, length) in pieces.iter() {
            assert_eq!(start, end, "pieces of {sequence} follow one another");
            end += length;
        }
        let expected = if options.overlong == Overlong::Truncate {
            whole.min(options.usable())
        } else {
            whole
        };
        assert_eq!(end, expected, "sequence {sequence} is covered");
        packed += u64::from(end - begin);
    }
    for &sequence in &packing.dropped {
        assert!(!covered.contains_key(&sequence), "{sequence} is dropped and packed");
    }
    assert!(packing.dropped.is_sorted());
    assert_eq!(covered.len() + packing.dropped.len(), lengths.len());
    assert_eq!(packing.ledger.tokens_packed, packed);
    assert!(packing.ledger.balances());
    let tokens: u64 = lengths.iter().map(|&length| u64::from(length)).sum();
    assert_eq!(packing.ledger.tokens_in, tokens);
    assert!(packing.lower_bound < packing.offsets.len() as u64);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_sequence_stands_in_one_pack_or_is_dropped((options, lengths) in given()) {
        let packing = pack(&lengths, &options, 1, &Unwatched).expect("policies take everything");
        check(&packing, &options, &lengths);
    }

    #[test]
    fn a_plan_bound_to_lengths_is_the_packing_of_them((options, lengths) in given()) {
        let histogram = histogram(&lengths);
        let planned = plan(&histogram, &options, 1, &Unwatched).expect("policies take everything");
        planned.verify(&histogram, &Unwatched).expect("its own histogram");
        prop_assert!(planned.stats().gap == planned.gap());
        let from_plan = planned
            .assign(&lengths, 1, &Unwatched)
            .and_then(|it| it.into_packing(&lengths, options.capacity, 1, &Unwatched));
        prop_assert_eq!(from_plan, pack(&lengths, &options, 1, &Unwatched));
    }

    #[test]
    fn lengths_given_away_make_the_same_packing((options, lengths) in given()) {
        let owned = prepare_owned(lengths.clone(), &options, 1, &Unwatched)
            .and_then(|it| it.into_packing(&[], options.capacity, 1, &Unwatched));
        prop_assert_eq!(owned, pack(&lengths, &options, 1, &Unwatched));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_number_of_threads_makes_the_same_packing((options, lengths) in given(), threads in 2..9_usize) {
        // Enough sequences for several parts.
        let lengths: Vec<u32> = lengths.iter().copied().cycle().take(lengths.len() * 700).collect();
        let alone = pack(&lengths, &options, 1, &Unwatched);
        let together = in_pool(|| {
            let prepared = prepare(&lengths, &options, threads, &Unwatched)?;
            prepared.into_packing(&lengths, options.capacity, threads + 1, &Unwatched)
        });
        prop_assert_eq!(&together, &alone);
        let owned = in_pool(|| {
            let prepared = prepare_owned(lengths.clone(), &options, threads, &Unwatched)?;
            prepared.into_packing(&[], options.capacity, 1, &Unwatched)
        });
        prop_assert_eq!(&owned, &alone);
    }
}
