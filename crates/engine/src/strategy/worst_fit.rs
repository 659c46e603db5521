//! Worst fit: a sequence goes to the open pack with the most room, if it fits there.
//!
//! Among packs of equal room the one that came to it first goes first. O(n log D) for D different
//! rooms. Evens out the fills, at the price of more packs: up to 2 OPT (Johnson 1974).

use super::by_room::{self, Rule};
use super::room_queues::RoomQueues;
use crate::{Fault, Watch};

/// The most room, first in, first out.
struct WorstFit;

impl Rule for WorstFit {
    fn take(queues: &mut impl RoomQueues, need: u32) -> Option<(u32, u32)> {
        queues.take_most(need)
    }

    fn put(queues: &mut impl RoomQueues, room: u32, pack: u32) {
        queues.put_last(room, pack);
    }
}

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
    by_room::assign::<WorstFit>(needs, capacity, limit, watch)
}
