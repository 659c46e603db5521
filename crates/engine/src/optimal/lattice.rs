//! Lattices: a problem whose lengths are rounded to some hundred steps per pack is smaller, and its
//! solution leads to one of the true problem. Steps need not divide the capacity.
//!
//! Rounded to nearest the image has no waste of its own: packs are assembled from true lengths so
//! that what was rounded up and what was rounded down cancel out. Assembly takes lengths furthest
//! from their class's centre first, each with lengths from the other end beside it: what is left
//! lies ever closer to the centres and fits ever more easily (longest first instead left 2 to 15
//! times as many sequences over). O(packs' templates x NODES).
//! Rounded down the image is a relaxation, so that its duals prove a bound.

use super::supply::Supply;
use super::work::Work;
use crate::bound::Bound;
use crate::template::{Run, Templates, tokens};

/// Nodes of the search for one pack.
const NODES: u64 = 300;

/// Classes of an image, longest first, and which true classes each of them stands for.
pub(super) struct Image {
    pub classes: Vec<(u32, u64)>,
    spans: Vec<(usize, usize)>,
    capacity: u32,
    /// What a pack of the image holds.
    pub steps: u32,
}

impl Image {
    /// Lengths become the nearest steps, at least 1. Halves go to the even neighbour: always up, they
    /// would add 0.07 % to lengths around a third of 2048 in 512 steps, which no assembly gets back.
    pub fn nearest(classes: &[(u32, u64)], capacity: u32, steps: u32) -> Self {
        let (c, steps) = (u64::from(capacity), u64::from(steps));
        Self::by(classes, capacity, steps, |length| {
            let (whole, part) = (length * steps / c, length * steps % c);
            let up = 2 * part > c || (2 * part == c && whole % 2 == 1);
            (whole + u64::from(up)).max(1)
        })
    }

    /// Lengths become the steps that they fill.
    pub fn below(classes: &[(u32, u64)], capacity: u32, steps: u32) -> Self {
        let (c, steps) = (u64::from(capacity), u64::from(steps));
        Self::by(classes, capacity, steps, |length| length * steps / c)
    }

    fn by(classes: &[(u32, u64)], capacity: u32, steps: u64, image: impl Fn(u64) -> u64) -> Self {
        let mut images: Vec<(u32, u64)> = Vec::new();
        let mut spans: Vec<(usize, usize)> = Vec::new();
        for (class, &(length, count)) in classes.iter().enumerate() {
            let length = image(length.into()) as u32;
            match (images.last_mut(), spans.last_mut()) {
                (Some(last), Some(span)) if last.0 == length => {
                    last.1 += count;
                    span.1 = class + 1;
                }
                _ => {
                    images.push((length, count));
                    spans.push((class, class + 1));
                }
            }
        }
        // What has become nothing takes no room: it cannot be packed, and weighs nothing.
        if images.last().is_some_and(|last| last.0 == 0) {
            images.pop();
            spans.pop();
        }
        Self { classes: images, spans, capacity, steps: steps as u32 }
    }

    /// A bound for the image as one for the true classes; only for lengths rounded down, whose every
    /// true pack is a pack of the image.
    pub fn true_bound(&self, bound: Bound, classes: &[(u32, u64)]) -> Bound {
        let Bound { packs, mut certificate } = bound;
        let mut weights = Vec::new();
        for (length, weight) in certificate.weights {
            let (from, end) = self.spans[super::row_of(&self.classes, length)];
            weights.extend(classes[from..end].iter().map(|class| (class.0, weight)));
        }
        certificate.weights = weights;
        Bound { packs, certificate }
    }

    /// Chooses true lengths for packs of the image, such that each is as full as possible and none
    /// overfull. Returns the packs, and the classes for which none was found.
    pub fn assemble(
        &self,
        packs: &Templates,
        classes: &[(u32, u64)],
        work: &mut Work,
    ) -> (Templates, Vec<(u32, u64)>) {
        let mut supply = Supply::new(classes);
        let mut found = Templates::new();
        let mut order: Vec<usize> = (0..packs.len()).collect();
        // The fullest have the least choice.
        order.sort_by_key(|&t| std::cmp::Reverse(tokens(packs.get(t).0)));
        let mut runs = Vec::new();
        for t in order {
            let (template, mut left) = packs.get(t);
            while left > 0 && !work.exhausted() {
                let mut assembly = Assembly::new(self, &mut supply, template);
                assembly.descend(0, self.capacity);
                let (best, nodes) = (assembly.best, assembly.nodes);
                work.charge_nodes(nodes + 4);
                let Some(mut best) = best else { break };
                best.sort_unstable();
                runs.clear();
                let mut times = left;
                for same in best.chunk_by(|a, b| a == b) {
                    let copies = same.len() as u32;
                    times = times.min(supply.count(same[0]) / u64::from(copies));
                    runs.push(Run { length: supply.length(same[0]), times: copies });
                }
                for &class in &best {
                    supply.take(class, times);
                }
                found.push(&runs, times);
                left -= times;
            }
        }
        let rest = (0..classes.len()).map(|class| (classes[class].0, supply.count(class)));
        (found, rest.filter(|class| class.1 > 0).collect())
    }
}

/// The search for one pack.
struct Assembly<'a> {
    supply: &'a mut Supply,
    slots: Vec<Slot>,
    path: Vec<usize>,
    least: u32,
    best: Option<Vec<usize>>,
    nodes: u64,
}

/// A sequence of one image class is wanted here.
#[derive(Clone, Copy)]
struct Slot {
    from: usize,
    end: usize,
    /// Twice what a sequence takes that the image shows as it is.
    centre_twice: u64,
    /// Tokens that the slots after this take at least, and at their centres.
    shortest_after: u32,
    centre_after: u64,
}

impl<'a> Assembly<'a> {
    fn new(image: &Image, supply: &'a mut Supply, template: &[Run]) -> Self {
        let mut slots = Vec::new();
        let (mut shortest_after, mut centre_after) = (0u32, 0);
        for run in template.iter().rev() {
            let at = super::row_of(&image.classes, run.length);
            let (from, end) = image.spans[at];
            let centre_twice =
                2 * u64::from(run.length) * u64::from(image.capacity) / u64::from(image.steps);
            let least = supply.shortest_in(from, end).map_or(u32::MAX, |c| supply.length(c));
            for _ in 0..run.times {
                slots.push(Slot { from, end, centre_twice, shortest_after, centre_after });
                shortest_after = shortest_after.saturating_add(least);
                centre_after += centre_twice / 2;
            }
        }
        slots.reverse();
        Self { supply, slots, path: Vec::new(), least: u32::MAX, best: None, nodes: 0 }
    }

    fn descend(&mut self, at: usize, room: u32) {
        let Some(&slot) = self.slots.get(at) else {
            if room < self.least {
                self.least = room;
                self.best = Some(self.path.clone());
            }
            return;
        };
        let Slot { from, end, .. } = slot;
        let longest_first = if at + 1 == self.slots.len() {
            true
        } else if at == 0 {
            let longest = self.supply.longest_in(from, end).map(|c| self.supply.length(c));
            let shortest = self.supply.shortest_in(from, end).map(|c| self.supply.length(c));
            let ends = longest.zip(shortest);
            ends.is_some_and(|(a, b)| u64::from(a) + u64::from(b) >= slot.centre_twice)
        } else {
            u64::from(room) > slot.centre_after + slot.centre_twice / 2
        };
        let mut next = if longest_first {
            // Nothing longer than this fits beside the rest.
            let fits = room.saturating_sub(slot.shortest_after);
            self.supply.at_most_from(fits, from).filter(|&class| class < end)
        } else {
            self.supply.shortest_in(from, end)
        };
        while let Some(class) = next {
            let length = self.supply.length(class);
            if length.saturating_add(slot.shortest_after) > room {
                return; // the other direction only gets longer
            }
            self.nodes += 1;
            self.supply.take(class, 1);
            self.path.push(class);
            self.descend(at + 1, room - length);
            self.path.pop();
            self.supply.put(class, 1);
            if self.least == 0 || self.nodes >= NODES {
                return;
            }
            next = if longest_first {
                self.supply.longest_in(class + 1, end)
            } else {
                self.supply.shortest_in(from, class)
            };
        }
    }
}
