//! Equal loads: how far above the bound longest first, differencing and the search end, and what they
//! cost.
//!
//! `loads [cost]`: eight lognormal batches for each number of sequences and packs; with `cost` the
//! load of a sequence is 24576 l + l².
#![expect(clippy::print_stdout, reason = "a program prints")]

use stowage_engine::Unwatched;
use stowage_engine::loads::{LoadCost, Question, balance};
use stowage_engine::optimal::Mode;
use stowage_engine::seeded::{Generator, seed_from};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dear = std::env::args().nth(1).is_some_and(|word| word == "cost");
    let cost = if dear { LoadCost { linear: 24_576, quadratic: 1 } } else { LoadCost::default() };
    println!(
        "| n, k | longest first % | search % | at the bound | ms | optimal % | at the bound | ms |"
    );
    for (n, packs) in
        [(64, 8), (64, 16), (256, 16), (256, 64), (1024, 64), (1024, 256), (1024, 400)]
    {
        let mut rows = [(0.0, 0, 0.0); 3];
        for batch in 0..8 {
            let classes = lognormal(&mut Generator::new(seed_from(&[2026, n, packs, batch])), n);
            let question = |mode| Question {
                classes: &classes,
                packs,
                cost,
                capacity: None,
                limit: u32::MAX,
                equal_counts: false,
                alignment: 1,
                mode,
                effort: 1.0,
            };
            let auto = question(Mode::Auto);
            // Twice: the second one finds its code and memory warm.
            balance(&auto, None, 1, &Unwatched)?;
            let before = cpu_ms();
            let times = 20;
            for _ in 1..times {
                balance(&auto, None, 1, &Unwatched)?;
            }
            let found = balance(&auto, None, 1, &Unwatched)?;
            let auto_ms = (cpu_ms() - before) / f64::from(times);
            let before = cpu_ms();
            let optimal = balance(&question(Mode::Optimal), None, 1, &Unwatched)?;
            let optimal_ms = cpu_ms() - before;
            let results = [
                (longest_first(&classes, packs, cost), found.bound.load, 0.0),
                (found.max_load.into(), found.bound.load, auto_ms),
                (optimal.max_load.into(), optimal.bound.load, optimal_ms),
            ];
            for (row, (load, bound, ms)) in rows.iter_mut().zip(results) {
                row.0 += (load as f64 / bound as f64 - 1.0) * 12.5;
                row.1 += u32::from(load == u128::from(bound));
                row.2 += ms / 8.0;
            }
        }
        let [first, auto, optimal] = rows;
        println!(
            "| {n}, {packs} | {:.4} | {:.5} | {} of 8 | {:.3} | {:.5} | {} of 8 | {:.1} |",
            first.0, auto.0, auto.1, auto.2, optimal.0, optimal.1, optimal.2
        );
    }
    Ok(())
}

fn longest_first(classes: &[(u32, u64)], packs: u64, cost: LoadCost) -> u128 {
    let mut loads = vec![0u128; packs as usize];
    for &(length, count) in classes {
        for _ in 0..count {
            let least = loads.iter_mut().min().expect("a pack");
            *least += cost.of(length);
        }
    }
    loads.into_iter().max().unwrap_or(0)
}

/// Products of uniform factors: the long tail of rollouts.
fn lognormal(generator: &mut Generator, n: u64) -> Vec<(u32, u64)> {
    let mut lengths: Vec<u32> = (0..n)
        .map(|_| {
            let factor = |product: u64| product * (300 + generator.below(1800)) / 1000;
            let mut factor = factor;
            (0..4).fold(3000, |product, _| factor(product)).clamp(16, 32_768) as u32
        })
        .collect();
    lengths.sort_unstable_by_key(|&length| std::cmp::Reverse(length));
    lengths.chunk_by(|a, b| a == b).map(|equal| (equal[0], equal.len() as u64)).collect()
}

/// Milliseconds on a core so far, where the system tells: other programs don't count.
fn cpu_ms() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let first = text.split_whitespace().next().and_then(|ns| ns.parse::<f64>().ok());
    first.unwrap_or(0.0) / 1e6
}
