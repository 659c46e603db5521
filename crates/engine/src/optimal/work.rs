//! Counted work: what bounds every search here, so that results never depend on the clock.
//!
//! One unit is one inner-loop step of the cheapest kind (a knapsack cell, a matrix entry), about a
//! nanosecond on a core of the 2020s. Counting is also the moment to ask the watch whether to go
//! on: a search that is cancelled counts as spent, unwinds by its ordinary exits, and its result is
//! thrown away by the caller.

use crate::{Fault, Stage, Watch};
use std::ops::Range;

/// Units between two questions to the watch, 1 to 2 ms, and what is charged at once at most.
const ASK: u64 = 1 << 20;

/// Cells of a knapsack that are worked on at once.
const PIECE: usize = ASK as usize;

/// Units of a node of a depth-first search: two bitset updates and a predecessor query.
const NODE: u64 = 16;

/// Units that the relaxation of so many classes takes, about: some tens of pricings, and pivots.
pub(super) fn relaxation(classes: usize, capacity: u32, limit: Option<u32>) -> u64 {
    let (rows, layers) = (classes as u64, u64::from(limit.unwrap_or(1)));
    let pricings = (60 * rows * u64::from(capacity)).saturating_mul(layers);
    pricings.saturating_add(200 * rows * rows)
}

/// A budget of units.
pub(crate) struct Work<'a> {
    limit: u64,
    units: u64,
    asked: u64,
    /// Units of the budget that this is a part of, before it.
    before: u64,
    total: u64,
    watch: &'a dyn Watch,
    cancelled: bool,
}

impl<'a> Work<'a> {
    pub fn new(limit: u64, watch: &'a dyn Watch) -> Self {
        Self { limit, units: 0, asked: 0, before: 0, total: limit, watch, cancelled: false }
    }

    /// Units that may still be spent in this share.
    pub fn left(&self) -> u64 {
        if self.cancelled { 0 } else { self.limit.saturating_sub(self.units) }
    }

    /// The watch, for a part with a budget of its own.
    pub fn watch(&self) -> &'a dyn Watch {
        self.watch
    }

    /// True once the watch has asked for an end.
    pub fn stopped(&self) -> bool {
        self.cancelled
    }

    pub fn exhausted(&self) -> bool {
        self.left() == 0
    }

    pub fn charge(&mut self, units: u64) {
        self.units = self.units.saturating_add(units);
        if self.units - self.asked >= ASK {
            self.asked = self.units;
            self.is_cancelled();
        }
    }

    /// Pieces of a row of cells, upwards, each charged before it is worked on: one that ends the search
    /// ends the row.
    pub fn upwards(&mut self, cells: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let mut from = cells.start;
        std::iter::from_fn(move || {
            let end = cells.end.min(from.saturating_add(PIECE));
            let piece = from..end;
            self.piece(&piece)?;
            from = end;
            Some(piece)
        })
    }

    /// The same downwards; all but the last begin at a multiple of 64.
    pub fn downwards(&mut self, cells: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let mut end = cells.end;
        std::iter::from_fn(move || {
            let from = end.saturating_sub(PIECE).next_multiple_of(64).max(cells.start);
            let piece = from..end;
            self.piece(&piece)?;
            end = from;
            Some(piece)
        })
    }

    /// Charges so much that the watch is to be asked on the way.
    pub fn charge_in_pieces(&mut self, units: u64) {
        self.upwards(0..units as usize).for_each(drop);
    }

    fn piece(&mut self, cells: &Range<usize>) -> Option<()> {
        self.charge(cells.len() as u64);
        (!cells.is_empty() && !self.cancelled).then_some(())
    }

    /// Asks the watch at once: for work that is charged before it is done.
    pub fn is_cancelled(&mut self) -> bool {
        let done = (self.before + self.units).min(self.total);
        self.cancelled |= self.watch.step(Stage::Plan, done, self.total).is_err();
        self.cancelled
    }

    pub fn charge_nodes(&mut self, nodes: u64) {
        self.charge_in_pieces(NODE * nodes);
    }

    /// Tells the watch how far the best plan is from its bound.
    pub fn report(&self, gap: u64) {
        self.watch.gap(gap);
    }

    /// Runs `step` with at most `percent` of what is left; what it leaves stays in the budget.
    pub fn share<R>(&mut self, percent: u64, step: impl FnOnce(&mut Self) -> R) -> R {
        let outer = self.limit;
        self.limit = self.units.saturating_add(self.left() / 100 * percent);
        let result = step(self);
        self.limit = outer;
        result
    }

    /// A budget of what is left, for a part that may run beside others; [`join`](Self::join) it in
    /// order.
    pub fn part(&self) -> Self {
        Self { limit: self.left(), units: 0, asked: 0, before: self.before + self.units, ..*self }
    }

    /// Counts what a part has spent; false if that is more than is left, and then all of it is.
    pub fn join(&mut self, part: &Self) -> bool {
        self.cancelled |= part.cancelled;
        let (left, affordable) = (self.left(), part.units <= self.left());
        self.charge(part.units.min(left));
        affordable && !self.cancelled
    }

    /// The units spent, which the watch is told as the whole of this stage.
    ///
    /// # Errors
    /// [`Fault::Cancelled`] if the watch has asked for an end.
    pub fn finish(&self) -> Result<u64, Fault> {
        if self.cancelled {
            return Err(Fault::Cancelled);
        }
        self.watch.step(Stage::Plan, self.units, self.units)?;
        Ok(self.units)
    }
}
