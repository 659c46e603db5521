//! First fit over a seeded order: another packing for each seed.
//!
//! O(n log P). The guarantee of first fit, without its dependence on the order of the input. To
//! pair sequences anew in every epoch, a plan's epochs do the same at no cost.

use crate::seeded::{label, shuffle_watched};
use crate::{Fault, Watch, memory};

/// The order of placing. The packs are those of first fit over it.
///
/// # Errors
/// [`Fault::Memory`]; [`Fault::Cancelled`].
pub(super) fn order(count: usize, seed: u64, watch: &dyn Watch) -> Result<Vec<u32>, Fault> {
    let mut order = memory::reserved(count)?;
    order.extend(0..count as u32);
    shuffle_watched(&mut order, seed, label::FIRST_FIT_SHUFFLE, watch)?;
    Ok(order)
}
