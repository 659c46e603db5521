//! The classical small problems: how many are solved to a proved optimum, in which time.
//!
//! `small [EFFORT] [ONLY]`: uniform, triplets, short and long lengths, few wide lengths, as packing
//! papers have made them since 1979; from a fixed seed. ONLY is a part of a family's name.
#![expect(clippy::print_stdout, reason = "a program prints")]

use std::time::Instant;
use stowage_engine::Unwatched;
use stowage_engine::certificate::{Claim, verify};
use stowage_engine::optimal::{Mode, search};
use stowage_engine::seeded::Generator;
use stowage_engine::strategy::Problem;

type Draw = Box<dyn Fn(&mut Generator) -> Vec<u32>>;

struct Family {
    name: String,
    capacity: u32,
    problems: usize,
    draw: Draw,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let effort = arguments.first().map_or(Ok(0.25), |effort| effort.parse())?;
    let only = arguments.get(1).map_or("", String::as_str);
    let verbose = arguments.len() > 2;
    let (mut closed_all, mut all) = (0, 0);
    for family in families().iter().filter(|family| family.name.contains(only)) {
        let mut generator = Generator::new(2026);
        let (mut closed, mut slowest, mut total, mut gaps) = (0, 0.0f64, 0.0, Vec::new());
        for case in 0..family.problems {
            let classes = classes_of((family.draw)(&mut generator));
            let problem = Problem {
                classes: &classes,
                capacity: family.capacity,
                alignment: 1,
                limit: u32::MAX,
            };
            let started = Instant::now();
            let found = search(&problem, Mode::Optimal, effort, 1, &Unwatched)?;
            let seconds = started.elapsed().as_secs_f64();
            let claim = Claim {
                classes: &classes,
                templates: &found.templates,
                capacity: family.capacity,
                alignment: 1,
                limit: u32::MAX,
                multiple: 1,
                pack_count: None,
                lower_bound: found.lower_bound,
                certificate: &found.certificate,
            };
            verify(&claim, &Unwatched)?;
            let gap = found.templates.pack_count() - found.lower_bound;
            closed += usize::from(gap == 0);
            if gap > 0 {
                gaps.push((case, gap));
            }
            (slowest, total) = (slowest.max(seconds), total + seconds);
            if verbose {
                println!("{case} gap {gap} {seconds:.3} s {} units", found.units);
            }
        }
        println!(
            "{:28} gap 0 in {closed:4} of {:4}, mean {:.3} s, slowest {slowest:.2} s {:?}",
            family.name,
            family.problems,
            total / family.problems as f64,
            gaps.iter().take(12).collect::<Vec<_>>(),
        );
        closed_all += closed;
        all += family.problems;
    }
    println!("gap 0 in {closed_all} of {all}: {:.1} %", 100.0 * closed_all as f64 / all as f64);
    Ok(())
}

fn families() -> Vec<Family> {
    let mut families = Vec::new();
    let mut add = |name: String, capacity, problems, draw| {
        families.push(Family { name, capacity, problems, draw });
    };
    for n in [60, 120, 250, 500, 1000] {
        add(format!("uniform 20..100 n {n}"), 150, 60, uniform(n, 20, 100));
    }
    for n in [60, 120, 249, 501, 999] {
        add(format!("triplets n {n}"), 1000, 40, Box::new(move |g| triplets(g, n)));
    }
    for n in [50, 100, 200, 500] {
        for low in [1, 20, 30] {
            for capacity in [100, 120, 150] {
                let name = format!("{low}..100 at {capacity} n {n}");
                add(name, capacity, 9, uniform(n, low, 100));
            }
        }
    }
    for n in [100, 150, 200] {
        add(format!("wide n {n}"), 100_000, 20, uniform(n, 20_000, 35_000));
    }
    for n in [160, 180, 200] {
        add(format!("1..800 at 1000 n {n}"), 1000, 40, uniform(n, 1, 800));
    }
    families
}

fn uniform(n: usize, low: u32, high: u32) -> Draw {
    Box::new(move |generator| (0..n).map(|_| low + below(generator, high - low + 1)).collect())
}

/// After Falkenauer: a in 380..=490, b in 251..=(1000 - a) / 2, and what fills the pack.
fn triplets(generator: &mut Generator, n: usize) -> Vec<u32> {
    let mut lengths = Vec::new();
    for _ in 0..n / 3 {
        let a = 380 + below(generator, 111);
        let b = 251 + below(generator, (1000 - a) / 2 - 250);
        lengths.extend([a, b, 1000 - a - b]);
    }
    lengths
}

fn classes_of(mut lengths: Vec<u32>) -> Vec<(u32, u64)> {
    lengths.sort_unstable_by_key(|&length| std::cmp::Reverse(length));
    lengths.chunk_by(|a, b| a == b).map(|equal| (equal[0], equal.len() as u64)).collect()
}

fn below(generator: &mut Generator, n: u32) -> u32 {
    ((u128::from(generator.next_u64()) * u128::from(n)) >> 64) as u32
}
