//! Harmonic: sequences of similar length share packs of their own.
//!
//! Class c holds the sequences of which exactly c fit a pack; each of the classes below `classes`
//! has one open pack, the shortest sequences are packed first fit among themselves. O(n log P). At
//! most 1.7 OPT packs plus a constant with 6 classes or more (Lee and Lee 1985). For streams and
//! for rows of even make-up; other strategies need fewer packs.

use super::first_fit::FirstFit;
use crate::{Fault, STRIDE, Stage, Watch, memory};

/// The pack of each sequence, and the number of packs. `needs` are in 1 ..= `capacity`, in units of
/// the alignment, at most `limit` to a pack.
///
/// # Errors
/// [`Fault::Memory`]; [`Fault::Cancelled`].
pub(super) fn assign(
    needs: &[u32],
    capacity: u32,
    limit: u32,
    classes: u32,
    watch: &dyn Watch,
) -> Result<(Vec<u32>, u32), Fault> {
    let mut packs: Vec<u32> = memory::reserved(needs.len())?;
    let mut pack_count = 0_u32;
    // The open pack of each class and how many sequences it still takes; 0: none is open.
    let mut open = vec![(0_u32, 0_u32); classes as usize];
    let mut rest = FirstFit::new(capacity, limit, needs.len())?;
    // The numbers of the packs of the rest.
    let mut number_of: Vec<u32> = memory::reserved(needs.len())?;
    for part in needs.chunks(STRIDE) {
        watch.step(Stage::Plan, packs.len() as u64, needs.len() as u64)?;
        packs.extend(part.iter().map(|&need| {
            let class = capacity / need;
            if class >= classes {
                let pack = rest.place(need) as usize;
                if pack == number_of.len() {
                    number_of.push(pack_count);
                    pack_count += 1;
                }
                return number_of[pack];
            }
            let (pack, places) = &mut open[class as usize];
            if *places == 0 {
                (*pack, *places) = (pack_count, class.min(limit));
                pack_count += 1;
            }
            *places -= 1;
            *pack
        }));
    }
    Ok((packs, pack_count))
}
