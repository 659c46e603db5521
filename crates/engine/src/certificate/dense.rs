//! Does any pack outweigh K? An exact dynamic program with a cell for every sum of tokens.
//!
//! O(D C) at most, with k sequences O(D C k), and no more than the [`Budget`] has; memory (C + 1)
//! cells, times k + 1. Sums saturate, so that no overflow can pass as a proof. For large capacities:
//! `sparse`.

use super::budget::Budget;
use super::sparse::Found;
use crate::{Fault, Stage, Watch};

/// Cells between two looks at the watch.
const CELLS: u64 = 1 << 21;

/// Cells of a table over `capacity` tokens and `limit` sequences.
pub(super) fn cells(capacity: u32, limit: Option<u32>) -> u64 {
    (u64::from(capacity) + 1).saturating_mul(limit.map_or(1, |k| u64::from(k) + 1))
}

/// Whether some pack of at most `capacity` tokens and `limit` sequences outweighs `pack_weight`.
///
/// # Errors
/// [`Fault::Memory`] where the table does not fit; [`Fault::Cancelled`] when the watch says so.
pub(super) fn outweighs(
    weights: &[(u32, u64)],
    pack_weight: u64,
    capacity: u32,
    limit: Option<u32>,
    budget: &mut Budget,
    watch: &dyn Watch,
) -> Result<Found, Fault> {
    let width = capacity as usize + 1;
    let rows = limit.map_or(1, |k| k as usize + 1);
    let mut best = table(width, rows)?;
    let (mut asked, total) = (0, weights.len() as u64);
    for (done, &(length, weight)) in (0..).zip(weights.iter().rev()) {
        let l = length as usize;
        // Row 1 with a limit, the only row without: what one sequence's room is worth already.
        let single = if rows > 1 { width + l } else { l };
        if weight <= best[single] {
            continue;
        }
        for row in rows.min(2) - 1..rows {
            if asked >= CELLS {
                watch.step(Stage::Verify, done, total)?;
                asked = 0;
            }
            asked += (width - l) as u64;
            if !budget.take((width - l) as u64) {
                return Ok(Found::TooLong);
            }
            let heaviest = if rows == 1 {
                add_without_limit(&mut best, l, weight)
            } else {
                let (before, here) = best[(row - 1) * width..(row + 1) * width].split_at_mut(width);
                add_from(before, here, l, weight)
            };
            if heaviest > pack_weight {
                return Ok(Found::At(length));
            }
        }
    }
    Ok(Found::Never)
}

/// `f[x] = max(f[x], f[x - length] + weight)`, upwards, so that a length may stand repeatedly.
fn add_without_limit(best: &mut [u64], length: usize, weight: u64) -> u64 {
    for x in length..best.len() {
        best[x] = best[x].max(best[x - length].saturating_add(weight));
    }
    *best.last().expect("a table has at least one cell")
}

/// The same from the row with one sequence fewer.
fn add_from(before: &[u64], here: &mut [u64], length: usize, weight: u64) -> u64 {
    for (&from, to) in before.iter().zip(&mut here[length..]) {
        *to = (*to).max(from.saturating_add(weight));
    }
    *here.last().expect("a table has at least one cell")
}

fn table(width: usize, rows: usize) -> Result<Vec<u64>, Fault> {
    let refused = |cells: usize| Fault::Memory { bytes: (cells as u64).saturating_mul(8) };
    let cells = width.checked_mul(rows).ok_or_else(|| refused(usize::MAX))?;
    let mut table = Vec::new();
    table.try_reserve_exact(cells).map_err(|_| refused(cells))?;
    table.resize(cells, 0);
    Ok(table)
}
