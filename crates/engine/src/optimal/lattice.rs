//! Lattices: a problem whose lengths are rounded to some hundred steps per pack is smaller, and its
//! solution leads to one of the true problem. Steps need not divide the capacity.
//!
//! Rounded to nearest the image has no waste of its own: packs are assembled from true lengths so
//! that what was rounded up and what was rounded down cancel out (`pairing`, `assembly`), and its
//! duals, interpolated, are close to those of the true lengths.
//! Rounded down the image is a relaxation, so that its duals prove a bound.

use crate::bound::Bound;

/// Classes of an image, longest first, and which true classes each of them stands for.
pub(super) struct Image {
    pub classes: Vec<(u32, u64)>,
    /// Per class the range of its true classes.
    pub spans: Vec<(usize, usize)>,
    pub capacity: u32,
    /// What a pack of the image holds.
    pub steps: u32,
}

impl Image {
    /// Lengths become the nearest steps, at least 1. Halves go to the even neighbour: always up, they
    /// would add 0.07 % to lengths around a third of 2048 in 512 steps, which no assembly gets back.
    pub fn nearest(classes: &[(u32, u64)], capacity: u32, steps: u32) -> Self {
        let (c, steps) = (u64::from(capacity), u64::from(steps));
        Self::by(classes, capacity, steps, |length| {
            let (whole, part) = (length * steps / c, length * steps % c);
            let up = 2 * part > c || (2 * part == c && whole % 2 == 1);
            (whole + u64::from(up)).max(1)
        })
    }

    /// Lengths become the steps that they fill.
    pub fn below(classes: &[(u32, u64)], capacity: u32, steps: u32) -> Self {
        let (c, steps) = (u64::from(capacity), u64::from(steps));
        Self::by(classes, capacity, steps, |length| length * steps / c)
    }

    fn by(classes: &[(u32, u64)], capacity: u32, steps: u64, image: impl Fn(u64) -> u64) -> Self {
        let mut images: Vec<(u32, u64)> = Vec::new();
        let mut spans: Vec<(usize, usize)> = Vec::new();
        for (class, &(length, count)) in classes.iter().enumerate() {
            let length = image(length.into()) as u32;
            match (images.last_mut(), spans.last_mut()) {
                (Some(last), Some(span)) if last.0 == length => {
                    last.1 += count;
                    span.1 = class + 1;
                }
                _ => {
                    images.push((length, count));
                    spans.push((class, class + 1));
                }
            }
        }
        // What has become nothing takes no room: it cannot be packed, and weighs nothing.
        if images.last().is_some_and(|last| last.0 == 0) {
            images.pop();
            spans.pop();
        }
        Self { classes: images, spans, capacity, steps: steps as u32 }
    }

    /// Duals of the image as those of the true classes: linear between the centres of its classes,
    /// beyond them those of the last one, and never rising with falling length.
    pub fn interpolate(&self, duals: &[f64], classes: &[(u32, u64)]) -> Vec<f64> {
        let centre = |at: usize| {
            f64::from(self.classes[at].0) * f64::from(self.capacity) / f64::from(self.steps)
        };
        let last = duals.len() - 1;
        let mut at = 0;
        let mut interpolated: Vec<f64> = Vec::with_capacity(classes.len());
        for &(length, _) in classes {
            let length = f64::from(length);
            while at < last && centre(at + 1) >= length {
                at += 1;
            }
            // Now centre(at) >= length > centre(at + 1), or the length lies beyond the last centre.
            interpolated.push(if at == last || length >= centre(at) {
                duals[at]
            } else {
                let (above, below) = (centre(at), centre(at + 1));
                duals[at + 1] + (duals[at] - duals[at + 1]) * (length - below) / (above - below)
            });
        }
        for at in (1..interpolated.len()).rev() {
            interpolated[at - 1] = interpolated[at - 1].max(interpolated[at]);
        }
        interpolated
    }

    /// A bound for the image as one for the true classes; only for lengths rounded down, whose every
    /// true pack is a pack of the image.
    pub fn true_bound(&self, bound: Bound, classes: &[(u32, u64)]) -> Bound {
        let Bound { packs, mut certificate } = bound;
        let mut weights = Vec::new();
        for (length, weight) in certificate.weights {
            let (from, end) = self.spans[super::task::row_of(&self.classes, length)];
            weights.extend(classes[from..end].iter().map(|class| (class.0, weight)));
        }
        certificate.weights = weights;
        Bound { packs, certificate }
    }
}
