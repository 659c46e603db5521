//! What is trained on: the label and the weight of every token of a segment.
//!
//! The base label of a token is its own label, or its id; -100 where its weight is 0; and -100 at
//! the first token of a segment, because a trainer that shifts inside scores that entry on the
//! last token of the segment before. `Shifted` moves each entry one place to the left, for
//! trainers that don't. Cost: one vectorised pass per array.

use crate::rows::values::{IGNORE, WeightValues};
use std::ops::Range;

/// Where the label of a token stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Labels {
    /// At the token itself: the trainer shifts (Hugging Face).
    #[default]
    Unshifted,
    /// At the token before: the trainer doesn't shift (Megatron, torchtune).
    Shifted,
}

impl Labels {
    /// For a segment of `length` tokens: which of them give a label (all but the first), and in
    /// which entries those labels stand. The one entry left over is never trained on.
    #[must_use]
    pub fn entries(self, length: usize) -> (Range<usize>, Range<usize>) {
        let targets = 1.min(length)..length;
        match self {
            Self::Unshifted => (targets.clone(), targets),
            Self::Shifted => (targets, 0..length.saturating_sub(1)),
        }
    }
}

/// Sets the labels of one segment from `base`, its tokens or own labels. Both have one entry per
/// token.
pub fn place(labels: Labels, base: &[i32], out: &mut [i32]) {
    let (from, to) = labels.entries(base.len());
    out.fill(IGNORE);
    out[to].copy_from_slice(&base[from]);
}

/// As [`place`], where `out` holds the base labels already.
pub fn place_within(labels: Labels, out: &mut [i32]) {
    let (from, to) = labels.entries(out.len());
    let ignored = if labels == Labels::Unshifted { 0 } else { to.end };
    out.copy_within(from, to.start);
    if let Some(entry) = out.get_mut(ignored) {
        *entry = IGNORE;
    }
}

/// Applies the weights of one segment to its labels, and sets `out` to what remains of them:
/// 0 wherever nothing is trained on. `range` is the segment's place among `values`.
///
/// Returns the first entry of the range that is no weight, with its value.
pub(crate) fn weigh(
    labels: Labels,
    values: &WeightValues<'_>,
    range: Range<usize>,
    placed: &mut [i32],
    out: &mut [f32],
) -> Option<(usize, String)> {
    match values {
        WeightValues::U8(values) => {
            weigh_each(labels, &values[range], placed, out, |&value| f32::from(value));
            None
        }
        WeightValues::F32(values) => {
            let values = &values[range];
            weigh_each(labels, values, placed, out, |&value| value);
            first_stray(values).map(|at| (at, values[at].to_string()))
        }
    }
}

fn weigh_each<T>(
    labels: Labels,
    values: &[T],
    placed: &mut [i32],
    out: &mut [f32],
    weight: impl Fn(&T) -> f32,
) {
    let (from, to) = labels.entries(values.len());
    out.fill(0.0);
    let targets = placed[to.clone()].iter_mut().zip(&mut out[to]);
    for ((label, out), value) in targets.zip(&values[from]) {
        let weight = weight(value);
        *label = if weight == 0.0 { IGNORE } else { *label };
        *out = if *label == IGNORE { 0.0 } else { weight };
    }
}

/// The first weight that is negative or not finite.
fn first_stray(values: &[f32]) -> Option<usize> {
    let stray = |value: &f32| !(value.is_finite() && *value >= 0.0);
    let any = values.iter().fold(false, |any, value| any | stray(value));
    if any { values.iter().position(stray) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(labels: Labels, base: &[i32]) -> Vec<i32> {
        let mut out = vec![7; base.len()];
        place(labels, base, &mut out);
        out
    }

    #[test]
    fn the_first_token_of_a_segment_is_never_a_target() {
        assert_eq!(placed(Labels::Unshifted, &[11, 12, 13]), [IGNORE, 12, 13]);
        assert_eq!(placed(Labels::Shifted, &[11, 12, 13]), [12, 13, IGNORE]);
        assert_eq!(placed(Labels::Unshifted, &[41]), [IGNORE]);
        assert_eq!(placed(Labels::Shifted, &[41]), [IGNORE]);
        assert!(placed(Labels::Shifted, &[]).is_empty());
    }

    #[test]
    fn labels_placed_within_their_own_memory_are_the_same() {
        for labels in [Labels::Unshifted, Labels::Shifted] {
            for base in [&[][..], &[41], &[21, 22], &[31, 32, 33, 34]] {
                let mut out = base.to_vec();
                place_within(labels, &mut out);
                assert_eq!(out, placed(labels, base));
            }
        }
    }

    #[test]
    fn weights_move_with_their_labels() {
        let weights = WeightValues::F32(&[0.0, 0.5, 0.25, 1.0, 2.0]);
        for (labels, want) in
            [(Labels::Unshifted, [0.0_f32, 0.5, 0.25]), (Labels::Shifted, [0.5, 0.25, 0.0])]
        {
            let (mut entries, mut out) = (placed(labels, &[11, 12, 13]), [9.0; 3]);
            assert_eq!(weigh(labels, &weights, 0..3, &mut entries, &mut out), None);
            assert_eq!(out.map(f32::to_bits), want.map(f32::to_bits));
        }
    }

    #[test]
    fn a_token_of_weight_zero_loses_its_label_and_an_ignored_label_its_weight() {
        let mut entries = [IGNORE, 5, IGNORE, 7];
        let mut out = [9.0; 4];
        weigh(Labels::Unshifted, &WeightValues::U8(&[1, 0, 1, 1]), 0..4, &mut entries, &mut out);
        assert_eq!(entries, [IGNORE, IGNORE, IGNORE, 7]);
        assert_eq!(out.map(f32::to_bits), [0.0_f32, 0.0, 0.0, 1.0].map(f32::to_bits));
    }

    #[test]
    fn a_negative_or_infinite_weight_is_named() {
        for wrong in [-0.5, f32::INFINITY, f32::NAN] {
            let values = [1.0, 0.0, wrong];
            assert_eq!(first_stray(&values), Some(2));
        }
        assert_eq!(first_stray(&[0.0, -0.0, f32::MAX]), None);
    }
}
