//! Open packs by (room, number): the least sufficient room, and in it the pack opened first.
//!
//! Packs of one room form a pairing heap by number (Fredman, Sedgewick, Sleator, Tarjan 1986) whose
//! links stand in the packs themselves. Rooms are found in three levels of bits while the capacity
//! is below 2^18, which makes a step about 40 ns with 5,000 packs; above it in a tree, so that
//! memory never follows the capacity.

use super::open_pack::OpenPack;
use std::collections::BTreeMap;

/// The largest capacity whose rooms, itself among them, are bits of three levels: 1 MB of heads, touched
/// where packs are.
const MOST_BITS: u32 = (1 << 18) - 1;

/// Stands for no pack.
const NONE: u32 = 0;

/// A set of open packs. Packs are named by places, which stay until they are removed.
#[derive(Clone, Debug)]
pub struct OpenPacks {
    slots: Vec<Slot>,
    free: Vec<u32>,
    rooms: Rooms,
}

#[derive(Clone, Debug, Default)]
struct Slot {
    pack: OpenPack,
    /// Links of the heap, as places plus one.
    child: u32,
    sibling: u32,
}

/// The heap of each room, as a place plus one.
#[derive(Clone, Debug)]
enum Rooms {
    Bits { heads: Vec<u32>, levels: [Vec<u64>; 3] },
    Tree(BTreeMap<u32, u32>),
}

impl OpenPacks {
    /// No packs, of a capacity.
    pub fn new(capacity: u32) -> Self {
        Self { slots: Vec::new(), free: Vec::new(), rooms: Rooms::new(capacity) }
    }

    /// How many packs are open.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Makes a pack; it takes part in the search from [`put`](Self::put) on.
    pub fn open(&mut self, number: u64, room: u32) -> u32 {
        let place = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            self.slots.len() as u32 - 1
        });
        let pack = self.pack_mut(place);
        (pack.number, pack.room) = (number, room);
        place
    }

    /// Takes the best pack for `length` out of the search.
    pub fn take_fitting(&mut self, length: u32) -> Option<u32> {
        let room = self.rooms.least_from(length)?;
        Some(self.take_first(room))
    }

    /// Takes the pack with the least room out of the search.
    pub fn take_fullest(&mut self) -> Option<u32> {
        self.take_fitting(0)
    }

    /// A pack that was made or taken.
    pub fn pack_mut(&mut self, place: u32) -> &mut OpenPack {
        &mut self.slots[place as usize].pack
    }

    /// Makes a pack take part in the search.
    pub fn put(&mut self, place: u32) {
        let room = self.slots[place as usize].pack.room;
        let slot = &mut self.slots[place as usize];
        (slot.child, slot.sibling) = (NONE, NONE);
        let head = self.meld(self.rooms.head(room), place + 1);
        self.rooms.set_head(room, head);
    }

    /// Gives up a pack that was made or taken; its entries must be gone.
    pub fn remove(&mut self, place: u32) {
        self.free.push(place);
    }

    /// The open packs in the order of opening.
    pub fn by_number(&self) -> Vec<&OpenPack> {
        let open = self.slots.iter().map(|slot| &slot.pack);
        let mut open: Vec<&OpenPack> = open.filter(|pack| !pack.entries.is_empty()).collect();
        open.sort_unstable_by_key(|pack| pack.number);
        open
    }

    /// Takes everything out, in the order of opening.
    pub fn drain(&mut self, mut each: impl FnMut(&mut OpenPack)) {
        let mut open: Vec<&mut OpenPack> = self
            .slots
            .iter_mut()
            .map(|slot| &mut slot.pack)
            .filter(|pack| !pack.entries.is_empty())
            .collect();
        open.sort_unstable_by_key(|pack| pack.number);
        for pack in open {
            self.rooms.set_head(pack.room, NONE);
            each(pack);
        }
        self.free = (0..self.slots.len() as u32).rev().collect();
    }

    fn take_first(&mut self, room: u32) -> u32 {
        let first = self.rooms.head(room);
        let head = self.meld_pairs(self.slots[first as usize - 1].child);
        self.rooms.set_head(room, head);
        first - 1
    }

    /// One heap of two: the later pack becomes a child of the earlier one.
    fn meld(&mut self, a: u32, b: u32) -> u32 {
        if a == NONE || b == NONE {
            return a | b;
        }
        let number = |place: u32| self.slots[place as usize - 1].pack.number;
        let (first, later) = if number(a) < number(b) { (a, b) } else { (b, a) };
        self.slots[later as usize - 1].sibling = self.slots[first as usize - 1].child;
        self.slots[first as usize - 1].child = later;
        first
    }

    /// One heap of all siblings: in pairs from the left, then together from the right.
    fn meld_pairs(&mut self, mut next: u32) -> u32 {
        let mut pairs = NONE; // a list through `sibling`, the last pair first
        while next != NONE {
            let a = next;
            let b = std::mem::take(&mut self.slots[a as usize - 1].sibling);
            next = if b == NONE {
                NONE
            } else {
                std::mem::take(&mut self.slots[b as usize - 1].sibling)
            };
            let pair = self.meld(a, b);
            self.slots[pair as usize - 1].sibling = pairs;
            pairs = pair;
        }
        let mut heap = NONE;
        while pairs != NONE {
            let pair = pairs;
            pairs = std::mem::take(&mut self.slots[pair as usize - 1].sibling);
            heap = self.meld(heap, pair);
        }
        heap
    }
}

impl Rooms {
    fn new(capacity: u32) -> Self {
        if capacity > MOST_BITS {
            return Self::Tree(BTreeMap::new());
        }
        let rooms = capacity as usize + 1;
        let words = |divisor: usize| vec![0; rooms.div_ceil(divisor)];
        let levels = [words(1 << 6), words(1 << 12), words(1 << 18)];
        Self::Bits { heads: vec![NONE; rooms], levels }
    }

    fn head(&self, room: u32) -> u32 {
        match self {
            Self::Bits { heads, .. } => heads[room as usize],
            Self::Tree(heads) => heads.get(&room).copied().unwrap_or(NONE),
        }
    }

    fn set_head(&mut self, room: u32, head: u32) {
        match self {
            Self::Bits { heads, levels } => {
                let before = std::mem::replace(&mut heads[room as usize], head);
                if head == NONE {
                    clear(levels, room as usize);
                } else if before == NONE {
                    set(levels, room as usize);
                }
            }
            Self::Tree(heads) => {
                if head == NONE {
                    heads.remove(&room);
                } else {
                    heads.insert(room, head);
                }
            }
        }
    }

    /// The least room from `room` on that some pack has.
    fn least_from(&self, room: u32) -> Option<u32> {
        match self {
            Self::Bits { levels, .. } => next_set(levels, room as usize).map(|room| room as u32),
            Self::Tree(heads) => heads.range(room..).next().map(|(&room, _)| room),
        }
    }
}

fn set(levels: &mut [Vec<u64>; 3], mut at: usize) {
    for level in levels {
        level[at / 64] |= 1 << (at % 64);
        at /= 64;
    }
}

fn clear(levels: &mut [Vec<u64>; 3], mut at: usize) {
    for level in levels {
        level[at / 64] &= !(1 << (at % 64));
        at /= 64;
        if level[at] != 0 {
            break;
        }
    }
}

fn next_set(levels: &[Vec<u64>; 3], from: usize) -> Option<usize> {
    let mut at = from;
    for (height, level) in levels.iter().enumerate() {
        let word = level.get(at / 64)? & (u64::MAX << (at % 64));
        if word != 0 {
            at = at / 64 * 64 + word.trailing_zeros() as usize;
            for lower in levels[..height].iter().rev() {
                at = at * 64 + lower[at].trailing_zeros() as usize;
            }
            return Some(at);
        }
        at = at / 64 + 1; // the words of this level after the one just seen
    }
    None
}

#[cfg(test)]
mod tests {
    use super::OpenPacks;
    use crate::stream::entry::Entry;
    use proptest::prelude::*;

    #[test]
    fn an_empty_pack_is_found_at_the_borders_of_bits() {
        for capacity in [1, 63, 64, 4095, 4096, (1 << 18) - 1, 1 << 18, (1 << 18) + 1] {
            let mut packs = OpenPacks::new(capacity);
            let place = packs.open(0, capacity);
            packs.put(place);
            assert_eq!(packs.take_fitting(capacity), Some(place), "capacity {capacity}");
            assert_eq!(packs.take_fitting(0), None);
        }
    }

    proptest! {
        #[test]
        fn the_best_pack_is_the_one_with_the_least_room_and_among_equals_the_oldest(
            capacity in prop_oneof![Just(1), 2..300_u32, Just(70_000), Just((1 << 18) - 1), Just(1 << 18), Just(1_000_000)],
            steps in prop::collection::vec((any::<u32>(), 0..4_u8), 0..300),
        ) {
            let mut packs = OpenPacks::new(capacity);
            let mut model: Vec<(u32, u64)> = Vec::new();
            for (number, (value, step)) in (0..).zip(steps) {
                let room = value % (capacity + 1);
                if step < 2 {
                    let place = packs.open(number, room);
                    packs.pack_mut(place).entries.push(Entry::whole(0, 1));
                    packs.put(place);
                    model.push((room, number));
                } else {
                    model.sort_unstable();
                    let at = model.partition_point(|pack| pack.0 < room);
                    let expected = (at < model.len()).then(|| model.remove(at));
                    let found = packs.take_fitting(room).map(|place| {
                        let pack = packs.pack_mut(place);
                        let found = (pack.room, pack.number);
                        if step == 2 {
                            pack.room /= 2;
                            model.push((found.0 / 2, found.1));
                            packs.put(place);
                        } else {
                            pack.entries.clear();
                            packs.remove(place);
                        }
                        found
                    });
                    prop_assert_eq!(found, expected);
                }
                prop_assert_eq!(packs.len(), model.len());
            }
            model.sort_unstable_by_key(|pack| pack.1);
            let numbers = |packs: &OpenPacks| -> Vec<(u32, u64)> {
                packs.by_number().iter().map(|pack| (pack.room, pack.number)).collect()
            };
            prop_assert_eq!(numbers(&packs), &model[..]);
            packs.drain(|pack| pack.entries.clear());
            prop_assert_eq!(packs.len(), 0);
            prop_assert_eq!(packs.take_fullest(), None);
        }
    }
}
