//! Small packings, over and over, for counting instructions.
//!
//! `cargo build --profile fast -p stowage-engine --example small`, then
//! `valgrind --tool=callgrind target/fast/examples/small 1000 100`: 100 packings of 1,000 sequences. The
//! difference of two runs by the number of packings is what one costs.

use std::hint::black_box;
use stowage_engine::options::Strategy;
use stowage_engine::packing::Output;
use stowage_engine::seeded::Generator;
use stowage_engine::{Fault, PackOptions, Unwatched, prepare};

const CAPACITY: u32 = 2048;

fn main() -> Result<(), Fault> {
    let mut numbers = std::env::args().skip(1).map(|word| word.parse().unwrap_or(1_usize));
    let (n, times) = (numbers.next().unwrap_or(1000), numbers.next().unwrap_or(100));
    let options =
        PackOptions { strategy: Strategy::BestFitDecreasing, ..PackOptions::new(CAPACITY) };
    let lengths = lengths(n);
    let (mut offsets, mut sequences) = (vec![0; n + 1], vec![0; n]);
    for _ in 0..times {
        let prepared = prepare(&lengths, &options, 1, &Unwatched)?;
        let out = Output {
            offsets: &mut offsets[..=prepared.pack_count() as usize],
            sequences: &mut sequences,
            starts: &mut [],
            piece_lengths: &mut [],
            dropped: &mut [],
        };
        prepared.bind_into(&lengths, out, 1, &Unwatched)?;
        black_box((&offsets, &sequences));
    }
    Ok(())
}

/// Lognormal lengths, by Box and Muller.
fn lengths(n: usize) -> Vec<u32> {
    let mut generator = Generator::new(1);
    let mut uniform = move || (generator.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    let mut normal =
        move || (-2.0 * (1.0 - uniform()).ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
    (0..n).map(|_| ((245.0 * normal().exp()) as u32).clamp(1, CAPACITY)).collect()
}
