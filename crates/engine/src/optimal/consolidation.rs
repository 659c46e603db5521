//! Consolidation: room that is spread over many packs is moved into few, until one of them is empty.
//!
//! Two packs exchange up to two sequences for one, or one for one, or one moves, always so that the
//! sum of squares of their rooms grows; where nothing grows it any more, room moves on into full
//! packs and equal sums change places, which changes nothing but what can be exchanged next. A step costs the product of
//! two packs' sequences and not a relaxation, so it goes on where lengths are too many for one.
//! Source: unbalancing loads to free a bin (Alvim, Ribeiro, Glover, Aloise 2004).

use super::exchange::{Exchange, Pack, Sums, apply, better, listed};
use super::work::Work;
use crate::template::{Run, Templates, sequences, tokens};
use std::cmp::Reverse;

/// Packs with room, and full ones, that are looked at.
const ROOMY: usize = 1024;
const FULL: usize = 1 << 15;
/// Packs that room is moved into.
const SINKS: usize = 16;
/// Units of an entry in the lists.
const LISTING: u64 = 16;
/// Rounds of exchanges between two listings of the full packs.
const RENEWED: usize = 16;

/// `wanted` packs fewer than `packs`, or as many as the work frees; a last step may free more. None if
/// it frees none.
pub(super) fn consolidate(
    packs: &Templates,
    capacity: u32,
    wanted: u64,
    work: &mut Work,
) -> Option<Templates> {
    let mut search = Search::new(packs, capacity, work);
    let mut freed = 0;
    while freed < wanted && !work.exhausted() {
        search.sort(work);
        let moved = search.improve(work);
        freed += search.remove_empty();
        if !moved && freed < wanted && !search.diversify(work) {
            break;
        }
    }
    (freed > 0).then(|| search.into_templates())
}

struct Search {
    /// Packs that stay as they are.
    kept: Templates,
    /// Packs with room, the roomiest first where they are sorted.
    roomy: Vec<Pack>,
    full: Vec<Pack>,
    sums: Sums,
    /// Rounds since they were listed.
    age: usize,
    /// Turns the choice among equal sums.
    cursor: usize,
}

impl Search {
    fn new(packs: &Templates, capacity: u32, work: &mut Work) -> Self {
        let room = |runs: &[Run]| capacity - tokens(runs) as u32;
        work.charge(8 * packs.len() as u64);
        let mut search = Self {
            kept: Templates::new(),
            roomy: Vec::new(),
            full: Vec::new(),
            sums: Sums::default(),
            age: 0,
            cursor: 0,
        };
        for t in packs.largest_first(room) {
            let (runs, multiplicity) = packs.get(t);
            let (room, list, most) = match room(runs) {
                0 => (0, &mut search.full, FULL),
                room => (room, &mut search.roomy, ROOMY),
            };
            let taken = multiplicity.min((most - list.len()) as u64);
            let units = (1 + taken).saturating_mul(sequences(runs));
            if units > work.left() {
                search.kept.push(runs, multiplicity);
                continue;
            }
            work.charge_in_pieces(units);
            let lengths: Vec<u32> = runs
                .iter()
                .flat_map(|run| std::iter::repeat_n(run.length, run.times as usize))
                .collect();
            for _ in 0..taken {
                list.push(Pack { lengths: lengths.clone(), room });
            }
            search.kept.push(runs, multiplicity - taken);
        }
        search
    }

    /// The roomiest packs first, full ones with the others that are full.
    fn sort(&mut self, work: &mut Work) {
        let all = std::mem::take(&mut self.roomy).into_iter();
        let (roomy, full): (Vec<Pack>, Vec<Pack>) = all.partition(|pack| pack.room > 0);
        self.roomy = roomy;
        self.full.extend(full);
        self.roomy.sort_by_key(|pack| Reverse(pack.room));
        work.charge(8 * self.roomy.len() as u64);
    }

    /// Moves room into the roomiest packs; false if nothing can be moved.
    fn improve(&mut self, work: &mut Work) -> bool {
        let mut moved = false;
        for sink in 0..SINKS.min(self.roomy.len()) {
            while !work.exhausted() && !self.roomy[sink].lengths.is_empty() {
                let Some((other, exchange)) = self.best(sink, work) else { break };
                let (low, high) = (sink.min(other), sink.max(other));
                let (head, tail) = self.roomy.split_at_mut(high);
                let (a, b) = (&mut head[low], &mut tail[0]);
                if sink < other {
                    apply(a, b, &exchange);
                } else {
                    apply(b, a, &exchange);
                }
                moved = true;
            }
        }
        moved
    }

    fn best(&self, sink: usize, work: &mut Work) -> Option<(usize, Exchange)> {
        let mut best: Option<(usize, Exchange)> = None;
        for (other, pack) in self.roomy.iter().enumerate() {
            if other == sink || pack.lengths.is_empty() {
                continue;
            }
            let least = best.as_ref().map_or(0, |best| best.1.gain);
            if let Some(exchange) = better(&self.roomy[sink], pack, least, work) {
                best = Some((other, exchange));
            }
        }
        best
    }

    /// Takes out packs that have become empty.
    fn remove_empty(&mut self) -> u64 {
        let before = self.roomy.len();
        self.roomy.retain(|pack| !pack.lengths.is_empty());
        (before - self.roomy.len()) as u64
    }

    /// Exchanges equal sums with full packs, for every pack with room; false if none finds any.
    fn diversify(&mut self, work: &mut Work) -> bool {
        if self.age == 0 {
            let listed: usize = self.full.iter().map(|pack| listed(pack.lengths.len())).sum();
            if LISTING * listed as u64 > work.left() {
                return false;
            }
            work.charge(LISTING * listed as u64);
            self.sums = Sums::of(&self.full);
        }
        self.age = (self.age + 1) % RENEWED;
        let mut changed = false;
        for pack in &mut self.roomy {
            if work.exhausted() {
                return false;
            }
            self.cursor += 1;
            changed |= self.sums.exchange(pack, &mut self.full, self.cursor, work);
        }
        changed
    }

    fn into_templates(self) -> Templates {
        let mut packs = self.kept;
        for mut pack in self.roomy.into_iter().chain(self.full) {
            pack.lengths.sort_unstable_by_key(|&length| Reverse(length));
            let run = |same: &[u32]| Run { length: same[0], times: same.len() as u32 };
            let runs: Vec<Run> = pack.lengths.chunk_by(|a, b| a == b).map(run).collect();
            packs.push(&runs, 1);
        }
        packs.into_plan_order()
    }
}

#[cfg(test)]
mod tests {
    use super::consolidate;
    use crate::Unwatched;
    use crate::optimal::task::classes_of;
    use crate::optimal::work::Work;
    use crate::seeded::Generator;
    use crate::strategy::{Problem, best_fit_decreasing};
    use crate::template::{Run, Templates, tokens};

    fn packs(lengths: &[&[u32]]) -> Templates {
        let mut packs = Templates::new();
        for lengths in lengths {
            let same = lengths.chunk_by(|a, b| a == b);
            let runs: Vec<Run> =
                same.map(|s| Run { length: s[0], times: s.len() as u32 }).collect();
            packs.push(&runs, 1);
        }
        packs
    }

    #[test]
    fn room_that_together_holds_a_pack_frees_one() {
        // No pack has room for a sequence of another: 6 + 5 moves room before anything fits.
        let spread = packs(&[&[60, 34], &[55, 39], &[50, 44], &[6, 5, 5]]);
        let found = consolidate(&spread, 100, 1, &mut Work::new(1 << 20, &Unwatched));
        let found = found.expect("16 tokens fit into 3 x 6");
        assert_eq!(found.pack_count(), 3);
        assert_eq!(classes_of(&found), classes_of(&spread));
    }

    #[test]
    fn what_cannot_be_freed_is_left_alone_and_ends() {
        let full = packs(&[&[60, 40], &[50, 50], &[70, 30]]);
        let mut work = Work::new(1 << 30, &Unwatched);
        assert!(consolidate(&full, 100, 1, &mut work).is_none());
        assert!(work.left() > 1 << 29, "an end without anything to do");
        let mut nothing = Work::new(0, &Unwatched);
        assert!(consolidate(&packs(&[&[3], &[4]]), 9, 1, &mut nothing).is_none());
    }

    #[test]
    fn packs_hold_the_same_sequences_within_capacity_and_units() {
        let mut freed = 0;
        for seed in 0..40 {
            let mut generator = Generator::new(seed);
            let (low, high) = (100 + 20 * seed as u32, 900);
            let mut classes: Vec<(u32, u64)> = (low..=high)
                .rev()
                .filter_map(|length| Some((length, generator.below(4))).filter(|class| class.1 > 0))
                .collect();
            classes.dedup();
            let problem =
                Problem { classes: &classes, capacity: 1800, alignment: 1, limit: u32::MAX };
            let start = best_fit_decreasing::plan(&problem);
            let mut work = Work::new(1 << 23, &Unwatched);
            let found = consolidate(&start, 1800, 3, &mut work);
            let spent = (1 << 23) - work.left();
            assert!(spent <= (1 << 23) * 51 / 50);
            let Some(found) = found else { continue };
            freed += start.pack_count() - found.pack_count();
            assert!(found.pack_count() < start.pack_count());
            assert_eq!(classes_of(&found), classes, "seed {seed}");
            assert!(found.iter().all(|(runs, _)| tokens(runs) <= 1800));
        }
        assert!(freed > 0);
    }
}
