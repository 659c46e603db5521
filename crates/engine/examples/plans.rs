//! Plans a histogram file and proves the plan: packs, bound, gap, units of work, milliseconds.
//!
//! `plans FILE CAPACITY [auto|optimal] [--effort E] [--max-sequences K] [--alignment M]
//! [--threads T]`. FILE has `length count` per line, `#` starts a comment; or counts alone, one per
//! line from length 1 on.
#![expect(clippy::print_stdout, reason = "a program prints")]

use std::time::Instant;
use stowage_engine::Unwatched;
use stowage_engine::certificate::{Claim, verify};
use stowage_engine::optimal::{Mode, search};
use stowage_engine::strategy::{Problem, best_fit_decreasing};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (mut positional, mut effort, mut limit) = (Vec::new(), 1.0, u32::MAX);
    let (mut alignment, mut threads) = (1, 1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--effort" => effort = value()?.parse()?,
            "--max-sequences" => limit = value()?.parse()?,
            "--alignment" => alignment = value()?.parse()?,
            "--threads" => threads = value()?.parse()?,
            _ => positional.push(argument),
        }
    }
    let [file, capacity, rest @ ..] = &positional[..] else {
        return Err("usage: plans FILE CAPACITY [auto|optimal] [options]".into());
    };
    let mode = if rest.first().is_some_and(|m| m == "auto") { Mode::Auto } else { Mode::Optimal };
    let classes = read(file)?;
    let problem = Problem { classes: &classes, capacity: capacity.parse()?, alignment, limit };
    let decreasing = best_fit_decreasing::plan(&problem).pack_count();
    let (started, cpu) = (Instant::now(), cpu_ms());
    let found = search(&problem, mode, effort, threads, &Unwatched)?;
    let ms = started.elapsed().as_secs_f64() * 1e3;
    let cpu = cpu_ms() - cpu;
    let claim = Claim {
        classes: &classes,
        templates: &found.templates,
        capacity: problem.capacity,
        alignment,
        limit,
        multiple: 1,
        pack_count: None,
        lower_bound: found.lower_bound,
        certificate: &found.certificate,
    };
    verify(&claim, &Unwatched)?;
    let name = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".txt");
    let (packs, bound) = (found.templates.pack_count(), found.lower_bound);
    println!(
        "{name:24} {mode:?} decreasing {decreasing} packs {packs} bound {bound} ({}) gap {} units {:.1} M {ms:.1} ms ({cpu:.1} on the core)",
        found.certificate.kind.name(),
        packs - bound,
        found.units as f64 / 1e6,
    );
    Ok(())
}

/// (length, count), longest first.
fn read(file: &str) -> Result<Vec<(u32, u64)>, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string(file)?;
    let mut classes = Vec::new();
    let mut next = 1;
    for line in text.lines().map(|line| line.split('#').next().unwrap_or("").trim()) {
        let numbers: Vec<u64> =
            line.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        match numbers[..] {
            [] => {}
            [count] => {
                classes.push((next, count));
                next += 1;
            }
            [length, count] => classes.push((u32::try_from(length)?, count)),
            _ => return Err(format!("{file}: `{line}` is not `length count`").into()),
        }
    }
    classes.retain(|class| class.1 > 0 && class.0 > 0);
    classes.sort_unstable_by_key(|class| std::cmp::Reverse(class.0));
    Ok(classes)
}

/// Milliseconds on a core so far, where the system tells: other programs don't count.
fn cpu_ms() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let first = text.split_whitespace().next().and_then(|ns| ns.parse::<f64>().ok());
    first.unwrap_or(0.0) / 1e6
}
