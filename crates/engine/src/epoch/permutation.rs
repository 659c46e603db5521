//! A seeded bijection of 0 .. n, computed point by point, with its inverse.
//!
//! A Feistel network (Luby and Rackoff 1988) whose lower half is w bits and whose upper half counts
//! 0 .. ceil(n / 2^w), walked along its cycle until the value is below n (Black and Rogaway 2002).
//! The two halves cover at most n + 2^w - 1 values, so that hardly a point needs a second try, where
//! two halves of whole bits need up to four. Up to 12 points are followed through the swaps of a
//! shuffle. O(1) memory and expected time, 5 to 25 ns a point. `docs/epochs.md` has the definition
//! for other languages, with test vectors; `examples/acceptance` runs the statistics by which it was
//! accepted, and its speed.

use crate::seeded::{mix, seed_after};

/// The largest domain: 2^53 points, all indices that JavaScript can count.
pub const MAX_DOMAIN: u64 = 1 << 53;

/// Up to this many points a permutation is a shuffle.
const SHUFFLED: usize = 12;

/// Up to this many bits a round function is 16 entries of four bits: its key itself.
const TABLED_BITS: u32 = 8;

const MOST_ROUNDS: usize = 12;

/// The bijection of 0 .. n that belongs to a key.
#[derive(Clone, Copy, Debug)]
pub struct Permutation {
    n: u64,
    low_bits: u32,
    height: u32,
    rounds: usize,
    keys: [u64; MOST_ROUNDS],
}

impl Permutation {
    /// The bijection of `0 .. n` for `key`, which is a value of `seed_from`.
    ///
    /// # Panics
    /// If `n` is above [`MAX_DOMAIN`].
    #[must_use]
    pub fn new(n: u64, key: u64) -> Self {
        assert!(n <= MAX_DOMAIN, "a permutation of {n} points; at most 2^53 are defined");
        let bits = u64::BITS - n.saturating_sub(1).leading_zeros();
        let low_bits = bits / 2;
        let rounds = if n <= SHUFFLED as u64 { 0 } else { rounds(bits) };
        let mut keys = [key; MOST_ROUNDS];
        for (round, slot) in (0..).zip(&mut keys[..rounds]) {
            *slot = seed_after(key, round);
        }
        Self { n, low_bits, height: n.div_ceil(1 << low_bits) as u32, rounds, keys }
    }

    /// Number of points.
    #[must_use]
    pub fn domain(&self) -> u64 {
        self.n
    }

    /// Where `x` goes.
    ///
    /// # Panics
    /// If `x` is not below the domain.
    #[must_use]
    pub fn apply(&self, x: u64) -> u64 {
        assert!(x < self.n, "{x} is not below {}", self.n);
        if self.rounds == 0 {
            return self.swaps(|swaps| swaps.iter().fold(x, follow));
        }
        self.walk(x, Self::forward)
    }

    /// What goes to `y`.
    ///
    /// # Panics
    /// If `y` is not below the domain.
    #[must_use]
    pub fn invert(&self, y: u64) -> u64 {
        assert!(y < self.n, "{y} is not below {}", self.n);
        if self.rounds == 0 {
            return self.swaps(|swaps| swaps.iter().rev().fold(y, follow));
        }
        self.walk(y, Self::backward)
    }

    #[inline]
    fn walk(&self, from: u64, step: impl Fn(&Self, u64) -> u64) -> u64 {
        let mut value = from;
        loop {
            value = step(self, value);
            if value < self.n {
                return value;
            }
        }
    }

    /// The swaps (i, j), i = n - 1 .. 1, j in 0 ..= i: each j is a digit of the key, taken as a
    /// fraction of 2^64. 12! is so far below 2^64 that all orders are equally likely to 10^-10.
    #[inline]
    fn swaps<T>(&self, then: impl FnOnce(&[(u64, u64)]) -> T) -> T {
        let mut swaps = [(0, 0); SHUFFLED - 1];
        let count = self.n.saturating_sub(1) as usize;
        let mut fraction = self.keys[0];
        for (slot, i) in swaps[..count].iter_mut().zip((1..self.n).rev()) {
            let product = u128::from(fraction) * u128::from(i + 1);
            *slot = (i, (product >> 64) as u64);
            fraction = product as u64;
        }
        then(&swaps[..count])
    }

    #[inline]
    fn forward(&self, value: u64) -> u64 {
        let (mut low, mut high) = self.halves(value);
        // Even rounds raise the upper half by the lower one, odd rounds flip the lower by the upper.
        if self.rounds == MOST_ROUNDS {
            for pair in self.keys.chunks_exact(2) {
                high = self.raised(high, self.scaled(entry(pair[0], low), 4));
                low ^= entry(pair[1], high) & self.low_mask();
            }
        } else {
            for pair in self.keys[..self.rounds].chunks_exact(2) {
                high = self.raised(high, self.scaled(mixed(pair[0], low), 32));
                low ^= mixed(pair[1], high) & self.low_mask();
            }
        }
        self.joined(low, high)
    }

    fn backward(&self, value: u64) -> u64 {
        let (mut low, mut high) = self.halves(value);
        for pair in self.keys[..self.rounds].chunks_exact(2).rev() {
            let lowered = if self.rounds == MOST_ROUNDS {
                low ^= entry(pair[1], high) & self.low_mask();
                self.scaled(entry(pair[0], low), 4)
            } else {
                low ^= mixed(pair[1], high) & self.low_mask();
                self.scaled(mixed(pair[0], low), 32)
            };
            high = self.raised(high, self.height - lowered);
        }
        self.joined(low, high)
    }

    fn halves(&self, value: u64) -> (u32, u32) {
        (value as u32 & self.low_mask(), (value >> self.low_bits) as u32)
    }

    fn joined(&self, low: u32, high: u32) -> u64 {
        u64::from(high) << self.low_bits | u64::from(low)
    }

    fn low_mask(&self) -> u32 {
        (1 << self.low_bits) - 1
    }

    /// `hash`, a number of `bits` bits, as one below the height.
    fn scaled(&self, hash: u32, bits: u32) -> u32 {
        ((u64::from(hash) * u64::from(self.height)) >> bits) as u32
    }

    /// `high + by` modulo the height; the smaller of the two candidates, since one wraps around.
    fn raised(&self, high: u32, by: u32) -> u32 {
        let sum = high + by;
        sum.min(sum.wrapping_sub(self.height))
    }
}

/// Four bits of a key, for halves of at most four bits.
fn entry(key: u64, half: u32) -> u32 {
    (key >> (4 * half)) as u32 & 15
}

fn mixed(key: u64, half: u32) -> u32 {
    (mix(key.wrapping_add(half.into())) >> 32) as u32
}

/// Where a swap takes a place.
fn follow(place: u64, &(i, j): &(u64, u64)) -> u64 {
    if place == i {
        j
    } else if place == j {
        i
    } else {
        place
    }
}

/// With fewer rounds the counts of fixed points differ from chance.
fn rounds(bits: u32) -> usize {
    match bits {
        0..=TABLED_BITS => MOST_ROUNDS,
        9..=16 => 6,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_DOMAIN, Permutation};
    use crate::seeded::seed_from;
    use proptest::prelude::*;

    #[test]
    fn every_domain_up_to_5000_is_permuted_and_inverted() {
        for n in 1..=5000 {
            let permutation = Permutation::new(n, seed_from(&[1, 2, 4, n]));
            let mut seen = vec![false; n as usize];
            for x in 0..n {
                let y = permutation.apply(x);
                assert!(!std::mem::replace(&mut seen[y as usize], true), "{y} twice of {n}");
                assert_eq!(permutation.invert(y), x, "of {n}");
            }
        }
    }

    proptest! {
        #[test]
        fn points_of_large_domains_have_images_of_their_own(
            n in 5001..=MAX_DOMAIN, key: u64, points in prop::collection::vec(any::<u64>(), 1..200)
        ) {
            let permutation = Permutation::new(n, key);
            for x in points {
                let y = permutation.apply(x % n);
                prop_assert!(y < n);
                prop_assert_eq!(permutation.invert(y), x % n);
            }
        }
    }

    #[test]
    fn the_ends_of_domains_around_every_power_of_two_come_back() {
        for bits in 1..=53 {
            for n in [(1 << bits) - 1, 1 << bits, (1_u64 << bits) + 1] {
                let n = n.min(MAX_DOMAIN);
                let permutation = Permutation::new(n, seed_from(&[bits]));
                for x in [0, n / 2, n - 1] {
                    assert_eq!(permutation.invert(permutation.apply(x)), x, "{x} of {n}");
                }
            }
        }
    }
}
