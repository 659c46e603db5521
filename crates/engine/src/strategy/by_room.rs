//! The loop that best fit and worst fit share: take a pack by its room, or open one; put the
//! sequence in; put the pack where its new room belongs.
//!
//! O(n log D) for D different rooms, a few instructions per sequence where the capacity is small.

use super::room_queues::{DenseQueues, RoomQueues, SparseQueues, dense_is_justified};
use crate::{Fault, STRIDE, Stage, Watch, memory};

/// Which pack a sequence goes to, and which of several packs with equal room goes first.
pub(super) trait Rule {
    /// Takes out the pack, of those with room for `need`: (room, pack).
    fn take(queues: &mut impl RoomQueues, need: u32) -> Option<(u32, u32)>;
    /// Puts `pack`, which has just come to `room`, among the packs of that room.
    fn put(queues: &mut impl RoomQueues, room: u32, pack: u32);
}

/// The pack of each sequence, and the number of packs; packs are numbered in the order of opening.
/// `needs` are in 1 ..= `capacity`, in units of the alignment, at most `limit` to a pack.
///
/// # Errors
/// [`Fault::Memory`]; [`Fault::Cancelled`].
pub(super) fn assign<R: Rule>(
    needs: &[u32],
    capacity: u32,
    limit: u32,
    watch: &dyn Watch,
) -> Result<(Vec<u32>, u32), Fault> {
    if dense_is_justified(needs.len(), capacity) {
        let queues = DenseQueues::new(capacity, needs.len())?;
        with_queues::<R, _>(queues, needs, capacity, limit, watch)
    } else {
        let queues = SparseQueues::new(needs.len())?;
        with_queues::<R, _>(queues, needs, capacity, limit, watch)
    }
}

fn with_queues<R: Rule, Q: RoomQueues>(
    queues: Q,
    needs: &[u32],
    capacity: u32,
    limit: u32,
    watch: &dyn Watch,
) -> Result<(Vec<u32>, u32), Fault> {
    // Every sequence takes at least one unit: no pack can hold more than `capacity` of them.
    if limit < capacity {
        place::<R, Q, true>(queues, needs, capacity, limit, watch)
    } else {
        place::<R, Q, false>(queues, needs, capacity, limit, watch)
    }
}

fn place<R: Rule, Q: RoomQueues, const LIMITED: bool>(
    mut queues: Q,
    needs: &[u32],
    capacity: u32,
    limit: u32,
    watch: &dyn Watch,
) -> Result<(Vec<u32>, u32), Fault> {
    let mut packs: Vec<u32> = memory::reserved(needs.len())?;
    let mut held: Vec<u32> = memory::reserved(if LIMITED { needs.len() } else { 0 })?;
    let mut pack_count = 0;
    for part in needs.chunks(STRIDE) {
        watch.step(Stage::Plan, packs.len() as u64, needs.len() as u64)?;
        packs.extend(part.iter().map(|&need| {
            let (room, pack) = R::take(&mut queues, need).unwrap_or_else(|| {
                pack_count += 1;
                if LIMITED {
                    held.push(0);
                }
                (capacity, pack_count - 1)
            });
            let room = room - need;
            let closed = LIMITED && {
                held[pack as usize] += 1;
                held[pack as usize] == limit
            };
            if room > 0 && !closed {
                R::put(&mut queues, room, pack);
            }
            pack
        }));
    }
    Ok((packs, pack_count))
}
