//! Next fit: a sequence goes to the last opened pack if it fits there, else it opens a new one.
//!
//! O(n), and the least memory: one open pack. Order is kept, so a packing is the input cut into
//! intervals. Worth it when order matters more than padding: at most 2 OPT packs (Johnson 1973).

use crate::{Fault, STRIDE, Stage, Watch, memory};

/// Where each pack ends in the order of placing. `needs` are in 1 ..= `capacity`, in units of the
/// alignment, at most `limit` to a pack.
///
/// # Errors
/// [`Fault::Memory`]; [`Fault::Cancelled`].
pub(super) fn assign(
    needs: &[u32],
    capacity: u32,
    limit: u32,
    watch: &dyn Watch,
) -> Result<Vec<u32>, Fault> {
    let mut ends = memory::reserved(needs.len())?;
    let (mut room, mut first) = (capacity, 0_u32);
    for (part, needs) in needs.chunks(STRIDE).enumerate() {
        let start = part * STRIDE;
        watch.step(Stage::Plan, start as u64, needs.len() as u64)?;
        for (index, &need) in (start as u32..).zip(needs) {
            if need > room || index - first == limit {
                ends.push(index);
                (room, first) = (capacity, index);
            }
            room -= need;
        }
    }
    if !needs.is_empty() {
        ends.push(needs.len() as u32);
    }
    Ok(ends)
}
