//! An ordered set of rooms `0 ..= capacity`: one bit each, with a summary bit per 64-bit word, and
//! so on up to a single word. A question looks at one word mostly, at two per level at worst.

use crate::{Fault, memory};

/// A set of small numbers.
pub(super) struct RoomSet {
    /// From the bits themselves up; the last level is one word.
    levels: Vec<Vec<u64>>,
}

impl RoomSet {
    /// No rooms.
    pub(super) fn new(capacity: u32) -> Result<Self, Fault> {
        let mut levels = Vec::new();
        let mut count = capacity as usize + 1;
        while count > 1 || levels.is_empty() {
            count = count.div_ceil(64);
            levels.push(memory::filled(0, count)?);
        }
        Ok(Self { levels })
    }

    /// Adds `room`; true if it was not in the set.
    pub(super) fn insert(&mut self, room: u32) -> bool {
        let mut place = room as usize;
        let first = self.levels[0][place / 64];
        let added = first & (1 << (place % 64)) == 0;
        for level in &mut self.levels {
            let word = &mut level[place / 64];
            let known = *word != 0;
            *word |= 1 << (place % 64);
            if known {
                break; // the summaries count this word already
            }
            place /= 64;
        }
        added
    }

    /// Takes `room` out.
    pub(super) fn remove(&mut self, room: u32) {
        let mut place = room as usize;
        for level in &mut self.levels {
            let word = &mut level[place / 64];
            *word &= !(1 << (place % 64));
            if *word != 0 {
                return;
            }
            place /= 64;
        }
    }

    /// The least room that is at least `room`.
    pub(super) fn at_least(&self, room: u32) -> Option<u32> {
        let mut place = room as usize;
        for (height, level) in self.levels.iter().enumerate() {
            let word = level.get(place / 64)? >> (place % 64);
            if word != 0 {
                place += word.trailing_zeros() as usize;
                for below in self.levels[..height].iter().rev() {
                    place = place * 64 + below[place].trailing_zeros() as usize;
                }
                return Some(place as u32);
            }
            place = place / 64 + 1;
        }
        None
    }

    /// The most room in the set.
    pub(super) fn last(&self) -> Option<u32> {
        let mut place = 0;
        for level in self.levels.iter().rev() {
            place = place * 64 + level[place].checked_ilog2()? as usize;
        }
        Some(place as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::RoomSet;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn a_room_set_answers_like_an_ordered_set(
            capacity in prop::sample::select(vec![1_u32, 63, 64, 65, 4095, 4096, 4097, 300_000]),
            steps in prop::collection::vec((any::<u32>(), any::<bool>()), 1..300),
        ) {
            let mut set = RoomSet::new(capacity).expect("little memory");
            let mut model = BTreeSet::new();
            for (choice, add) in steps {
                let room = choice % (capacity + 1);
                if add {
                    prop_assert_eq!(set.insert(room), model.insert(room));
                } else if let Some(&near) = model.range(room..).next() {
                    set.remove(near);
                    model.remove(&near);
                }
                prop_assert_eq!(set.last(), model.last().copied());
                let asked = choice.rotate_left(7) % (capacity + 1);
                prop_assert_eq!(set.at_least(asked), model.range(asked..).next().copied());
            }
        }
    }
}
