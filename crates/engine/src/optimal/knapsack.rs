//! Unbounded knapsack over tokens: the pricing problem of column generation.
//!
//! O(D C), or O(D C k) with at most k sequences per pack; 12 bytes per cell. Classes that a
//! combination of shorter ones beats are skipped; the inner loop runs over blocks of the class's
//! length, which don't overlap, so that it vectorises. Not for capacities whose table does not fit
//! the work left: `affordable` says so.

use super::work::Work;
use crate::Fault;
use crate::certificate::MOST_WORK;

const NOTHING: u32 = u32::MAX;

/// Cells that a table may have: 200 MB.
const MOST_CELLS: u64 = 1 << 24;

/// `value(x, k)` = largest total value of sequences with at most x tokens (and at most k of them,
/// where limited).
pub(super) struct Knapsack {
    width: usize,
    /// Rows beyond the first; 0 = no limit, one row.
    limit: u32,
    value: Vec<f64>,
    choice: Vec<u32>,
}

/// True if a knapsack over `classes` classes fits memory and `units`, and a proof by the same lengths
/// can be had whatever the units.
pub(super) fn affordable(classes: usize, capacity: u32, limit: Option<u32>, units: u64) -> bool {
    let cells = (u64::from(capacity) + 1).saturating_mul(u64::from(limit.unwrap_or(0)) + 1);
    let row = u64::from(capacity) * u64::from(limit.unwrap_or(1));
    cells <= MOST_CELLS && row.saturating_mul(classes as u64) <= units.min(MOST_WORK / 4)
}

impl Knapsack {
    /// # Errors
    /// [`Fault::Memory`] if the table does not fit.
    pub fn new(capacity: u32, limit: Option<u32>) -> Result<Self, Fault> {
        let (width, limit) = (capacity as usize + 1, limit.unwrap_or(0));
        let cells = width * (limit as usize + 1);
        let (mut value, mut choice) = (Vec::new(), Vec::new());
        let fits = value.try_reserve_exact(cells).and(choice.try_reserve_exact(cells));
        fits.map_err(|_| Fault::Memory { bytes: 12 * cells as u64 })?;
        value.resize(cells, 0.0);
        choice.resize(cells, NOTHING);
        Ok(Self { width, limit, value, choice })
    }

    /// Forgets all offers.
    pub fn clear(&mut self) {
        self.value.fill(0.0);
        self.choice.fill(NOTHING);
    }

    fn row(&self, sequences: u32) -> usize {
        sequences.min(self.limit) as usize * self.width
    }

    pub fn value(&self, tokens: u32, sequences: u32) -> f64 {
        self.value[self.row(sequences) + tokens as usize]
    }

    /// The dearest pack.
    pub fn best(&self) -> f64 {
        self.value[self.value.len() - 1]
    }

    /// Offers any number of sequences of `length`, worth `value` each. Offer shorter lengths first:
    /// then more are skipped.
    pub fn offer(&mut self, class: u32, length: u32, value: f64, work: &mut Work) {
        let (width, l) = (self.width, length as usize);
        if l >= width || value <= self.value[self.row(1) + l] {
            return; // shorter ones are worth as much in the same room
        }
        if self.limit == 0 {
            for piece in work.upwards(l..width) {
                for start in piece.clone().step_by(l) {
                    let end = (start + l).min(piece.end);
                    let (before, rest) = self.value.split_at_mut(start);
                    let choice = &mut self.choice[start..end];
                    improve(&before[start - l..], &mut rest[..end - start], choice, value, class);
                }
            }
            return;
        }
        for row in 1..=self.limit as usize {
            let here = row * width;
            let (before, rest) = self.value.split_at_mut(here);
            let from = &before[here - width..];
            for piece in work.upwards(l..width) {
                let choice = &mut self.choice[here + piece.start..here + piece.end];
                improve(&from[piece.start - l..], &mut rest[piece], choice, value, class);
            }
        }
    }

    /// Adds the classes of a dearest pack of `tokens` and `sequences`.
    pub fn trace(
        &self,
        tokens: u32,
        sequences: u32,
        length: impl Fn(u32) -> u32,
        classes: &mut Vec<u32>,
    ) {
        let (mut x, mut k) = (tokens as usize, sequences.min(self.limit));
        loop {
            let class = self.choice[self.row(k) + x];
            if class == NOTHING {
                return;
            }
            classes.push(class);
            x -= length(class) as usize;
            k = k.saturating_sub(1);
            if self.limit > 0 && k == 0 {
                return;
            }
        }
    }
}

fn improve(from: &[f64], to: &mut [f64], choice: &mut [u32], value: f64, class: u32) {
    for ((&from, to), choice) in from.iter().zip(to).zip(choice) {
        let candidate = from + value;
        let better = candidate > *to;
        *to = if better { candidate } else { *to };
        *choice = if better { class } else { *choice };
    }
}
