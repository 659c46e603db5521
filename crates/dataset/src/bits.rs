//! Which sequences were seen: a bit for each, in pages that are made when one of theirs is set, so that
//! a number of sequences that is only claimed costs nothing.

use crate::Fault;
use stowage_engine::memory;

/// Words of a page.
const WORDS: usize = 1 << 10;
/// Sequences of a page.
const PAGE: usize = 64 * WORDS;

/// A set of sequences.
pub(crate) struct Bits(Vec<Vec<u64>>);

impl Bits {
    /// Room for `count` sequences.
    ///
    /// # Errors
    /// [`Fault::Engine`] when memory is refused, here and in [`insert`](Self::insert).
    pub(crate) fn new(count: u64) -> Result<Self, Fault> {
        let pages = count.div_ceil(PAGE as u64) as usize;
        let mut all = memory::reserved(pages)?;
        all.resize_with(pages, Vec::new);
        Ok(Self(all))
    }

    /// Whether the sequence is in.
    pub(crate) fn contains(&self, sequence: u32) -> bool {
        let (page, word, bit) = place(sequence);
        self.0[page].get(word).is_some_and(|word| word & bit != 0)
    }

    /// False if it was there already.
    pub(crate) fn insert(&mut self, sequence: u32) -> Result<bool, Fault> {
        let (page, word, bit) = place(sequence);
        let page = &mut self.0[page];
        if page.is_empty() {
            *page = memory::filled(0, WORDS)?;
        }
        let fresh = page[word] & bit == 0;
        page[word] |= bit;
        Ok(fresh)
    }
}

/// Page, word in it, and the bit in that.
fn place(sequence: u32) -> (usize, usize, u64) {
    let sequence = sequence as usize;
    (sequence / PAGE, sequence % PAGE / 64, 1 << (sequence % 64))
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn a_set_has_what_was_put_in_once_wherever_it_lies() {
        let mut bits = Bits::new(1 << 32).expect("memory");
        for sequence in [0, 63, 64, 65_535, 65_536, u32::MAX] {
            assert!(!bits.contains(sequence));
            assert!(bits.insert(sequence).expect("memory"));
            assert!(!bits.insert(sequence).expect("memory"));
            assert!(bits.contains(sequence));
        }
        assert!(!bits.contains(1));
    }
}
