//! Templates: the multisets of lengths that share a pack, each with how many packs use it.
//!
//! Stored flat: runs of (length, times), and where each template's runs end.

use std::cmp::Ordering;

/// `times` sequences of `length` in one pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Run {
    /// Tokens of each.
    pub length: u32,
    /// How many, at least 1.
    pub times: u32,
}

/// A list of templates with multiplicities.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Templates {
    runs: Vec<Run>,
    ends: Vec<usize>,
    multiplicities: Vec<u64>,
}

impl Templates {
    /// No templates.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No templates, with memory for some and for all their runs.
    #[must_use]
    pub fn with_capacity(templates: usize, runs: usize) -> Self {
        Self {
            runs: Vec::with_capacity(runs),
            ends: Vec::with_capacity(templates),
            multiplicities: Vec::with_capacity(templates),
        }
    }

    /// Adds a template for `multiplicity` packs; nothing if that is 0.
    pub fn push(&mut self, runs: &[Run], multiplicity: u64) {
        if multiplicity > 0 {
            // One by one: templates are short, and a call to copy them costs more.
            self.runs.reserve(runs.len());
            for &run in runs {
                self.runs.push(run);
            }
            self.ends.push(self.runs.len());
            self.multiplicities.push(multiplicity);
        }
    }

    /// Number of templates.
    #[must_use]
    pub fn len(&self) -> usize {
        self.multiplicities.len()
    }

    /// True if there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.multiplicities.is_empty()
    }

    /// Runs and multiplicity of template `t`.
    ///
    /// # Panics
    /// If `t` is out of range.
    #[must_use]
    pub fn get(&self, t: usize) -> (&[Run], u64) {
        let start = if t == 0 { 0 } else { self.ends[t - 1] };
        (&self.runs[start..self.ends[t]], self.multiplicities[t])
    }

    /// All templates with their multiplicities, in order.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[Run], u64)> {
        (0..self.len()).map(|t| self.get(t))
    }

    /// Number of packs.
    #[must_use]
    pub fn pack_count(&self) -> u64 {
        self.multiplicities.iter().sum()
    }

    /// The order plans are stored in: lengths descending within a template, runs of one length and
    /// equal templates merged, templates compared by their lengths digit by digit, larger first,
    /// a template after its own extensions (`[7 3] > [5 5] > [5 3] > [5]`).
    #[must_use]
    pub fn into_plan_order(self) -> Self {
        let mut sorted: Vec<(Vec<Run>, u64)> =
            self.iter().map(|(runs, multiplicity)| (merged(runs), multiplicity)).collect();
        sorted.sort_by(|a, b| plan_order(&a.0, &b.0));
        let mut result = Self::new();
        for group in sorted.chunk_by(|a, b| a.0 == b.0) {
            result.push(&group[0].0, group.iter().map(|template| template.1).sum());
        }
        result
    }
}

/// Tokens of one pack of these runs.
#[must_use]
pub fn tokens(runs: &[Run]) -> u64 {
    runs.iter().map(|run| u64::from(run.length) * u64::from(run.times)).sum()
}

/// Sequences of one pack of these runs.
#[must_use]
pub fn sequences(runs: &[Run]) -> u64 {
    runs.iter().map(|run| u64::from(run.times)).sum()
}

/// Plan order of two merged, descending templates: larger first. For equal lengths more copies are
/// larger, because what would follow them is shorter.
#[must_use]
pub fn plan_order(a: &[Run], b: &[Run]) -> Ordering {
    b.cmp(a)
}

fn merged(runs: &[Run]) -> Vec<Run> {
    let mut runs = runs.to_vec();
    runs.sort_unstable_by(|a, b| b.cmp(a));
    runs.dedup_by(|later, kept| {
        later.length == kept.length && {
            kept.times += later.times;
            true
        }
    });
    runs
}
