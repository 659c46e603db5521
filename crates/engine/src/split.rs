//! Splitting packs to reach a wanted number of them: a multiple of the ranks of a training job, or
//! an exact count.
//!
//! The costliest packs are split in two, so that no step of a job waits longer for them; cost is
//! the sum of squared lengths, what attention pays. O((templates + splits) log templates), whatever
//! the number of packs.

use crate::Fault;
use crate::template::{Run, Templates, sequences};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How many packs a plan shall have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// A multiple of this; 1 for any number.
    pub multiple: u64,
    /// Exactly this many.
    pub pack_count: Option<u64>,
}

/// The pack count and the lower bound of a plan of `packs` packs for `sequence_count` sequences
/// once it has been split to reach `target`.
///
/// # Errors
/// [`Fault::Option`] with the numbers if there is no such plan.
pub fn counts(
    target: Target,
    packs: u64,
    lower_bound: u64,
    sequence_count: u64,
) -> Result<(u64, u64), Fault> {
    let g = target.multiple.max(1);
    let refuse = |detail: String| Err(Fault::Option { detail });
    if let Some(wanted) = target.pack_count {
        if wanted % g != 0 {
            return refuse(format!(
                "packCount {wanted} is not a multiple of packCountMultipleOf {g}"
            ));
        }
        if wanted < packs {
            return refuse(format!(
                "packCount {wanted} is less than the {packs} packs of the plan; no plan has fewer than \
                 {lower_bound}"
            ));
        }
        if wanted > sequence_count {
            return refuse(format!(
                "packCount {wanted} is more than the {sequence_count} sequences that packs can hold \
                 one each; the plan has {packs}"
            ));
        }
        return Ok((wanted, wanted));
    }
    let up = |count: u64| count.div_ceil(g).saturating_mul(g);
    let wanted = up(packs);
    if wanted > sequence_count {
        return refuse(format!(
            "{packs} packs cannot become a multiple of packCountMultipleOf {g}: {wanted} packs are \
             more than the {sequence_count} sequences"
        ));
    }
    Ok((wanted, up(lower_bound)))
}

/// Splits the costliest packs of `templates` until there are `packs`, and puts all in plan order.
/// Stops early only where every pack holds one sequence.
#[must_use]
pub fn split_to(templates: Templates, packs: u64) -> Templates {
    let mut missing = packs.saturating_sub(templates.pack_count());
    let templates = templates.into_plan_order();
    if missing == 0 {
        return templates;
    }
    // Costliest first; equal costs in plan order, which is the larger template first.
    let mut by_cost: BTreeMap<(Reverse<u64>, Reverse<Vec<Run>>), u64> = BTreeMap::new();
    let mut done = Templates::new();
    let mut add = |by_cost: &mut BTreeMap<_, u64>, runs: Vec<Run>, multiplicity: u64| {
        if sequences(&runs) < 2 {
            done.push(&runs, multiplicity);
        } else {
            *by_cost.entry((Reverse(cost(&runs)), Reverse(runs))).or_default() += multiplicity;
        }
    };
    for (runs, multiplicity) in templates.iter() {
        add(&mut by_cost, runs.to_vec(), multiplicity);
    }
    while missing > 0 {
        let Some(((_, Reverse(runs)), multiplicity)) = by_cost.pop_first() else { break };
        let split = multiplicity.min(missing);
        missing -= split;
        let [first, second] = halves(&runs);
        add(&mut by_cost, first, split);
        add(&mut by_cost, second, split);
        if multiplicity > split {
            add(&mut by_cost, runs, multiplicity - split);
        }
    }
    for ((_, Reverse(runs)), multiplicity) in by_cost {
        done.push(&runs, multiplicity);
    }
    done.into_plan_order()
}

/// The sum of squared lengths as `f64` rounds it, as costs are compared elsewhere too.
fn cost(runs: &[Run]) -> u64 {
    let squares = |run: &Run| u128::from(run.length).pow(2) * u128::from(run.times);
    bits(runs.iter().map(squares).sum())
}

/// Bits of floats that are not negative are in the floats' order.
fn bits(squares: u128) -> u64 {
    (squares as f64).to_bits()
}

/// Longest first: one to each half, then each to the half of lower cost (ties: the first).
fn halves(runs: &[Run]) -> [Vec<Run>; 2] {
    let mut halves: [Vec<Run>; 2] = [Vec::new(), Vec::new()];
    let mut squares = [0u128; 2];
    for run in runs {
        for _ in 0..run.times {
            // An empty half costs less than any other.
            let to = usize::from(bits(squares[1]) < bits(squares[0]));
            squares[to] += u128::from(run.length).pow(2);
            match halves[to].last_mut() {
                Some(last) if last.length == run.length => last.times += 1,
                _ => halves[to].push(Run { length: run.length, times: 1 }),
            }
        }
    }
    halves
}

#[cfg(test)]
mod tests {
    use super::*;

    fn templates(list: &[(&[u32], u64)]) -> Templates {
        let mut all = Templates::new();
        for &(lengths, multiplicity) in list {
            let runs: Vec<Run> = lengths.iter().map(|&length| Run { length, times: 1 }).collect();
            all.push(&runs, multiplicity);
        }
        all.into_plan_order()
    }

    #[test]
    fn the_costliest_template_is_split_first_and_only_as_often_as_needed() {
        // Costs: [7 3] 58, [5 5] 50, [5 3] 34.
        let plan = templates(&[(&[7, 3], 1), (&[5, 5], 2), (&[5, 3], 1), (&[3], 1)]);
        let five = split_to(plan.clone(), 5);
        assert_eq!(five, plan);
        let six = split_to(plan.clone(), 6);
        let expected = [(&[7][..], 1), (&[5, 5], 2), (&[5, 3], 1), (&[3], 2)];
        assert_eq!(six, templates(&expected));
        let seven = split_to(plan, 7);
        let expected = [(&[7][..], 1), (&[5, 5], 1), (&[5, 3], 1), (&[5], 2), (&[3], 2)];
        assert_eq!(seven, templates(&expected));
    }

    #[test]
    fn halves_are_balanced_by_squares() {
        // 8 | 5; 5 goes beside 5 (25 < 64), 3 beside them (50 < 64), 2 too (59 < 64).
        let plan = templates(&[(&[8, 5, 5, 3, 2], 1)]);
        assert_eq!(split_to(plan, 2), templates(&[(&[8], 1), (&[5, 5, 3, 2], 1)]));
    }

    #[test]
    fn every_sequence_alone_is_the_end() {
        let plan = templates(&[(&[4, 4, 2], 3)]);
        assert_eq!(split_to(plan, 9), templates(&[(&[4], 6), (&[2], 3)]));
    }

    #[test]
    fn impossible_counts_are_refused_with_the_numbers() {
        let refused = |target, packs, bound, n| match counts(target, packs, bound, n) {
            Err(Fault::Option { detail }) => detail,
            other => panic!("{other:?}"),
        };
        let multiple = |multiple| Target { multiple, pack_count: None };
        let exactly = |pack_count| Target { multiple: 1, pack_count: Some(pack_count) };
        assert_eq!(counts(multiple(8), 13, 9, 100), Ok((16, 16)));
        assert_eq!(counts(multiple(8), 17, 9, 100), Ok((24, 16)));
        assert_eq!(counts(multiple(8), 0, 0, 0), Ok((0, 0)));
        assert_eq!(counts(exactly(20), 17, 9, 100), Ok((20, 20)));
        let detail = refused(multiple(8), 13, 9, 15);
        assert!(["15", "13", "8"].iter().all(|number| detail.contains(number)), "{detail}");
        let detail = refused(exactly(12), 13, 9, 15);
        assert!(["12", "13", "9"].iter().all(|number| detail.contains(number)), "{detail}");
        refused(exactly(16), 13, 9, 15);
        refused(Target { multiple: 3, pack_count: Some(16) }, 13, 9, 100);
    }
}
