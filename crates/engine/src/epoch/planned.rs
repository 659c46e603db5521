//! What a plan offers for epochs: an epoch of its packs, and how well its ranks would be in balance.

use super::balance::{Balance, Cost, expected_share, measure, useful_share};
use super::cut::LengthIndexView;
use super::epoch::{Epoch, EpochOptions};
use super::order::{Order, PackOrder};
use crate::Fault;
use crate::plan::Plan;

/// The same packs side by side in two orders.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// In the seeded order of [`Order::Shuffled`].
    pub shuffled: Balance,
    /// In the groups of [`Order::Balanced`].
    pub balanced: Balance,
}

impl Plan {
    /// An epoch of this plan's packs over the ids of `index`.
    ///
    /// # Errors
    /// [`Fault::HistogramMismatch`] unless the index has exactly the planned histogram;
    /// [`Fault::Memory`].
    ///
    /// # Panics
    /// If the parts of `index` don't fit together, or there are more than 2^53 packs.
    pub fn epoch(
        &self,
        index: LengthIndexView<'_>,
        options: &EpochOptions,
    ) -> Result<Epoch, Fault> {
        let epoch = Epoch::new(&self.templates, &self.options, index, options)?;
        let counts = index.starts.windows(2).map(|pair| u64::from(pair[1] - pair[0]));
        let tokens: u64 = index
            .lengths
            .iter()
            .zip(counts)
            .map(|(&length, count)| u64::from(length) * count)
            .sum();
        let sequences = index.sequence_count() as u64;
        if (tokens, sequences) != (self.ledger.tokens_in, self.sequence_count) {
            // The same pieces are packed, so what differs was dropped or cut off: name the shortest
            // length that can be.
            let same_tokens = tokens == self.ledger.tokens_in;
            let length = if same_tokens { 0 } else { self.options.usable().saturating_add(1) };
            let planned = self.sequence_count;
            return Err(Fault::HistogramMismatch { length, planned, given: sequences });
        }
        Ok(epoch)
    }

    /// The useful shares of [`balance`](Self::balance) from the templates alone: expected over all
    /// shuffled orders, exact for groups of near-equal cost. O(D log D) for D templates.
    ///
    /// # Panics
    /// If there are no ranks.
    #[must_use]
    pub fn useful_shares(&self, cost: Cost, ranks: u64) -> (f64, f64) {
        let templates = &self.templates;
        (expected_share(templates, cost, ranks), useful_share(templates, cost, ranks))
    }

    /// How much of their time `ranks` ranks work when this plan's packs run side by side, in epoch
    /// 0 of `seed`. O(packs).
    ///
    /// # Panics
    /// If there are no ranks, or more than 2^53 packs.
    #[must_use]
    pub fn balance(&self, cost: Cost, ranks: u64, seed: u64) -> Comparison {
        let mut packs = 0;
        let ends: Vec<u64> = self
            .templates
            .iter()
            .map(|(_, multiplicity)| {
                packs += multiplicity;
                packs
            })
            .collect();
        let of = |order| {
            let order = PackOrder::new(&self.templates, order, seed, 0);
            let template_at = |k| ends.partition_point(|&end| end <= order.pack(k));
            measure(&self.templates, cost, ranks, template_at)
        };
        let balanced = Order::Balanced { cost, world_size: ranks };
        Comparison { shuffled: of(Order::Shuffled), balanced: of(balanced) }
    }
}

#[cfg(test)]
mod tests {
    use crate::epoch::balance::Cost;
    use crate::epoch::{EpochOptions, LengthIndex, Order};
    use crate::options::Overlong;
    use crate::plan::plan;
    use crate::{Fault, Histogram, PackOptions, Unwatched};

    const OPTIONS: EpochOptions = EpochOptions { seed: 1, epoch: 0, order: Order::Shuffled };

    #[test]
    fn a_plan_refuses_an_index_with_other_dropped_sequences() {
        let histogram = Histogram::from_lengths(&[4, 4, 30], 1, &Unwatched).expect("it fits");
        let options = PackOptions { overlong: Overlong::Drop, ..PackOptions::new(10) };
        let plan = plan(&histogram, &options, 1, &Unwatched).expect("one is dropped");
        let epoch = |lengths: &[u32]| {
            let index = LengthIndex::new(lengths, 1, &Unwatched).expect("it fits");
            plan.epoch((&index).into(), &OPTIONS).map(|epoch| epoch.pack_count())
        };
        assert_eq!(epoch(&[30, 4, 4]), Ok(1));
        let fault = epoch(&[31, 4, 4]);
        assert!(matches!(fault, Err(Fault::HistogramMismatch { length: 11, .. })), "{fault:?}");
    }

    #[test]
    fn groups_of_equal_cost_waste_less_than_chance() {
        let lengths: Vec<u32> =
            (0..4000_u64).map(|i| 1 + (crate::seeded::mix(i) % 100) as u32).collect();
        let histogram = Histogram::from_lengths(&lengths, 1, &Unwatched).expect("it fits");
        let plan = plan(&histogram, &PackOptions::new(100), 1, &Unwatched).expect("all fit");
        let found = plan.balance(Cost::default(), 8, 0);
        assert!(found.shuffled.useful_share < 0.8, "{found:?}");
        assert!(found.balanced.useful_share > 0.99, "{found:?}");
    }
}
