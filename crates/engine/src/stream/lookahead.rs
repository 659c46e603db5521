//! Best fit behind a look-ahead: sequences wait for each other, then the longest is placed first.
//!
//! O(log W + log M) a sequence for W waiting and M open packs, at most W + (M + W) entries' worth of
//! packs in memory. At W 4096 and M 1024 a few hundredths of a per cent above offline
//! best-fit-decreasing on log-normal lengths. A window is placed as a whole: a sliding one that
//! always places its longest fills up with short sequences and does worse than none.

use super::closed::Closed;
use super::entry::Entry;
use super::leeway::Leeway;
use super::open_pack::OpenPack;
use super::open_packs::OpenPacks;
use super::options::StreamOptions;
use super::place::Place;

/// What waits, and what is open.
#[derive(Clone, Debug)]
pub struct Lookahead {
    next_number: u64,
    waiting: Vec<Entry>,
    packs: OpenPacks,
    /// Scratch of [`by_length`], kept between windows.
    order: Vec<u64>,
    spare: Vec<u64>,
}

impl Lookahead {
    pub fn new(options: &StreamOptions) -> Self {
        let packs = OpenPacks::new(options.capacity);
        Self { next_number: 0, waiting: Vec::new(), packs, order: Vec::new(), spare: Vec::new() }
    }

    pub fn restored(
        options: &StreamOptions,
        next_number: u64,
        waiting: Vec<Entry>,
        open: Vec<(u32, OpenPack)>,
    ) -> Self {
        let mut lookahead = Self { next_number, waiting, ..Self::new(options) };
        for (_, pack) in open {
            let place = lookahead.packs.open(pack.number, pack.room);
            lookahead.packs.pack_mut(place).entries = pack.entries;
            lookahead.packs.put(place);
        }
        lookahead
    }

    /// Places everything that waits, then closes the fullest packs until few enough are open.
    fn place_waiting(&mut self, options: &StreamOptions, closed: &mut Closed) {
        by_length(&self.waiting, &mut self.order, &mut self.spare);
        for key in &self.order {
            let entry = self.waiting[*key as u32 as usize];
            let place = self.packs.take_fitting(entry.length()).unwrap_or_else(|| {
                self.next_number += 1;
                self.packs.open(self.next_number - 1, options.capacity)
            });
            let pack = self.packs.pack_mut(place);
            pack.push(entry);
            if pack.is_full(options.limit()) {
                closed.push(&mut pack.entries);
                self.packs.remove(place);
            } else {
                self.packs.put(place);
            }
        }
        self.waiting.clear();
        while self.packs.len() > options.max_open_packs as usize {
            let fullest = self.packs.take_fullest().expect("more than none are open");
            closed.push(&mut self.packs.pack_mut(fullest).entries);
            self.packs.remove(fullest);
        }
    }
}

/// Keys whose lower halves are the places of `entries`, longest first, equal lengths in order. One
/// integer per entry sorts several times as fast as a comparison of entries.
fn by_length(entries: &[Entry], keys: &mut Vec<u64>, spare: &mut Vec<u64>) {
    keys.clear();
    keys.extend((0..).zip(entries).map(|(place, entry)| u64::from(!entry.length()) << 32 | place));
    if entries.len() < LEAST_BY_DIGITS {
        return keys.sort_unstable();
    }
    // A digit at a time, the last first: O(n) for lengths of a few digits, half the time of above.
    let longest = entries.iter().map(|entry| entry.length()).max().unwrap_or(0);
    let digits = (u32::BITS - longest.leading_zeros()).div_ceil(u8::BITS);
    spare.resize(keys.len(), 0);
    for shift in (0..digits).map(|digit| 32 + u8::BITS * digit) {
        sort_by_digit(keys, spare, shift);
        std::mem::swap(keys, spare);
    }
}

/// Fewer keys than this are sorted by comparing them.
const LEAST_BY_DIGITS: usize = 256;

/// One stable pass by the eight bits from `shift` on.
fn sort_by_digit(from: &[u64], to: &mut [u64], shift: u32) {
    let digit = |key: u64| usize::from((key >> shift) as u8);
    let mut cursors = [0_u32; 256];
    for &key in from {
        cursors[digit(key)] += 1;
    }
    let mut total = 0;
    for cursor in &mut cursors {
        total += std::mem::replace(cursor, total);
    }
    for &key in from {
        let cursor = &mut cursors[digit(key)];
        to[*cursor as usize] = key;
        *cursor += 1;
    }
}

impl Place for Lookahead {
    fn place(&mut self, entry: Entry, options: &StreamOptions, closed: &mut Closed) {
        self.waiting.push(entry);
        if self.waiting.len() >= options.window() {
            self.place_waiting(options, closed);
        }
    }

    fn finish(&mut self, options: &StreamOptions, closed: &mut Closed) {
        self.place_waiting(options, closed);
        self.packs.drain(|pack| closed.push(&mut pack.entries));
    }

    fn leeway(&self, _class: usize, options: &StreamOptions) -> Leeway {
        // Whatever its length: nothing is placed before the window is full.
        let sequences = options.window() - self.waiting.len();
        Leeway { room: u32::MAX, sequences: u32::try_from(sequences).unwrap_or(u32::MAX) }
    }

    fn next_number(&self) -> u64 {
        self.next_number
    }

    fn waiting(&self) -> &[Entry] {
        &self.waiting
    }

    fn open(&self) -> Vec<(u32, &OpenPack)> {
        self.packs.by_number().into_iter().map(|pack| (0, pack)).collect()
    }

    fn open_count(&self) -> usize {
        self.packs.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, LEAST_BY_DIGITS, by_length};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_longest_stand_first_and_equal_lengths_in_order(
            lengths in prop::collection::vec(1..=u32::MAX >> 1, 0..2 * LEAST_BY_DIGITS),
            most in prop_oneof![1..9_u32, 1..3000_u32, Just(u32::MAX >> 1)],
        ) {
            let length = |length: u32| 1 + (length - 1) % most;
            let entries: Vec<Entry> =
                (0..).zip(&lengths).map(|(id, &given)| Entry::whole(id, length(given))).collect();
            let (mut keys, mut spare) = (vec![7], vec![7; 3]);
            by_length(&entries, &mut keys, &mut spare);
            let mut expected: Vec<usize> = (0..entries.len()).collect();
            expected.sort_by_key(|&place| std::cmp::Reverse(entries[place].length()));
            prop_assert!(keys.iter().map(|&key| key as u32 as usize).eq(expected));
        }
    }
}
