//! Groups of packs that are filled alike, as paths that share their beginnings.
//!
//! A group says "`count` packs: what the parent's packs hold, then `times` sequences of `length`".
//! Placing costs one group and copies nothing; a template is the path from the root. Sequences come
//! longest first, so a group's children are made in falling (length, times), and a walk over the
//! tree in order of making, each group after its children, gives the templates in plan order.

use super::problem::Units;
use crate::template::{Run, Templates};

/// No group.
pub(super) const NONE: u32 = u32::MAX;

/// Packs that are filled alike.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    /// The group these packs came from; [`NONE`]: they were empty.
    parent: u32,
    length: u32,
    times: u32,
    /// Sequences in each pack.
    pub(super) held: u32,
    /// The next group in whatever list this one stands.
    pub(super) next: u32,
    /// How many packs are at this point now; those that went on are counted by the children.
    pub(super) count: u64,
}

/// All groups of a plan in the making.
pub(super) struct Groups(Vec<Group>);

impl Groups {
    pub(super) fn for_problem(units: Units<'_>) -> Self {
        // A group holds at least one sequence; more than four for a class are rare.
        let sequences: u64 = units.classes().map(|class| class.2).sum();
        let groups = (4 * units.classes().len() as u64).min(sequences);
        Self(Vec::with_capacity(groups as usize))
    }

    #[inline]
    pub(super) fn get(&self, group: u32) -> &Group {
        &self.0[group as usize]
    }

    #[inline]
    pub(super) fn get_mut(&mut self, group: u32) -> &mut Group {
        &mut self.0[group as usize]
    }

    /// `count` packs of `parent` take `times` sequences of `length` each; [`NONE`] opens packs.
    #[inline]
    pub(super) fn fill(&mut self, parent: u32, length: u32, times: u32, count: u64) -> u32 {
        let mut held = times;
        if parent != NONE {
            let from = self.get_mut(parent);
            from.count -= count;
            held += from.held;
        }
        self.0.push(Group { parent, length, times, held, next: NONE, count });
        u32::try_from(self.0.len() - 1).expect("a few groups per length class, fewer than 2^32")
    }

    /// The templates of all packs. In plan order if every group's children were made in falling
    /// (length, times).
    pub(super) fn into_templates(mut self) -> Templates {
        // From here on `next` is the next sibling.
        let mut first_child = vec![NONE; self.0.len()];
        let mut first_root = NONE;
        for at in (0..self.0.len()).rev() {
            let group = &mut self.0[at];
            let first = first_child.get_mut(group.parent as usize).unwrap_or(&mut first_root);
            group.next = std::mem::replace(first, at as u32);
        }
        let mut templates = Templates::with_capacity(self.0.len(), 2 * self.0.len());
        let mut path: Vec<Run> = Vec::with_capacity(64);
        let mut at = first_root;
        while at != NONE {
            // Down to the first leaf, then up to the next group that has a sibling.
            let group = *self.get(at);
            path.push(Run { length: group.length, times: group.times });
            if first_child[at as usize] != NONE {
                at = first_child[at as usize];
                continue;
            }
            loop {
                let group = *self.get(at);
                templates.push(&path, group.count);
                path.pop();
                if group.next != NONE {
                    at = group.next;
                    break;
                }
                at = group.parent;
                if at == NONE {
                    break;
                }
            }
        }
        templates
    }
}
