//! Where members stand in plans of many sequences: what a place costs, and a pack of the layout.
//!
//! `locate [sequences]` (3·10^9): log-normal lengths at three capacities, processor time of one thread.
#![expect(clippy::print_stdout, reason = "a program prints")]

use stowage_engine::epoch::{EpochOptions, Locator, Order};
use stowage_engine::seeded::mix;
use stowage_engine::{Histogram, PackOptions, Unwatched, plan};

/// Members and packs that are timed at once.
const AT_ONCE: u64 = 200_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let wanted = std::env::args().nth(1).map_or(Ok(3e9), |word| word.parse::<f64>())?;
    println!(
        "| capacity | sequences | classes | packs | templates | plan s | locator s | seat ns | layout ns |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for (capacity, median) in [(2048_u32, 700.0), (8192, 1000.0), (32_768, 1000.0)] {
        let histogram = lognormal(capacity, median, wanted)?;
        let start = cpu_ns();
        let plan = plan(&histogram, &PackOptions::new(capacity), 1, &Unwatched)?;
        let planned = cpu_ns() - start;
        let which = EpochOptions { seed: 7, epoch: 0, order: Order::Shuffled };
        let start = cpu_ns();
        let locator = Locator::new(&plan.templates, &which);
        let made = cpu_ns() - start;
        let members: Vec<(u32, u64)> = locator.members().collect();
        // Members as a partition has them: any length, any rank.
        let seat = least(|round| {
            let mut packs = 0;
            for draw in 0..AT_ONCE {
                let z = mix(draw + round * AT_ONCE);
                let (length, count) = members[(z % members.len() as u64) as usize];
                packs ^= locator.seat(length, mix(z) % count).map_or(0, |seat| seat.pack);
            }
            std::hint::black_box(packs);
        });
        let layout = least(|round| {
            let first = (round * AT_ONCE) % (locator.pack_count() - AT_ONCE).max(1);
            let templates = (first..first + AT_ONCE).map(|k| locator.template_at(k));
            std::hint::black_box(templates.sum::<usize>());
        });
        println!(
            "| {capacity} | {} | {} | {} | {} | {:.2} | {:.3} | {seat:.0} | {layout:.0} |",
            histogram.sequence_count(),
            members.len(),
            plan.pack_count(),
            plan.templates.len(),
            planned / 1e9,
            made / 1e9,
        );
    }
    Ok(())
}

/// Log-normal lengths with σ = 1, each length with the mass of its density.
fn lognormal(
    capacity: u32,
    median: f64,
    sequences: f64,
) -> Result<Histogram, stowage_engine::Fault> {
    let density = |length: u32| {
        let z = (f64::from(length) / median).ln();
        (-z * z / 2.0).exp() / f64::from(length)
    };
    let sum: f64 = (1..=capacity).map(density).sum();
    let count = |length| (length, (density(length) / sum * sequences) as u64);
    Histogram::from_counts((1..=capacity).map(count).filter(|class| class.1 > 0))
}

/// The least of five times, in nanoseconds for each of those timed at once.
fn least(work: impl Fn(u64)) -> f64 {
    let time = |round| {
        let start = cpu_ns();
        work(round);
        (cpu_ns() - start) / AT_ONCE as f64
    };
    (0..5).map(time).fold(f64::INFINITY, f64::min)
}

/// Processor time of this thread: others' load doesn't count.
fn cpu_ns() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0.0)
}
