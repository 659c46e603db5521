//! Digests by which steps of a job are held against each other: of lengths in order, and of contents in
//! any order. XXH3 with 128 bits, as those of files: against mistakes, not against forgery.

use std::sync::{Mutex, PoisonError};
use twox_hash::xxhash3_128::Hasher;

/// That of lengths in order, as hexadecimal digits.
pub(super) fn of_lengths(lengths: &[u32]) -> String {
    let mut hasher = Hasher::new();
    for part in lengths.chunks(1 << 14) {
        let bytes: Vec<u8> = part.iter().flat_map(|length| length.to_le_bytes()).collect();
        hasher.write(&bytes);
    }
    format!("{:032x}", hasher.finish_128())
}

/// The sum over segments of their digests modulo 2^128, in whatever order they come.
#[derive(Debug, Default)]
pub(super) struct Contents(Mutex<u128>);

impl Contents {
    /// Adds a segment: its tokens as 32-bit numbers, then what belongs to them.
    pub(super) fn add(&self, id: i64, start: u64, lanes: &[&[u8]]) {
        let seed = (id as u64) ^ (start << 40);
        let mut hasher = Hasher::with_seed(seed);
        for lane in lanes {
            hasher.write(lane);
        }
        let mut sum = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *sum = sum.wrapping_add(hasher.finish_128());
    }

    /// The sum so far, as hexadecimal digits.
    pub(super) fn text(&self) -> String {
        let sum = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        format!("{sum:032x}")
    }
}

/// The sum of some sums; none if one of them is none.
pub(super) fn sum<'a>(texts: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut all = 0_u128;
    for text in texts {
        all = all.wrapping_add(u128::from_str_radix(text, 16).ok()?);
    }
    Some(format!("{all:032x}"))
}

#[cfg(test)]
mod tests {
    use super::{Contents, sum};

    #[test]
    fn contents_have_one_digest_in_any_order_and_split_in_any_way() {
        let segments: Vec<(i64, u64, [u8; 4])> =
            (0..50_u8).map(|k| (i64::from(k / 2), u64::from(k % 2), [k, 1, 2, 3])).collect();
        let of = |some: &[&(i64, u64, [u8; 4])]| {
            let contents = Contents::default();
            for (id, start, bytes) in some {
                contents.add(*id, *start, &[bytes]);
            }
            contents.text()
        };
        let all: Vec<_> = segments.iter().collect();
        let backwards: Vec<_> = segments.iter().rev().collect();
        assert_eq!(of(&all), of(&backwards));
        let parts = [of(&all[..20]), of(&all[20..])];
        assert_eq!(sum(parts.iter().map(String::as_str)), Some(of(&all)));
        assert_ne!(of(&all), of(&all[1..]));
        assert_eq!(sum(["no digits"].into_iter()), None);
    }
}
