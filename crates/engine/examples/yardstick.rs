//! What a packing costs, beside a plain counting-sort argsort of the same lengths: lengths to
//! offsets and ids by best-fit-decreasing, in plan order, into reused arrays.
//!
//! `cargo run --release -p stowage-engine --example yardstick`
//!
//! Both run in turns in one process, and the median of their ratios counts: on a shared machine the
//! ratio means something where times do not. The argsort is the quickest of three by its median: with
//! four counters a length; with a cache line a length that is written whole when it is full; of few
//! sequences by comparison. Its spread (90th over 10th percentile) says how quiet the machine was.
//! Lengths are lognormal, median 245, sigma 1, cut at the capacity of 2048. Last comes what a copy of
//! 400 MB into touched memory takes.

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
    let sizes = [
        (10, 20_001),
        (100, 20_001),
        (1000, 5001),
        (10_000, 2001),
        (100_000, 501),
        (1_000_000, 101),
        (10_000_000, 15),
    ];
    let largest: usize =
        std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(10_000_000);
    for (n, turns) in sizes.into_iter().filter(|size| size.0 <= largest) {
        packing(&lengths(n), &options, turns)?;
    }
    let (from, mut to) = (vec![1_u8; 400_000_000], vec![2_u8; 400_000_000]);
    let copy = median(9, || {
        let (time, ()) = millis(|| to.copy_from_slice(black_box(&from)));
        black_box(&mut to);
        time
    });
    println!("copy of 400 MB: {copy:.1} ms");
    drop((from, to));
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
    let mut sorts = Sorts::new(lengths.len());
    let (mut ratios, mut ours) = (Vec::new(), Vec::new());
    let mut yardsticks = vec![Vec::new(); sorts_for(lengths.len()).len()];
    for _ in 0..turns {
        for (times, sort) in yardsticks.iter_mut().zip(sorts_for(lengths.len())) {
            times.push(millis(|| sort(&mut sorts, lengths)).0);
        }
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
        black_box((&sorts.ids, &offsets, &sequences));
        ours.push(time);
    }
    let quickest =
        yardsticks.into_iter().min_by(|a, b| middle(a.clone()).total_cmp(&middle(b.clone())));
    let mut yardstick = quickest.expect("there are some");
    ratios.extend(ours.iter().zip(&yardstick).map(|(ours, yardstick)| ours / yardstick));
    let (n, [ratio, time]) = (lengths.len(), [ratios, ours].map(middle));
    yardstick.sort_unstable_by(f64::total_cmp);
    let at = |share: usize| yardstick[yardstick.len() * share / 10];
    let (argsort, spread) = (at(5), at(9) / at(1));
    println!("n {n}: {time:.5} ms, argsort {argsort:.5} ms, ratio {ratio:.2}, spread {spread:.2}");
    Ok(())
}

type Sort = fn(&mut Sorts, &[u32]);

/// The yardsticks that have a chance.
fn sorts_for(n: usize) -> &'static [Sort] {
    if n <= 1000 { &[Sorts::plain, Sorts::compared] } else { &[Sorts::plain, Sorts::combining] }
}

/// What the yardsticks work in.
struct Sorts {
    counters: Vec<u32>,
    fourfold: Vec<[u32; 4]>,
    lines: Vec<[u32; LINE]>,
    pairs: Vec<u64>,
    ids: Vec<u32>,
}

/// Ids in a cache line.
const LINE: usize = 16;

impl Sorts {
    fn new(n: usize) -> Self {
        let lengths = CAPACITY as usize + 1;
        Self {
            counters: vec![0; lengths],
            fourfold: vec![[0; 4]; lengths],
            lines: vec![[0; LINE]; lengths],
            pairs: Vec::with_capacity(n),
            ids: vec![0; n],
        }
    }

    /// Four counters per length, so that equal neighbours don't wait for each other; prefix sums.
    fn count(&mut self, lengths: &[u32]) {
        self.fourfold.fill([0; 4]);
        let fours = lengths.chunks_exact(4);
        for &length in fours.remainder() {
            self.fourfold[length as usize][0] += 1;
        }
        for four in fours {
            for (lane, &length) in four.iter().enumerate() {
                self.fourfold[length as usize][lane] += 1;
            }
        }
        let mut place = 0;
        for (counter, four) in self.counters.iter_mut().zip(&self.fourfold) {
            *counter = place;
            place += four.iter().sum::<u32>();
        }
    }

    /// A scatter of indices, each to the place of its length.
    fn plain(&mut self, lengths: &[u32]) {
        self.count(lengths);
        for (index, &length) in (0..).zip(lengths) {
            let place = &mut self.counters[length as usize];
            self.ids[*place as usize] = index;
            *place += 1;
        }
    }

    /// Indices are kept in a line for each length, which is written when it is full (Balkesen et al. 2013).
    fn combining(&mut self, lengths: &[u32]) {
        self.count(lengths);
        let starts = self.counters.clone();
        for (index, &length) in (0..).zip(lengths) {
            let length = length as usize;
            let place = self.counters[length] as usize;
            self.lines[length][place % LINE] = index;
            self.counters[length] += 1;
            if place % LINE == LINE - 1 {
                let from = (place - (LINE - 1)).max(starts[length] as usize);
                self.ids[from..=place].copy_from_slice(&self.lines[length][from % LINE..]);
            }
        }
        for (length, &start) in starts.iter().enumerate() {
            let end = self.counters[length] as usize;
            let from = (end / LINE * LINE).max(start as usize);
            let line = &self.lines[length][from % LINE..][..end - from];
            self.ids[from..end].copy_from_slice(line);
        }
    }

    /// Few sequences: lengths and indices as one number each, in order.
    fn compared(&mut self, lengths: &[u32]) {
        self.pairs.clear();
        self.pairs.extend((0..).zip(lengths).map(|(index, &l)| u64::from(l) << 32 | index));
        self.pairs.sort_unstable();
        for (id, &pair) in self.ids.iter_mut().zip(&self.pairs) {
            *id = pair as u32;
        }
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
