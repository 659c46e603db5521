//! The definitions of the strategies, one sequence at a time and every pack looked at: quadratic,
//! and short enough to check by eye against the documentation.

use std::collections::BTreeMap;

use stowage_engine::PackOptions;
use stowage_engine::options::Strategy;
use stowage_engine::seeded::{label, shuffle};

/// Packs as lists of sequences, in the order of opening.
pub fn packs(lengths: &[u32], options: &PackOptions) -> Vec<Vec<u32>> {
    let mut plain = Plain { lengths, options, packs: Vec::new(), clock: 0 };
    let mut order: Vec<u32> = (0..lengths.len() as u32).collect();
    match options.strategy {
        Strategy::FirstFitShuffle => shuffle(&mut order, options.seed, label::FIRST_FIT_SHUFFLE),
        Strategy::FirstFitDecreasing
        | Strategy::BestFitDecreasing
        | Strategy::WorstFitDecreasing
        | Strategy::ModifiedFirstFitDecreasing => {
            shuffle(&mut order, options.seed, label::TOLERANCE);
            order.sort_by_key(|&i| u32::MAX - lengths[i as usize] / options.tolerance);
        }
        _ => {}
    }
    match options.strategy {
        Strategy::Harmonic => plain.harmonic(&order),
        Strategy::ModifiedFirstFitDecreasing => plain.modified_first_fit(order),
        _ => {
            for i in order {
                let pack = plain.choose(i);
                plain.put(pack, i);
            }
        }
    }
    plain.packs.into_iter().map(|pack| pack.members).collect()
}

struct Pack {
    members: Vec<u32>,
    room: u64,
    /// When it came to this room.
    since: usize,
}

struct Plain<'a> {
    lengths: &'a [u32],
    options: &'a PackOptions,
    packs: Vec<Pack>,
    clock: usize,
}

impl Plain<'_> {
    fn need(&self, i: u32) -> u64 {
        let alignment = u64::from(self.options.sequence_alignment);
        u64::from(self.lengths[i as usize]).div_ceil(alignment) * alignment
    }

    fn fits(&self, pack: usize, i: u32) -> bool {
        let pack = &self.packs[pack];
        pack.room >= self.need(i) && pack.members.len() < self.options.limit() as usize
    }

    /// Puts `i` into `pack`, or into a new one.
    fn put(&mut self, pack: Option<usize>, i: u32) -> usize {
        let pack = pack.unwrap_or_else(|| {
            let room = u64::from(self.options.capacity);
            self.packs.push(Pack { members: Vec::new(), room, since: 0 });
            self.packs.len() - 1
        });
        assert!(self.fits(pack, i), "a definition puts a sequence only where it fits");
        let need = self.need(i);
        self.clock += 1;
        self.packs[pack].members.push(i);
        self.packs[pack].room -= need;
        self.packs[pack].since = self.clock;
        pack
    }

    fn choose(&self, i: u32) -> Option<usize> {
        let fitting = |pack: &usize| self.fits(*pack, i);
        let all = 0..self.packs.len();
        let room = |pack: &usize| self.packs[*pack].room;
        let since = |pack: &usize| self.packs[*pack].since;
        match self.options.strategy {
            Strategy::NextFit => all.last().filter(fitting),
            Strategy::BestFit => all.filter(fitting).min_by_key(|k| (room(k), since(k))),
            Strategy::BestFitDecreasing => {
                all.filter(fitting).min_by_key(|k| (room(k), usize::MAX - since(k)))
            }
            Strategy::WorstFit | Strategy::WorstFitDecreasing => {
                all.filter(fitting).min_by_key(|k| (u64::MAX - room(k), since(k)))
            }
            _ => all.into_iter().find(fitting),
        }
    }

    fn harmonic(&mut self, order: &[u32]) {
        let classes = u64::from(self.options.harmonic_classes);
        let (mut open, mut rest) = (BTreeMap::new(), Vec::new());
        for &i in order {
            let class = (u64::from(self.options.capacity) / self.need(i)).min(classes);
            if class == classes {
                let found = rest.iter().copied().find(|&k| self.fits(k, i));
                let pack = self.put(found, i);
                if found.is_none() {
                    rest.push(pack);
                }
            } else {
                let pack = self.put(open.get(&class).copied(), i);
                open.insert(class, pack);
                let most = class.min(u64::from(self.options.limit()));
                if self.packs[pack].members.len() as u64 == most {
                    open.remove(&class);
                }
            }
        }
    }

    /// Johnson and Garey 1985.
    fn modified_first_fit(&mut self, order: Vec<u32>) {
        let capacity = u64::from(self.options.capacity);
        let (large, order): (Vec<u32>, Vec<u32>) =
            order.into_iter().partition(|&i| 2 * self.need(i) > capacity);
        let (mut medium, order): (Vec<u32>, Vec<u32>) =
            order.into_iter().partition(|&i| 3 * self.need(i) > capacity);
        let (mut small, tiny): (Vec<u32>, Vec<u32>) =
            order.into_iter().partition(|&i| 6 * self.need(i) > capacity);
        for &i in &large {
            self.put(None, i);
        }
        let mut without = Vec::new();
        for k in 0..large.len() {
            match medium.iter().position(|&i| self.fits(k, i)) {
                Some(place) => _ = self.put(Some(k), medium.remove(place)),
                None => without.push(k),
            }
        }
        for &k in without.iter().rev() {
            let [.., before, last] = small[..] else { break };
            let pair = self.need(before) + self.need(last);
            if self.options.limit() >= 3 && pair <= self.packs[k].room {
                small.pop();
                self.put(Some(k), last);
                let place = small.iter().position(|&i| self.fits(k, i));
                let beside = small.remove(place.expect("`before` fits"));
                self.put(Some(k), beside);
            }
        }
        for i in medium.into_iter().chain(small).chain(tiny) {
            let first = (0..self.packs.len()).find(|&k| self.fits(k, i));
            self.put(first, i);
        }
    }
}
