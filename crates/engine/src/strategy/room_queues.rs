//! Open packs by the room left in them: for each room a queue of packs, in the order in which they
//! came to it, and an ordered set of the rooms that occur.
//!
//! Two forms with one behaviour. Dense: a queue for every possible room and a bit set with summary
//! levels; a few instructions per question, memory 8 C bytes, so only where C is no larger than the
//! input justifies. Sparse: an ordered map, O(log D) for D rooms in use, for large capacities.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::room_set::RoomSet;
use crate::{Fault, memory};

/// Dense queues cost at most this many rooms per sequence, and never more than `DENSE_MOST`.
const DENSE_PER_SEQUENCE: usize = 8;
/// Always cheap enough: 32 kB of queues.
const DENSE_LEAST: usize = 1 << 12;
/// Beyond the caches an ordered map of the few rooms in use is no slower.
const DENSE_MOST: usize = 1 << 22;

/// Whether `sequences` justify queues for every room up to `capacity`.
pub(super) fn dense_is_justified(sequences: usize, capacity: u32) -> bool {
    let justified = sequences.saturating_mul(DENSE_PER_SEQUENCE).clamp(DENSE_LEAST, DENSE_MOST);
    capacity as usize <= justified
}

/// Packs in queues by room. Rooms are at least 1, packs are numbered from 0.
pub(super) trait RoomQueues {
    /// Takes the first pack of the least room that is at least `need`: (room, pack).
    fn take_least(&mut self, need: u32) -> Option<(u32, u32)>;
    /// Takes the first pack of the most room, if that is at least `need`: (room, pack).
    fn take_most(&mut self, need: u32) -> Option<(u32, u32)>;
    /// Puts `pack` behind the others of `room`.
    fn put_last(&mut self, room: u32, pack: u32);
    /// Puts `pack` before the others of `room`.
    fn put_first(&mut self, room: u32, pack: u32);
}

/// First and last pack of a room. Packs between them are linked through `next`.
#[derive(Clone, Copy, Default)]
struct Queue {
    first: u32,
    last: u32,
}

/// The links of all queues: a pack is in at most one.
struct Links(Vec<u32>);

impl Links {
    fn append(&mut self, queue: &mut Queue, pack: u32) {
        self.0[queue.last as usize] = pack;
        queue.last = pack;
    }

    fn prepend(&mut self, queue: &mut Queue, pack: u32) {
        self.0[pack as usize] = queue.first;
        queue.first = pack;
    }

    /// The first pack, and whether the queue is empty after it.
    fn take(&self, queue: &mut Queue) -> (u32, bool) {
        let pack = queue.first;
        queue.first = self.0[pack as usize];
        (pack, pack == queue.last)
    }
}

/// Queues for every room up to the capacity.
pub(super) struct DenseQueues {
    rooms: RoomSet,
    queues: Vec<Queue>,
    next: Links,
}

impl DenseQueues {
    /// Empty queues for at most `packs` packs.
    pub(super) fn new(capacity: u32, packs: usize) -> Result<Self, Fault> {
        Ok(Self {
            rooms: RoomSet::new(capacity)?,
            queues: memory::filled(Queue::default(), capacity as usize + 1)?,
            next: Links(memory::filled(0, packs)?),
        })
    }

    fn take(&mut self, room: u32) -> (u32, u32) {
        let (pack, emptied) = self.next.take(&mut self.queues[room as usize]);
        if emptied {
            self.rooms.remove(room);
        }
        (room, pack)
    }
}

impl RoomQueues for DenseQueues {
    fn take_least(&mut self, need: u32) -> Option<(u32, u32)> {
        let room = self.rooms.at_least(need)?;
        Some(self.take(room))
    }

    fn take_most(&mut self, need: u32) -> Option<(u32, u32)> {
        let room = self.rooms.last().filter(|&room| room >= need)?;
        Some(self.take(room))
    }

    fn put_last(&mut self, room: u32, pack: u32) {
        let queue = &mut self.queues[room as usize];
        if self.rooms.insert(room) {
            *queue = Queue { first: pack, last: pack };
        } else {
            self.next.append(queue, pack);
        }
    }

    fn put_first(&mut self, room: u32, pack: u32) {
        let queue = &mut self.queues[room as usize];
        if self.rooms.insert(room) {
            *queue = Queue { first: pack, last: pack };
        } else {
            self.next.prepend(queue, pack);
        }
    }
}

/// Queues for the rooms that occur.
pub(super) struct SparseQueues {
    queues: BTreeMap<u32, Queue>,
    next: Links,
}

impl SparseQueues {
    /// Empty queues for at most `packs` packs.
    pub(super) fn new(packs: usize) -> Result<Self, Fault> {
        Ok(Self { queues: BTreeMap::new(), next: Links(memory::filled(0, packs)?) })
    }

    fn take(&mut self, room: Option<u32>) -> Option<(u32, u32)> {
        let room = room?;
        let queue = self.queues.get_mut(&room).expect("the room was found just now");
        let (pack, emptied) = self.next.take(queue);
        if emptied {
            self.queues.remove(&room);
        }
        Some((room, pack))
    }
}

impl RoomQueues for SparseQueues {
    fn take_least(&mut self, need: u32) -> Option<(u32, u32)> {
        let room = self.queues.range(need..).next().map(|entry| *entry.0);
        self.take(room)
    }

    fn take_most(&mut self, need: u32) -> Option<(u32, u32)> {
        let room = self.queues.last_key_value().map(|entry| *entry.0).filter(|&room| room >= need);
        self.take(room)
    }

    fn put_last(&mut self, room: u32, pack: u32) {
        match self.queues.entry(room) {
            Entry::Vacant(free) => _ = free.insert(Queue { first: pack, last: pack }),
            Entry::Occupied(mut queue) => self.next.append(queue.get_mut(), pack),
        }
    }

    fn put_first(&mut self, room: u32, pack: u32) {
        match self.queues.entry(room) {
            Entry::Vacant(free) => _ = free.insert(Queue { first: pack, last: pack }),
            Entry::Occupied(mut queue) => self.next.prepend(queue.get_mut(), pack),
        }
    }
}
