//! The search itself: what is tried in which order, within which work, and what comes of it.

use super::alignment;
use super::portfolio::Portfolio;
use super::standing::Standing;
use super::task::Task;
use super::work::Work;
use crate::bound::{self, Bound};
use crate::certificate::Certificate;
use crate::strategy::{Problem, best_fit_decreasing};
use crate::template::{Run, Templates};
use crate::{Fault, Watch};

/// How hard to search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A small budget, and content with a small gap.
    Auto,
    /// On until the gap is 0 or the effort spent.
    Optimal,
}

/// Why a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The plan meets its lower bound.
    Bound,
    /// The gap is small enough for `auto`.
    Content,
    /// The effort is spent, or nothing is left to try.
    Spent,
}

/// Units of work of a mode for so many sequences.
pub(crate) fn units(mode: Mode, sequences: u64, effort: f64) -> u64 {
    let units = match mode {
        Mode::Optimal => OPTIMAL_UNITS,
        Mode::Auto => AUTO_UNITS + AUTO_UNITS_PER_SEQUENCE * sequences.min(1 << 20),
    };
    (effort * units as f64) as u64
}

/// What a search has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Packs for all classes, with true lengths, in no particular order.
    pub templates: Templates,
    /// No plan has fewer packs than this.
    pub lower_bound: u64,
    /// The proof of it, in units of the alignment.
    pub certificate: Certificate,
    /// Units of work spent.
    pub units: u64,
    /// Why it ended; none where nothing was searched.
    pub stopped: Option<Stopped>,
}

/// Units of `optimal` at effort 1.
const OPTIMAL_UNITS: u64 = 1 << 31;
/// Units of `auto` at effort 1: a base, and so many per sequence up to a million of them, so that
/// planning never dwarfs reading and binding.
const AUTO_UNITS: u64 = 1 << 22;
const AUTO_UNITS_PER_SEQUENCE: u64 = 128;
/// Units per class of best-fit-decreasing and the quick bounds.
const START: u64 = 16;
/// `auto` is content with a gap of this share of the packs.
const ENOUGH: u64 = 4096;

/// Searches packs for `problem`, with `effort` times the work of the mode; never more packs than
/// best-fit-decreasing has. The result is the same for every number of `threads`.
///
/// # Errors
/// [`Fault::Cancelled`] when the watch says so.
pub fn search(
    problem: &Problem<'_>,
    mode: Mode,
    effort: f64,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Found, Fault> {
    let templates = best_fit_decreasing::plan(problem);
    let aligned = alignment::aligned(problem.classes, problem.alignment);
    let capacity = problem.capacity / problem.alignment;
    let limit = bound::effective_limit(&aligned, capacity, problem.limit);
    let Bound { packs: lower_bound, certificate } =
        bound::quick(&aligned, capacity, limit.unwrap_or(u32::MAX));
    let mut found = Found { templates, lower_bound, certificate, units: 0, stopped: None };
    let sequences = problem.sequence_count();
    let enough = if mode == Mode::Auto { ENOUGH } else { u64::MAX };
    let units = units(mode, sequences, effort);
    let mut work = Work::new(units, watch);
    let packs = found.templates.pack_count();
    work.report(packs - lower_bound);
    work.charge(START * aligned.len() as u64);
    if packs == lower_bound || units == 0 {
        found.stopped = (units > 0).then_some(Stopped::Bound);
        found.units = work.finish()?;
        return Ok(found);
    }
    // The same problem in the largest unit that divides all lengths.
    let unit = aligned.iter().fold(0, |g, class| greatest_common_divisor(g, class.0)).max(1);
    let classes: Vec<(u32, u64)> = aligned.iter().map(|class| (class.0 / unit, class.1)).collect();
    let task = Task { classes: &classes, capacity: capacity / unit, limit };
    let start = image(&found.templates, problem.alignment, unit);
    let mut standing = Standing::new(task, start, lower_bound);
    standing.enough = enough;
    let mut portfolio = Portfolio::new(standing, threads);
    let dual_feasible = |work: &mut Work<'_>| {
        let mut stop = || {
            work.charge(aligned.len() as u64);
            work.is_cancelled()
        };
        in_units(bound::dual_feasible(&aligned, capacity, &mut stop), unit)
    };
    portfolio.dual_feasible = Some(&dual_feasible);
    portfolio.run(&mut work);
    let standing = portfolio.into_standing();
    found.stopped = Some(match standing.gap() {
        0 => Stopped::Bound,
        _ if standing.content(&work) => Stopped::Content,
        _ => Stopped::Spent,
    });
    let Standing { best: better, proof, .. } = standing;
    found.units = work.finish()?;
    if better.pack_count() < packs {
        let scaled = scale(&better, unit);
        found.templates = match problem.alignment {
            1 => scaled,
            m => alignment::put_back(&scaled.into_plan_order(), problem.classes, m),
        };
    }
    if let Some(proof) = proof.filter(|proof| proof.packs > lower_bound) {
        found.lower_bound = proof.packs;
        found.certificate = proof.certificate;
        for weight in &mut found.certificate.weights {
            weight.0 *= unit;
        }
    }
    Ok(found)
}

/// Templates with every length in units of `alignment * unit`, rounded up.
fn image(templates: &Templates, alignment: u32, unit: u32) -> Templates {
    map_lengths(templates, |length| length.div_ceil(alignment) / unit)
}

fn scale(templates: &Templates, unit: u32) -> Templates {
    map_lengths(templates, |length| length * unit)
}

fn map_lengths(templates: &Templates, by: impl Fn(u32) -> u32) -> Templates {
    let mut mapped = Templates::new();
    let mut runs = Vec::new();
    for (template, multiplicity) in templates.iter() {
        runs.clear();
        runs.extend(template.iter().map(|run| Run { length: by(run.length), times: run.times }));
        mapped.push(&runs, multiplicity);
    }
    mapped
}

/// A bound with lengths in units. Only where lengths are divided it loses its kind: the tables are
/// those of the undivided capacity.
fn in_units(mut bound: Bound, unit: u32) -> Bound {
    for weight in &mut bound.certificate.weights {
        weight.0 /= unit;
    }
    bound
}

fn greatest_common_divisor(mut a: u32, mut b: u32) -> u32 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::super::simplex::tests::fail_after;
    use super::{Mode, search};
    use crate::Unwatched;
    use crate::certificate::{Claim, verify};
    use crate::seeded::mix;
    use crate::strategy::{Problem, best_fit_decreasing};

    #[test]
    fn numeric_trouble_leaves_the_best_plan_so_far_with_a_valid_bound() {
        // Lengths from a sixth to half of the capacity: fills stay far from the bound.
        let classes: Vec<(u32, u64)> =
            (86..=256).rev().map(|l| (l, 20 + mix(u64::from(l)) % 40)).collect();
        let problem = Problem { classes: &classes, capacity: 512, alignment: 1, limit: u32::MAX };
        let mut units = Vec::new();
        for sound in [0, 1, 2, 5, 20, u64::MAX] {
            fail_after(sound);
            let found = search(&problem, Mode::Optimal, 0.05, 1, &Unwatched).expect("no cancel");
            let claim = Claim {
                classes: &classes,
                templates: &found.templates,
                capacity: 512,
                alignment: 1,
                limit: u32::MAX,
                multiple: 1,
                pack_count: None,
                lower_bound: found.lower_bound,
                certificate: &found.certificate,
            };
            assert_eq!(verify(&claim, &Unwatched), Ok(()), "after {sound} factorisations");
            assert!(
                found.templates.pack_count() <= best_fit_decreasing::plan(&problem).pack_count()
            );
            units.push(found.units);
        }
        assert_ne!(units[0], units[5], "the search met the trouble");
    }
}
