//! Worst-fit-decreasing: each sequence, longest first, goes to the pack with the most room.
//!
//! Among packs of equal room the one that came to it first is taken; a new pack is opened only when
//! none has room. Known as SPFHP in Krell et al., arXiv 2107.02027. By length classes: a class runs
//! into the open packs like water. A pack of room r takes its j-th copy when the most room is
//! r - (j - 1) length, so the copies are taken in falling order of that number; the level at which
//! the class runs out is found by bisection over the packs above it. O(log C) steps for each group
//! of packs touched, and as each of those makes a template longer, in proportion to the plan.

use super::groups::{Groups, NONE};
use super::problem::{Problem, Units};
use super::rooms::{DenseRooms, Rooms, SparseRooms};
use crate::template::Templates;

/// The templates, in plan order.
#[must_use]
pub fn plan(problem: &Problem<'_>) -> Templates {
    let units = problem.in_units();
    let groups = Groups::for_problem(units);
    if units.is_dense() {
        fill(units, OpenPacks { units, groups, rooms: DenseRooms::new(units.capacity) })
    } else {
        fill(units, OpenPacks { units, groups, rooms: SparseRooms::default() })
    }
}

struct OpenPacks<'a, R> {
    units: Units<'a>,
    groups: Groups,
    /// The last group of the queue at each room; its `next` is the first.
    rooms: R,
}

/// A group on its way to a lower room.
#[derive(Clone, Copy)]
struct Above {
    group: u32,
    room: u32,
    count: u64,
    /// Copies it may take, for its room and its limit.
    most: u32,
}

impl Above {
    /// Copies that a pack takes while its room is more than `level`.
    fn copies(&self, need: u32, level: u32) -> u32 {
        self.room.saturating_sub(level).div_ceil(need).min(self.most)
    }
}

fn fill<R: Rooms>(units: Units<'_>, mut open: OpenPacks<'_, R>) -> Templates {
    let mut above = Vec::new();
    for (length, need, mut left) in units.classes() {
        open.take_above(need, left, &mut above);
        let level = lowest_level(&above, need, left);
        left -= taken(&above, need, level);
        // From the lowest room up: whoever comes to a room later stands behind.
        for packs in above.drain(..).rev() {
            let copies = packs.copies(need, level);
            let after = packs.room - copies * need;
            // Packs that came down to the level itself go on until the class runs out.
            let further =
                if after == level && copies < packs.most { left.min(packs.count) } else { 0 };
            left -= further;
            open.place(packs.group, packs.room, length, need, copies + 1, further);
            open.place(packs.group, packs.room, length, need, copies, packs.count - further);
        }
        let times = (units.capacity / need).min(units.limit);
        let (full, rest) = (left / u64::from(times), (left % u64::from(times)) as u32);
        open.place(NONE, units.capacity, length, need, times, full);
        open.place(NONE, units.capacity, length, need, rest, u64::from(rest > 0));
    }
    open.groups.into_templates()
}

impl<R: Rooms> OpenPacks<'_, R> {
    /// Takes the groups with the most room out of their queues, until those above the next room
    /// hold all `left` or none is left with room for `need`. By falling room, each queue backwards.
    fn take_above(&mut self, need: u32, left: u64, above: &mut Vec<Above>) {
        let mut check = 1;
        while let Some((room, last)) = self.rooms.greatest().filter(|top| top.0 >= need) {
            if above.len() >= check {
                if taken(above, need, room) >= left {
                    return;
                }
                check = 2 * above.len();
            }
            self.rooms.set(room, NONE);
            let start = above.len();
            let mut at = self.groups.get(last).next;
            loop {
                let group = self.groups.get(at);
                let most = (room / need).min(self.units.limit - group.held);
                above.push(Above { group: at, room, count: group.count, most });
                if at == last {
                    break;
                }
                at = group.next;
            }
            above[start..].reverse();
        }
    }

    /// `count` packs of a group at `room` take `copies` each and queue up at the room left.
    fn place(&mut self, from: u32, room: u32, length: u32, need: u32, copies: u32, count: u64) {
        if count == 0 {
            return;
        }
        let group = if copies > 0 { self.groups.fill(from, length, copies, count) } else { from };
        let room = room - copies * need;
        if room == 0 || self.groups.get(group).held == self.units.limit {
            return;
        }
        let last = self.rooms.get(room);
        let first = if last == NONE {
            group
        } else {
            std::mem::replace(&mut self.groups.get_mut(last).next, group)
        };
        self.groups.get_mut(group).next = first;
        self.rooms.set(room, group);
    }
}

/// How many sequences the packs take while their room is more than `level`.
fn taken(above: &[Above], need: u32, level: u32) -> u64 {
    let all =
        above.iter().map(|packs| packs.count.saturating_mul(packs.copies(need, level).into()));
    all.fold(0, u64::saturating_add)
}

/// The lowest level above which the packs take at most `left`.
fn lowest_level(above: &[Above], need: u32, left: u64) -> u32 {
    let (mut low, mut high) = (0, above.first().map_or(0, |top| top.room));
    while low < high {
        let middle = low + (high - low) / 2;
        if taken(above, need, middle) <= left {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}
