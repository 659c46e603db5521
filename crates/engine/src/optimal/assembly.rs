//! Assembly of a lattice's packs by depth-first search: for few sequences, whose lengths lie too far
//! apart for exact pairs (`pairing`). O(packs' templates x NODES).
//!
//! As there, lengths furthest from their class's centre go first, each with lengths from the other
//! end beside it (longest first instead left 2 to 15 times as many sequences over).

use super::lattice::Image;
use super::supply::Supply;
use super::work::Work;
use crate::template::{Run, Templates, tokens};

/// Nodes of the search for one pack.
const NODES: u64 = 300;

/// Chooses true lengths for packs of the image, such that each is as full as possible and none
/// overfull. Returns the packs, and the classes for which none was found.
pub(super) fn assemble(
    image: &Image,
    packs: &Templates,
    classes: &[(u32, u64)],
    work: &mut Work,
) -> (Templates, Vec<(u32, u64)>) {
    let mut supply = Supply::new(classes);
    let mut found = Templates::new();
    let mut runs = Vec::new();
    // The fullest have the least choice.
    for t in packs.largest_first(tokens) {
        let (template, mut left) = packs.get(t);
        while left > 0 && !work.exhausted() {
            let mut assembly = Assembly::new(image, &mut supply, template);
            assembly.descend(0, image.capacity);
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
            let at = super::task::row_of(&image.classes, run.length);
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
