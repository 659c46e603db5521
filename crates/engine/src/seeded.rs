//! Seeded choices: one generator, the same numbers on every platform and in every language.
//!
//! Mixing is splitmix64 (Steele, Lea, Flood 2014), the stream xoshiro256** (Blackman, Vigna 2018),
//! bounded numbers by multiplication with rejection (Lemire 2019). Test vectors: below, and in
//! `__test__/seed.spec.ts`.

/// The increment of splitmix64: 2^64 divided by the golden ratio.
const G: u64 = 0x9E37_79B9_7F4A_7C15;

/// What a shuffle is for: each use has a stream of its own.
pub mod label {
    /// Order of first-fit-shuffle.
    pub const FIRST_FIT_SHUFFLE: u64 = 1;
    /// Order within equal quotients of a tolerance.
    pub const TOLERANCE: u64 = 2;
    /// Order of packs of `Packing.shuffled`.
    pub const PACKS: u64 = 3;
    /// Ids within a length class of an epoch; the length is a further component.
    pub const EPOCH_IDS: u64 = 4;
    /// Order of packs of an epoch.
    pub const EPOCH_PACKS: u64 = 5;
    /// Order of groups of a balanced epoch.
    pub const EPOCH_GROUPS: u64 = 6;
    /// Rotation of ranks within a group of a balanced epoch.
    pub const EPOCH_ROTATION: u64 = 7;
}

/// The finaliser of splitmix64: a bijection of 64-bit numbers.
#[must_use]
pub fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// One seed from several numbers; their order matters.
#[must_use]
pub fn seed_from(components: &[u64]) -> u64 {
    components.iter().fold(0x7374_6F77_6167_6521, |h, &component| seed_after(h, component))
}

/// The seed of some components and one more, from the seed of the former:
/// `seed_from(&[a, b]) == seed_after(seed_from(&[a]), b)`.
#[must_use]
pub fn seed_after(seed: u64, component: u64) -> u64 {
    mix(seed.wrapping_add(G).wrapping_add(mix(component)))
}

/// xoshiro256**.
#[derive(Clone, Debug)]
pub struct Generator([u64; 4]);

impl Generator {
    /// The stream of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(std::array::from_fn(|k| mix(seed.wrapping_add((k as u64 + 1).wrapping_mul(G)))))
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        let s = &mut self.0;
        let result = s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A number below `n`, 1 <= n <= 2^32, all equally likely.
    pub fn below(&mut self, n: u64) -> u64 {
        let rejected = ((1_u64 << 32) - n) % n;
        loop {
            let m = (self.next_u64() >> 32) * n;
            if m & 0xFFFF_FFFF >= rejected {
                return m >> 32;
            }
        }
    }
}

/// Permutes `list` by the stream of (`seed`, `label`): Fisher and Yates, from the end.
pub fn shuffle<T>(list: &mut [T], seed: u64, label: u64) {
    let mut generator = Generator::new(seed_from(&[seed, label]));
    for i in (1..list.len()).rev() {
        list.swap(i, generator.below(i as u64 + 1) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::{Generator, mix, seed_from, shuffle};

    #[test]
    fn the_published_vectors_come_out() {
        let splitmix = |k: u64| mix(1_234_567_u64.wrapping_add(k.wrapping_mul(super::G)));
        assert_eq!([splitmix(1), splitmix(2)], [6457827717110365317, 3203168211198807973]);
        let mut xoshiro = Generator([1, 2, 3, 4]);
        let first: Vec<u64> = (0..4).map(|_| xoshiro.next_u64()).collect();
        assert_eq!(first, [11520, 0, 1509978240, 1215971899390074240]);
    }

    #[test]
    fn the_vectors_of_the_specification_come_out() {
        assert_eq!(seed_from(&[]), 0x7374_6f77_6167_6521);
        assert_eq!(seed_from(&[1]), 0xef72_e701_e87c_b2a2);
        assert_eq!(seed_from(&[1, 0]), 0x8557_f045_bdb9_89ed);
        assert_eq!(seed_from(&[3, 2, 1]), 0x971e_a3f4_56cf_afcd);
        let mut generator = Generator::new(seed_from(&[5]));
        let eight: Vec<u64> = (0..8).map(|_| generator.below(3_000_000_000)).collect();
        let expected = [
            2678189452, 2042353376, 99248299, 1870174434, 684545245, 2653963861, 2950725820,
            566121240,
        ];
        assert_eq!(eight, expected);
        let mut ten: Vec<u32> = (0..10).collect();
        shuffle(&mut ten, 0, 1);
        assert_eq!(ten, [4, 2, 1, 9, 6, 5, 7, 0, 3, 8]);
        let mut thousand: Vec<u64> = (0..1000).collect();
        shuffle(&mut thousand, 7, 2);
        assert_eq!(thousand[..8], [604, 451, 876, 552, 880, 18, 407, 593]);
        let hash = thousand.iter().fold(0, |h, v| (31 * h + v) % 1_000_000_007);
        assert_eq!(hash, 965145996);
    }
}
