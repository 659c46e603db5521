//! Counted knapsack over tokens: no more copies of a class than there are.
//!
//! Where counts are small the dearest pack without counts uses copies that don't exist, so that its
//! bound ends below the truth. Copies are split into 1, 2, 4 … and a rest, each part taken or not;
//! a class with as many copies as fit stays one item taken any number of times. O(C) per part, times
//! k with a limit on sequences; 8 bytes per cell, and a bit per part and cell that says whether
//! taking the part paid: the last choice per cell would not do, since a later part may have
//! overwritten the cell that an earlier one came from. For problems of few sequences; see
//! `pricing::counts_matter`.

use super::work::Work;
use crate::Fault;
use std::ops::Range;

/// Some copies of a class, taken together; or any number, one at a time.
struct Part {
    row: u32,
    copies: u32,
    tokens: usize,
    again: bool,
}

/// `value(layer, x)` = largest total value of sequences with at most x tokens (and at most `layer`
/// of them, where limited).
pub(super) struct Counted {
    width: usize,
    /// Layers beyond the first; 0 = no limit, one layer.
    limit: u32,
    value: Vec<f64>,
    parts: Vec<Part>,
    /// Per part and layer the words of one bit per cell.
    paid: Vec<u64>,
}

impl Counted {
    /// # Errors
    /// [`Fault::Memory`] if the table does not fit.
    pub fn new(capacity: u32, limit: Option<u32>) -> Result<Self, Fault> {
        let (width, limit) = (capacity as usize + 1, limit.unwrap_or(0));
        let cells = width * (limit as usize + 1);
        let mut value = Vec::new();
        let fits = value.try_reserve_exact(cells);
        fits.map_err(|_| Fault::Memory { bytes: 8 * cells as u64 })?;
        value.resize(cells, 0.0);
        Ok(Self { width, limit, value, parts: Vec::new(), paid: Vec::new() })
    }

    /// Forgets all offers.
    pub fn clear(&mut self) {
        self.value.fill(0.0);
        self.parts.clear();
        self.paid.clear();
    }

    /// The dearest pack.
    pub fn best(&self) -> f64 {
        self.value[self.value.len() - 1]
    }

    /// Offers `count` sequences of `length`, worth `value` each. Also where shorter ones are worth as
    /// much in the same room: they may be used up.
    pub fn offer(&mut self, row: u32, length: u32, value: f64, count: u64, work: &mut Work) {
        let l = length as usize;
        if l >= self.width || value <= 0.0 {
            return;
        }
        let fit = ((self.width - 1) / l) as u32;
        let fit = if self.limit > 0 { fit.min(self.limit) } else { fit };
        if count >= u64::from(fit) && fit > 1 {
            self.add(Part { row, copies: 1, tokens: l, again: true }, value, work);
            return;
        }
        let (mut left, mut copies) = (count.min(fit.into()) as u32, 1);
        while left > 0 {
            let part = copies.min(left);
            left -= part;
            copies *= 2;
            let tokens = l * part as usize;
            let together = value * f64::from(part);
            self.add(Part { row, copies: part, tokens, again: false }, together, work);
        }
    }

    fn words(&self) -> usize {
        self.width.div_ceil(64)
    }

    fn add(&mut self, part: Part, value: f64, work: &mut Work) {
        let (width, words, layers) = (self.width, self.words(), self.limit as usize + 1);
        let at = self.paid.len();
        self.paid.resize(at + layers * words, 0);
        let paid = &mut self.paid[at..];
        let copies = part.copies as usize;
        let cells = part.tokens..width;
        if self.limit == 0 && part.again {
            for piece in work.upwards(cells) {
                take_again(&mut self.value, paid, piece, part.tokens, value);
            }
        } else if self.limit == 0 {
            for piece in work.downwards(cells) {
                take_once(&mut self.value, paid, piece, part.tokens, value);
            }
        } else {
            // A layer each, whether or not the part's copies reach it.
            for _ in 1..copies {
                work.charge(cells.len() as u64);
            }
            // Downwards for a part that is taken once: the layers below are still without it.
            let upwards = copies..layers;
            let order: Vec<usize> =
                if part.again { upwards.collect() } else { upwards.rev().collect() };
            for layer in order {
                let (before, here) = self.value.split_at_mut(layer * width);
                let from = &before[(layer - copies) * width..][..width];
                let paid = &mut paid[layer * words..][..words];
                for piece in work.upwards(cells.clone()) {
                    take_from(from, &mut here[..width], paid, piece, part.tokens, value);
                }
            }
        }
        self.parts.push(part);
    }

    /// Adds the rows of a dearest pack of `tokens` and `sequences`, one per sequence.
    pub fn trace(&self, tokens: u32, sequences: u32, rows: &mut Vec<u32>) {
        let (words, layers) = (self.words(), self.limit as usize + 1);
        let (mut x, mut layer) = (tokens as usize, sequences.min(self.limit));
        for (at, part) in self.parts.iter().enumerate().rev() {
            loop {
                let word = (at * layers + layer as usize) * words + x / 64;
                if self.paid[word] >> (x % 64) & 1 == 0 {
                    break;
                }
                rows.extend(std::iter::repeat_n(part.row, part.copies as usize));
                x -= part.tokens;
                layer = layer.saturating_sub(part.copies);
                if !part.again {
                    break;
                }
            }
        }
    }
}

/// Downwards, a word of cells at a time: what is read is still without the part.
fn take_once(value: &mut [f64], paid: &mut [u64], cells: Range<usize>, tokens: usize, worth: f64) {
    let mut from = [0.0; 64];
    let words = cells.start / 64..cells.end.div_ceil(64);
    for (word, paid) in words.clone().zip(&mut paid[words]).rev() {
        let (start, end) = ((word * 64).max(cells.start), (word * 64 + 64).min(cells.end));
        let from = &mut from[..end - start];
        from.copy_from_slice(&value[start - tokens..end - tokens]);
        let better = improve(from, &mut value[start..end], worth);
        *paid |= better << (start % 64);
    }
}

/// Upwards, so that the part may be taken again.
fn take_again(value: &mut [f64], paid: &mut [u64], cells: Range<usize>, tokens: usize, worth: f64) {
    for x in cells {
        let offered = value[x - tokens] + worth;
        if offered > value[x] {
            value[x] = offered;
            paid[x / 64] |= 1 << (x % 64);
        }
    }
}

/// From the layer with fewer sequences.
fn take_from(
    from: &[f64],
    to: &mut [f64],
    paid: &mut [u64],
    cells: Range<usize>,
    tokens: usize,
    worth: f64,
) {
    let words = cells.start / 64..cells.end.div_ceil(64);
    for (word, paid) in words.clone().zip(&mut paid[words]) {
        let (start, end) = ((word * 64).max(cells.start), (word * 64 + 64).min(cells.end));
        let better = improve(&from[start - tokens..end - tokens], &mut to[start..end], worth);
        *paid |= better << (start % 64);
    }
}

/// Which of at most 64 cells gain, as bits.
fn improve(from: &[f64], to: &mut [f64], worth: f64) -> u64 {
    let mut gains = 0;
    for (at, (&from, to)) in from.iter().zip(to).enumerate() {
        let offered = from + worth;
        let better = offered > *to;
        *to = if better { offered } else { *to };
        gains |= u64::from(better) << at;
    }
    gains
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unwatched;
    use crate::seeded::Generator;

    /// The largest value by trying every number of copies of each class.
    fn by_trying(classes: &[(u32, f64, u64)], room: u32, slots: u32) -> f64 {
        let Some((&(length, value, count), rest)) = classes.split_first() else { return 0.0 };
        (0..=count.min((room / length).min(slots).into()) as u32)
            .map(|n| f64::from(n) * value + by_trying(rest, room - n * length, slots - n))
            .fold(0.0, f64::max)
    }

    #[test]
    fn the_dearest_pack_is_that_of_trying_all_and_its_trace_is_a_pack_of_that_value() {
        let mut generator = Generator::new(41);
        for case in 0..3000 {
            let capacity = 1 + generator.below(200) as u32;
            let limit = (case % 3 > 0).then(|| 1 + generator.below(5) as u32);
            let classes: Vec<(u32, f64, u64)> = (0..=generator.below(6))
                .map(|_| {
                    let length = 1 + generator.below(u64::from(capacity.min(130))) as u32;
                    (length, generator.below(100) as f64, 1 + generator.below(7))
                })
                .collect();
            let mut knapsack = Counted::new(capacity, limit).expect("small");
            let mut work = Work::new(u64::MAX, &Unwatched);
            for (row, &(length, value, count)) in (0..).zip(&classes) {
                knapsack.offer(row, length, value, count, &mut work);
            }
            let slots = limit.unwrap_or(u32::MAX);
            for tokens in [capacity, capacity / 2] {
                let best = by_trying(&classes, tokens, slots);
                let mut rows = Vec::new();
                knapsack.trace(tokens, slots, &mut rows);
                let of = |row: &u32| classes[*row as usize];
                let traced = rows.iter().map(|row| of(row).1).sum::<f64>();
                assert!((traced - best).abs() < 1e-9, "{case}: {classes:?} {capacity} {limit:?}");
                assert!(rows.iter().map(|row| of(row).0).sum::<u32>() <= tokens);
                assert!(rows.len() <= slots as usize);
                for (row, class) in (0..).zip(&classes) {
                    assert!(rows.iter().filter(|&&r| r == row).count() as u64 <= class.2);
                }
            }
            assert!((knapsack.best() - by_trying(&classes, capacity, slots)).abs() < 1e-9);
        }
    }
}
