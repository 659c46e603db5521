//! Where the members of a plan stand: the inverse of [`Epoch::visit`](super::Epoch::visit).
//!
//! From the length of a sequence or piece and its rank among those of that length to its pack and its
//! place there, without an index and without ids: members may be spread over any number of machines.
//! Memory and set-up O(runs of the plan), O(log runs) and one inverted permutation per member, 0.2 µs
//! at capacity 2048 to 1.7 µs at 32768. Where ids of packs are wanted, an [`Epoch`](super::Epoch) is
//! the shorter way.

use super::epoch::EpochOptions;
use super::order::{PackOrder, PackPlaces};
use super::permutation::Permutation;
use crate::seeded::{label, seed_after, seed_from};
use crate::template::Templates;
use std::collections::BTreeMap;
use std::ops::Range;

/// A place in a packing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seat {
    /// Number of the pack in the order of writing.
    pub pack: u64,
    /// Place among the pack's entries, longest first.
    pub slot: u32,
}

/// Where every member of a plan stands in one epoch.
#[derive(Clone, Debug)]
pub struct Locator {
    /// Ascending.
    classes: Vec<Class>,
    runs: Vec<Run>,
    order: PackOrder,
    places: PackPlaces,
    /// Packs up to the end of each template, in plan order.
    pack_ends: Vec<u64>,
}

/// All places of a length.
#[derive(Clone, Debug)]
struct Class {
    length: u32,
    permutation: Permutation,
    runs: Range<usize>,
}

/// Places of a length in the packs of one template.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// First slot of the length in the first pack of the template.
    first_slot: u64,
    /// The first pack of the template, in plan order.
    first_pack: u64,
    times: u32,
    /// Entries of the pack before these.
    before: u32,
}

impl Locator {
    /// The places that the members of `templates` have in an epoch.
    ///
    /// # Panics
    /// If there are more than 2^53 packs, or members of one length.
    #[must_use]
    pub fn new(templates: &Templates, epoch: &EpochOptions) -> Self {
        let (mut by_length, mut packs) = (BTreeMap::<u32, (u64, Vec<Run>)>::new(), 0);
        let mut pack_ends = Vec::with_capacity(templates.len());
        for (runs, multiplicity) in templates.iter() {
            let mut before = 0;
            for run in runs {
                let (slots, places) = by_length.entry(run.length).or_default();
                let (first_slot, times) = (*slots, run.times);
                places.push(Run { first_slot, first_pack: packs, times, before });
                *slots += u64::from(times) * multiplicity;
                before += times;
            }
            packs += multiplicity;
            pack_ends.push(packs);
        }
        let key = seed_from(&[epoch.seed, epoch.epoch, label::EPOCH_IDS]);
        let (mut classes, mut runs) = (Vec::with_capacity(by_length.len()), Vec::new());
        for (length, (members, places)) in by_length {
            let first = runs.len();
            runs.extend(places);
            let permutation = Permutation::new(members, seed_after(key, length.into()));
            classes.push(Class { length, permutation, runs: first..runs.len() });
        }
        let order = PackOrder::new(templates, epoch.order, epoch.seed, epoch.epoch);
        let places = order.places();
        Self { classes, runs, order, places, pack_ends }
    }

    /// Lengths with their numbers of members, ascending.
    pub fn members(&self) -> impl Iterator<Item = (u32, u64)> {
        self.classes.iter().map(|class| (class.length, class.permutation.domain()))
    }

    /// Number of packs.
    #[must_use]
    pub fn pack_count(&self) -> u64 {
        self.pack_ends.last().copied().unwrap_or(0)
    }

    /// Where the `rank`-th member of `length` stands, in the order (sequence, start), from 0; none if
    /// the plan has no such member.
    #[must_use]
    pub fn seat(&self, length: u32, rank: u64) -> Option<Seat> {
        let class = self.classes.binary_search_by_key(&length, |class| class.length).ok()?;
        let class = &self.classes[class];
        if rank >= class.permutation.domain() {
            return None;
        }
        let slot = class.permutation.invert(rank);
        let runs = &self.runs[class.runs.clone()];
        let run = runs[runs.partition_point(|run| run.first_slot <= slot) - 1];
        let (pack, place) = {
            let (slot, times) = (slot - run.first_slot, u64::from(run.times));
            (run.first_pack + slot / times, slot % times)
        };
        Some(Seat { pack: self.places.place(pack), slot: run.before + place as u32 })
    }

    /// The template of the k-th pack in the order of writing.
    ///
    /// # Panics
    /// If there is no such pack.
    #[must_use]
    pub fn template_at(&self, k: u64) -> usize {
        assert!(k < self.pack_count(), "pack {k} of {}", self.pack_count());
        let pack = self.order.pack(k);
        self.pack_ends.partition_point(|&end| end <= pack)
    }
}
