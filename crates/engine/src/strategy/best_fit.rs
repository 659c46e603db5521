//! Best fit: a sequence goes to the pack with the least room that suffices.
//!
//! Among packs of equal room the one that came to it first goes first. O(n log D) for D different
//! rooms. At most 1.7 OPT packs (Dosa and Sgall 2014). Order matters: where it is free, the
//! decreasing variant needs fewer packs and less time.

use super::by_room::{self, Rule};
use super::room_queues::RoomQueues;
use crate::{Fault, Watch};

/// The least sufficient room, first in, first out.
struct BestFit;

impl Rule for BestFit {
    fn take(queues: &mut impl RoomQueues, need: u32) -> Option<(u32, u32)> {
        queues.take_least(need)
    }

    fn put(queues: &mut impl RoomQueues, room: u32, pack: u32) {
        queues.put_last(room, pack);
    }
}

/// The same, last in, first out: the rule of best-fit-decreasing.
struct NewestFirst;

impl Rule for NewestFirst {
    fn take(queues: &mut impl RoomQueues, need: u32) -> Option<(u32, u32)> {
        queues.take_least(need)
    }

    fn put(queues: &mut impl RoomQueues, room: u32, pack: u32) {
        queues.put_first(room, pack);
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
    by_room::assign::<BestFit>(needs, capacity, limit, watch)
}

/// As [`assign`], but among packs of equal room the one that came to it last goes first.
///
/// # Errors
/// As [`assign`].
pub(super) fn assign_newest_first(
    needs: &[u32],
    capacity: u32,
    limit: u32,
    watch: &dyn Watch,
) -> Result<(Vec<u32>, u32), Fault> {
    by_room::assign::<NewestFirst>(needs, capacity, limit, watch)
}
