//! The order of an epoch's packs: k to the number of the pack in plan order, point by point.
//!
//! `Shuffled` and `Balanced` are permutations without memory; `Balanced` also holds the templates
//! sorted by cost. O(1), or O(log templates) for `Balanced`.

use super::balance::{Cost, cost_order};
use super::permutation::Permutation;
use crate::seeded::{label, seed_after, seed_from};
use crate::template::Templates;

/// How packs follow each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Order {
    /// As planned.
    Plan,
    /// In a seeded order.
    Shuffled,
    /// In groups of `world_size` packs of near-equal cost; groups in a seeded order.
    Balanced {
        /// What counts as equal.
        cost: Cost,
        /// Packs that run side by side, at least 1.
        world_size: u64,
    },
}

/// An [`Order`] of one epoch of one plan.
#[derive(Clone, Debug)]
pub struct PackOrder(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Plan,
    Shuffled(Permutation),
    Balanced(Groups),
}

#[derive(Clone, Debug)]
struct Groups {
    world_size: u64,
    permutation: Permutation,
    rotation_key: u64,
    /// Templates by falling cost: packs before it in that order, and its first pack in plan order.
    by_cost: Vec<(u64, u64)>,
}

/// The inverse of a [`PackOrder`].
#[derive(Clone, Debug)]
pub struct PackPlaces {
    kind: Kind,
    /// For `Balanced`, templates in plan order: its first pack, and packs before it by falling cost.
    by_plan: Vec<(u64, u64)>,
}

impl PackOrder {
    /// The order for (`seed`, `epoch`).
    ///
    /// # Panics
    /// If `world_size` is 0, or there are more than 2^53 packs.
    #[must_use]
    pub fn new(templates: &Templates, order: Order, seed: u64, epoch: u64) -> Self {
        let key = |label| seed_from(&[seed, epoch, label]);
        let packs = templates.pack_count();
        Self(match order {
            Order::Plan => Kind::Plan,
            Order::Shuffled => Kind::Shuffled(Permutation::new(packs, key(label::EPOCH_PACKS))),
            Order::Balanced { cost, world_size } => {
                let firsts: Vec<u64> = templates
                    .iter()
                    .scan(0, |at, (_, multiplicity)| {
                        *at += multiplicity;
                        Some(*at - multiplicity)
                    })
                    .collect();
                let mut before = 0;
                let by_cost = cost_order(templates, cost).into_iter().map(|t| {
                    let place = (before, firsts[t]);
                    before += templates.get(t).1;
                    place
                });
                Kind::Balanced(Groups {
                    world_size,
                    by_cost: by_cost.collect(),
                    permutation: Permutation::new(packs / world_size, key(label::EPOCH_GROUPS)),
                    rotation_key: key(label::EPOCH_ROTATION),
                })
            }
        })
    }

    /// The number in plan order of the k-th pack. `k` is below the number of packs.
    #[must_use]
    pub fn pack(&self, k: u64) -> u64 {
        match &self.0 {
            Kind::Plan => k,
            Kind::Shuffled(permutation) => permutation.apply(k),
            Kind::Balanced(groups) => groups.pack(k),
        }
    }

    /// The way back.
    #[must_use]
    pub fn places(&self) -> PackPlaces {
        let mut by_plan = Vec::new();
        if let Kind::Balanced(groups) = &self.0 {
            by_plan.extend(groups.by_cost.iter().map(|&(before, first)| (first, before)));
            by_plan.sort_unstable();
        }
        PackPlaces { kind: self.0.clone(), by_plan }
    }
}

impl PackPlaces {
    /// The k for which [`PackOrder::pack`] gives `pack`, which is below the number of packs.
    #[must_use]
    pub fn place(&self, pack: u64) -> u64 {
        match &self.kind {
            Kind::Plan => pack,
            Kind::Shuffled(permutation) => permutation.invert(pack),
            Kind::Balanced(groups) => {
                let t = self.by_plan.partition_point(|&(first, _)| first <= pack) - 1;
                let (first, before) = self.by_plan[t];
                groups.place(before + (pack - first))
            }
        }
    }
}

impl Groups {
    /// Where the pack stands that is the `j`-th by falling cost.
    fn place(&self, j: u64) -> u64 {
        let (group, member) = (j / self.world_size, j % self.world_size);
        if group >= self.permutation.domain() {
            return j; // of the short last group
        }
        let rank = (member + self.world_size - self.rotation(group)) % self.world_size;
        self.permutation.invert(group) * self.world_size + rank
    }

    fn rotation(&self, group: u64) -> u64 {
        let hash = u128::from(seed_after(self.rotation_key, group));
        ((hash * u128::from(self.world_size)) >> 64) as u64
    }

    fn pack(&self, k: u64) -> u64 {
        let (place, rank) = (k / self.world_size, k % self.world_size);
        // The last group, if it is short, stays where it is: a step in mid-epoch with idle ranks
        // would end the epoch for them.
        if place >= self.permutation.domain() {
            return self.at_cost(k);
        }
        let group = self.permutation.apply(place);
        let member = (rank + self.rotation(group)) % self.world_size;
        self.at_cost(group * self.world_size + member)
    }

    /// The pack that is the `j`-th by falling cost.
    fn at_cost(&self, j: u64) -> u64 {
        let t = self.by_cost.partition_point(|&(before, _)| before <= j) - 1;
        let (before, first) = self.by_cost[t];
        first + (j - before)
    }
}

#[cfg(test)]
mod tests {
    use super::{Order, PackOrder};
    use crate::epoch::balance::{Cost, cost_order};
    use crate::template::{Run, Templates};
    use proptest::prelude::*;

    fn templates(parts: &[(u32, u64)]) -> Templates {
        let mut templates = Templates::new();
        for &(length, multiplicity) in parts {
            templates.push(&[Run { length, times: 1 }], multiplicity);
        }
        templates
    }

    proptest! {
        #[test]
        fn every_order_shows_each_pack_once(
            parts in prop::collection::vec((1..100_u32, 1..40_u64), 0..12),
            world_size in 1..9_u64, seed: u64, epoch in 0..5_u64,
        ) {
            let templates = templates(&parts);
            let packs = templates.pack_count();
            let balanced = Order::Balanced { cost: Cost::default(), world_size };
            for order in [Order::Plan, Order::Shuffled, balanced] {
                let order = PackOrder::new(&templates, order, seed, epoch);
                let mut seen: Vec<u64> = (0..packs).map(|k| order.pack(k)).collect();
                seen.sort_unstable();
                prop_assert!(seen.into_iter().eq(0..packs));
            }
        }

        #[test]
        fn a_balanced_step_is_a_group_of_neighbours_by_cost(
            parts in prop::collection::vec((1..100_u32, 1..40_u64), 1..12), world_size in 1..9_u64,
        ) {
            let templates = templates(&parts);
            let mut by_cost = Vec::new();
            for t in cost_order(&templates, Cost::default()) {
                let first: u64 = (0..t).map(|t| templates.get(t).1).sum();
                by_cost.extend(first..first + templates.get(t).1);
            }
            let order = Order::Balanced { cost: Cost::default(), world_size };
            let order = PackOrder::new(&templates, order, 3, 1);
            let (packs, groups) = (by_cost.len() as u64, by_cost.len() as u64 / world_size);
            let mut expected: Vec<Vec<u64>> =
                by_cost.chunks(world_size as usize).map(<[u64]>::to_vec).collect();
            let mut found: Vec<Vec<u64>> = (0..packs.div_ceil(world_size))
                .map(|step| {
                    (step * world_size..((step + 1) * world_size).min(packs))
                        .map(|k| order.pack(k))
                        .collect()
                })
                .collect();
            if groups * world_size < packs {
                prop_assert_eq!(found.last(), expected.last()); // the short group: last, as it is
            }
            // The others in some order, each turned by some rotation.
            found.iter_mut().chain(&mut expected).for_each(|group| group.sort_unstable());
            found.sort();
            expected.sort();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn every_rank_meets_every_member_of_a_group() {
        let templates = templates(&[(9, 4)]);
        let order = Order::Balanced { cost: Cost::default(), world_size: 4 };
        let mut met = [[0_u32; 4]; 4];
        for epoch in 0..4000 {
            let order = PackOrder::new(&templates, order, 1, epoch);
            for rank in 0..4 {
                met[rank as usize][order.pack(rank) as usize] += 1;
            }
        }
        // 1000 each, standard deviation 27.
        assert!(met.iter().flatten().all(|times| (850..1150).contains(times)), "{met:?}");
    }
}
