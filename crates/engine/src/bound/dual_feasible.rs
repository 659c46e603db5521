//! Bounds by dual feasible functions: u(p) for p = 1 ..= 32 and ccm(lambda) for about 128 values.
//!
//! O(D) for each parameter, so about 160 passes over the classes. They find bounds above L2 where
//! lengths lie just above a fraction of the capacity. Sources: Fekete and Schepers 2001; Carlier,
//! Clautiaux and Moukrim 2007.

use super::{Bound, packs};
use crate::certificate::CertificateKind;
use std::cmp::Ordering;

const FEKETE_SCHEPERS: u64 = 32;
const CARLIER: u64 = 256;

/// The best of both families for `classes`, longest first.
#[must_use]
pub fn dual_feasible(classes: &[(u32, u64)], capacity: u32) -> Bound {
    let c = u64::from(capacity);
    let u = (1..=FEKETE_SCHEPERS).map(|p| (p * c, CertificateKind::U, p));
    let step = (c / CARLIER).max(1);
    let ccm = (1..=c / 2).step_by(step as usize);
    let ccm = ccm.map(|lambda| (2 * (c / lambda), CertificateKind::Ccm, lambda));
    let mut best = (0, CertificateKind::U, 1);
    for (pack_weight, kind, parameter) in u.chain(ccm) {
        let total: u128 = classes
            .iter()
            .map(|&(l, n)| u128::from(weight(kind, parameter, l, c)) * u128::from(n))
            .sum();
        let bound = total.div_ceil(pack_weight.into());
        if bound > best.0 {
            best = (bound, kind, parameter);
        }
    }
    let (_, kind, parameter) = best;
    let pack_weight = if kind == CertificateKind::U { parameter * c } else { 2 * (c / parameter) };
    let bound = Bound::by(kind, Some(parameter), pack_weight, classes, |length| {
        weight(kind, parameter, length, c)
    });
    debug_assert_eq!(bound.packs, packs(&bound.certificate, classes));
    bound
}

fn weight(kind: CertificateKind, parameter: u64, length: u32, c: u64) -> u64 {
    let l = u64::from(length);
    if kind == CertificateKind::U {
        // Scaled so that a whole pack weighs p C.
        let scaled = (parameter + 1) * l;
        return if scaled.is_multiple_of(c) { parameter * l } else { scaled / c * c };
    }
    // Scaled so that a whole pack weighs 2 floor(C / lambda).
    match (2 * l).cmp(&c) {
        Ordering::Greater => 2 * (c / parameter - (c - l) / parameter),
        Ordering::Equal => c / parameter,
        Ordering::Less => 2 * (l / parameter),
    }
}
