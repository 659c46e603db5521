//! L2: for a threshold a, lengths above C - a count as whole packs and lengths below a as nothing.
//!
//! Two of the former don't fit together, and beside one of them nothing of a or more fits. O(D) over
//! all thresholds. Source: Martello and Toth 1990.

use super::{Bound, best_threshold};
use crate::certificate::CertificateKind;

pub(super) fn l2(classes: &[(u32, u64)], capacity: u32) -> Bound {
    let a = best_threshold(classes, capacity, capacity.into(), u64::from);
    Bound::by(CertificateKind::L2, Some(a.into()), capacity.into(), classes, |length| {
        if length > capacity - a {
            capacity.into()
        } else if length < a {
            0
        } else {
            length.into()
        }
    })
}
