//! Which searches run, in which order, with which share of the work: each step only while the gap
//! is open and work is left.
//!
//! Relaxations prove bounds and close gaps, lattices come close for little work, repairs and
//! consolidation close what is left. Parts and images of a problem are problems themselves and come back here.

use super::bounds::{self, DualFeasible};
use super::column_generation::relax_around;
use super::consolidation::consolidate;
use super::diving::dive;
use super::exact_fill::exact_fill;
use super::heuristic::{decreasing, pack_rest};
use super::knapsack::affordable;
use super::levels::{Solved, by_levels};
use super::lifting::lift;
use super::pattern::{Pattern, to_pattern};
use super::repair::take_apart;
use super::rounding::round;
use super::standing::{Standing, Value};
use super::task::{Task, classes_of, extend};
use super::work::{Work, relaxation};
use crate::template::Templates;

/// Fewer length classes than this need no lattice; beyond `WHOLE` a relaxation of all of them is
/// out of reach.
const FEW: usize = 256;
const WHOLE: usize = 1000;
/// A relaxation of m classes takes about this many units x m^2 where it is hard.
const RELAXATION: u64 = 1000;
/// From here on the work suffices for relaxations of parts.
const RICH: u64 = 1 << 28;
/// Shares of an exact fill in percent: of many classes, of few.
const FILL_MANY: u64 = 20;
const FILL_FEW: u64 = 50;
/// Pricings that a dive needs at least.
const DIVE: usize = 20;
/// A small gap ends the search once no more than this part of the work is left.
const CONTENT: u64 = 8;
const REPAIRS: usize = 24;
/// Share of a consolidation in percent.
const CONSOLIDATION: u64 = 45;
/// Share of a repair in percent.
const REPAIR: u64 = 50;
/// The share of the early proof in percent, and the gap that is worth it.
const EARLY: u64 = 60;
const EARLY_GAP: u64 = 3;
/// Relaxations of a rounding, one inside the other.
const DEPTH: u32 = 14;

#[derive(Clone, Copy)]
enum Step {
    /// The relaxation of the last packs of an exact fill, in percent (100: of the best packs so
    /// far), with a share of the work left, in percent.
    Tail(u64, u64),
    Lattice,
    Repairs,
    /// Room moved into few packs.
    Consolidate,
    /// Dives for the bound, with a share of the work left, in percent.
    Dive(u64),
}
use Step::{Consolidate, Dive, Lattice, Repairs, Tail};

/// The search for one problem.
pub(super) struct Portfolio<'a> {
    standing: Standing<'a>,
    threads: usize,
    /// The bound by dual feasible functions, made when a fill leaves a gap.
    pub dual_feasible: Option<DualFeasible<'a>>,
}

impl<'a> Portfolio<'a> {
    pub fn new(standing: Standing<'a>, threads: usize) -> Self {
        Self { standing, threads, dual_feasible: None }
    }

    pub fn into_standing(self) -> Standing<'a> {
        self.standing
    }

    pub fn run(&mut self, work: &mut Work) {
        if self.standing.gap() == 0 || work.exhausted() {
            return;
        }
        let Task { classes, limit, .. } = self.standing.task;
        if self.standing.whole {
            self.standing.content_left = work.left() / CONTENT;
        }
        let lattice_first = self.standing.whole && classes.len() > FEW && limit.is_none();
        let share = if (self.standing.part || lattice_first) && work.left() < RICH {
            FILL_MANY
        } else {
            FILL_FEW
        };
        let filled = match limit {
            None => work.share(share, |work| exact_fill(&self.standing, self.threads, work)),
            Some(_) => Some(pack_rest(&self.standing.task, work)),
        };
        let filled = filled.unwrap_or_else(|| self.standing.best.clone());
        self.standing.offer(filled.clone(), work);
        if self.standing.done(work) {
            return;
        }
        if !lattice_first {
            bounds::improve(&mut self.standing, self.dual_feasible, work);
        }
        for step in self.steps(work) {
            match *step {
                Lattice => self.lattice(work),
                Repairs => self.repairs(work),
                Consolidate => self.consolidate(work),
                Dive(share) => work.share(share, |work| self.dive(work)),
                Tail(100, share) => self.tail(&self.standing.best.clone(), 100, share, work),
                Tail(percent, share) => self.tail(&filled, percent, share, work),
            }
        }
    }

    fn lattice(&mut self, work: &mut Work) {
        let (threads, dual_feasible) = (self.threads, self.dual_feasible);
        let solve = |task: &Task, work: &mut Work| solve(task, threads, work);
        let bound = |standing: &mut Standing, work: &mut Work| {
            bounds::improve(standing, dual_feasible, work);
        };
        by_levels(&mut self.standing, solve, bound, work);
        bounds::at_last(&mut self.standing, work);
    }

    fn steps(&self, work: &Work) -> &'static [Step] {
        let Standing { task, whole, .. } = self.standing;
        let classes = task.classes.len();
        let estimate = if whole {
            RELAXATION * (classes as u64).pow(2)
        } else {
            relaxation(classes, task.capacity, task.limit)
        };
        if task.limit.is_some() {
            // Fills that aim at a number of sequences have no tail of their own.
            let affordable = relaxation(classes, task.capacity, task.limit) / 2 <= work.left();
            return match whole {
                false => &[Tail(100, 100)],
                true if affordable => &[Tail(100, 70), Lattice, Repairs, Dive(100)],
                true => &[Lattice, Repairs, Tail(100, 100)],
            };
        }
        match work.left() {
            left if !whole && left >= estimate => &[Tail(100, 100)],
            _ if self.standing.part => &[Lattice],
            _ if !whole => &[Tail(10, 25), Tail(30, 50), Tail(100, 100)],
            left if classes <= FEW && relaxation(classes, task.capacity, None) > left => {
                &[Tail(10, 25), Lattice, Repairs, Tail(30, 50), Tail(100, 100), Dive(100)]
            }
            _ if classes <= FEW => &[Tail(10, 25), Tail(30, 50), Tail(100, 100), Dive(100)],
            left if classes <= WHOLE && left >= estimate => {
                &[Lattice, Tail(10, 25), Tail(30, 50), Tail(100, 100), Dive(60), Repairs, Dive(100)]
            }
            RICH.. => &[
                Lattice,
                Tail(10, 25),
                Consolidate,
                Repairs,
                Tail(30, 50),
                Tail(100, 100),
                Dive(100),
            ],
            _ => &[
                Lattice,
                Tail(10, 15),
                Tail(30, 15),
                Repairs,
                Consolidate,
                Tail(100, 100),
                Dive(100),
            ],
        }
    }

    /// Moves room into few packs, until they are free.
    fn consolidate(&mut self, work: &mut Work) {
        let Standing { task, .. } = self.standing;
        if self.standing.done(work) {
            return;
        }
        let gap = self.standing.gap();
        let best = &self.standing.best;
        let found = work.share(CONSOLIDATION, |work| consolidate(best, task.capacity, gap, work));
        if let Some(found) = found {
            self.standing.offer(found, work);
        }
    }

    fn repairs(&mut self, work: &mut Work) {
        let reserve = work.left() / 4;
        for round in 0..REPAIRS {
            self.prove_early(work);
            if self.standing.done(work) || work.left() <= reserve {
                return;
            }
            let task = self.standing.task;
            let (mut kept, rest) = take_apart(&self.standing.best, task.capacity, round);
            let part = Task { classes: &rest, ..task };
            // By relaxation, and by levels where that is out of reach.
            let by_levels = round % 2 == 1;
            let found = work.share(REPAIR, |work| solve_as(&part, by_levels, self.threads, work));
            extend(&mut kept, &found.packs);
            // As many packs as before are welcome too: their room now lies in fewer of them.
            self.standing.offer_equal(kept, work);
        }
    }

    /// Where the packs are right, as far as an image can tell, and only the proof is missing: the
    /// relaxation of all classes now, not after repairs that have nothing to repair. With little work
    /// only where it takes a small part of it and the packs are as many as the image says.
    fn prove_early(&mut self, work: &mut Work) {
        let Standing { packs, value, whole, task, .. } = self.standing;
        if !whole
            || task.limit.is_some()
            || self.standing.duals.is_none()
            || self.standing.done(work)
        {
            return;
        }
        let near = |value: Value| packs as f64 <= value.packs.ceil() + 1.0 + 1e-4 * value.packs;
        let reached = |value: Value| packs as f64 <= value.packs.ceil();
        let rich = work.left() >= RICH && self.standing.gap() > EARLY_GAP;
        let cheap = affordable(DIVE * task.classes.len(), task.capacity, None, work.left());
        if rich && value.is_some_and(near) || cheap && value.is_some_and(reached) {
            self.tail(&self.standing.best.clone(), 100, EARLY, work);
        }
    }

    /// Dives for the bound itself.
    fn dive(&mut self, work: &mut Work) {
        let Task { classes, capacity, limit } = self.standing.task;
        if self.standing.done(work)
            || !affordable(DIVE * classes.len(), capacity, limit, work.left())
        {
            return;
        }
        let task = self.standing.task;
        let patterns = self.standing.best.iter().map(|(runs, _)| to_pattern(&task, runs));
        let patterns: Vec<Pattern> = patterns.collect();
        if let Some(found) = dive(&task, self.standing.lower_bound, &patterns, work) {
            self.standing.offer(found, work);
        }
    }

    /// Keeps the well filled first packs of an exact fill and optimises the last `percent` of them.
    fn tail(&mut self, filled: &Templates, percent: u64, share: u64, work: &mut Work) {
        if self.standing.done(work) {
            return;
        }
        let mut keep = u128::from(filled.pack_count()) * u128::from(100 - percent) / 100;
        let (mut head, mut tail) = (Templates::new(), Templates::new());
        for (runs, multiplicity) in filled.iter() {
            let kept = keep.min(multiplicity.into()) as u64;
            keep -= u128::from(kept);
            head.push(runs, kept);
            tail.push(runs, multiplicity - kept);
        }
        let rest = classes_of(&tail);
        let whole = self.standing.task;
        let Task { capacity, limit, .. } = whole;
        if !affordable(rest.len(), capacity, limit, work.left()) {
            return; // not even one pricing
        }
        let part = Task { classes: &rest, ..whole };
        // Only once: they lead to the relaxation that is solved now.
        let centre =
            if percent == 100 && self.standing.whole { self.standing.duals.take() } else { None };
        let found = work.share(share, |work| {
            let other = decreasing(&part);
            let better = other.pack_count() < tail.pack_count();
            let start = if better { [&other, &tail] } else { [&tail, &other] };
            let relax = |work: &mut Work| relax_around(&part, &start, centre.as_deref(), work);
            let relaxation = work.share(70, relax)?;
            let bound = lift(&whole, &rest, &relaxation.duals, work);
            let hopeful =
                head.pack_count() + ((relaxation.value - 1e-3).ceil() as u64) < self.standing.packs;
            let packs = hopeful.then(|| round(&relaxation, &part, DEPTH, work));
            Some((bound, packs, relaxation.value, relaxation.duals))
        });
        let Some((bound, packs, value, duals)) = found else { return };
        if percent == 100 {
            self.standing.value = Some(Value { packs: value, steps: u32::MAX });
            self.standing.duals = (!self.standing.whole).then_some(duals);
        }
        if let Some(bound) = bound {
            self.standing.offer_bound(bound, work);
        }
        if let Some(packs) = packs {
            extend(&mut head, &packs);
            self.standing.offer(head, work);
        }
    }
}

/// A part or an image of a problem, within the budget of the whole.
fn solve(task: &Task, threads: usize, work: &mut Work) -> Solved {
    solve_as(task, false, threads, work)
}

fn solve_as(task: &Task, part: bool, threads: usize, work: &mut Work) -> Solved {
    let start = decreasing(task);
    work.charge(16 * task.classes.len() as u64);
    let mut standing = Standing::new(*task, start, task.quick_bound().packs);
    standing.whole = false;
    standing.part = part;
    let mut part = Portfolio::new(standing, threads);
    part.run(work);
    let Standing { best, value, duals, .. } = part.into_standing();
    Solved { packs: best, value: value.map(|value| value.packs), duals }
}
