//! Best-fit-decreasing: each sequence, longest first, goes to the pack with the least sufficient room.
//!
//! Among packs of equal room the one that came to it latest is taken. By length classes: after one
//! copy the same pack is again the tightest, so each takes as many copies as fit, and all packs
//! that are filled alike do so at once. O(D log C) placings for D length classes, whatever the
//! number of sequences. At most 11/9 OPT + 6/9 packs (Dosa 2007). Classical; over histograms since
//! Krell et al., arXiv 2107.02027.

use super::Problem;
use super::groups::{Groups, NONE};
use super::problem::Units;
use super::rooms::{DenseRooms, Rooms, SparseRooms};
use crate::template::Templates;

/// The templates, in plan order.
#[must_use]
pub fn plan(problem: &Problem<'_>) -> Templates {
    let units = problem.in_units();
    if units.is_dense() {
        fill(units, DenseRooms::new(units.capacity))
    } else {
        fill(units, SparseRooms::default())
    }
}

fn fill(units: Units<'_>, mut rooms: impl Rooms) -> Templates {
    let mut groups = Groups::for_problem(units);
    // The groups at one room are a stack: `next` is the one that came before.
    let put = |rooms: &mut _, groups: &mut Groups, room: u32, group: u32| {
        if room > 0 && groups.get(group).held < units.limit {
            groups.get_mut(group).next = Rooms::get(rooms, room);
            Rooms::set(rooms, room, group);
        }
    };
    for (length, need, mut left) in units.classes() {
        while left > 0 {
            // No room: an endless group of empty packs.
            let (room, from) = rooms.at_least(need).unwrap_or((units.capacity, NONE));
            let (held, count) = if from == NONE {
                (0, u64::MAX)
            } else {
                let group = groups.get(from);
                (group.held, group.count)
            };
            let fits = if room < need.saturating_mul(2) { 1 } else { room / need };
            let times = fits.min(units.limit - held);
            let full = count.min(left / u64::from(times));
            left -= full * u64::from(times);
            let rest = if full < count { left as u32 } else { 0 };
            if from != NONE && full + u64::from(rest > 0) == count {
                rooms.set(room, groups.get(from).next);
            }
            if full > 0 {
                let filled = groups.fill(from, length, times, full);
                put(&mut rooms, &mut groups, room - times * need, filled);
            }
            if rest > 0 {
                let filled = groups.fill(from, length, rest, 1);
                put(&mut rooms, &mut groups, room - rest * need, filled);
                left = 0;
            }
        }
    }
    groups.into_templates()
}
