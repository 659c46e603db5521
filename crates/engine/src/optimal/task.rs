//! The problem that a search works on, and what is asked of classes and templates everywhere in it.

use crate::bound::{self, Bound};
use crate::template::Templates;

/// A problem without alignment, in its own units.
#[derive(Clone, Copy)]
pub(super) struct Task<'a> {
    /// (length, count), longest first, counts at least 1.
    pub classes: &'a [(u32, u64)],
    pub capacity: u32,
    /// At most this many sequences in a pack, where room alone does not see to it.
    pub limit: Option<u32>,
}

impl Task<'_> {
    /// A pack more often limited by room than this has no use for a limit.
    pub(super) fn quick_bound(&self) -> Bound {
        bound::quick(self.classes, self.capacity, self.limit.unwrap_or(u32::MAX))
    }
}

/// The index of the class of `length`.
pub(super) fn row_of(classes: &[(u32, u64)], length: u32) -> usize {
    classes.partition_point(|class| class.0 > length)
}

/// Adds the templates of `others`.
pub(super) fn extend(templates: &mut Templates, others: &Templates) {
    for (runs, multiplicity) in others.iter() {
        templates.push(runs, multiplicity);
    }
}

/// The classes of templates, longest first.
pub(super) fn classes_of(templates: &Templates) -> Vec<(u32, u64)> {
    let mut all: Vec<(u32, u64)> = Vec::new();
    for (runs, multiplicity) in templates.iter() {
        all.extend(runs.iter().map(|run| (run.length, u64::from(run.times) * multiplicity)));
    }
    all.sort_unstable_by_key(|class| std::cmp::Reverse(class.0));
    all.dedup_by(|later, kept| {
        later.0 == kept.0 && {
            kept.1 += later.1;
            true
        }
    });
    all
}
