//! Times the strategies that place one sequence after another, on one thread, with the packing.
//!
//! `cargo run --release -p stowage-engine --example placing -- LENGTHS.u32 CAPACITY`, where the file
//! holds little-endian 32-bit lengths. Best and median of 15 runs, in milliseconds.
#![expect(clippy::print_stdout, reason = "a program that reports to its user")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use stowage_engine::options::Strategy;
use stowage_engine::{PackOptions, Unwatched, prepare, strategy};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().expect("a file of lengths");
    let capacity = arguments.next().expect("a capacity").parse().expect("an integer");
    let bytes = std::fs::read(path).expect("the file can be read");
    let lengths: Vec<u32> = bytes
        .chunks_exact(4)
        .map(|four| u32::from_le_bytes(four.try_into().expect("four bytes")))
        .collect();
    for strategy in [
        Strategy::NextFit,
        Strategy::FirstFit,
        Strategy::BestFit,
        Strategy::WorstFit,
        Strategy::Harmonic,
        Strategy::FirstFitShuffle,
    ] {
        let options = PackOptions { strategy, ..PackOptions::new(capacity) };
        let mut times: Vec<(f64, f64, f64)> = (0..15).map(|_| run(&lengths, &options)).collect();
        times.sort_by(|a, b| a.2.total_cmp(&b.2));
        let (best, median) = (times[0], times[times.len() / 2]);
        println!(
            "{:18} best {:6.2} (placing {:6.2}, packing {:5.2})  median {:6.2}",
            strategy::info(strategy).name,
            best.2,
            best.0,
            best.1,
            median.2
        );
    }
}

/// Milliseconds for policies, bound and placing, for the packing, and for all.
fn run(lengths: &[u32], options: &PackOptions) -> (f64, f64, f64) {
    let start = Instant::now();
    let prepared = prepare(lengths, options, 1, &Unwatched).expect("lengths fit");
    let placed = start.elapsed();
    let packing = prepared.into_packing(lengths, options.capacity, 1, &Unwatched);
    black_box(&packing.expect("not cancelled"));
    let all = start.elapsed();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    (ms(placed), ms(all) - ms(placed), ms(all))
}
