//! What a packing costs, beside a plain counting-sort argsort of the same lengths: lengths to
//! offsets and ids by best-fit-decreasing, in plan order, into reused arrays.
//!
//! `cargo run --release -p stowage-engine --example yardstick`
//!
//! Both run in turns in one process, and the median of their ratios counts: on a shared machine the
//! ratio means something where times do not. Lengths are lognormal, median 245, sigma 1, cut at the
//! capacity of 2048.

#![expect(clippy::print_stdout, reason = "a program that prints figures")]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;
use stowage_engine::options::Strategy;
use stowage_engine::packing::Output;
use stowage_engine::seeded::Generator;
use stowage_engine::{Fault, Histogram, PackOptions, Unwatched, plan, prepare};

const CAPACITY: u32 = 2048;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            println!("{fault}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Fault> {
    let options =
        PackOptions { strategy: Strategy::BestFitDecreasing, ..PackOptions::new(CAPACITY) };
    for (n, turns) in [(10_000, 2001), (1_000_000, 101), (10_000_000, 15)] {
        packing(&lengths(n), &options, turns)?;
    }
    let few = Histogram::from_lengths(&lengths(10_000), 1, &Unwatched)?;
    let micros = 1000.0 * median(2001, || millis(|| plan(&few, &options, 1, &Unwatched)).0);
    println!("plan and templates at 1e4: {micros:.1} us");
    // A thousand times a million.
    let many = Histogram::from_lengths(&lengths(1_000_000), 1, &Unwatched)?;
    let many = many.classes().iter().map(|&(length, count)| (length, 1000 * count));
    let many = Histogram::from_counts(many)?;
    let millis = median(101, || millis(|| plan(&many, &options, 1, &Unwatched)).0);
    println!("plan of {} sequences from a histogram: {millis:.3} ms", many.sequence_count());
    Ok(())
}

/// Prints the median ratio and times for these lengths.
fn packing(lengths: &[u32], options: &PackOptions, turns: usize) -> Result<(), Fault> {
    let size = prepare(lengths, options, 1, &Unwatched)?;
    let mut offsets = vec![0; size.pack_count() as usize + 1];
    let mut sequences = vec![0; size.entry_count()];
    let mut ids = vec![0; lengths.len()];
    let mut counters = vec![0; CAPACITY as usize + 1];
    let (mut ratios, mut ours, mut yardsticks) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..turns {
        let (yardstick, ()) = millis(|| argsort(lengths, &mut counters, &mut ids));
        let (time, done) = millis(|| -> Result<(), Fault> {
            let prepared = prepare(lengths, options, 1, &Unwatched)?;
            let out = Output {
                offsets: &mut offsets,
                sequences: &mut sequences,
                starts: &mut [],
                piece_lengths: &mut [],
                dropped: &mut [],
            };
            prepared.bind_into(lengths, out, 1, &Unwatched)
        });
        done?;
        black_box((&ids, &offsets, &sequences));
        ratios.push(time / yardstick);
        ours.push(time);
        yardsticks.push(yardstick);
    }
    let n = lengths.len();
    let [ratio, ours, yardstick] = [ratios, ours, yardsticks].map(middle);
    println!("n {n}: {ours:.3} ms, argsort {yardstick:.3} ms, ratio {ratio:.2}");
    Ok(())
}

/// The yardstick: one counter per length, prefix sums, scatter of indices.
fn argsort(lengths: &[u32], counters: &mut [u32], ids: &mut [u32]) {
    counters.fill(0);
    for &length in lengths {
        counters[length as usize] += 1;
    }
    let mut place = 0;
    for counter in counters.iter_mut() {
        place += std::mem::replace(counter, place);
    }
    for (index, &length) in (0..).zip(lengths) {
        let place = &mut counters[length as usize];
        ids[*place as usize] = index;
        *place += 1;
    }
}

/// Lognormal lengths, by Box and Muller.
fn lengths(n: usize) -> Vec<u32> {
    let mut generator = Generator::new(1);
    let mut uniform = move || (generator.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    let mut normal =
        move || (-2.0 * (1.0 - uniform()).ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
    (0..n).map(|_| ((245.0 * normal().exp()) as u32).clamp(1, CAPACITY)).collect()
}

fn millis<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let result = black_box(work());
    (start.elapsed().as_secs_f64() * 1000.0, result)
}

fn median(turns: usize, mut time: impl FnMut() -> f64) -> f64 {
    middle((0..turns).map(|_| time()).collect())
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
