//! How fast a stream packs in native code alone, and whether its memory stays flat.
//!
//! `cargo run --release -p stowage-engine --example streams [sequences]`; 10 million by default,
//! 1000000000 for the long run. Lengths are log-normal about 245 (sigma 1), cut to the capacity.
#![expect(clippy::print_stdout, reason = "a program whose result is a table")]

use std::process::ExitCode;
use std::time::Instant;
use stowage_engine::seeded::Generator;
use stowage_engine::stream::{Closed, StreamOptions, StreamPacker, StreamStrategy};

const CAPACITY: u32 = 2048;
const PART: usize = 1 << 16;

fn main() -> ExitCode {
    let count = std::env::args().nth(1).map_or(Ok(10_000_000), |count| count.parse());
    let Ok(count) = count else { return ExitCode::from(2) };
    let lengths = log_normal(1 << 22);
    println!("| strategy | M sequences/s | efficiency | memory, MB: a tenth in, at the end |");
    println!("|---|---|---|---|");
    for (name, strategy) in [
        ("next-fit", StreamStrategy::NextFit),
        ("harmonic", StreamStrategy::Harmonic),
        ("best-fit", StreamStrategy::BestFit),
    ] {
        let options = StreamOptions { strategy, ..StreamOptions::new(CAPACITY) };
        let mut packer = StreamPacker::new(options);
        let (mut closed, mut ids) = (Closed::default(), vec![0; PART]);
        let (mut added, mut packs, mut early) = (0_usize, 0, 0.0);
        let start = Instant::now();
        while added < count {
            let from = added % (lengths.len() - PART);
            let part = PART.min(count - added);
            (added as i64..).zip(&mut ids).for_each(|(id, slot)| *slot = id);
            packer
                .add(&ids[..part], &lengths[from..from + part], &mut closed)
                .expect("no length exceeds the capacity");
            packs += closed.len();
            added += part;
            if early == 0.0 && added >= count / 10 {
                early = resident_mb();
            }
        }
        packer.finish(&mut closed);
        packs += closed.len();
        let rate = count as f64 / start.elapsed().as_secs_f64() / 1e6;
        let tokens = packer.ledger().tokens_packed as f64;
        let efficiency = tokens / (packs as f64 * f64::from(CAPACITY));
        println!("| {name} | {rate:.1} | {efficiency:.5} | {early:.1}, {:.1} |", resident_mb());
    }
    ExitCode::SUCCESS
}

fn log_normal(count: usize) -> Vec<u32> {
    let mut generator = Generator::new(1);
    let mut uniform = || (generator.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    let length = |_| {
        let (u, v) = (1.0 - uniform(), uniform());
        let normal = (-2.0 * u.ln()).sqrt() * (2.0 * std::f64::consts::PI * v).cos();
        ((245.0 * normal.exp()) as u32).clamp(1, CAPACITY)
    };
    (0..count).map(length).collect()
}

/// 0 where the system doesn't tell.
fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) / 1024.0
}
