//! Length classes to templates: the strategy, the bound, and splits where packs are counted.

use crate::bound::{self, Bound};
use crate::certificate::Certificate;
use crate::optimal::{self, Mode};
use crate::options::Strategy;
use crate::split::{self, Target};
use crate::strategy::{
    Problem, best_fit_decreasing, first_fit_decreasing, modified_first_fit_decreasing,
    worst_fit_decreasing,
};
use crate::template::Templates;
use crate::{Fault, PackOptions, Watch};

/// What a strategy makes of length classes.
#[derive(Clone, Debug)]
pub(crate) struct Solved {
    pub(crate) templates: Templates,
    pub(crate) lower_bound: u64,
    pub(crate) certificate: Certificate,
}

/// Packs `classes` (longest first, after the policies) as the options say.
pub(crate) fn solve(
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
            let (lower_bound, certificate) = (found.lower_bound, found.certificate);
            return resize(Solved { templates, lower_bound, certificate }, classes, options);
        }
        _ => best_fit_decreasing::plan(&problem),
    };
    let Bound { packs, certificate } = quick_bound(classes, options);
    watch.gap(templates.pack_count() - packs);
    resize(Solved { templates, lower_bound: packs, certificate }, classes, options)
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
    let templates = split::split_to(solved.templates, wanted);
    Ok(Solved { templates, lower_bound, certificate: solved.certificate })
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
