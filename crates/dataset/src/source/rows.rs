//! A run of consecutive source rows, as every reader hands it on.

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
}

impl Rows {
    /// Empties all lists and keeps their memory.
    pub(crate) fn clear(&mut self) {
        self.lengths.clear();
        self.tokens.clear();
        self.labels.as_mut().map(Vec::clear);
        self.weights.as_mut().map(Vec::clear);
        self.carried.clear();
    }
}

/// The label that a trainer ignores.
pub(crate) const IGNORE: i32 = -100;
