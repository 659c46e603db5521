//! The vectors of `docs/epochs.md`, and the statistics of `examples/acceptance` with a tenth of its
//! keys.

#[path = "../examples/acceptance/statistics.rs"]
mod statistics;

use statistics::{Family, Outcome, all, neighbours};
use stowage_engine::epoch::permutation::Permutation;
use stowage_engine::seeded::{seed_from, shuffle};

const DOMAINS: [u64; 9] = [2, 3, 5, 7, 8, 9, 16, 100, 257];

fn permuted(epoch: u64, n: u64) -> Vec<u32> {
    let permutation = Permutation::new(n, seed_from(&[1, epoch, 4, n]));
    (0..n).map(|x| permutation.apply(x) as u32).collect()
}

fn shuffled(seed: u64, n: u64) -> Vec<u32> {
    let mut list: Vec<u32> = (0..n as u32).collect();
    shuffle(&mut list, seed, 9);
    list
}

/// The least probability of all tests must stand up to their number (Bonferroni).
fn assert_random(family: Family) {
    let mut outcomes: Vec<_> = DOMAINS.iter().flat_map(|&n| all(family, n, 10_000)).collect();
    outcomes.extend((0..5).map(|key| neighbours(family, 100_000, key, 40)));
    let bound = 1e-4 / outcomes.len() as f64;
    for outcome in &outcomes {
        let Outcome { name, chi_square, freedom, p } = outcome;
        assert!(*p > bound, "{name}: chi-square {chi_square} of {freedom}, p {p}");
    }
}

#[test]
fn permutations_show_nothing_that_chance_would_not() {
    assert_random(&permuted);
}

#[test]
fn the_tests_accept_shuffles() {
    assert_random(&shuffled);
}

#[test]
fn the_tests_reject_rotations() {
    let rotated = |key: u64, n: u64| {
        let by = seed_from(&[key, n]);
        (0..n).map(|x| ((x + by) % n) as u32).collect()
    };
    for outcome in all(&rotated, 100, 10_000) {
        let found = outcome.p < 1e-9;
        // Each point of a rotation goes everywhere equally often: that alone proves nothing.
        let blind = outcome.name.starts_with("position") || outcome.name.starts_with("consec");
        assert_ne!(found, blind, "{} {}", outcome.name, outcome.p);
    }
}

/// `__test__/epoch/epoch.spec.ts` compares the same table with an implementation in `BigInt` arithmetic.
#[test]
fn the_published_vectors_come_out() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/epochs.md");
    let text = std::fs::read_to_string(path).expect("the page is in the repository");
    let (_, table) = text.split_once("images of 0, 1, 2, floor(n/2), n-1 |").expect("it has them");
    let key = seed_from(&[42, 0, 4, 100]);
    assert_eq!(key, 0x709b_896d_f279_2222);
    let mut rows = 0;
    for row in table.lines().skip(2).take_while(|line| line.starts_with('|')) {
        let numbers: Vec<u64> = row
            .split(['|', ',', ' '])
            .filter(|field| !field.is_empty())
            .map(|field| field.parse().expect("numbers alone"))
            .collect();
        let [n, images @ ..] = &numbers[..] else { panic!("an empty row") };
        let permutation = Permutation::new(*n, key);
        let found = [0, 1, 2, n / 2, n - 1].map(|x| permutation.apply(x));
        assert_eq!(found, images, "of {n}");
        rows += 1;
    }
    assert_eq!(rows, 15);
}
