//! Which group of packs stands at which room, with ordered queries.
//!
//! Two forms of one map: arrays with a bit set where rooms are dense, an ordered map where they
//! are few and large. Strategies are compiled for each.

use super::groups::NONE;
use super::length_set::LengthSet;
use std::collections::BTreeMap;

/// A map from room (at least 1) to a group.
pub(super) trait Rooms {
    /// The least room >= `need` that has a group, and its group.
    fn at_least(&self, need: u32) -> Option<(u32, u32)>;
    /// The greatest room that has a group, and its group.
    fn greatest(&self) -> Option<(u32, u32)>;
    /// The group at `room`, else [`NONE`].
    fn get(&self, room: u32) -> u32;
    /// Puts `group` at `room`; [`NONE`] takes the room away.
    fn set(&mut self, room: u32, group: u32);
}

/// O(capacity) memory; every operation O(1) in practice.
pub(super) struct DenseRooms {
    groups: Vec<u32>,
    occupied: LengthSet,
}

impl DenseRooms {
    pub(super) fn new(capacity: u32) -> Self {
        Self { groups: vec![NONE; capacity as usize + 1], occupied: LengthSet::new(capacity) }
    }
}

impl Rooms for DenseRooms {
    fn at_least(&self, need: u32) -> Option<(u32, u32)> {
        let room = self.occupied.at_least(need)?;
        Some((room, self.groups[room as usize]))
    }

    fn greatest(&self) -> Option<(u32, u32)> {
        let room = self.occupied.at_most(self.groups.len() as u32 - 1)?;
        Some((room, self.groups[room as usize]))
    }

    fn get(&self, room: u32) -> u32 {
        self.groups[room as usize]
    }

    fn set(&mut self, room: u32, group: u32) {
        let before = std::mem::replace(&mut self.groups[room as usize], group);
        if group == NONE {
            self.occupied.remove(room);
        } else if before == NONE {
            self.occupied.insert(room);
        }
    }
}

/// Memory for the rooms that occur; O(log) each.
#[derive(Default)]
pub(super) struct SparseRooms(BTreeMap<u32, u32>);

impl Rooms for SparseRooms {
    fn at_least(&self, need: u32) -> Option<(u32, u32)> {
        self.0.range(need..).next().map(|(&room, &group)| (room, group))
    }

    fn greatest(&self) -> Option<(u32, u32)> {
        self.0.last_key_value().map(|(&room, &group)| (room, group))
    }

    fn get(&self, room: u32) -> u32 {
        self.0.get(&room).copied().unwrap_or(NONE)
    }

    fn set(&mut self, room: u32, group: u32) {
        if group == NONE {
            self.0.remove(&room);
        } else {
            self.0.insert(room, group);
        }
    }
}
