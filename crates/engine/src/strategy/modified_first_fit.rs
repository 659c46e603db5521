//! Modified first fit over a given order, one sequence at a time.
//!
//! Johnson and Garey 1985: sequences over half the capacity open packs; going forward, each of
//! these takes the first medium sequence (over a third) that fits; going backward, those without
//! take a pair of small ones (over a sixth); all others go first fit. O(n log n). The order is
//! nearly decreasing, after a tolerance; for exact order there is a plan by length classes.

use super::first_fit::FirstFit;
use super::room_tree::RoomTree;
use crate::{Fault, STRIDE, Stage, Watch, memory};

/// The pack of each sequence, and the number of packs. `needs` are in 1 ..= `capacity`, in units of
/// the alignment, at most `limit` to a pack.
///
/// # Errors
/// [`Fault::Memory`]; [`Fault::Cancelled`].
pub(super) fn assign(
    needs: &[u32],
    capacity: u32,
    limit: u32,
    watch: &dyn Watch,
) -> Result<(Vec<u32>, u32), Fault> {
    let total = needs.len() as u64;
    watch.step(Stage::Plan, 0, total)?;
    let mut packs = memory::filled(UNPLACED, needs.len())?;
    let mut open = FirstFit::new(capacity, limit, needs.len())?;
    let above = |part: u64, index: usize| part * u64::from(needs[index]) > u64::from(capacity);

    for index in (0..needs.len()).filter(|&index| above(2, index)) {
        packs[index] = open.place_in_new(needs[index]);
    }
    let large = open.pack_count();
    let mut without_medium = memory::reserved(large as usize)?;
    let medium = |index: &usize| above(3, *index) && !above(2, *index);
    let mut mediums = Waiting::new(needs, capacity, medium)?;
    for pack in 0..large {
        match mediums.take_first_within(open.room(pack)) {
            Some(index) => {
                open.put(pack, needs[index]);
                packs[index] = pack;
            }
            None => without_medium.push(pack),
        }
    }
    watch.step(Stage::Plan, 0, total)?;
    let small = |index: &usize| above(6, *index) && !above(3, *index);
    let mut smalls = Waiting::new(needs, capacity, small)?;
    if limit >= 3 {
        for &pack in without_medium.iter().rev() {
            let Some((last, before)) = smalls.last_two() else { break };
            if u64::from(needs[last]) + u64::from(needs[before]) > u64::from(open.room(pack)) {
                continue;
            }
            smalls.take_last();
            open.put(pack, needs[last]);
            packs[last] = pack;
            let beside =
                smalls.take_first_within(open.room(pack)).expect("`before` fits, at least");
            open.put(pack, needs[beside]);
            packs[beside] = pack;
        }
    }
    // Mediums, then smalls, then the rest, each in order.
    let mut placed = 0;
    for group in [(3, 2), (6, 3), (u64::MAX, 6)] {
        for index in 0..needs.len() {
            if index.is_multiple_of(STRIDE) {
                watch.step(Stage::Plan, placed, total)?;
            }
            let member = (group.0 == u64::MAX || above(group.0, index)) && !above(group.1, index);
            if member && packs[index] == UNPLACED {
                packs[index] = open.place(needs[index]);
                placed += 1;
            }
        }
    }
    Ok((packs, open.pack_count()))
}

/// No pack has this number: there are at most 2^32 - 1.
const UNPLACED: u32 = u32::MAX;

/// Sequences of one kind that wait for a place, in order.
struct Waiting<'a> {
    needs: &'a [u32],
    /// Their indices.
    members: Vec<u32>,
    /// For each, `capacity - need`, 0 once it is taken: the first that fits a room is the first
    /// with at least `capacity - room`. Needs are at most half the capacity here, so none is 0.
    slack: RoomTree,
    capacity: u32,
    /// Ends of where the last one and the one before it can be. Both only fall, so that all searches
    /// together cost O(n).
    last: usize,
    before: usize,
}

impl<'a> Waiting<'a> {
    fn new(
        needs: &'a [u32],
        capacity: u32,
        member: impl Fn(&usize) -> bool,
    ) -> Result<Self, Fault> {
        let count = (0..needs.len()).filter(&member).count();
        let mut members: Vec<u32> = memory::reserved(count)?;
        members.extend((0..needs.len()).filter(&member).map(|index| index as u32));
        let mut slack = RoomTree::new(count)?;
        for &index in &members {
            slack.push(capacity - needs[index as usize]);
        }
        let last = members.len();
        Ok(Self { needs, members, slack, capacity, last, before: last })
    }

    /// Takes the first that is no longer than `room`, which is below the capacity.
    fn take_first_within(&mut self, room: u32) -> Option<usize> {
        let place = self.slack.first_at_least(self.capacity - room)?;
        self.slack.set(place, 0);
        let index = self.members[place as usize] as usize;
        debug_assert!(self.needs[index] <= room, "the tree holds what is missing to capacity");
        Some(index)
    }

    /// The last two that wait, the last one first.
    fn last_two(&mut self) -> Option<(usize, usize)> {
        let waits = |place: &usize| self.slack.get(*place as u32) > 0;
        let last = (0..self.last).rev().find(waits)?;
        let before = (0..last.min(self.before)).rev().find(waits)?;
        (self.last, self.before) = (last + 1, before + 1);
        Some((self.members[last] as usize, self.members[before] as usize))
    }

    /// Takes the last one that [`last_two`](Self::last_two) found.
    fn take_last(&mut self) {
        self.last -= 1;
        self.slack.set(self.last as u32, 0);
    }
}
