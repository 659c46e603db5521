//! The search for equal loads: what is tried in which order, and what comes of it.

use super::bound::{LoadBound, load_bound};
use super::capacity;
use super::cost::{LoadCost, refused};
use super::differencing;
use super::exchange;
use super::longest_first;
use super::packs::{self, Limits, Packs};
use super::question::Question;
use super::shaking;
use crate::optimal::work::Work;
use crate::optimal::{self, Mode, Stopped};
use crate::template::{Run, Templates, plan_order};
use crate::{Fault, Watch};

/// `auto` is content with a largest load this part of it above the bound.
const CONTENT: u64 = 1 << 20;

/// Shaking ends a largest load this part of the bound above it: what is nearer isn't worth its time.
const SHAKEN: u64 = 1 << 12;

/// Packs of nearly equal load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balanced {
    /// Exactly as many packs as asked for, by falling load, equal loads in plan order.
    pub templates: Templates,
    /// The load of the heaviest pack.
    pub max_load: u64,
    /// The load of the lightest pack.
    pub min_load: u64,
    /// No plan of so many packs has a smaller largest load.
    pub bound: LoadBound,
    /// Why the search ended; none where there was nothing to search.
    pub stopped: Option<Stopped>,
    /// Units of work spent.
    pub units: u64,
}

/// Balances loads. `start`: packs that keep to the capacity, for where longest first does not; the
/// result is the same for every number of `threads`.
///
/// # Errors
/// [`Fault::Option`] with the numbers where there are fewer sequences than packs, too many sequences,
/// costs that are none or too large, or no packs found that keep to the limits;
/// [`Fault::Cancelled`] when the watch says so.
pub fn balance(
    question: &Question<'_>,
    start: Option<&Templates>,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Balanced, Fault> {
    let items = packs::items(question)?;
    let k = question.packs as usize;
    let limits = Limits::new(question)?;
    let mut bound = load_bound(question.classes, question.cost, question.packs);
    let mut work =
        Work::new(optimal::units(question.mode, items.len() as u64, question.effort), watch);
    let searched = !work.exhausted();
    let mut best: Option<Packs> = None;
    let offer = |best: &mut Option<Packs>, packs: Packs| {
        if best.as_ref().is_none_or(|best| packs.most() < best.most()) {
            *best = Some(packs);
        }
        best.as_ref().map_or(u128::MAX, Packs::most)
    };
    let content = if question.mode == Mode::Auto { CONTENT } else { u64::MAX };
    let enough = |bound: &LoadBound| u128::from(bound.load + bound.load / content);
    let mut most = u128::MAX;
    let started = longest_first::pack(&items, k, &limits, &mut work)
        .or_else(|| start.and_then(|start| Packs::of_templates(start, &items, k, &limits)));
    if let Some(mut packs) = started {
        exchange::improve(&mut packs, &items, &limits, enough(&bound), &mut work);
        most = offer(&mut best, packs);
    }
    if most > enough(&bound)
        && searched
        && let Some(mut packs) = differencing::pack(&items, k, &limits, &mut work)
    {
        exchange::improve(&mut packs, &items, &limits, enough(&bound), &mut work);
        most = offer(&mut best, packs);
    }
    let near = u128::from(bound.load + bound.load / SHAKEN);
    if most > near
        && searched
        && let Some(mut packs) = best.clone()
    {
        shaking::improve(&mut packs, &items, &limits, near, &mut work);
        most = offer(&mut best, packs);
    }
    if most > bound.load.into() && question.mode == Mode::Optimal && capacity::applies(question) {
        let found = capacity::find(question, most, &mut bound, threads, &mut work)?;
        let made = found.and_then(|found| Packs::of_templates(&found, &items, k, &limits));
        if let Some(mut packs) = made {
            exchange::improve(&mut packs, &items, &limits, bound.load.into(), &mut work);
            most = offer(&mut best, packs);
        }
    }
    let units = work.finish()?;
    let Some(best) = best else {
        return Err(refused(format!(
            "no {k} packs of at most {} tokens and {} sequences were found; take more packs or a larger \
             capacity",
            question.capacity.map_or_else(|| "any".to_owned(), |capacity| capacity.to_string()),
            if question.limit == u32::MAX { "any".to_owned() } else { question.limit.to_string() },
        )));
    };
    let stopped = if most == bound.load.into() {
        Stopped::Bound
    } else if most <= enough(&bound) {
        Stopped::Content
    } else {
        Stopped::Spent
    };
    let stopped = searched.then_some(stopped);
    let (max_load, min_load) = (whole(best.most())?, whole(best.least())?);
    let templates = in_load_order(&best, &items, question.cost);
    Ok(Balanced { templates, max_load, min_load, bound, stopped, units })
}

/// Templates by falling load, equal loads in plan order; equal ones next to each other as one.
fn in_load_order(packs: &Packs, items: &[packs::Item], cost: LoadCost) -> Templates {
    let mut each = Templates::new();
    for members in packs.members() {
        let mut lengths: Vec<u32> =
            members.iter().map(|&item| items[item as usize].length).collect();
        lengths.sort_unstable_by(|a, b| b.cmp(a));
        let same = lengths.chunk_by(|a, b| a == b);
        let runs: Vec<Run> =
            same.map(|same| Run { length: same[0], times: same.len() as u32 }).collect();
        each.push(&runs, 1);
    }
    load_order(&each.into_plan_order(), cost)
}

/// Templates in plan order, by falling load.
fn load_order(templates: &Templates, cost: LoadCost) -> Templates {
    let mut sorted = Templates::new();
    for t in templates.largest_first(|runs| cost.of_runs(runs)) {
        let (runs, multiplicity) = templates.get(t);
        sorted.push(runs, multiplicity);
    }
    sorted
}

/// True if a template stands before another: a larger load, or the same and before it in plan order.
#[must_use]
pub fn stands_before(before: &[Run], here: &[Run], cost: LoadCost) -> bool {
    let loads = (cost.of_runs(before), cost.of_runs(here));
    loads.0 > loads.1 || (loads.0 == loads.1 && plan_order(before, here).is_lt())
}

fn whole(load: u128) -> Result<u64, Fault> {
    u64::try_from(load).ok().filter(|&load| load < 1 << 53).ok_or_else(|| {
        refused(format!("a pack has a load of {load}, allowed are loads below 2^53"))
    })
}
