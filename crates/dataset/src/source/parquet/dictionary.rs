//! Values of a dictionary by indices that lie packed, as many bits each as the largest needs.
//!
//! O(1) for each: eight indices take as many bytes as one takes bits, and with the width known when
//! compiling, each is a load, a shift and a mask. A table padded to what the bits can name needs no
//! check of each index; that none passed the end is known from the greatest. Other widths, and
//! indices before the first whole byte and behind the last eight, go one by one.

use super::bits::bits;

/// The values of a column chunk that pages refer to.
#[derive(Default)]
pub(super) struct Dictionary<T> {
    /// Padded with copies of the first to a power of two.
    values: Vec<T>,
    count: usize,
}

impl<T: Copy> Dictionary<T> {
    pub(super) fn new(mut values: Vec<T>) -> Self {
        let count = values.len();
        if let Some(&first) = values.first() {
            values.resize(count.next_power_of_two(), first);
        }
        Self { values, count }
    }

    /// The value at `index`.
    pub(super) fn get(&self, index: usize) -> Option<T> {
        self.values[..self.count].get(index).copied()
    }

    /// Appends the values of `count` indices of `width` bits that begin at bit `from`; false if one
    /// lies outside. Eight bytes behind the last index must be there.
    pub(super) fn look_up(
        &self,
        bytes: &[u8],
        from: usize,
        width: usize,
        count: usize,
        values: &mut Vec<T>,
    ) -> bool {
        let Some(&first) = self.values.first() else { return count == 0 };
        let start = values.len();
        values.resize(start + count, first);
        let out = &mut values[start..];
        let before = (0..8).find(|k| (from + k * width).is_multiple_of(8)).unwrap_or(0);
        let (head, rest) = out.split_at_mut(before.min(count));
        let (groups, tail) = rest.split_at_mut(rest.len() / 8 * 8);
        let middle = from + head.len() * width;
        let behind = middle + groups.len() * width;
        let mut greatest = self.one_by_one(bytes, from, width, head);
        greatest = greatest.max(self.in_eights(bytes, middle, width, groups));
        greatest = greatest.max(self.one_by_one(bytes, behind, width, tail));
        count == 0 || (greatest as usize) < self.count
    }

    /// Returns the greatest index, here and below.
    fn one_by_one(&self, bytes: &[u8], from: usize, width: usize, out: &mut [T]) -> u32 {
        let mask = (1_u64 << width) - 1;
        let mut greatest = 0;
        for (k, value) in out.iter_mut().enumerate() {
            let index = (bits(bytes, from + k * width) & mask) as u32;
            greatest = greatest.max(index);
            *value = self.values[(index as usize).min(self.count - 1)];
        }
        greatest
    }

    fn in_eights(&self, bytes: &[u8], from: usize, width: usize, out: &mut [T]) -> u32 {
        macro_rules! by_width {
            ($($width:literal)*) => {
                match width {
                    $($width if self.values.len() >= 1 << $width => {
                        eights::<$width, T>(&bytes[from / 8..], &self.values, out)
                    })*
                    _ => self.one_by_one(bytes, from, width, out),
                }
            };
        }
        // Dictionaries of up to 2^18 values, which is where writers give up.
        by_width!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18)
    }
}

fn eights<const WIDTH: usize, T: Copy>(bytes: &[u8], table: &[T], out: &mut [T]) -> u32 {
    let table = &table[..1 << WIDTH];
    let mut greatest = 0;
    for (group, out) in out.chunks_exact_mut(8).enumerate() {
        let group = &bytes[group * WIDTH..][..WIDTH + 8];
        for (k, value) in out.iter_mut().enumerate() {
            let index = bits(group, k * WIDTH) as usize & ((1 << WIDTH) - 1);
            greatest = greatest.max(index);
            *value = table[index];
        }
    }
    greatest as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packed(indices: &[u32], width: usize) -> Vec<u8> {
        let mut bytes = vec![0; (indices.len() * width).div_ceil(8) + 8];
        for (k, &index) in indices.iter().enumerate() {
            for bit in (0..width).filter(|bit| index >> bit & 1 == 1) {
                let at = k * width + bit;
                bytes[at / 8] |= 1 << (at % 8);
            }
        }
        bytes
    }

    proptest! {
        #[test]
        fn values_are_those_of_the_indices_from_any_bit_on(
            width in 1_usize..=20,
            short in 0_usize..=1,
            skipped in 0_usize..20,
            raw in proptest::collection::vec(any::<u32>(), 0..200),
        ) {
            // Full tables, and such as have less than the bits can name.
            let count = ((1 << width) - short * (1 << width) / 3).max(1);
            let dictionary = Dictionary::new((0..count as i32).map(|k| 7 * k).collect());
            let indices: Vec<u32> = raw.iter().map(|&k| k % count as u32).collect();
            let bytes = packed(&indices, width);
            let skipped = skipped.min(indices.len());
            let mut values = vec![-1];
            let rest = &indices[skipped..];
            prop_assert!(dictionary.look_up(&bytes, skipped * width, width, rest.len(), &mut values));
            prop_assert_eq!(values[0], -1);
            let want: Vec<i32> = rest.iter().map(|&k| 7 * k as i32).collect();
            prop_assert_eq!(&values[1..], &want[..]);
        }

        #[test]
        fn an_index_outside_is_noticed_wherever_it_stands(
            width in 2_usize..=20,
            at in 0_usize..100,
            skipped in 0_usize..8,
        ) {
            let count = (1 << width) - 1;
            let dictionary = Dictionary::new(vec![0_i32; count]);
            let mut indices = vec![0; 100];
            indices[at] = count as u32;
            let bytes = packed(&indices, width);
            let rest = 100 - skipped;
            let fine = dictionary.look_up(&bytes, skipped * width, width, rest, &mut Vec::new());
            prop_assert_eq!(fine, at < skipped);
        }
    }
}
