//! Writes the rows of a [`Layout`] into arrays of the caller.
//!
//! One pass over the places, in order within each part; parts are runs of whole rows with about
//! the same number of places, so that no two write to the same memory.

use crate::Fault;
use crate::memory::reserved;
use crate::rows::boundaries::{Boundaries, bound};
use crate::rows::layout::{Layout, Segment, Shape};
use crate::rows::places::{Content, Places};
use crate::rows::values::IGNORE;

/// Fills everything. With `threads` of 1 nothing runs in parallel; more must be called inside a
/// rayon pool. Neither the result nor the fault depends on it.
///
/// # Errors
/// [`Fault::Column`] for the first value, in the order of places, that is no id, label or weight,
/// and for a column beside the tokens that has another number of values for a sequence.
///
/// # Panics
/// If an array has another length than the layout says, or `content` isn't what was laid out.
pub fn fill(
    layout: &Layout,
    content: &Content<'_>,
    places: Places<'_>,
    mut boundaries: Boundaries<'_>,
    threads: usize,
) -> Result<(), Fault> {
    bound(layout, &mut boundaries);
    fill_rows(layout, content, places, 0..layout.row_count(), threads.max(1))
}

/// Halves the rows until there is one part per thread. Of two faults the earlier rows' counts.
fn fill_rows(
    layout: &Layout,
    content: &Content<'_>,
    places: Places<'_>,
    rows: std::ops::Range<usize>,
    threads: usize,
) -> Result<(), Fault> {
    if threads == 1 || rows.len() < 2 {
        return fill_part(layout, content, places, rows);
    }
    let start = layout.places[rows.start];
    let half = threads / 2;
    let goal = start + (layout.places[rows.end] - start) / threads * half;
    let inner = &layout.places[rows.start + 1..rows.end];
    let middle = (rows.start + 1 + inner.partition_point(|&place| place < goal)).min(rows.end - 1);
    let (left, right) = places.split_at(layout.places[middle] - start);
    let (first, second) = rayon::join(
        || fill_rows(layout, content, left, rows.start..middle, half),
        || fill_rows(layout, content, right, middle..rows.end, threads - half),
    );
    first.and(second)
}

fn fill_part(
    layout: &Layout,
    content: &Content<'_>,
    mut places: Places<'_>,
    rows: std::ops::Range<usize>,
) -> Result<(), Fault> {
    let mut scratch = Vec::new();
    if places.labels.is_none() && places.loss_weights.is_some() {
        // Weights are 0 where the label is -100, so labels are needed though nobody wants them.
        let segments = &layout.segments[layout.rows[rows.start]..layout.rows[rows.end]];
        let longest = segments.iter().map(|segment| segment.length).max().unwrap_or(0) as usize;
        scratch = reserved(longest)?;
        scratch.resize(longest, IGNORE);
    }
    for row in rows {
        let numbers = layout.rows[row]..layout.rows[row + 1];
        let mut number = match layout.options.shape {
            Shape::Padded { .. } => 1,
            Shape::Flat { .. } => numbers.start + 1,
        };
        let mut left = layout.places[row + 1] - layout.places[row];
        let mut segments = &layout.segments[numbers];
        while !segments.is_empty() {
            let (group, behind) = segments.split_at(group_size(layout, segments));
            let need = group.iter().map(|segment| layout.need(segment.length) as usize).sum();
            let (mut here, rest) = places.split_at(need);
            here.fill_group(layout, content, group, number, &mut scratch)?;
            places = rest;
            left -= need;
            number += group.len();
            segments = behind;
        }
        let (mut tail, rest) = places.split_at(left);
        tail.fill_padding(content.pad_token_id);
        places = rest;
    }
    Ok(())
}

/// How many of the next segments are filled together: what stays in the first-level cache.
fn group_size(layout: &Layout, segments: &[Segment]) -> usize {
    const PLACES: u64 = 2048;
    let mut taken = 0;
    let full = segments.iter().position(|segment| {
        taken += layout.need(segment.length);
        taken > PLACES
    });
    full.unwrap_or(segments.len()).max(1)
}
