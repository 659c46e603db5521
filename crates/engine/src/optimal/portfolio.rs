//! Which searches run, in which order, with which share of the work: each step only while the gap
//! is open and work is left.
//!
//! Relaxations prove bounds and close gaps, lattices come close for little work, repairs close what
//! is left. Parts and images of a problem are problems themselves and come back here.

use super::column_generation::{Pattern, relax, to_pattern};
use super::diving::dive;
use super::exact_fill::exact_fill;
use super::heuristic::{decreasing, pack_rest};
use super::knapsack::affordable;
use super::lattice::Image;
use super::lifting::{certify, lift};
use super::repair::take_apart;
use super::rounding::round;
use super::work::Work;
use super::{Task, classes_of, extend};
use crate::bound::Bound;
use crate::template::Templates;

/// Fewer length classes than this need no lattice; beyond `WHOLE` a relaxation of all of them is
/// out of reach.
const FEW: usize = 256;
const WHOLE: usize = 1000;
/// A relaxation of m classes takes about this many units x m^2 where it is hard.
const RELAXATION: u64 = 1000;
/// From here on the work suffices for relaxations of parts.
const RICH: u64 = 1 << 28;
/// A gap above this share of the packs is worth a bound of its own.
const LOOSE: u64 = 200;
/// Steps per pack of the lattice that bounds, and its share of the work in percent.
const BELOW_STEPS: u32 = 256;
const BELOW_SHARE: u64 = 10;
/// Pricings that a dive needs at least.
const DIVE: usize = 20;
/// Lattices, each for what the one before has left over, while that is enough to be worth it.
const LEVELS: usize = 5;
const FEW_LEFT: u64 = 100;
/// Steps per pack of lattices.
const FINEST: u32 = 1024;
const COARSEST: u32 = 128;
/// Share of the work for the image of a lattice, in percent; the assembly may take the rest.
const IMAGE: u64 = 45;
const REPAIRS: usize = 24;
/// Units of the dual feasible functions per class.
const DUAL_FEASIBLE: u64 = 400;
/// Relaxations of a rounding, one inside the other.
const DEPTH: u32 = 14;

#[derive(Clone, Copy)]
enum Step {
    /// The relaxation of the last packs of an exact fill, in percent (100: of the best packs so
    /// far), with a share of the work left, in percent.
    Tail(u64, u64),
    Lattice,
    Repairs,
    /// Dives for the bound, with a share of the work left, in percent.
    Dive(u64),
}
use Step::{Dive, Lattice, Repairs, Tail};

/// The best packs and the best bound of a problem so far.
pub(super) struct Portfolio<'a> {
    task: Task<'a>,
    best: Templates,
    packs: u64,
    lower_bound: u64,
    proof: Option<Bound>,
    /// A gap up to packs / enough will do.
    pub enough: u64,
    /// This is the true problem, not a part or an image of it.
    whole: bool,
    threads: usize,
    /// The bound by dual feasible functions, made when a fill leaves a gap.
    pub dual_feasible: Option<&'a dyn Fn(&mut Work) -> Bound>,
}

/// Units that the relaxation of so many classes takes, about: some tens of pricings, and pivots.
fn units(classes: usize, capacity: u32, limit: Option<u32>) -> u64 {
    let (rows, layers) = (classes as u64, u64::from(limit.unwrap_or(1)));
    (60 * rows * u64::from(capacity)).saturating_mul(layers) + 200 * rows * rows
}

impl<'a> Portfolio<'a> {
    pub fn new(task: Task<'a>, start: Templates, lower_bound: u64, threads: usize) -> Self {
        let packs = start.pack_count();
        Self {
            task,
            best: start,
            packs,
            lower_bound,
            proof: None,
            enough: u64::MAX,
            whole: true,
            threads,
            dual_feasible: None,
        }
    }

    /// The best packs, and the best proof that was offered.
    pub fn into_result(self) -> (Templates, Option<Bound>) {
        (self.best, self.proof)
    }

    fn gap(&self) -> u64 {
        self.packs.saturating_sub(self.lower_bound)
    }

    fn done(&self, work: &Work) -> bool {
        self.gap() <= self.packs / self.enough || work.exhausted()
    }

    fn offer(&mut self, templates: Templates, work: &Work) {
        let packs = templates.pack_count();
        if packs < self.packs {
            (self.best, self.packs) = (templates, packs);
            self.report(work);
        }
    }

    fn offer_bound(&mut self, bound: Bound) {
        if bound.packs > self.lower_bound {
            self.lower_bound = bound.packs;
            self.proof = Some(bound);
        }
    }

    fn report(&self, work: &Work) {
        if self.whole {
            work.report(self.gap());
        }
    }

    pub fn run(&mut self, work: &mut Work) {
        if self.gap() == 0 || work.exhausted() {
            return;
        }
        let Task { classes, capacity, limit } = self.task;
        let filled = match limit {
            None => work.share(50, |work| {
                exact_fill(classes, capacity, self.lower_bound, self.threads, work)
            }),
            Some(_) => Some(pack_rest(&self.task, work)),
        };
        let filled = filled.unwrap_or_else(|| self.best.clone());
        self.offer(filled.clone(), work);
        if self.done(work) {
            return;
        }
        if let Some(bound) = self.dual_feasible {
            work.charge(DUAL_FEASIBLE * classes.len() as u64);
            self.offer_bound(bound(work));
        }
        if self.gap() > self.packs / LOOSE {
            self.relax_below(work);
        }
        for step in self.steps(work) {
            match *step {
                Lattice => self.lattice(work),
                Repairs => self.repairs(work),
                Dive(share) => work.share(share, |work| self.dive(work)),
                Tail(100, share) => self.tail(&self.best.clone(), 100, share, work),
                Tail(percent, share) => self.tail(&filled, percent, share, work),
            }
        }
    }

    fn steps(&self, work: &Work) -> &'static [Step] {
        let classes = self.task.classes.len();
        let relaxation = if self.whole {
            RELAXATION * (classes as u64).pow(2)
        } else {
            units(classes, self.task.capacity, self.task.limit)
        };
        if let Some(k) = self.task.limit {
            // Fills that aim at a number of sequences have no tail of their own.
            let whole = units(classes, self.task.capacity, Some(k)) / 2 <= work.left();
            return match self.whole {
                false => &[Tail(100, 100)],
                true if whole => &[Tail(100, 70), Lattice, Repairs, Dive(100)],
                true => &[Lattice, Repairs, Tail(100, 100)],
            };
        }
        match work.left() {
            left if !self.whole && left >= relaxation => &[Tail(100, 100)],
            _ if !self.whole => &[Tail(10, 25), Tail(30, 50), Tail(100, 100)],
            _ if classes <= FEW => &[Tail(10, 25), Tail(30, 50), Tail(100, 100), Dive(100)],
            left if classes <= WHOLE && left >= relaxation => {
                &[Tail(10, 25), Tail(30, 50), Tail(100, 100), Dive(60), Lattice, Repairs, Dive(100)]
            }
            RICH.. => &[Tail(10, 25), Lattice, Repairs, Tail(30, 50), Tail(100, 100), Dive(100)],
            _ if self.gap() > self.packs / LOOSE => {
                &[Lattice, Tail(10, 15), Tail(30, 15), Repairs, Tail(100, 100), Dive(100)]
            }
            _ => &[Tail(10, 15), Lattice, Tail(30, 15), Repairs, Tail(100, 100), Dive(100)],
        }
    }

    /// A part or an image of this problem, within the budget of the whole.
    fn solve(&self, classes: &[(u32, u64)], capacity: u32, work: &mut Work) -> Templates {
        let task = Task { classes, capacity, limit: self.task.limit };
        let start = decreasing(&task);
        work.charge(16 * classes.len() as u64);
        let mut part = Portfolio::new(task, start, task.quick_bound().packs, self.threads);
        part.whole = false;
        part.run(work);
        part.best
    }

    /// The relaxation of lengths rounded down: a bound for little work where L2 is far off.
    fn relax_below(&mut self, work: &mut Work) {
        let Task { classes, capacity, limit } = self.task;
        if self.done(work) || BELOW_STEPS >= capacity {
            return;
        }
        let image = Image::below(classes, capacity, BELOW_STEPS);
        let task = Task { classes: &image.classes, capacity: image.steps, limit };
        if !affordable(4 * task.classes.len(), task.capacity, limit, work.left()) {
            return;
        }
        let bound = work.share(BELOW_SHARE, |work| {
            let start = decreasing(&task);
            let relaxation = relax(&task, &[&start], work)?;
            certify(&task, &relaxation.duals, work)
        });
        if let Some(bound) = bound {
            self.offer_bound(image.true_bound(bound, classes));
        }
    }

    /// Solves the lengths rounded to a lattice, then finds true lengths for its packs; what is left
    /// over goes the same way, until little is left.
    fn lattice(&mut self, work: &mut Work) {
        let capacity = self.task.capacity;
        let (mut packs, mut rest) = (Templates::new(), self.task.classes.to_vec());
        for _ in 0..LEVELS {
            if self.done(work) {
                return;
            }
            // The finest lattice whose relaxation the work allows.
            let mut image = Image::nearest(&rest, capacity, FINEST);
            while image.steps > COARSEST
                && units(image.classes.len(), image.steps, self.task.limit) > work.left() / 3
            {
                image = Image::nearest(&rest, capacity, image.steps / 2);
            }
            if image.steps >= capacity {
                return;
            }
            let solve = |work: &mut Work| self.solve(&image.classes, image.steps, work);
            let found = work.share(IMAGE, solve);
            let (assembled, over) = image.assemble(&found, &rest, work);
            extend(&mut packs, &assembled);
            let mut all = packs.clone();
            extend(&mut all, &pack_rest(&Task { classes: &over, ..self.task }, work));
            self.offer(all, work);
            let sequences =
                |classes: &[(u32, u64)]| classes.iter().map(|class| class.1).sum::<u64>();
            if sequences(&over) < FEW_LEFT || 2 * sequences(&over) > sequences(&rest) {
                return;
            }
            rest = over;
        }
    }

    fn repairs(&mut self, work: &mut Work) {
        let reserve = work.left() / 4;
        for round in 0..REPAIRS {
            if self.done(work) || work.left() <= reserve {
                return;
            }
            let (mut kept, rest) = take_apart(&self.best, self.task.capacity, round);
            let found = work.share(50, |work| self.solve(&rest, self.task.capacity, work));
            extend(&mut kept, &found);
            // As many packs as before are welcome too: their room now lies in fewer of them.
            if kept.pack_count() <= self.packs {
                self.packs = kept.pack_count();
                self.best = kept;
                self.report(work);
            }
        }
    }

    /// Dives for the bound itself.
    fn dive(&mut self, work: &mut Work) {
        let Task { classes, capacity, limit } = self.task;
        if self.done(work) || !affordable(DIVE * classes.len(), capacity, limit, work.left()) {
            return;
        }
        let patterns = self.best.iter().map(|(runs, _)| to_pattern(&self.task, runs));
        let patterns: Vec<Pattern> = patterns.collect();
        if let Some(found) = dive(&self.task, self.lower_bound, &patterns, work) {
            self.offer(found, work);
        }
    }

    /// Keeps the well filled first packs of an exact fill and optimises the last `percent` of them.
    fn tail(&mut self, filled: &Templates, percent: u64, share: u64, work: &mut Work) {
        if self.done(work) {
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
        let Task { capacity, limit, .. } = self.task;
        if !affordable(rest.len(), capacity, limit, work.left()) {
            return; // not even one pricing
        }
        let part = Task { classes: &rest, ..self.task };
        let found = work.share(share, |work| {
            let other = decreasing(&part);
            let better = other.pack_count() < tail.pack_count();
            let start = if better { [&other, &tail] } else { [&tail, &other] };
            let relaxation = work.share(70, |work| relax(&part, &start, work))?;
            let bound = lift(&self.task, &rest, &relaxation.duals, work);
            let hopeful =
                head.pack_count() + ((relaxation.value - 1e-3).ceil() as u64) < self.packs;
            let packs = hopeful.then(|| round(&relaxation, &part, DEPTH, work));
            Some((bound, packs))
        });
        let Some((bound, packs)) = found else { return };
        if let Some(bound) = bound {
            self.offer_bound(bound);
            self.report(work);
        }
        if let Some(packs) = packs {
            extend(&mut head, &packs);
            self.offer(head, work);
        }
    }
}
