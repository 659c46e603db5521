//! A lower bound with its proof, and what its kinds share.

use crate::certificate::{Certificate, CertificateKind};

/// A certificate with the number of packs that it proves necessary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// `ceil(total weight / pack weight)`.
    pub packs: u64,
    /// The proof.
    pub certificate: Certificate,
}

impl Bound {
    /// Weights by a rule, for each of `classes` (longest first).
    pub(super) fn by(
        kind: CertificateKind,
        parameter: Option<u64>,
        pack_weight: u64,
        classes: &[(u32, u64)],
        weight: impl Fn(u32) -> u64,
    ) -> Self {
        let mut weights = Vec::with_capacity(classes.len());
        let mut total = 0;
        for &(length, count) in classes {
            let weight = weight(length);
            if weight > 0 {
                weights.push((length, weight));
                total += u128::from(weight) * u128::from(count);
            }
        }
        let certificate = Certificate { kind, parameter, pack_weight, weights, counted: false };
        Self { packs: needed(total, pack_weight), certificate }
    }

    /// The one that proves more; this one if both prove the same.
    #[must_use]
    pub fn or_better(self, other: Self) -> Self {
        if other.packs > self.packs { other } else { self }
    }
}

/// How many packs the weights of `certificate` demand for `classes`, both longest first.
#[must_use]
pub fn packs(certificate: &Certificate, classes: &[(u32, u64)]) -> u64 {
    let mut weights = certificate.weights.iter().peekable();
    let mut total = 0u128;
    for &(length, count) in classes {
        while weights.next_if(|weight| weight.0 > length).is_some() {}
        if let Some(&(_, weight)) = weights.next_if(|weight| weight.0 == length) {
            total += u128::from(weight) * u128::from(count);
        }
    }
    needed(total, certificate.pack_weight)
}

/// Packs for this weight. A weight is at most the pack weight, so these are at most as many as there are
/// sequences.
fn needed(total: u128, pack_weight: u64) -> u64 {
    u64::try_from(total.div_ceil(pack_weight.max(1).into())).unwrap_or(u64::MAX)
}

/// The threshold a for which `whole sequences longer than C - a, plus what is left from a up /
/// pack weight` is largest, and 0 where nothing is gained.
///
/// Only `a = 0` and `a = C - l + 1` for lengths above half the capacity need a look: between two of
/// those the whole packs stay the same and a smaller a only adds parts.
pub(super) fn best_threshold(
    classes: &[(u32, u64)],
    capacity: u32,
    pack_weight: u64,
    part: impl Fn(u32) -> u64,
) -> u32 {
    let weight = |class: &(u32, u64)| u128::from(part(class.0)) * u128::from(class.1);
    let bound = |whole: u64, parts: u128| {
        // A division of 128 bits takes ten times as long, and hardly ever is one needed.
        let parts = match u64::try_from(parts) {
            Ok(parts) => u128::from(parts.div_ceil(pack_weight)),
            Err(_) => parts.div_ceil(pack_weight.into()),
        };
        u128::from(whole) + parts
    };
    // Weights of the classes [longs, end): as the threshold rises both ends move towards the middle.
    let mut parts: u128 = classes.iter().map(weight).sum();
    let (mut best, mut found) = (bound(0, parts), 0);
    let (mut whole, mut end) = (0, classes.len());
    for class in classes.iter().take_while(|class| class.0 > capacity / 2) {
        whole += class.1;
        parts -= weight(class);
        let a = capacity - class.0 + 1;
        if a > capacity.div_ceil(2) {
            break;
        }
        while end > 0 && classes[end - 1].0 < a {
            end -= 1;
            parts -= weight(&classes[end]);
        }
        if bound(whole, parts) > best {
            (best, found) = (bound(whole, parts), a);
        }
    }
    found
}
