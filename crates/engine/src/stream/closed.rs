//! Packs that a call returns, side by side in flat arrays. Kept between calls, so that a stream in
//! full flow allocates nothing.

use super::entry::Entry;

/// Closed packs in the order of closing: pack k has the entries `ends[k - 1] .. ends[k]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closed {
    /// The caller's ids.
    pub ids: Vec<i64>,
    /// Tokens of each entry.
    pub lengths: Vec<u32>,
    /// First token of each entry.
    pub starts: Vec<u32>,
    /// Where the entries of each pack end.
    pub ends: Vec<usize>,
    /// For each pack, whether a part of a sequence stands in it.
    pub cut: Vec<bool>,
}

impl Closed {
    /// No packs; memory stays.
    pub fn clear(&mut self) {
        self.ids.clear();
        self.lengths.clear();
        self.starts.clear();
        self.ends.clear();
        self.cut.clear();
    }

    /// Takes the first `packs` packs away; without a move where they are all.
    ///
    /// # Panics
    /// If there are fewer.
    pub fn forget(&mut self, packs: usize) {
        if packs == 0 {
            return;
        }
        if packs == self.len() {
            return self.clear();
        }
        let entries = self.ends[packs - 1];
        self.ids.drain(..entries);
        self.lengths.drain(..entries);
        self.starts.drain(..entries);
        self.cut.drain(..packs);
        self.ends.drain(..packs);
        for end in &mut self.ends {
            *end -= entries;
        }
    }

    /// Number of packs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True if there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Room for entries in so many packs at most; true if the system grants it.
    pub(super) fn reserve(&mut self, entries: usize) -> bool {
        self.ids.try_reserve(entries).is_ok()
            && self.lengths.try_reserve(entries).is_ok()
            && self.starts.try_reserve(entries).is_ok()
            && self.ends.try_reserve(entries).is_ok()
            && self.cut.try_reserve(entries).is_ok()
    }

    /// Adds a pack and empties `entries`, which keeps its memory for the next one.
    pub(super) fn push(&mut self, entries: &mut Vec<Entry>) {
        self.ids.extend(entries.iter().map(|entry| entry.id));
        self.lengths.extend(entries.iter().map(|entry| entry.length()));
        self.starts.extend(entries.iter().map(|entry| entry.start));
        self.ends.push(self.ids.len());
        self.cut.push(entries.iter().any(|entry| entry.is_cut()));
        entries.clear();
    }
}
