//! A pack as column generation sees it: how many of which class.

use super::task::{Task, row_of};
use crate::template;

/// A pattern as (row, times), rows ascending.
pub(super) type Pattern = Vec<(u32, u32)>;

pub(super) fn to_pattern(task: &Task, runs: &[template::Run]) -> Pattern {
    let row = |length| row_of(task.classes, length) as u32;
    let mut pattern: Pattern = runs.iter().map(|run| (row(run.length), run.times)).collect();
    pattern.sort_unstable();
    pattern.dedup_by(|later, kept| {
        later.0 == kept.0 && {
            kept.1 += later.1;
            true
        }
    });
    pattern
}
