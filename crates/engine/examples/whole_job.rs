//! A job of very many sequences on one machine, without tokens: count, plan, layout, and a seat for every one.
//!
//! `whole_job [sequences] [partitions] [threads] [capacity]` (10^9, 1000, 2, 2048): log-normal lengths of
//! median 245 and σ = 1. Each partition is counted by itself; seats come from the plan and from how many of a
//! length earlier partitions have, as in a job over many machines. Every place of the plan must be taken once.
#![expect(clippy::print_stdout, reason = "a program prints")]

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;
use stowage_engine::epoch::{EpochOptions, Locator, Order};
use stowage_engine::seeded::mix;
use stowage_engine::template::sequences;
use stowage_engine::{Histogram, PackOptions, Unwatched, plan};

/// Bytes of tokens in an output file, and of a token.
const SHARD_BYTES: u64 = 512 << 20;
const TOKEN_BYTES: u64 = 4;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: f64| {
        given.get(at).map_or(Ok(default), |word| word.parse::<f64>()).map(|number| number as u64)
    };
    let (total, count) = (number(0, 1e9)?, number(1, 1e3)?.max(1));
    let (threads, capacity) = (number(2, 2.0)?.max(1), u32::try_from(number(3, 2048.0)?)?);
    // Places are kept as numbers of 32 bits.
    u32::try_from(total)?;
    let lengths = Lengths { quantiles: quantiles(capacity), total, count };
    println!("{total} sequences, {count} partitions, capacity {capacity}, {threads} threads");
    println!("| step | wall s | processor s | processor ns each | peak memory MB | |");
    println!("|---|---|---|---|---|---|");

    let clock = Clock::new();
    let (mut whole, mut before) = (Histogram::new(), Vec::new());
    for partition in 0..count {
        let own = Histogram::from_lengths(&lengths.of(partition), 1, &Unwatched)?;
        before.push(own.classes().iter().map(|&(length, _)| whole.count(length)).collect());
        whole.merge(&own)?;
    }
    clock.tell("count", total, &format!("{} distinct lengths", whole.classes().len()));

    let clock = Clock::new();
    let plan = plan(&whole, &PackOptions::new(capacity), threads as usize, &Unwatched)?;
    let (packs, bound) = (plan.pack_count(), plan.lower_bound);
    clock.tell("plan", total, &format!("{packs} packs, at least {bound} needed"));

    let clock = Clock::new();
    let which = EpochOptions { seed: 7, epoch: 0, order: Order::Shuffled };
    let locator = Locator::new(&plan.templates, &which);
    let sizes: Vec<(u64, u64)> = plan
        .templates
        .iter()
        .map(|(runs, _)| {
            (runs.iter().map(|run| u64::from(run.length * run.times)).sum(), sequences(runs))
        })
        .collect();
    let (mut first, mut shards, mut bytes, mut next) =
        (Vec::with_capacity(packs as usize + 1), 1_u64, 0, 0_u64);
    for pack in 0..packs {
        let (tokens, members) = sizes[locator.template_at(pack)];
        if bytes + TOKEN_BYTES * tokens > SHARD_BYTES {
            (shards, bytes) = (shards + 1, 0);
        }
        bytes += TOKEN_BYTES * tokens;
        first.push(next as u32);
        next += members;
    }
    first.push(next as u32);
    assert_eq!(next, total, "places of the plan");
    clock.tell("layout", packs, &format!("{shards} files"));

    let clock = Clock::new();
    let taken: Vec<AtomicU64> = (0..total.div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
    let (work, seated) = (AtomicUsize::new(0), AtomicU64::new(0));
    let seats = || {
        loop {
            let partition = work.fetch_add(1, Ordering::Relaxed) as u64;
            if partition >= count {
                return;
            }
            let own = lengths.of(partition);
            let before: &Vec<u64> = &before[partition as usize];
            let classes = Histogram::from_lengths(&own, 1, &Unwatched).expect("it was counted");
            let mut rank = vec![0; capacity as usize + 1];
            for (&(length, _), &earlier) in classes.classes().iter().zip(before) {
                rank[length as usize] = earlier;
            }
            for &length in &own {
                let seat = locator.seat(length, rank[length as usize]).expect("a member");
                rank[length as usize] += 1;
                let (from, end) = (first[seat.pack as usize], first[seat.pack as usize + 1]);
                let place = from + seat.slot;
                assert!(place < end, "pack {} has no place {}", seat.pack, seat.slot);
                let bit = 1 << (place % 64);
                let word = taken[place as usize / 64].fetch_or(bit, Ordering::Relaxed);
                assert_eq!(word & bit, 0, "place {} of pack {} twice", seat.slot, seat.pack);
            }
            seated.fetch_add(own.len() as u64, Ordering::Relaxed);
        }
    };
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(seats))));
    assert_eq!(seated.into_inner(), total);
    clock.tell("seat", total, "every place of the plan taken once");
    Ok(())
}

/// The lengths of all partitions, each made when it is asked for.
struct Lengths {
    quantiles: Vec<u32>,
    total: u64,
    count: u64,
}

impl Lengths {
    fn of(&self, partition: u64) -> Vec<u32> {
        let at = |partition: u64| {
            (u128::from(partition) * u128::from(self.total) / u128::from(self.count)) as u64
        };
        let draw = |id: u64| self.quantiles[mix(id) as usize % self.quantiles.len()];
        (at(partition)..at(partition + 1)).map(draw).collect()
    }
}

/// Lengths of 2^16 equal shares of the mass.
fn quantiles(capacity: u32) -> Vec<u32> {
    let density = |length: u32| {
        let z = (f64::from(length) / 245.0).ln();
        (-z * z / 2.0).exp() / f64::from(length)
    };
    let sum: f64 = (1..=capacity).map(density).sum();
    let (mut length, mut mass) = (1, density(1) / sum);
    (0..1_u32 << 16)
        .map(|share| {
            while mass < (f64::from(share) + 0.5) / 65_536.0 && length < capacity {
                length += 1;
                mass += density(length) / sum;
            }
            length
        })
        .collect()
}

struct Clock {
    wall: Instant,
    processor: f64,
}

impl Clock {
    fn new() -> Self {
        Self { wall: Instant::now(), processor: processor_seconds() }
    }

    fn tell(&self, step: &str, items: u64, note: &str) {
        let (wall, used) =
            (self.wall.elapsed().as_secs_f64(), processor_seconds() - self.processor);
        let (each, peak) = (1e9 * used / items as f64, peak_bytes() / 1_000_000);
        println!("| {step} | {wall:.1} | {used:.1} | {each:.1} | {peak} | {note} |");
    }
}

/// User and system time of all threads.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    // Fields 14 and 15 of proc(5), in hundredths of a second.
    fields.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// The most memory that was resident.
fn peak_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kilobytes| kilobytes.parse().ok()).unwrap_or(0) * 1024
}
