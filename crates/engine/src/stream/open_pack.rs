//! A pack that may still take sequences.

use super::closed::Closed;
use super::entry::Entry;
use super::leeway::Leeway;

/// Its number, the room left, and what stands in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OpenPack {
    pub(super) number: u64,
    pub(super) room: u32,
    pub(super) entries: Vec<Entry>,
}

impl OpenPack {
    pub(super) fn push(&mut self, entry: Entry) {
        self.room -= entry.length();
        self.entries.push(entry);
    }

    /// True when it can take nothing more.
    pub(super) fn is_full(&self, limit: usize) -> bool {
        self.room == 0 || self.entries.len() >= limit
    }

    /// What may come before next fit closes it, or the one that it begins anew.
    pub(super) fn leeway(&self, limit: usize, capacity: u32) -> Leeway {
        let room = if self.entries.is_empty() { capacity } else { self.room };
        let sequences = u32::try_from(limit - self.entries.len()).unwrap_or(u32::MAX);
        Leeway { room, sequences }
    }

    /// Next fit: where `entry` doesn't fit, the pack closes and begins anew, with the next number;
    /// where the pack is full afterwards, it closes at once.
    pub(super) fn take(
        &mut self,
        entry: Entry,
        limit: usize,
        capacity: u32,
        next_number: &mut u64,
        closed: &mut Closed,
    ) {
        if !self.entries.is_empty() && self.room < entry.length() {
            closed.push(&mut self.entries);
        }
        if self.entries.is_empty() {
            (self.number, self.room) = (*next_number, capacity);
            *next_number += 1;
        }
        self.push(entry);
        if self.is_full(limit) {
            closed.push(&mut self.entries);
        }
    }
}
