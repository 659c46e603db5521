//! Shaking: a few exchanges by chance, improved anew; what ends no heavier is kept. It gets small batches
//! out of where no exchange of two packs helps.
//!
//! Iterated local search (Lourenço, Martin, Stützle 2003), from a fixed seed.

use super::exchange;
use super::packs::{Item, Limits, Packs};
use crate::optimal::work::Work;
use crate::seeded::{Generator, seed_from};

/// Sequences up to which it pays: of more, the packs hold so many that exchanges get there alone.
const MOST: usize = 4096;
/// It ends after so many rounds without gain.
const ROUNDS: u32 = 128;
/// Exchanges of one round.
const KICKS: u32 = 2;

/// Improves until the heaviest pack has the load `bound`, chance doesn't help, or the work is spent.
pub(super) fn improve(
    packs: &mut Packs,
    items: &[Item],
    limits: &Limits,
    bound: u128,
    work: &mut Work,
) {
    let k = packs.members().len();
    if items.len() > MOST || k < 3 {
        return;
    }
    let mut generator = Generator::new(seed_from(&[items.len() as u64, k as u64]));
    let mut round = 0;
    while round < ROUNDS && packs.most() > bound && !work.exhausted() {
        round += 1;
        let mut shaken = packs.clone();
        work.charge(4 * items.len() as u64);
        for _ in 0..KICKS {
            let (from, to) =
                (generator.below(k as u64) as usize, generator.below(k as u64) as usize);
            let mut one = |pack: usize| {
                let members = shaken.pack(pack);
                members[generator.below(members.len() as u64) as usize]
            };
            let (gives, returns) = ([one(from)], [one(to)]);
            let (from, to) = ((from, &gives[..]), (to, &returns[..]));
            if from.0 != to.0 && shaken.may_exchange(from, to, items, limits) {
                shaken.exchange(from, to, items);
            }
        }
        exchange::improve(&mut shaken, items, limits, bound, work);
        if shaken.most() <= packs.most() {
            if shaken.most() < packs.most() {
                round = 0;
            }
            *packs = shaken;
        }
    }
}
