//! Generated problems: how many are solved to a proved optimum, how far `auto` ends above the bound,
//! and whether the units stay within the budget.
//!
//! `families [auto|optimal] [--effort E] [--only PART] [--ci] [--check] [--verbose] [--list]`: the
//! classical small families (`optimal` at effort 1/4 unless said otherwise) and corpora (`auto` at
//! effort 1), drawn from fixed seeds; the histograms of `benchmark/instances` and `examples/data`
//! beside them. PART is a part of "FAMILY NAME". `--ci` takes the subset that continuous integration
//! runs, `--check` fails where a family misses its bar, `--list` prints the problems instead:
//! FAMILY NAME CAPACITY LENGTH COUNT LENGTH COUNT and so on, longest length first.
//!
//! Every plan is proved by the check of certificates; units above the budget by more than 2 % are an
//! error. `plans` is a digest of the plans, which other platforms must print too.
#![expect(clippy::print_stdout, reason = "a program prints")]

mod classical;
mod corpora;
mod recorded;

use stowage_engine::Unwatched;
use stowage_engine::certificate::{Claim, verify};
use stowage_engine::optimal::{Found, Mode, search};
use stowage_engine::seeded::{Generator, seed_after};
use stowage_engine::strategy::Problem;

/// Length and count of each class, longest first.
type Classes = Vec<(u32, u64)>;

/// One problem to plan.
struct Instance {
    name: String,
    capacity: u32,
    classes: Classes,
}

/// Problems of one kind, and what must come out.
struct Family {
    name: &'static str,
    /// The mode and the effort that its bar is for.
    mode: Mode,
    effort: f64,
    /// Part of the subset of continuous integration: every so manieth problem; 0 for none.
    every: usize,
    /// At least this many with gap 0.
    closed: usize,
    /// Sum of gaps at most.
    gaps: u64,
    instances: Vec<Instance>,
}

/// Words of the command line.
#[derive(Default)]
struct Options {
    mode: Option<Mode>,
    effort: Option<f64>,
    only: String,
    flags: Vec<String>,
}

impl Options {
    fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|given| given == flag)
    }
}

fn options() -> Result<Options, Box<dyn std::error::Error>> {
    let mut options = Options::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "auto" => options.mode = Some(Mode::Auto),
            "optimal" => options.mode = Some(Mode::Optimal),
            "--effort" => options.effort = Some(value()?.parse()?),
            "--only" => options.only = value()?,
            "--ci" | "--check" | "--verbose" | "--list" => options.flags.push(argument),
            _ => return Err(format!("unknown word {argument}").into()),
        }
    }
    Ok(options)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = options()?;
    let mut families = classical::families();
    families.extend(corpora::families());
    families.extend(recorded::families()?);
    let mut missed = Vec::new();
    for family in families.iter().filter(|family| !options.has("--ci") || family.every > 0) {
        let every = if options.has("--ci") { family.every } else { 1 };
        let wanted = |instance: &&Instance| {
            format!("{} {}", family.name, instance.name).contains(&options.only)
        };
        let chosen: Vec<&Instance> =
            family.instances.iter().step_by(every).filter(wanted).collect();
        if options.has("--list") {
            for instance in &chosen {
                list(family.name, instance);
            }
        } else if !chosen.is_empty() {
            let whole = chosen.len() == family.instances.len();
            missed.extend(run(family, &chosen, &options, whole)?);
        }
    }
    if options.has("--check") && !missed.is_empty() {
        return Err(missed.join("; ").into());
    }
    Ok(())
}

fn list(family: &str, instance: &Instance) {
    let classes = instance.classes.iter().map(|class| format!(" {} {}", class.0, class.1));
    println!("{family} {} {}{}", instance.name, instance.capacity, classes.collect::<String>());
}

/// Plans and proves; what misses the bar, in words. A part of a family may leave open as many as the
/// whole.
fn run(
    family: &Family,
    chosen: &[&Instance],
    options: &Options,
    whole: bool,
) -> Result<Option<String>, Box<dyn std::error::Error>> {
    let mode = options.mode.unwrap_or(family.mode);
    let effort = options.effort.unwrap_or(family.effort);
    let (mut closed, mut gaps, mut units, mut most) = (0, 0, 0.0, 0.0_f64);
    let mut digest = 0;
    let started = cpu_ms();
    for instance in chosen {
        let found = plan(instance, mode, effort)?;
        let gap = found.templates.pack_count() - found.lower_bound;
        closed += usize::from(gap == 0);
        gaps += gap;
        units += found.units as f64 / 1e6;
        most = most.max(found.units as f64 / 1e6);
        digest = told(digest, &found);
        if options.has("--verbose") {
            println!(
                "{} {} packs {} bound {} ({}) gap {gap} {:.1} M units",
                family.name,
                instance.name,
                found.templates.pack_count(),
                found.lower_bound,
                found.certificate.kind.name(),
                found.units as f64 / 1e6,
            );
        }
    }
    let ms = cpu_ms() - started;
    println!(
        "{:16} {mode:?} {effort}: gap 0 in {closed} of {}, sum of gaps {gaps}, mean {:.2} M units, most {most:.1} M, plans {digest:016x}, {ms:.0} ms",
        family.name,
        chosen.len(),
        units / chosen.len() as f64,
    );
    let open = chosen.len() - closed;
    let least = if whole { family.closed } else { chosen.len().min(family.closed) };
    let judged = mode == family.mode && effort >= family.effort;
    let missed = judged && (closed < least || gaps > family.gaps);
    Ok(missed.then(|| {
        format!(
            "{}: {open} open with a sum of gaps of {gaps}; {least} must be closed and the sum be at most {}",
            family.name, family.gaps
        )
    }))
}

/// A digest of what was found: the same on every platform.
fn told(digest: u64, found: &Found) -> u64 {
    let runs = found.templates.iter().flat_map(|(runs, multiplicity)| {
        let each = runs.iter().flat_map(|run| [run.length.into(), run.times.into()]);
        each.chain([multiplicity])
    });
    runs.chain([found.lower_bound, found.units]).fold(digest, seed_after)
}

/// The plan of an instance, proved, within its units.
fn plan(instance: &Instance, mode: Mode, effort: f64) -> Result<Found, Box<dyn std::error::Error>> {
    let Instance { name, capacity, classes } = instance;
    let problem = Problem { classes, capacity: *capacity, alignment: 1, limit: u32::MAX };
    let found = search(&problem, mode, effort, 1, &Unwatched)?;
    let claim = Claim {
        classes,
        templates: &found.templates,
        capacity: *capacity,
        alignment: 1,
        limit: u32::MAX,
        multiple: 1,
        pack_count: None,
        lower_bound: found.lower_bound,
        certificate: &found.certificate,
    };
    verify(&claim, &Unwatched)?;
    let sequences: u64 = classes.iter().map(|class| class.1).sum();
    let budget = match mode {
        Mode::Optimal => 1 << 31,
        Mode::Auto => (1 << 22) + 128 * sequences.min(1 << 20),
    };
    if found.units as f64 > budget as f64 * effort * 1.02 {
        let spent = format!("{name}: {} units of {}", found.units, budget as f64 * effort);
        return Err(spent.into());
    }
    Ok(found)
}

fn classes_of(mut lengths: Vec<u32>) -> Classes {
    lengths.sort_unstable_by_key(|&length| std::cmp::Reverse(length));
    lengths.chunk_by(|a, b| a == b).map(|equal| (equal[0], equal.len() as u64)).collect()
}

/// A number from `low` to `high`, both inclusive.
fn between(generator: &mut Generator, low: u32, high: u32) -> u32 {
    low + generator.below(u64::from(high - low) + 1) as u32
}

fn uniform(generator: &mut Generator, n: usize, low: u32, high: u32) -> Vec<u32> {
    (0..n).map(|_| between(generator, low, high)).collect()
}

/// Milliseconds on a core so far, where the system tells: other programs don't count.
fn cpu_ms() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let first = text.split_whitespace().next().and_then(|ns| ns.parse::<f64>().ok());
    first.unwrap_or(0.0) / 1e6
}
