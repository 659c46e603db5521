//! Best fit behind a look-ahead: sequences wait for each other, then the longest is placed first.
//!
//! O(log W + log M) a sequence for W waiting and M open packs, at most W + (M + W) entries' worth of
//! packs in memory. At W 4096 and M 1024 a few hundredths of a per cent above offline
//! best-fit-decreasing on log-normal lengths. A window is placed as a whole: a sliding one that
//! always places its longest fills up with short sequences and does worse than none.

use super::open_packs::OpenPacks;
use super::{Closed, Entry, OpenPack, Place, StreamOptions};

/// What waits, and what is open.
#[derive(Clone, Debug)]
pub struct Lookahead {
    next_number: u64,
    waiting: Vec<Entry>,
    packs: OpenPacks,
    /// Scratch of [`by_length`], kept between windows.
    order: Vec<u64>,
}

impl Lookahead {
    pub fn new(options: &StreamOptions) -> Self {
        let packs = OpenPacks::new(options.capacity);
        Self { next_number: 0, waiting: Vec::new(), packs, order: Vec::new() }
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
        by_length(&self.waiting, &mut self.order);
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
fn by_length(entries: &[Entry], keys: &mut Vec<u64>) {
    keys.clear();
    keys.extend((0..).zip(entries).map(|(place, entry)| u64::from(!entry.length()) << 32 | place));
    keys.sort_unstable();
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
