//! Modified first fit over a given order, one sequence at a time.
//!
//! Johnson and Garey 1985: sequences over half the capacity open packs; going forward, each of
//! these takes the first medium sequence (over a third) that fits; going backward, those without
//! take a pair of small ones (over a sixth); all others go first fit. O(n log n). The order is
//! nearly decreasing, after a tolerance; for exact order there is a plan by length classes.

use super::first_fit::FirstFit;
use super::room_tree::RoomTree;
use crate::{Fault, STRIDE, Stage, Watch, memory};

/// What came of it. Sequences are not placed in the order given: pairs of small ones go before
/// what stands between them.
pub(super) struct Placed {
    /// Where the j-th sequence placed stands in the order given.
    pub(super) places: Vec<u32>,
    /// The pack it went to.
    pub(super) packs: Vec<u32>,
    pub(super) pack_count: u32,
}

/// Places the sequences. `needs` are in 1 ..= `capacity`, in units of the alignment, at most
/// `limit` to a pack.
///
/// # Errors
/// [`Fault::Memory`]; [`Fault::Cancelled`].
pub(super) fn assign(
    needs: &[u32],
    capacity: u32,
    limit: u32,
    watch: &dyn Watch,
) -> Result<Placed, Fault> {
    let total = needs.len() as u64;
    watch.step(Stage::Plan, 0, total)?;
    let above = |part: u64, index: usize| part * u64::from(needs[index]) > u64::from(capacity);
    let mut making = Making::new(needs, capacity, limit)?;

    for index in (0..needs.len()).filter(|&index| above(2, index)) {
        let pack = making.open.place_in_new(needs[index]);
        making.note(index, pack);
    }
    let large = making.open.pack_count();
    let mut without_medium = memory::reserved(large as usize)?;
    let medium = |index: &usize| above(3, *index) && !above(2, *index);
    let mut mediums = Waiting::new(needs, capacity, medium)?;
    for pack in 0..large {
        match mediums.take_first_within(making.open.room(pack)) {
            Some(index) => making.put(index, pack),
            None => without_medium.push(pack),
        }
    }
    watch.step(Stage::Plan, making.packs.len() as u64, total)?;
    let small = |index: &usize| above(6, *index) && !above(3, *index);
    let mut smalls = Waiting::new(needs, capacity, small)?;
    if limit >= 3 {
        for &pack in without_medium.iter().rev() {
            let Some((last, before)) = smalls.last_two() else { break };
            let pair = u64::from(needs[last]) + u64::from(needs[before]);
            if pair <= u64::from(making.open.room(pack)) {
                smalls.take_last();
                making.put(last, pack);
                let beside = smalls.take_first_within(making.open.room(pack));
                making.put(beside.expect("`before` fits, at least"), pack);
            }
        }
    }
    // Mediums, then smalls, then the rest, each in order.
    for (least, most) in [(3, 2), (6, 3), (u64::MAX, 6)] {
        for (index, &need) in needs.iter().enumerate() {
            if index.is_multiple_of(STRIDE) {
                watch.step(Stage::Plan, making.packs.len() as u64, total)?;
            }
            let member = (least == u64::MAX || above(least, index)) && !above(most, index);
            if member && !making.placed[index] {
                let pack = making.open.place(need);
                making.note(index, pack);
            }
        }
    }
    let pack_count = making.open.pack_count();
    Ok(Placed { places: making.places, packs: making.packs, pack_count })
}

/// Packs being filled, and the order in which they are.
struct Making<'a> {
    needs: &'a [u32],
    open: FirstFit,
    places: Vec<u32>,
    packs: Vec<u32>,
    placed: Vec<bool>,
}

impl<'a> Making<'a> {
    fn new(needs: &'a [u32], capacity: u32, limit: u32) -> Result<Self, Fault> {
        Ok(Self {
            needs,
            open: FirstFit::new(capacity, limit, needs.len())?,
            places: memory::reserved(needs.len())?,
            packs: memory::reserved(needs.len())?,
            placed: memory::filled(false, needs.len())?,
        })
    }

    fn put(&mut self, index: usize, pack: u32) {
        self.open.put(pack, self.needs[index]);
        self.note(index, pack);
    }

    fn note(&mut self, index: usize, pack: u32) {
        self.placed[index] = true;
        self.places.push(index as u32);
        self.packs.push(pack);
    }
}

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
