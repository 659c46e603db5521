//! Length classes to templates: the strategy, the bound, and splits where packs are counted.

use crate::bound::{self, Bound};
use crate::certificate::Certificate;
use crate::loads::{self, Balanced, Question};
use crate::optimal::{self, Mode};
use crate::options::{Loads, Strategy};
use crate::split::{self, Target};
use crate::stats::{LoadFigures, Outcome};
use crate::strategy::{
    Problem, best_fit_decreasing, first_fit_decreasing, modified_first_fit_decreasing,
    worst_fit_decreasing,
};
use crate::template::{Run, Templates};
use crate::{Fault, PackOptions, Watch};

/// What a strategy makes of length classes.
#[derive(Clone, Debug)]
pub(crate) struct Solved {
    pub(crate) templates: Templates,
    pub(crate) lower_bound: u64,
    pub(crate) certificate: Certificate,
    /// Tokens that a pack holds; another one than was asked for only where none was given.
    pub(crate) capacity: u32,
    pub(crate) outcome: Outcome,
    /// The proof of the bound on loads.
    pub(crate) load_certificate: Option<Certificate>,
}

/// Packs `classes` (longest first, after the policies) as the options say.
pub(crate) fn solve(
    classes: &[(u32, u64)],
    options: &PackOptions,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Solved, Fault> {
    match options.loads() {
        Some(loads) => solve_loads(classes, options, loads, threads, watch),
        None => solve_packs(classes, options, threads, watch),
    }
}

/// As few packs as possible, or as many as the options want.
fn solve_packs(
    classes: &[(u32, u64)],
    options: &PackOptions,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Solved, Fault> {
    let problem = Problem {
        classes,
        capacity: options.capacity,
        alignment: options.sequence_alignment,
        limit: options.limit(),
    };
    let templates = match options.strategy {
        Strategy::FirstFitDecreasing => first_fit_decreasing::plan(&problem),
        Strategy::WorstFitDecreasing => worst_fit_decreasing::plan(&problem),
        Strategy::ModifiedFirstFitDecreasing => modified_first_fit_decreasing::plan(&problem),
        Strategy::Auto | Strategy::Optimal => {
            let mode = if options.strategy == Strategy::Auto { Mode::Auto } else { Mode::Optimal };
            let found = optimal::search(&problem, mode, options.effort, threads, watch)?;
            let templates = found.templates.into_plan_order();
            let outcome = Outcome { stopped: found.stopped, loads: None };
            let mut solved = plain(templates, found.lower_bound, found.certificate, options);
            solved.outcome = outcome;
            return resize(solved, classes, options);
        }
        Strategy::BestFitDecreasing => best_fit_decreasing::plan(&problem),
        Strategy::NextFit
        | Strategy::FirstFit
        | Strategy::BestFit
        | Strategy::WorstFit
        | Strategy::Harmonic
        | Strategy::FirstFitShuffle => return Err(has_no_plan()),
    };
    let Bound { packs, certificate } = quick_bound(classes, options);
    watch.gap(templates.pack_count() - packs);
    resize(plain(templates, packs, certificate, options), classes, options)
}

/// The word on a strategy that looks at input order.
pub(super) fn has_no_plan() -> Fault {
    let detail = "this strategy places one sequence after another and has no plan; plan with \
                  auto, optimal, best-fit-decreasing, first-fit-decreasing, \
                  worst-fit-decreasing or modified-first-fit-decreasing"
        .to_owned();
    Fault::Strategy { detail }
}

fn plain(
    templates: Templates,
    lower_bound: u64,
    certificate: Certificate,
    options: &PackOptions,
) -> Solved {
    Solved {
        templates,
        lower_bound,
        certificate,
        capacity: options.capacity,
        outcome: Outcome::default(),
        load_certificate: None,
    }
}

/// Exactly so many packs of nearly equal load.
fn solve_loads(
    classes: &[(u32, u64)],
    options: &PackOptions,
    loads: Loads,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Solved, Fault> {
    let mode = match options.strategy {
        Strategy::Auto => Mode::Auto,
        Strategy::Optimal => Mode::Optimal,
        Strategy::NextFit
        | Strategy::FirstFit
        | Strategy::BestFit
        | Strategy::WorstFit
        | Strategy::Harmonic
        | Strategy::FirstFitShuffle
        | Strategy::FirstFitDecreasing
        | Strategy::BestFitDecreasing
        | Strategy::WorstFitDecreasing
        | Strategy::ModifiedFirstFitDecreasing => {
            let detail =
                "objective 'maxLoad' works with the strategies auto and optimal".to_owned();
            return Err(Fault::Strategy { detail });
        }
    };
    if classes.is_empty() && options.pack_count.is_none_or(|packs| packs == 0) {
        return solve_packs(classes, options, threads, watch);
    }
    // What fits the capacity: the packs to reach where none are asked for, and packs to begin with.
    let fewest = PackOptions { pack_count: None, ..options.clone() };
    let fewest =
        if loads.free { None } else { Some(solve_packs(classes, &fewest, threads, watch)?) };
    let wanted = options.pack_count.or(fewest.as_ref().map(|solved| solved.templates.pack_count()));
    let Some(packs) = wanted else {
        let detail = "objective 'maxLoad' needs packCount or capacity".to_owned();
        return Err(Fault::Option { detail });
    };
    if let Some(solved) = fewest.as_ref().filter(|solved| solved.lower_bound > packs) {
        let detail = format!(
            "packCount {packs} is less than the {} packs that a capacity of {} tokens needs; take more \
             packs or a larger capacity",
            solved.lower_bound, options.capacity
        );
        return Err(Fault::Option { detail });
    }
    let question = Question {
        classes,
        packs,
        cost: loads.cost,
        capacity: (!loads.free).then_some(options.capacity),
        limit: options.limit(),
        equal_counts: loads.equal_counts,
        alignment: options.sequence_alignment,
        mode,
        effort: options.effort,
    };
    let start = fewest.as_ref().map(|solved| &solved.templates);
    let balanced = loads::balance(&question, start, threads, watch)?;
    let capacity =
        if loads.free { fullest(&balanced.templates, options)? } else { options.capacity };
    let (lower_bound, certificate) = match fewest {
        Some(solved) if options.pack_count.is_none() => (solved.lower_bound, solved.certificate),
        // A count that was asked for and is met is its own bound.
        Some(solved) => (packs, solved.certificate),
        None => {
            let bound = quick_bound(classes, &PackOptions { capacity, ..options.clone() });
            (packs, bound.certificate)
        }
    };
    let Balanced { max_load, min_load, bound, stopped, templates, .. } = balanced;
    let figures = LoadFigures { most: max_load, least: min_load, bound: bound.load };
    Ok(Solved {
        templates,
        lower_bound,
        certificate,
        capacity,
        outcome: Outcome { stopped, loads: Some(figures) },
        load_certificate: bound.certificate,
    })
}

/// The tokens that the fullest pack takes, as a capacity.
fn fullest(templates: &Templates, options: &PackOptions) -> Result<u32, Fault> {
    let need = |(runs, _): (&[Run], u64)| -> u64 {
        runs.iter().map(|run| u64::from(options.need(run.length)) * u64::from(run.times)).sum()
    };
    let most = templates.iter().map(need).max().unwrap_or(1);
    u32::try_from(most).ok().filter(|&most| most < 1 << 31).ok_or_else(|| Fault::Option {
        detail: format!(
            "the fullest pack holds {most} tokens, packs hold 2147483647 at most; take more packs"
        ),
    })
}

/// Splits packs until there are as many as the options want.
fn resize(solved: Solved, classes: &[(u32, u64)], options: &PackOptions) -> Result<Solved, Fault> {
    let target =
        Target { multiple: options.pack_count_multiple_of, pack_count: options.pack_count };
    let sequences = classes.iter().map(|class| class.1).sum();
    let packs = solved.templates.pack_count();
    let (wanted, lower_bound) = split::counts(target, packs, solved.lower_bound, sequences)?;
    if wanted == packs {
        return Ok(Solved { lower_bound, ..solved });
    }
    let templates = split::split_to(solved.templates.clone(), wanted);
    Ok(Solved { templates, lower_bound, ..solved })
}

/// The bound that every packing carries at least: L1, L2 and count, in units of the alignment.
pub(crate) fn quick_bound(classes: &[(u32, u64)], options: &PackOptions) -> Bound {
    let alignment = options.sequence_alignment;
    if alignment == 1 {
        return bound::quick(classes, options.capacity, options.limit());
    }
    let mut units: Vec<(u32, u64)> =
        classes.iter().map(|&(length, count)| (length.div_ceil(alignment), count)).collect();
    units.dedup_by(|shorter, kept| {
        let same = shorter.0 == kept.0;
        kept.1 += if same { shorter.1 } else { 0 };
        same
    });
    bound::quick(&units, options.capacity / alignment, options.limit())
}
