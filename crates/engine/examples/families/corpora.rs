//! Large corpora on which `auto` once gave up early, and small batches of lengths near a third.

use crate::{Classes, Family, Instance, between, classes_of, uniform};
use stowage_engine::optimal::Mode;
use stowage_engine::seeded::{Generator, seed_from};

/// What `auto` may end above the bound at effort 1: the worst of several variants and a slack of 1. The
/// bound of the bell is out of reach of these units (99 of its gap): the relaxation needs 51,201 packs.
const CORPORA: [(&str, u64, usize); 5] = [
    ("quarters-16k", 12, 0),
    ("quarters-65k", 11, 1),
    ("fifths-131k", 17, 0),
    ("two-peaks-4096", 38, 0),
    ("bell-8192", 115, 0),
];

pub fn families() -> Vec<Family> {
    let mut families: Vec<Family> = CORPORA
        .iter()
        .map(|&(name, gaps, every)| {
            let (capacity, classes) = corpus(name);
            family(name, gaps, every, vec![Instance { name: name.into(), capacity, classes }])
        })
        .collect();
    for (n, name, gaps, every) in
        [(64, "thirds-64", 0, 0), (256, "thirds-256", 11, 1), (1024, "thirds-1024", 10, 0)]
    {
        let mut instances = Vec::new();
        for capacity in [8192, 32_768, 131_072_u32] {
            for case in 0..3 {
                let seed = seed_from(&[2026, 20, n as u64, capacity.into(), case]);
                let (low, high) = (capacity / 5, capacity / 20 * 9);
                let classes = classes_of(uniform(&mut Generator::new(seed), n, low, high));
                instances.push(Instance {
                    name: format!("{n}-{capacity}-{case}"),
                    capacity,
                    classes,
                });
            }
        }
        families.push(family(name, gaps, every, instances));
    }
    families
}

fn family(name: &'static str, gaps: u64, every: usize, instances: Vec<Instance>) -> Family {
    Family { name, mode: Mode::Auto, effort: 1.0, every, closed: 0, gaps, instances }
}

fn corpus(name: &str) -> (u32, Classes) {
    let mut generator = Generator::new(seed_from(&[2026, 10 + name.len() as u64]));
    let g = &mut generator;
    let (capacity, lengths) = match name {
        "quarters-16k" => (16_384, uniform(g, 150_000, 3000, 6500)),
        "quarters-65k" => (65_536, uniform(g, 150_000, 13_000, 28_000)),
        "fifths-131k" => (131_072, uniform(g, 60_000, 20_000, 36_000)),
        "two-peaks-4096" => {
            let one = |_| match between(g, 0, 1) {
                0 => normal(g, 1100, 150),
                _ => normal(g, 1900, 200),
            };
            (4096, (0..300_000).map(one).collect())
        }
        _ => (8192, (0..120_000).map(|_| normal(g, 3150, 470)).collect()),
    };
    (capacity, classes_of(lengths))
}

/// Close to a normal distribution, from integers alone: the sum of twelve uniform numbers has the
/// variance of one of them times twelve.
fn normal(generator: &mut Generator, mean: u32, deviation: u32) -> u32 {
    let sum: u64 = (0..12).map(|_| generator.below(1 << 20)).sum();
    let from_mean = (sum as i64 - (6 << 20)) * i64::from(deviation);
    (i64::from(mean) + ((from_mean + (1 << 19)) >> 20)).max(1) as u32
}
