//! One epoch of a plan: which ids stand in its k-th pack, as a function of (seed, epoch, k).
//!
//! The slots of a length are numbered over the packs in plan order, and slot s holds the id whose
//! rank in its class is the s-th of a seeded permutation. So a pack costs O(log templates + its
//! sequences), in any order, on any thread; memory is O(templates + classes), and ids stay where the
//! index has them. For one pass over everything in plan order without chance, `Plan::assign` is
//! quicker.

use super::classes::{Class, given_classes, matched_classes, planned_lengths};
use super::cut::{Cuts, LengthIndexView, Member};
use super::order::{Order, PackOrder};
use super::permutation::Permutation;
use crate::seeded::{label, seed_after, seed_from};
use crate::template::{Templates, sequences};
use crate::{Fault, PackOptions};
use std::ops::Range;

/// What makes one epoch differ from another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochOptions {
    /// The caller's seed.
    pub seed: u64,
    /// Number of the epoch, from 0.
    pub epoch: u64,
    /// Order of the packs.
    pub order: Order,
}

/// What stands in a place of a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A whole sequence: its position in [`LengthIndex::sequences`](super::LengthIndex::sequences).
    At(u32),
    /// A part of a sequence.
    Piece {
        /// Its id.
        sequence: u32,
        /// The first token.
        start: u32,
    },
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Epoch {
    order: PackOrder,
    /// Packs up to the end of each template, in plan order.
    pack_ends: Vec<u64>,
    /// Places up to the end of each template.
    place_ends: Vec<usize>,
    places: Vec<Place>,
    classes: Vec<Class>,
    cuts: Cuts,
    most_entries: u32,
    pub(super) entry_count: u64,
    pub(super) sequence_count: u32,
}

/// A run of a template.
#[derive(Clone, Copy, Debug)]
struct Place {
    length: u32,
    times: u32,
    class: u32,
    /// First slot of the length in the first pack of the template.
    first_slot: u64,
}

impl Epoch {
    /// The epoch of a plan's templates over `index`. `options` are the plan's: its policies decide
    /// which sequences are cut or left out.
    ///
    /// # Errors
    /// [`Fault::HistogramMismatch`] for the smallest length of which the plan has another number of
    /// places than the index, by its policies, has sequences and pieces; [`Fault::Memory`].
    ///
    /// # Panics
    /// If the parts of `index` don't fit together.
    pub fn new(
        templates: &Templates,
        options: &PackOptions,
        index: LengthIndexView<'_>,
        epoch: &EpochOptions,
    ) -> Result<Self, Fault> {
        let cuts = Cuts::new(&index, options.usable(), options.overlong)?;
        let lengths = planned_lengths(templates);
        let given = given_classes(&index, options, &cuts);
        let mut classes = matched_classes(&lengths, &given, &index)?;
        let ids_key = seed_from(&[epoch.seed, epoch.epoch, label::EPOCH_IDS]);
        for (class, &length) in classes.iter_mut().zip(lengths.iter().map(|(length, _)| length)) {
            class.key = seed_after(ids_key, u64::from(length));
            class.cuts = cuts.of_length(length);
        }
        let mut result = Self {
            order: PackOrder::new(templates, epoch.order, epoch.seed, epoch.epoch),
            pack_ends: Vec::with_capacity(templates.len()),
            place_ends: Vec::with_capacity(templates.len()),
            places: Vec::new(),
            classes,
            cuts,
            most_entries: 0,
            entry_count: lengths.iter().map(|class| class.1).sum(),
            sequence_count: index.sequence_count() as u32,
        };
        result.lay_out(templates, &lengths);
        Ok(result)
    }

    fn lay_out(&mut self, templates: &Templates, lengths: &[(u32, u64)]) {
        let mut next_slot = vec![0_u64; lengths.len()];
        let mut packs = 0;
        for (runs, multiplicity) in templates.iter() {
            for run in runs {
                let class = lengths.binary_search_by_key(&run.length, |class| class.0);
                let class = class.expect("every planned length was collected");
                self.places.push(Place {
                    length: run.length,
                    times: run.times,
                    class: class as u32,
                    first_slot: next_slot[class],
                });
                next_slot[class] += u64::from(run.times) * multiplicity;
            }
            packs += multiplicity;
            self.pack_ends.push(packs);
            self.place_ends.push(self.places.len());
            self.most_entries = self.most_entries.max(sequences(runs) as u32);
        }
    }

    /// Number of packs, the same in every epoch of a plan.
    #[must_use]
    pub fn pack_count(&self) -> u64 {
        self.pack_ends.last().copied().unwrap_or(0)
    }

    /// Entries of all packs together.
    #[must_use]
    pub fn entry_count(&self) -> u64 {
        self.entry_count
    }

    /// Entries of the largest pack.
    #[must_use]
    pub fn most_entries(&self) -> u32 {
        self.most_entries
    }

    /// Bytes of memory held, about.
    #[must_use]
    pub fn memory(&self) -> usize {
        size_of_val(&self.places[..])
            + size_of_val(&self.classes[..])
            + size_of_val(&self.pack_ends[..])
            + size_of_val(&self.place_ends[..])
            + self.cuts.memory()
    }

    /// True if a sequence was truncated or split.
    #[must_use]
    pub fn cut(&self) -> bool {
        self.cuts.classes().next().is_some()
    }

    /// The template of the k-th pack.
    ///
    /// # Panics
    /// If there is no such pack.
    #[must_use]
    pub fn template_at(&self, k: u64) -> usize {
        self.locate(k).0
    }

    /// Shows the entries of the k-th pack, longest first, with their lengths.
    ///
    /// # Panics
    /// If there is no such pack.
    pub fn visit(&self, k: u64, mut entry: impl FnMut(Entry, u32)) {
        let (template, pack) = self.locate(k);
        for place in &self.places[self.places_of(template)] {
            let class = &self.classes[place.class as usize];
            let permutation = Permutation::new(class.members, class.key);
            let first = place.first_slot + pack * u64::from(place.times);
            for slot in first..first + u64::from(place.times) {
                entry(self.member(class, permutation.apply(slot)), place.length);
            }
        }
    }

    /// The ids of the k-th pack, longest first. `sequences` are those of the index.
    ///
    /// # Panics
    /// If there is no such pack, or `sequences` are others.
    #[must_use]
    pub fn pack_at(&self, k: u64, sequences: &[u32]) -> Vec<u32> {
        let mut ids = Vec::new();
        self.visit(k, |entry, _| ids.push(id(entry, sequences)));
        ids
    }

    /// Template of the k-th pack, and the how-manieth pack of it.
    fn locate(&self, k: u64) -> (usize, u64) {
        assert!(k < self.pack_count(), "pack {k} of {}", self.pack_count());
        let pack = self.order.pack(k);
        let template = self.pack_ends.partition_point(|&end| end <= pack);
        let first = if template == 0 { 0 } else { self.pack_ends[template - 1] };
        (template, pack - first)
    }

    fn places_of(&self, template: usize) -> Range<usize> {
        let start = if template == 0 { 0 } else { self.place_ends[template - 1] };
        start..self.place_ends[template]
    }

    pub(super) fn entries_of(&self, template: usize) -> u64 {
        self.places[self.places_of(template)].iter().map(|place| u64::from(place.times)).sum()
    }

    fn member(&self, class: &Class, rank: u64) -> Entry {
        if class.cuts.is_empty() {
            return Entry::At(class.start + rank as u32);
        }
        match self.cuts.member(class.cuts.clone(), rank) {
            Member::Whole(rank) => Entry::At(class.start + rank),
            Member::Piece { sequence, start } => Entry::Piece { sequence, start },
        }
    }
}

/// The id of an entry, from the ids of the index.
pub(super) fn id(entry: Entry, sequences: &[u32]) -> u32 {
    match entry {
        Entry::At(position) => sequences[position as usize],
        Entry::Piece { sequence, .. } => sequence,
    }
}
