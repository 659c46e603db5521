//! The earliest pack with room: a tree of 16-way nodes over the rooms of all packs.
//!
//! A node holds the room left in 16 packs, its parent the most room of 16 such nodes, and so on. A
//! search looks at one node per level, all 16 children at once by vector instructions; five levels
//! hold a million packs. It grows with the packs, not with the sequences.

use crate::{Fault, memory};

/// Children of a node: a cache line of 32-bit rooms.
const FAN: usize = 16;

/// Rooms as signed numbers (they are below 2^31), because SSE2 compares only those.
type Node = [i32; FAN];

/// The rooms of packs `0 .. len`, searchable from the left.
#[derive(Debug)]
pub(super) struct RoomTree {
    /// From the leaves up; the last one is a single node.
    levels: Vec<Vec<Node>>,
    len: u32,
}

impl RoomTree {
    /// No packs yet, at most `most` to come. Memory is asked for at once, and used as packs come.
    pub(super) fn new(most: usize) -> Result<Self, Fault> {
        let mut leaves = memory::reserved(most / FAN + 1)?;
        leaves.push([0; FAN]);
        Ok(Self { levels: vec![leaves], len: 0 })
    }

    /// Number of packs.
    pub(super) fn len(&self) -> u32 {
        self.len
    }

    /// Room left in `pack`.
    pub(super) fn get(&self, pack: u32) -> u32 {
        let pack = pack as usize;
        self.levels[0][pack / FAN][pack % FAN] as u32
    }

    /// The lowest pack with at least `need` > 0 left.
    pub(super) fn first_at_least(&self, need: u32) -> Option<u32> {
        let mut place = 0;
        for level in self.levels.iter().rev() {
            place = place * FAN + first_in(&level[place], need.cast_signed())?;
        }
        Some(place as u32)
    }

    /// Sets the room left in `pack`.
    pub(super) fn set(&mut self, pack: u32, room: u32) {
        let (mut place, mut most) = (pack as usize, room.cast_signed());
        for height in 0..self.levels.len() {
            let node = &mut self.levels[height][place / FAN];
            let before = std::mem::replace(&mut node[place % FAN], most);
            let node = *node;
            place /= FAN;
            let Some(above) = self.levels.get(height + 1) else { return };
            // Mostly another child has more room, and nothing changes above.
            let known = above[place / FAN][place % FAN];
            if before < known && most <= known {
                return;
            }
            most = most_in(&node);
        }
    }

    /// Adds a pack with `room` left and returns its number.
    pub(super) fn push(&mut self, room: u32) -> u32 {
        let pack = self.len;
        self.len += 1;
        let mut place = pack as usize;
        for level in &mut self.levels {
            place /= FAN;
            if place == level.len() {
                level.push([0; FAN]);
            }
        }
        if place > 0 {
            // The top node has a neighbour now: both go under a new one.
            let top = self.levels.last().expect("there is a level of leaves");
            let mut node = [0; FAN];
            node[0] = most_in(&top[0]);
            self.levels.push(vec![node]);
        }
        self.set(pack, room);
        pack
    }
}

/// The first child that holds at least `need`. Written so that the comparisons become vector
/// instructions and the search a count of trailing zeros: 47 instructions and no branch.
fn first_in(node: &Node, need: i32) -> Option<usize> {
    let mut fits = 0;
    for (child, &room) in node.iter().enumerate() {
        fits |= u32::from(room >= need) << child;
    }
    (fits != 0).then_some(fits.trailing_zeros() as usize)
}

/// The most room of a node's children; a fold, because `Iterator::max` is not made vectors of.
fn most_in(node: &Node) -> i32 {
    node.iter().fold(0, |most, &room| if room > most { room } else { most })
}

#[cfg(test)]
mod tests {
    use super::RoomTree;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_tree_finds_what_a_scan_finds(
            steps in prop::collection::vec((any::<u32>(), 1_u32..100), 1..2000),
        ) {
            let (mut tree, mut rooms) = (RoomTree::new(2000).expect("little memory"), Vec::new());
            for (choice, need) in steps {
                let scanned = rooms.iter().position(|&room| room >= need).map(|pack| pack as u32);
                prop_assert_eq!(tree.first_at_least(need), scanned);
                if choice % 3 > 0 || rooms.is_empty() {
                    prop_assert_eq!(tree.push(need), rooms.len() as u32);
                    rooms.push(need);
                } else {
                    let pack = choice as usize % rooms.len();
                    rooms[pack] = need / 2;
                    tree.set(pack as u32, need / 2);
                    prop_assert_eq!(tree.get(pack as u32), need / 2);
                }
            }
            prop_assert_eq!(tree.len() as usize, rooms.len());
        }
    }
}
