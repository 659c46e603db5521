//! A set of small integers with predecessor and successor queries: a bit set under two summaries.
//!
//! One bit per possible member, 64-way branching. A query reads at most six words while members
//! stay below 2^18 and scans the top summary above that. Where members are few and large, use an
//! ordered map.

/// Members of 0 ..= largest.
#[derive(Clone, Debug)]
pub(super) struct LengthSet {
    /// Bit i of level k + 1 says whether word i of level k has a bit.
    levels: [Vec<u64>; 3],
}

impl LengthSet {
    /// An empty set that can hold 0 ..= `largest`.
    pub(super) fn new(largest: u32) -> Self {
        let mut size = largest as usize + 1;
        Self {
            levels: std::array::from_fn(|_| {
                size = size.div_ceil(64);
                vec![0; size]
            }),
        }
    }

    /// Makes `x` a member.
    pub(super) fn insert(&mut self, x: u32) {
        let mut i = x as usize;
        for words in &mut self.levels {
            let word = &mut words[i / 64];
            let known = *word != 0;
            *word |= 1 << (i % 64);
            if known {
                return;
            }
            i /= 64;
        }
    }

    /// Makes sure that `x` is no member.
    pub(super) fn remove(&mut self, x: u32) {
        let mut i = x as usize;
        for words in &mut self.levels {
            let word = &mut words[i / 64];
            *word &= !(1 << (i % 64));
            if *word != 0 {
                return;
            }
            i /= 64;
        }
    }

    /// The smallest member >= `x`.
    pub(super) fn at_least(&self, x: u32) -> Option<u32> {
        let mut i = x as usize;
        for (depth, words) in self.levels.iter().enumerate() {
            let mut at = i / 64;
            let mut word = words.get(at)? & (!0 << (i % 64));
            if depth == 2 {
                while word == 0 {
                    at += 1;
                    word = *words.get(at)?;
                }
            }
            if word != 0 {
                let found = at * 64 + word.trailing_zeros() as usize;
                return Some(self.descend(depth, found, u64::trailing_zeros));
            }
            i = at + 1;
        }
        None
    }

    /// The largest member <= `x`, which is at most the largest possible one.
    pub(super) fn at_most(&self, x: u32) -> Option<u32> {
        let mut i = x as usize;
        for (depth, words) in self.levels.iter().enumerate() {
            let mut at = i / 64;
            let mut word = words[at] & (!0 >> (63 - i % 64));
            if depth == 2 {
                while word == 0 {
                    at = at.checked_sub(1)?;
                    word = words[at];
                }
            }
            if word != 0 {
                let last = u64::ilog2;
                return Some(self.descend(depth, at * 64 + last(word) as usize, last));
            }
            i = at.checked_sub(1)?;
        }
        None
    }

    /// From bit `found` of a summary to the member that `choose` picks below it.
    fn descend(&self, depth: usize, mut found: usize, choose: impl Fn(u64) -> u32) -> u32 {
        for words in self.levels[..depth].iter().rev() {
            found = found * 64 + choose(words[found]) as usize;
        }
        u32::try_from(found).expect("members are at most a u32")
    }
}

#[cfg(test)]
mod tests {
    use super::LengthSet;
    use crate::seeded::Generator;
    use std::collections::BTreeSet;

    #[test]
    fn neighbours_are_those_of_an_ordered_set() {
        let mut generator = Generator::new(5);
        for (largest, members) in [(0, 1), (70, 9), (5000, 3), (300_000, 4), (300_000, 0)] {
            let (mut set, mut plain) = (LengthSet::new(largest), BTreeSet::new());
            for _ in 0..members {
                let x = generator.below(u64::from(largest) + 1) as u32;
                set.insert(x);
                plain.insert(x);
            }
            for step in 0..500 {
                let x = if step == 0 {
                    largest
                } else {
                    generator.below(u64::from(largest) + 1) as u32
                };
                assert_eq!(set.at_least(x), plain.range(x..).next().copied(), "{largest} {x}");
                assert_eq!(set.at_most(x), plain.range(..=x).next_back().copied(), "{largest} {x}");
                if step % 3 == 0 {
                    set.insert(x);
                    plain.insert(x);
                } else if plain.remove(&x) {
                    set.remove(x);
                }
            }
        }
    }
}
