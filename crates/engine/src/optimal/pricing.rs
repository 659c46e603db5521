//! Pricing: the dearest pack under prices per class, and the dearest that holds a given class; with
//! copies without end, or only as many as there are where that makes a difference.

use super::counted::Counted;
use super::knapsack::Knapsack;
use super::pattern::Pattern;
use super::task::Task;
use super::work::Work;
use crate::Fault;

/// A counted table has at most this many cells, times the copies of a class split in two.
const MOST_CELLS: u64 = 1 << 24;
/// Counts matter while there are no more sequences than so many, and so many more per class.
const SEQUENCES: u64 = 1000;
const SEQUENCES_PER_CLASS: u64 = 4;

/// True where packs with as many copies as fit bound noticeably worse than packs of what there is,
/// and the counted table is affordable: few sequences, some class with fewer than a pack could hold.
pub(super) fn counts_matter(task: &Task) -> bool {
    let classes = task.classes.len() as u64;
    let layers = u64::from(task.limit.unwrap_or(1));
    let cells = classes.saturating_mul(task.capacity.into()).saturating_mul(layers);
    let fit = |length: u32| u64::from((task.capacity / length).min(task.limit.unwrap_or(u32::MAX)));
    let sequences = task.classes.iter().fold(0, |sum: u64, class| sum.saturating_add(class.1));
    cells <= MOST_CELLS
        && sequences <= SEQUENCES_PER_CLASS * classes + SEQUENCES
        && task.classes.iter().any(|class| class.1 < fit(class.0))
}

/// Units of one pricing at most.
pub(super) fn pricing_units(task: &Task, counted: bool) -> u64 {
    let layers = u64::from(task.limit.unwrap_or(1));
    let parts = |&(length, count): &(u32, u64)| {
        let copies = count.min((task.capacity / length).into());
        if counted { u64::from(u64::BITS - copies.leading_zeros()) } else { 1 }
    };
    let row = |class: &(u32, u64)| u64::from(task.capacity - class.0) * layers * parts(class);
    task.classes.iter().fold(0, |sum: u64, class| sum.saturating_add(row(class)))
}

/// The knapsack of a task.
pub(super) enum Pricing {
    /// Any number of copies.
    Endless(Knapsack),
    /// As many as there are.
    Counted(Counted),
}

impl Pricing {
    /// # Errors
    /// [`Fault::Memory`] if the table does not fit.
    pub fn new(task: &Task, counted: bool) -> Result<Self, Fault> {
        Ok(if counted {
            Self::Counted(Counted::new(task.capacity, task.limit)?)
        } else {
            Self::Endless(Knapsack::new(task.capacity, task.limit)?)
        })
    }

    /// Units of one pricing at most.
    pub fn units(&self, task: &Task) -> u64 {
        pricing_units(task, matches!(self, Self::Counted(_)))
    }

    /// Forgets earlier prices and takes these; the price of the dearest pack.
    pub fn price(&mut self, task: &Task, prices: &[f64], work: &mut Work) -> f64 {
        let classes = task.classes.iter().zip(prices).enumerate().rev();
        match self {
            Self::Endless(knapsack) => {
                knapsack.clear();
                for (row, (&(length, _), &price)) in classes {
                    knapsack.offer(row as u32, length, price, work);
                }
                knapsack.best()
            }
            Self::Counted(knapsack) => {
                knapsack.clear();
                for (row, (&(length, count), &price)) in classes {
                    knapsack.offer(row as u32, length, price, count, work);
                }
                knapsack.best()
            }
        }
    }

    /// A dearest pack, cut to the copies that there are: of all, or of those that hold `row`.
    pub fn pattern(&self, task: &Task, row: Option<u32>, rows: &mut Vec<u32>) -> Pattern {
        rows.clear();
        rows.extend(row);
        let taken = row.map_or(0, |row| task.classes[row as usize].0);
        let others = task.limit.map_or(u32::MAX, |k| k - u32::from(row.is_some()));
        if others > 0 {
            match self {
                Self::Endless(knapsack) => {
                    let lengths = |row: u32| task.classes[row as usize].0;
                    knapsack.trace(task.capacity - taken, others, lengths, rows);
                }
                Self::Counted(knapsack) => knapsack.trace(task.capacity - taken, others, rows),
            }
        }
        rows.sort_unstable();
        let copies = |row: u32| task.classes[row as usize].1.min(u64::from(u32::MAX)) as u32;
        let same = rows.chunk_by(|a, b| a == b);
        same.map(|rows| (rows[0], (rows.len() as u32).min(copies(rows[0])))).collect()
    }
}
