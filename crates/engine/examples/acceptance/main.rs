//! The statistics by which the permutation was accepted, and its speed: a table for `docs/epochs.md`.
//!
//! `cargo run --release -p stowage-engine --example acceptance [keys]`; 100,000 keys, the default,
//! take some minutes, 0 keys show the speed alone. Ends with status 1 if chance explains some figure with p < 10^-4
//! only, divided by the number of tests (Bonferroni).
#![expect(clippy::print_stdout, reason = "a program whose result is a table")]

mod statistics;

use statistics::{Outcome, all, neighbours};
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;
use stowage_engine::epoch::permutation::{MAX_DOMAIN, Permutation};
use stowage_engine::seeded::seed_from;

fn main() -> ExitCode {
    let keys = std::env::args().nth(1).map_or(Ok(100_000), |keys| keys.parse());
    let Ok(keys) = keys else { return ExitCode::from(2) };
    if keys == 0 {
        speed();
        return ExitCode::SUCCESS;
    }
    let mut outcomes = Vec::new();
    for n in [2, 3, 5, 7, 8, 9, 16, 17, 32, 100, 256, 257, 512, 1000] {
        outcomes.extend(all(&permuted, n, keys));
    }
    outcomes.extend((0..100).map(|key| neighbours(&permuted, 1_000_000, key, 100)));
    println!("| test | chi-square | degrees of freedom | p |\n|---|---|---|---|");
    let serial = outcomes.split_off(outcomes.len() - 100);
    for Outcome { name, chi_square, freedom, p } in &outcomes {
        println!("| {name} | {chi_square:.1} | {freedom} | {p:.3} |");
    }
    let mean = serial.iter().map(|outcome| outcome.chi_square).sum::<f64>() / 100.0;
    let least = serial.iter().map(|outcome| outcome.p).fold(1.0, f64::min);
    println!("| neighbours, n 1000000, 100 keys | mean {mean:.1} | {} | least {least:.3} |", 9900);
    speed();
    let tests = outcomes.len() + serial.len();
    let bound = 1e-4 / tests as f64;
    let worst = outcomes.iter().chain(&serial).map(|outcome| outcome.p).fold(1.0, f64::min);
    println!("\n{tests} tests of {keys} keys, least p {worst:.2e}, bound {bound:.2e}");
    ExitCode::from(u8::from(worst < bound))
}

fn permuted(epoch: u64, n: u64) -> Vec<u32> {
    let permutation = Permutation::new(n, seed_from(&[7, epoch, 4, n]));
    (0..n).map(|x| permutation.apply(x) as u32).collect()
}

/// Nanoseconds a point: one after another, and each waiting for the one before. The best of some
/// short runs, since other programs can only slow them down.
fn speed() {
    const POINTS: u64 = 200_000;
    const RUNS: usize = 15;
    println!("\n| n | ns a point | each from the last |\n|---|---|---|");
    let sizes = [2, 8, 9, 17, 100, 257, 1000, 1025, 65_537, 1_000_000, (1 << 32) - 5, MAX_DOMAIN];
    for n in sizes {
        let permutation = Permutation::new(n, seed_from(&[n]));
        let per_point = |work: &dyn Fn() -> u64| {
            let times = (0..RUNS).map(|_| {
                let start = Instant::now();
                black_box(work());
                start.elapsed().as_secs_f64() * 1e9 / POINTS as f64
            });
            times.fold(f64::INFINITY, f64::min)
        };
        let free =
            per_point(&|| (0..POINTS).fold(0, |sum, x| permutation.apply(x % n).wrapping_add(sum)));
        let chained = per_point(&|| (0..POINTS).fold(0, |x, _| permutation.apply(x)));
        println!("| {n} | {free:.1} | {chained:.1} |");
    }
}
