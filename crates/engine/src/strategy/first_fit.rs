//! First fit: a sequence goes to the earliest opened pack that has room for it.
//!
//! O(n log P) for P packs, by a tree of the most room. At most 1.7 OPT packs (Dosa and Sgall 2013).
//! Order matters: where it is free, the decreasing variant needs fewer packs and less time.

use super::room_tree::RoomTree;
use crate::{Fault, STRIDE, Stage, Watch, memory};

/// The pack of each sequence; packs are numbered in the order of opening. `needs` are in 1 ..=
/// `capacity`, in units of the alignment, at most `limit` to a pack.
///
/// # Errors
/// [`Fault::Memory`]; [`Fault::Cancelled`].
pub(super) fn assign(
    needs: &[u32],
    capacity: u32,
    limit: u32,
    watch: &dyn Watch,
) -> Result<(Vec<u32>, u32), Fault> {
    let mut packs = memory::reserved(needs.len())?;
    let mut open = FirstFit::new(capacity, limit, needs.len())?;
    for part in needs.chunks(STRIDE) {
        watch.step(Stage::Plan, packs.len() as u64, needs.len() as u64)?;
        packs.extend(part.iter().map(|&need| open.place(need)));
    }
    Ok((packs, open.pack_count()))
}

/// The packs that are filled by first fit.
pub(super) struct FirstFit {
    rooms: RoomTree,
    /// Sequences per pack; left empty where a pack can't hold `limit` of them.
    held: Vec<u32>,
    capacity: u32,
    limit: u32,
}

impl FirstFit {
    /// No packs yet, at most `most` to come.
    pub(super) fn new(capacity: u32, limit: u32, most: usize) -> Result<Self, Fault> {
        let counted = if limit < capacity { most } else { 0 };
        Ok(Self { rooms: RoomTree::new(most)?, held: memory::reserved(counted)?, capacity, limit })
    }

    /// The pack that a sequence of `need` goes to.
    pub(super) fn place(&mut self, need: u32) -> u32 {
        let Some(pack) = self.rooms.first_at_least(need) else { return self.place_in_new(need) };
        self.put(pack, need);
        pack
    }

    /// Opens a pack for a sequence of `need`.
    pub(super) fn place_in_new(&mut self, need: u32) -> u32 {
        let closed = self.limit == 1;
        if self.limit < self.capacity {
            self.held.push(1);
        }
        self.rooms.push(if closed { 0 } else { self.capacity - need })
    }

    /// Puts a sequence of `need` into `pack`, where it fits.
    pub(super) fn put(&mut self, pack: u32, need: u32) {
        let mut room = self.rooms.get(pack) - need;
        if self.limit < self.capacity {
            self.held[pack as usize] += 1;
            if self.held[pack as usize] == self.limit {
                room = 0;
            }
        }
        self.rooms.set(pack, room);
    }

    /// Room of `pack`; 0 once it is closed.
    pub(super) fn room(&self, pack: u32) -> u32 {
        self.rooms.get(pack)
    }

    pub(super) fn pack_count(&self) -> u32 {
        self.rooms.len()
    }
}
