//! The small families of the literature, drawn anew from seeds, and two of our own without any room.

use crate::{Family, Instance, between, classes_of, uniform};
use stowage_engine::optimal::Mode;
use stowage_engine::seeded::{Generator, seed_from};

/// Small problems: `closed` of them at effort 1/4.
struct Draws {
    family: Family,
    index: u64,
}

impl Draws {
    fn new(name: &'static str, index: u64) -> Self {
        let family = Family {
            name,
            mode: Mode::Optimal,
            effort: 0.25,
            every: 0,
            closed: 0,
            gaps: 0,
            instances: Vec::new(),
        };
        Self { family, index }
    }

    fn ci(mut self, every: usize) -> Self {
        self.family.every = every;
        self
    }

    /// `count` problems; each has a seed of its own.
    fn add(
        &mut self,
        name: &str,
        capacity: u32,
        count: usize,
        draw: impl Fn(&mut Generator) -> Vec<u32>,
    ) {
        for case in 0..count {
            let at = self.family.instances.len() as u64;
            let mut generator = Generator::new(seed_from(&[2026, self.index, at]));
            let classes = classes_of(draw(&mut generator));
            self.family.instances.push(Instance {
                name: format!("{name}-{case}"),
                capacity,
                classes,
            });
        }
    }

    /// All of them must be closed.
    fn closed(mut self) -> Family {
        self.family.closed = self.family.instances.len();
        self.family
    }

    /// None can be closed: each ends at gap 1.
    fn open(mut self) -> Family {
        self.family.gaps = self.family.instances.len() as u64;
        self.family
    }
}

pub fn families() -> Vec<Family> {
    let mut all = vec![uniform_150(), triplets(), scholl_1(), scholl_2(), scholl_3()];
    all.extend([residual(), schwerin(), hard()]);
    all.extend([
        zero_waste("Z201", 9, 201, 2500, 6).closed(),
        zero_waste("Z402", 10, 402, 10_000, 3).open(),
    ]);
    all.push(petersen());
    all
}

/// Falkenauer 1996.
fn uniform_150() -> Family {
    let mut draws = Draws::new("U", 0).ci(4);
    for n in [120, 250, 500, 1000] {
        draws.add(&format!("U{n}"), 150, 10, |g| uniform(g, n, 20, 100));
    }
    draws.closed()
}

/// Falkenauer 1996: a in 380..=490, b in 251..=(1000 - a) / 2, and what fills the pack.
fn triplets() -> Family {
    let mut draws = Draws::new("T", 1).ci(4);
    for n in [60, 120, 249, 501] {
        draws.add(&format!("T{n}"), 1000, 10, |g| {
            let triple = |_| {
                let a = between(g, 380, 490);
                let b = between(g, 251, (1000 - a) / 2);
                [a, b, 1000 - a - b]
            };
            (0..n / 3).flat_map(triple).collect()
        });
    }
    draws.closed()
}

/// Scholl, Klein, Jürgens 1997, first set.
fn scholl_1() -> Family {
    let mut draws = Draws::new("S1", 2);
    for n in [50, 100, 200, 500] {
        for capacity in [100, 120, 150] {
            for low in [1, 20, 30] {
                let name = format!("S1-{n}-{capacity}-{low}");
                draws.add(&name, capacity, 1, |g| uniform(g, n, low, 100));
            }
        }
    }
    draws.closed()
}

/// Their second set.
fn scholl_2() -> Family {
    let mut draws = Draws::new("S2", 3).ci(3);
    for n in [50, 100, 200, 500] {
        for part in [3, 5, 7, 9] {
            for percent in [20, 50, 90] {
                let mean = 1000 / part;
                let spread = mean * percent / 100;
                let name = format!("S2-{n}-{part}-{percent}");
                draws.add(&name, 1000, 1, |g| uniform(g, n, mean - spread, mean + spread));
            }
        }
    }
    draws.closed()
}

/// Their third set.
fn scholl_3() -> Family {
    let mut draws = Draws::new("S3", 4);
    draws.add("S3-200", 100_000, 10, |g| uniform(g, 200, 20_000, 35_000));
    draws.closed()
}

/// Residual problems after Wäscher and Gau 1996: 33..=64 lengths, 1..=4 of each.
fn residual() -> Family {
    let mut draws = Draws::new("W", 5).ci(1);
    for percent in [25, 50, 75] {
        draws.add(&format!("W{percent}"), 10_000, 4, |g| {
            let mut lengths: Vec<u32> = Vec::new();
            let wanted = between(g, 33, 64) as usize;
            while lengths.len() < wanted {
                let length = between(g, 1, 10_000 * percent / 100);
                if !lengths.contains(&length) {
                    lengths.push(length);
                }
            }
            let copies = |length| std::iter::repeat_n(length, between(g, 1, 4) as usize);
            lengths.into_iter().flat_map(copies).collect()
        });
    }
    draws.closed()
}

/// Schwerin, Wäscher 1997.
fn schwerin() -> Family {
    let mut draws = Draws::new("Sch", 6).ci(2);
    for n in [100, 120] {
        draws.add(&format!("Sch{n}"), 1000, 10, |g| uniform(g, n, 150, 200));
    }
    draws.closed()
}

/// The kind of the 28 hard ones of Schoenfield 2002.
fn hard() -> Family {
    let mut draws = Draws::new("H", 7);
    for n in [160, 180, 200] {
        draws.add(&format!("H{n}"), 1000, 10, |g| uniform(g, n, 1, 800));
    }
    draws.closed()
}

/// Triples that fill a pack to the token, each part a sixth to a half of it.
fn zero_waste(name: &'static str, index: u64, n: usize, capacity: u32, count: usize) -> Draws {
    let mut draws = Draws::new(name, index);
    draws.add(name, capacity, count, |g| {
        let mut lengths = Vec::new();
        while lengths.len() < n {
            let a = between(g, capacity / 6, capacity / 2);
            let b = between(g, capacity / 6, capacity / 2);
            let c = capacity.saturating_sub(a + b);
            if (capacity / 6..=capacity / 2).contains(&c) {
                lengths.extend([a, b, c]);
            }
        }
        lengths
    });
    draws
}

/// Cores whose relaxation is 3 and whose optimum is 4: lengths are sums over the edges of the
/// Petersen graph, full packs its perfect matchings, of which no three cover all edges.
fn petersen() -> Family {
    let mut draws = Draws::new("P15", 8).ci(1);
    let mut generator = Generator::new(seed_from(&[2026, 8]));
    for case in 0..4 {
        let lengths = loop {
            if let Some(lengths) = core(&mut generator) {
                break lengths;
            }
        };
        let capacity = lengths.iter().sum::<u32>() / 3;
        let (name, classes) = (format!("P15-{case}"), classes_of(lengths));
        draws.family.instances.push(Instance { name, capacity, classes });
    }
    draws.open()
}

/// Fifteen different lengths of which exactly six subsets fill a pack; none where the draw fails.
fn core(generator: &mut Generator) -> Option<Vec<u32>> {
    let weights: Vec<u32> = (0..10).map(|_| between(generator, 60, 440)).collect();
    let mut lengths = Vec::new();
    for v in 0..5 {
        lengths.push(weights[v] + weights[(v + 1) % 5]);
        lengths.push(weights[v] + weights[v + 5]);
        lengths.push(weights[v + 5] + weights[(v + 2) % 5 + 5]);
    }
    let mut different = lengths.clone();
    different.sort_unstable();
    different.dedup();
    let capacity: u32 = weights.iter().sum();
    let tokens = |set: u32| -> u32 {
        (0..15).filter(|edge| set >> edge & 1 == 1).map(|edge| lengths[edge as usize]).sum()
    };
    let full = (0..1_u32 << 15).filter(|&set| tokens(set) == capacity).count();
    (different.len() == 15 && full == 6).then_some(lengths)
}
