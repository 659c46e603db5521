//! A run of consecutive source rows, as every reader hands it on.

use crate::Fault;
use arrow_array::ArrayRef;

/// Consecutive sequences: lengths, and tokens behind one another. What belongs to the tokens has
/// their shape.
#[derive(Default)]
pub(crate) struct Rows {
    /// Tokens of each sequence.
    pub lengths: Vec<u32>,
    /// All tokens; empty where only lengths were asked for.
    pub tokens: Vec<i32>,
    /// Own labels with the loss mask folded in, if there is a column of either.
    pub labels: Option<Vec<i32>>,
    /// Loss weights, if the loss mask is of floats.
    pub weights: Option<Vec<f32>>,
    /// Carried columns, a value per sequence.
    pub carried: Vec<ArrayRef>,
    /// A loss mask without a type of its own has fractions: its numbers are weights.
    pub fractions: bool,
    /// The first number above 1 in a loss mask without a type of its own: a fault unless that has
    /// fractions.
    pub above_one: Option<Fault>,
    /// How far into the file the reader has come, where rows don't tell.
    pub reached: Option<u64>,
    /// Bytes of the file that these rows stand for: for progress.
    pub bytes: u64,
}

impl Rows {
    /// Empties all lists and keeps their memory.
    pub(crate) fn clear(&mut self) {
        self.lengths.clear();
        self.tokens.clear();
        self.labels.as_mut().map(Vec::clear);
        self.weights.as_mut().map(Vec::clear);
        self.carried.clear();
        self.fractions = false;
        self.above_one = None;
        self.reached = None;
    }

    /// Leaves out the tokens that aren't to be kept, with what belongs to them.
    pub(crate) fn strip(&mut self, keep: &[bool]) {
        if keep.iter().all(|&keep| keep) {
            return;
        }
        let mut start = 0;
        for length in &mut self.lengths {
            let end = start + *length as usize;
            *length = keep[start..end].iter().map(|&keep| u32::from(keep)).sum();
            start = end;
        }
        stripped(&mut self.tokens, keep);
        if let Some(labels) = &mut self.labels {
            stripped(labels, keep);
        }
        if let Some(weights) = &mut self.weights {
            stripped(weights, keep);
        }
    }
}

fn stripped<T>(values: &mut Vec<T>, keep: &[bool]) {
    let mut keep = keep.iter();
    values.retain(|_| *keep.next().expect("a mark for each token"));
}

/// The label that a trainer ignores.
pub(crate) const IGNORE: i32 = -100;
