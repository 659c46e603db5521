//! Harmonic over a stream: one open pack for each class of lengths that fit equally often.
//!
//! O(1) a sequence, k open packs. A sequence of which c fit goes to class c, whose packs close with
//! c sequences; the last class, short sequences, is next fit, so that its memory is bounded too. Lee
//! and Lee 1985. Fewer packs than next fit where long and short sequences alternate.

use super::closed::Closed;
use super::entry::Entry;
use super::leeway::Leeway;
use super::open_pack::OpenPack;
use super::options::StreamOptions;
use super::place::Place;

/// The open pack of each class 1 ..= k, at its number less one; without entries there is none.
#[derive(Clone, Debug)]
pub struct Harmonic {
    next_number: u64,
    packs: Vec<OpenPack>,
}

impl Harmonic {
    pub fn new(options: &StreamOptions) -> Self {
        Self::restored(options, 0, Vec::new())
    }

    /// From open packs with their classes.
    pub fn restored(options: &StreamOptions, next_number: u64, open: Vec<(u32, OpenPack)>) -> Self {
        let mut packs = vec![OpenPack::default(); options.harmonic_classes as usize];
        for (class, pack) in open {
            packs[class as usize - 1] = pack;
        }
        Self { next_number, packs }
    }
}

/// The class of a length.
pub fn class_of(length: u32, options: &StreamOptions) -> u32 {
    (options.capacity / length).min(options.harmonic_classes)
}

/// How many sequences close a pack of a class.
pub fn limit_of(class: u32, options: &StreamOptions) -> usize {
    let last = class == options.harmonic_classes;
    if last { options.limit() } else { options.limit().min(class as usize) }
}

impl Place for Harmonic {
    fn place(&mut self, entry: Entry, options: &StreamOptions, closed: &mut Closed) {
        let class = class_of(entry.length(), options);
        // Below the last class the pack always has room: it closes before it could lack it.
        let (limit, capacity) = (limit_of(class, options), options.capacity);
        let pack = &mut self.packs[class as usize - 1];
        pack.take(entry, limit, capacity, &mut self.next_number, closed);
    }

    fn finish(&mut self, _options: &StreamOptions, closed: &mut Closed) {
        let mut open: Vec<&mut OpenPack> =
            self.packs.iter_mut().filter(|pack| !pack.entries.is_empty()).collect();
        open.sort_unstable_by_key(|pack| pack.number);
        for pack in open {
            closed.push(&mut pack.entries);
        }
    }

    fn leeway(&self, class: usize, options: &StreamOptions) -> Leeway {
        self.packs[class].leeway(limit_of(class as u32 + 1, options), options.capacity)
    }

    fn next_number(&self) -> u64 {
        self.next_number
    }

    fn open(&self) -> Vec<(u32, &OpenPack)> {
        let mut open: Vec<(u32, &OpenPack)> =
            (1..).zip(&self.packs).filter(|(_, pack)| !pack.entries.is_empty()).collect();
        open.sort_unstable_by_key(|(_, pack)| pack.number);
        open
    }

    fn open_count(&self) -> usize {
        self.packs.iter().filter(|pack| !pack.entries.is_empty()).count()
    }
}
