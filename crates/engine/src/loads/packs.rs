//! The packs under construction, and what they must keep to.

use super::cost::refused;
use super::question::{MOST_SEQUENCES, Question};
use crate::Fault;
use crate::template::Templates;
use std::collections::BTreeSet;

/// A sequence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub length: u32,
    /// Tokens that it takes of a capacity.
    pub need: u32,
    pub cost: u64,
}

/// All sequences, costliest first.
///
/// # Errors
/// [`Fault::Option`] for too many, too few or too dear ones.
pub(super) fn items(question: &Question<'_>) -> Result<Vec<Item>, Fault> {
    let n = question.classes.iter().fold(0u64, |sum, class| sum.saturating_add(class.1));
    let k = question.packs;
    if n > MOST_SEQUENCES {
        return Err(refused(format!(
            "objective 'maxLoad' takes at most {MOST_SEQUENCES} sequences, got {n}; pack them in several calls"
        )));
    }
    if k > n || k == 0 {
        return Err(refused(format!("packCount {k} needs as many sequences or more, got {n}")));
    }
    question.cost.check(question.classes.first().map_or(0, |class| class.0))?;
    let mut items = Vec::with_capacity(n as usize);
    for &(length, count) in question.classes {
        let need = length.div_ceil(question.alignment).saturating_mul(question.alignment);
        let item = Item { length, need, cost: question.cost.of(length) as u64 };
        items.extend(std::iter::repeat_n(item, count as usize));
    }
    Ok(items)
}

/// What every pack keeps to.
pub(super) struct Limits {
    pub tokens: u64,
    pub sequences: usize,
    /// Packs hold equally many, so that only exchanges of equally many are allowed.
    pub equal: bool,
}

impl Limits {
    /// # Errors
    /// [`Fault::Option`] where the sequences can't be in so many packs.
    pub fn new(question: &Question<'_>) -> Result<Self, Fault> {
        let n = question.classes.iter().fold(0u64, |sum, class| sum.saturating_add(class.1));
        let k = question.packs;
        let mut most = u64::from(question.limit);
        if question.equal_counts {
            if !n.is_multiple_of(k) {
                return Err(refused(format!(
                    "equalCounts needs a number of sequences that packCount divides, got {n} and {k}"
                )));
            }
            if n / k > most {
                return Err(refused(format!(
                    "equalCounts puts {} sequences in each of {k} packs, maxSequencesPerPack allows {most}",
                    n / k
                )));
            }
            most = n / k;
        }
        if most.saturating_mul(k) < n {
            return Err(refused(format!(
                "{k} packs of at most {most} sequences hold {}, got {n}",
                most.saturating_mul(k)
            )));
        }
        let tokens = question.capacity.map_or(u64::MAX, |capacity| {
            u64::from(capacity / question.alignment * question.alignment)
        });
        let sequences = most.min(n) as usize;
        Ok(Self { tokens, sequences, equal: question.equal_counts })
    }
}

/// Which sequences are in which pack, with loads in order.
#[derive(Clone, Debug)]
pub(super) struct Packs {
    loads: Vec<u128>,
    tokens: Vec<u64>,
    /// Per pack the items by falling cost.
    members: Vec<Vec<u32>>,
    /// (load, pack).
    order: BTreeSet<(u128, u32)>,
}

impl Packs {
    /// None if a pack is empty or does not keep to the limits.
    pub fn new(members: Vec<Vec<u32>>, items: &[Item], limits: &Limits) -> Option<Self> {
        let sum = |members: &[u32], of: &dyn Fn(&Item) -> u128| -> u128 {
            members.iter().map(|&item| of(&items[item as usize])).sum()
        };
        let loads: Vec<u128> =
            members.iter().map(|pack| sum(pack, &|item| item.cost.into())).collect();
        let tokens: Vec<u64> =
            members.iter().map(|pack| sum(pack, &|item| item.need.into()) as u64).collect();
        let fits = members.iter().zip(&tokens).all(|(pack, &tokens)| {
            let counts = if limits.equal {
                pack.len() == limits.sequences
            } else {
                pack.len() <= limits.sequences
            };
            !pack.is_empty() && counts && tokens <= limits.tokens
        });
        if !fits {
            return None;
        }
        let order = loads.iter().copied().zip(0..).collect();
        let mut made = Self { loads, tokens, members, order };
        made.members.iter_mut().for_each(|pack| pack.sort_unstable());
        Some(made)
    }

    /// From packs of a plan, split until there are `k`; none where it is not of these items or does
    /// not keep to the limits.
    pub fn of_templates(
        templates: &Templates,
        items: &[Item],
        k: usize,
        limits: &Limits,
    ) -> Option<Self> {
        // The next item of each length, items being sorted by it.
        let mut next = std::collections::BTreeMap::new();
        for (at, item) in (0u32..).zip(items) {
            next.entry(item.length).or_insert(at);
        }
        let mut members: Vec<Vec<u32>> = Vec::new();
        for (runs, multiplicity) in templates.iter() {
            for _ in 0..multiplicity {
                let mut pack = Vec::new();
                for run in runs {
                    let at = next.get_mut(&run.length)?;
                    pack.extend(*at..*at + run.times);
                    *at += run.times;
                }
                members.push(pack);
            }
        }
        let cost = |pack: &[u32]| -> u128 {
            pack.iter().map(|&item| u128::from(items[item as usize].cost)).sum()
        };
        while members.len() < k {
            // The costliest pack of several, its sequences in turn to each half.
            let costliest = (0..members.len())
                .filter(|&pack| members[pack].len() > 1)
                .max_by_key(|&pack| (cost(&members[pack]), std::cmp::Reverse(pack)))?;
            let pack = std::mem::take(&mut members[costliest]);
            let (even, odd): (Vec<_>, Vec<_>) = (0..pack.len()).partition(|at| at % 2 == 0);
            members[costliest] = even.into_iter().map(|at| pack[at]).collect();
            members.push(odd.into_iter().map(|at| pack[at]).collect());
        }
        if members.len() > k { None } else { Self::new(members, items, limits) }
    }

    pub fn members(&self) -> &[Vec<u32>] {
        &self.members
    }

    pub fn pack(&self, pack: usize) -> &[u32] {
        &self.members[pack]
    }

    pub fn load(&self, pack: usize) -> u128 {
        self.loads[pack]
    }

    /// The largest load.
    pub fn most(&self) -> u128 {
        self.order.last().map_or(0, |last| last.0)
    }

    /// The load of the second heaviest pack.
    pub fn second(&self) -> u128 {
        self.order.iter().nth_back(1).map_or(0, |second| second.0)
    }

    /// The smallest load.
    pub fn least(&self) -> u128 {
        self.order.first().map_or(0, |first| first.0)
    }

    /// The pack of the largest load; of equal ones the lowest.
    pub fn heaviest(&self) -> usize {
        self.order.range((self.most(), 0)..).next().map_or(0, |heaviest| heaviest.1 as usize)
    }

    /// Packs by rising load, equal ones by number.
    pub fn lightest_first(&self) -> impl Iterator<Item = usize> {
        self.order.iter().map(|entry| entry.1 as usize)
    }

    /// Whether `from` may give these and `to` give those in return.
    pub fn may_exchange(
        &self,
        (from, gives): (usize, &[u32]),
        (to, returns): (usize, &[u32]),
        items: &[Item],
        limits: &Limits,
    ) -> bool {
        if limits.equal && gives.len() != returns.len() {
            return false;
        }
        let need = |items_of: &[u32]| -> u64 {
            items_of.iter().map(|&item| u64::from(items[item as usize].need)).sum()
        };
        let (out, back) = (need(gives), need(returns));
        let fits = |pack: usize, more: u64, less: u64, more_of: usize, less_of: usize| {
            self.tokens[pack] + more - less <= limits.tokens
                && self.members[pack].len() + more_of - less_of <= limits.sequences
                && self.members[pack].len() + more_of > less_of
        };
        fits(to, out, back, gives.len(), returns.len())
            && fits(from, back, out, returns.len(), gives.len())
    }

    /// Moves `gives` from one pack to the other and `returns` back.
    pub fn exchange(
        &mut self,
        (from, gives): (usize, &[u32]),
        (to, returns): (usize, &[u32]),
        items: &[Item],
    ) {
        for (pack, less, more) in [(from, gives, returns), (to, returns, gives)] {
            let cost = |list: &[u32]| -> u128 {
                list.iter().map(|&item| u128::from(items[item as usize].cost)).sum()
            };
            let need = |list: &[u32]| -> u64 {
                list.iter().map(|&item| u64::from(items[item as usize].need)).sum()
            };
            self.order.remove(&(self.loads[pack], pack as u32));
            self.loads[pack] = self.loads[pack] + cost(more) - cost(less);
            self.tokens[pack] = self.tokens[pack] + need(more) - need(less);
            self.order.insert((self.loads[pack], pack as u32));
            let members = &mut self.members[pack];
            members.retain(|item| !less.contains(item));
            members.extend(more);
            members.sort_unstable();
        }
    }
}
