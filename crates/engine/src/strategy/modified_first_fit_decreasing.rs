//! Modified first-fit-decreasing (Johnson and Garey 1985): at most 71/60 OPT + O(1) packs.
//!
//! Sequences are large (over half the capacity), medium (over a third), small (over a sixth) or
//! tiny. Every large one opens a pack; forward over these, the longest medium that fits goes in;
//! backward over those without a medium, the shortest small and the longest small that fits beside
//! it; all others go first fit. By length classes: equal packs are taken together until a class
//! runs out. Cost as first-fit-decreasing.

use super::groups::{Groups, NONE};
use super::length_set::LengthSet;
use super::opening_order::OpeningOrder;
use super::problem::{Problem, Units};
use crate::template::Templates;
use std::ops::Range;

/// The templates, in plan order.
#[must_use]
pub fn plan(problem: &Problem<'_>) -> Templates {
    let units = problem.in_units();
    let mut rest = Rest::new(units);
    let mut groups = Groups::for_problem(units);
    let with_medium = take_mediums(units, &mut rest, &mut groups);
    let started = take_small_pairs(units, with_medium, &mut rest, &mut groups);
    let mut open = OpeningOrder::new(units.capacity, units.limit);
    for packs in started {
        open.open(&groups, packs.group, packs.room);
    }
    for class in 0..rest.counts.len() {
        if rest.counts[class] > 0 {
            let (length, need) = (rest.lengths[class], rest.needs[class]);
            open.place(&mut groups, length, need, rest.counts[class]);
        }
    }
    // Pairs were not taken longest first.
    groups.into_templates().into_plan_order()
}

/// Equal neighbours among the packs that large sequences opened.
struct Packs {
    group: u32,
    room: u32,
    has_medium: bool,
}

/// Steps 1 and 2: a pack for each large sequence; forward, the longest medium that fits.
fn take_mediums(units: Units<'_>, rest: &mut Rest, groups: &mut Groups) -> Vec<Packs> {
    let medium = rest.from(2, units)..rest.from(3, units);
    let mut packs = Vec::new();
    for class in 0..medium.start {
        let mut left = rest.counts[class];
        let group = groups.fill(NONE, rest.lengths[class], 1, left);
        let room = units.capacity - rest.needs[class];
        rest.take(class, left);
        while units.limit >= 2 && left > 0 {
            let Some(beside) = rest.longest(&medium, room) else { break };
            let some = left.min(rest.counts[beside]);
            rest.take(beside, some);
            left -= some;
            let group = groups.fill(group, rest.lengths[beside], 1, some);
            packs.push(Packs { group, room: room - rest.needs[beside], has_medium: true });
        }
        if left > 0 {
            packs.push(Packs { group, room, has_medium: false });
        }
    }
    packs
}

/// Step 3: backward over the packs without a medium, the shortest small and the longest small that
/// fits beside it.
fn take_small_pairs(
    units: Units<'_>,
    packs: Vec<Packs>,
    rest: &mut Rest,
    groups: &mut Groups,
) -> Vec<Packs> {
    if units.limit < 3 {
        return packs;
    }
    let small = rest.from(3, units)..rest.from(6, units);
    let mut backward = Vec::with_capacity(packs.len());
    for Packs { group, room, has_medium } in packs.into_iter().rev() {
        while !has_medium && groups.get(group).count > 0 {
            let Some((shortest, longest)) = rest.small_pair(&small, room) else { break };
            let left = groups.get(group).count;
            let (pair, some) = if shortest == longest {
                let some = left.min(rest.counts[shortest] / 2);
                (groups.fill(group, rest.lengths[shortest], 2, some), some)
            } else {
                let some = left.min(rest.counts[shortest]).min(rest.counts[longest]);
                let long = groups.fill(group, rest.lengths[longest], 1, some);
                (groups.fill(long, rest.lengths[shortest], 1, some), some)
            };
            rest.take(shortest, some);
            rest.take(longest, some);
            let room = room - rest.needs[shortest] - rest.needs[longest];
            backward.push(Packs { group: pair, room, has_medium });
        }
        if groups.get(group).count > 0 {
            backward.push(Packs { group, room, has_medium });
        }
    }
    backward.reverse();
    backward
}

/// The sequences still to be placed: classes by index, longest first.
struct Rest {
    lengths: Vec<u32>,
    needs: Vec<u32>,
    counts: Vec<u64>,
    /// Classes that are not used up.
    left: LengthSet,
}

impl Rest {
    fn new(units: Units<'_>) -> Self {
        let count = units.classes().len();
        let mut left = LengthSet::new(count as u32);
        (0..count as u32).for_each(|class| left.insert(class));
        Self {
            lengths: units.classes().map(|class| class.0).collect(),
            needs: units.classes().map(|class| class.1).collect(),
            counts: units.classes().map(|class| class.2).collect(),
            left,
        }
    }

    /// The first class that takes at most one `part`th of a pack.
    fn from(&self, part: u64, units: Units<'_>) -> usize {
        self.needs.partition_point(|&need| part * u64::from(need) > u64::from(units.capacity))
    }

    fn take(&mut self, class: usize, count: u64) {
        self.counts[class] -= count;
        if self.counts[class] == 0 {
            self.left.remove(class as u32);
        }
    }

    /// The longest that is left of `classes` and fits `room`.
    fn longest(&self, classes: &Range<usize>, room: u32) -> Option<usize> {
        let first = self.needs.partition_point(|&need| need > room).max(classes.start);
        let found = self.left.at_least(first as u32)? as usize;
        (found < classes.end).then_some(found)
    }

    /// The shortest that is left of `classes`, of those before `end`.
    fn shortest(&self, classes: &Range<usize>, end: usize) -> Option<usize> {
        let found = self.left.at_most(end.checked_sub(1)? as u32)? as usize;
        (found >= classes.start).then_some(found)
    }

    /// The shortest left, and the longest that fits `room` beside it: if the two shortest do.
    fn small_pair(&self, small: &Range<usize>, room: u32) -> Option<(usize, usize)> {
        let shortest = self.shortest(small, small.end)?;
        let twice = self.counts[shortest] >= 2;
        let second = if twice { shortest } else { self.shortest(small, shortest)? };
        let beside = room.checked_sub(self.needs[shortest])?;
        if self.needs[second] > beside {
            return None;
        }
        let longest = self.longest(small, beside)?;
        Some((shortest, longest))
    }
}
