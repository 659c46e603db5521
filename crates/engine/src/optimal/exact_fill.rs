//! Exact fill: packs that are full to the token, long sequences first.
//!
//! The longest sequence opens a pack; a depth-first search over length classes completes it, always
//! trying the longest that fits, until the pack is full or the node budget is spent (then the least
//! room counts). The pack is used as often as the counts allow, so a run makes about D packs. It is
//! MBS' (Gupta and Ho 1999, Fleszar and Hindi 2002) with multiplicities. Strong where there are
//! many short sequences; weak where nothing short fills the room.

use super::supply::Supply;
use super::work::Work;
use crate::template::{Run, Templates};

/// Nodes per pack, in the order in which they pay when work is short: no budget is best everywhere.
const BUDGETS: [u64; 11] = [120, 300, 1200, 30, 500, 50, 800, 20, 200, 80, 10];

/// A gap above this share of the packs is more than another budget could close.
const FAR: u64 = 100;

/// The best of all budgets; stops at `lower_bound`, when half of the work is spent, or when the
/// first result shows that nothing short fills the room.
pub(super) fn exact_fill(
    classes: &[(u32, u64)],
    capacity: u32,
    lower_bound: u64,
    work: &mut Work,
) -> Option<Templates> {
    let mut best: Option<(u64, Templates)> = None;
    let enough = work.left() / 2;
    for budget in BUDGETS {
        let far = |packs: u64| packs > lower_bound + lower_bound / FAR;
        if best.as_ref().is_some_and(|best| far(best.0) || work.left() < enough) {
            break;
        }
        let Some(found) = fill(classes, capacity, budget, work) else { break };
        let packs = found.pack_count();
        if best.as_ref().is_none_or(|best| packs < best.0) {
            best = Some((packs, found));
        }
        if best.as_ref().is_some_and(|best| best.0 <= lower_bound) {
            break;
        }
    }
    best.map(|best| best.1)
}

/// One run with `budget` nodes per pack; none if the work is spent before the end.
pub(super) fn fill(
    classes: &[(u32, u64)],
    capacity: u32,
    budget: u64,
    work: &mut Work,
) -> Option<Templates> {
    work.charge(8 * classes.len() as u64);
    let mut filling = Filling { supply: Supply::new(classes), path: Vec::new(), best: Vec::new() };
    let mut templates = Templates::new();
    let mut runs = Vec::new();
    while let Some(longest) = filling.supply.longest() {
        if work.exhausted() {
            return None;
        }
        filling.complete(longest, capacity - filling.supply.length(longest), budget, work);
        let mut multiplicity = u64::MAX;
        runs.clear();
        for same in filling.best.chunk_by(|a, b| a == b) {
            let (class, times) = (same[0], same.len() as u32);
            multiplicity = multiplicity.min(filling.supply.count(class) / u64::from(times));
            runs.push(Run { length: filling.supply.length(class), times });
        }
        for &class in &filling.best {
            filling.supply.take(class, multiplicity);
        }
        templates.push(&runs, multiplicity);
    }
    Some(templates)
}

struct Filling {
    supply: Supply,
    path: Vec<usize>,
    best: Vec<usize>,
}

impl Filling {
    /// Leaves in `best` the class `longest` and, beside it, classes in falling length that fill
    /// `room`.
    fn complete(&mut self, longest: usize, room: u32, budget: u64, work: &mut Work) {
        self.path.clear();
        self.path.push(longest);
        self.best.clone_from(&self.path);
        self.supply.take(longest, 1);
        let last = self.supply.shortest();
        let shortest = last.map_or(u32::MAX, |class| self.supply.length(class));
        let (mut left, mut least, mut nodes) = (room, room, 0);
        // Where the next sequence may start: classes from here on, shorter ones have higher numbers.
        let mut from = longest;
        'search: loop {
            // Down: always the longest that fits, which is the exact one where there is one.
            while left >= shortest {
                let Some(next) = self.supply.at_most_from(left, from) else { break };
                self.path.push(next);
                self.supply.take(next, 1);
                left -= self.supply.length(next);
                from = next;
                nodes += 1;
            }
            if left < least {
                least = left;
                self.best.clone_from(&self.path);
            }
            if least == 0 || nodes >= budget {
                break;
            }
            // Up: replace the last one that has a shorter successor.
            loop {
                if self.path.len() == 1 {
                    break 'search;
                }
                let class = self.path.pop().expect("more than the opening sequence");
                self.supply.put(class, 1);
                left += self.supply.length(class);
                if let Some(next) = self.supply.shorter(class) {
                    from = next;
                    break;
                }
            }
        }
        while let Some(class) = self.path.pop() {
            self.supply.put(class, 1);
        }
        work.charge_nodes(nodes + 1);
    }
}
