//! How small the largest load can be at most, and the proof of it.
//!
//! The longest sequence; the mean; and for every j the j + 1 cheapest of the j k + 1 costliest, since
//! some pack holds j + 1 of those. For token loads the mean and the latter are weightings too: a
//! certificate at capacity `load - 1` that more than k packs are needed.

use super::cost::{LoadCost, refused};
use crate::bound;
use crate::certificate::{Certificate, CertificateKind, verify_weights};
use crate::{Fault, Watch};

/// A largest load that no plan goes below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadBound {
    /// The load.
    pub load: u64,
    /// For token loads: weights at capacity `load - 1` that prove more packs than there are. None
    /// where the longest sequence alone is the bound, where equal lengths have no weight that says as
    /// much or the check would take minutes, and for other loads.
    pub certificate: Option<Certificate>,
}

/// The best of the three for `classes`, longest first, in `packs` packs. O(D + n / k).
#[must_use]
pub fn load_bound(classes: &[(u32, u64)], cost: LoadCost, packs: u64) -> LoadBound {
    let Some(&(longest, _)) = classes.first() else {
        return LoadBound { load: 0, certificate: None };
    };
    let capped = |load: u128| u64::try_from(load).unwrap_or(u64::MAX);
    let alone = cost.of(longest);
    let sum: u128 =
        classes.iter().map(|&(length, count)| cost.of(length) * u128::from(count)).sum();
    let mean = sum.div_ceil(packs.into());
    let (together, at) = best_together(classes, cost, packs);
    let load = alone.max(mean).max(together);
    if !cost.is_tokens() || load == alone {
        return LoadBound { load: capped(load), certificate: None };
    }
    let capacity = u32::try_from(load - 1).ok().filter(|&capacity| capacity < 1 << 31);
    let certificate = capacity.and_then(|capacity| {
        if load == mean {
            return Some(by_tokens(classes, capacity));
        }
        by_number(classes, at, packs, capacity)
    });
    LoadBound { load: capped(load), certificate }
}

/// The largest sum of the j + 1 cheapest among the j k + 1 costliest sequences, and its j.
fn best_together(classes: &[(u32, u64)], cost: LoadCost, packs: u64) -> (u128, u64) {
    let n: u64 = classes.iter().map(|class| class.1).sum();
    let mut best = (0, 0);
    let mut j = 1;
    // Where the j k + 1 costliest end.
    let (mut class, mut before) = (0, 0);
    while let Some(wanted) = packs.checked_mul(j).and_then(|all| all.checked_add(1)) {
        if wanted > n {
            break;
        }
        while before + classes[class].1 < wanted {
            before += classes[class].1;
            class += 1;
        }
        // From there back towards costlier ones.
        let (mut left, mut sum, mut at) = (j + 1, 0, class);
        let mut available = wanted - before;
        loop {
            let taken = available.min(left);
            sum += cost.of(classes[at].0) * u128::from(taken);
            left -= taken;
            if left == 0 {
                break;
            }
            at -= 1;
            available = classes[at].1;
        }
        if sum > best.0 {
            best = (sum, j);
        }
        // Where packs hold many, the mean is as good, and each j costs j steps at most.
        j += 1;
        if j > MOST_TOGETHER {
            break;
        }
    }
    best
}

/// Sequences of a pack that are looked at together.
const MOST_TOGETHER: u64 = 256;

fn by_tokens(classes: &[(u32, u64)], capacity: u32) -> Certificate {
    Certificate {
        kind: CertificateKind::L1,
        parameter: None,
        pack_weight: capacity.into(),
        weights: classes.iter().map(|class| (class.0, class.0.into())).collect(),
        counted: false,
    }
}

/// The j k + 1 costliest weigh 1 each, and j of them are the most that a pack can hold: j + 1 of the
/// shortest, or at least of those that there are. None where that takes too long to check.
fn by_number(classes: &[(u32, u64)], j: u64, packs: u64, capacity: u32) -> Option<Certificate> {
    let mut held = 0;
    let mut weights = Vec::new();
    let mut parts = 0;
    for &(length, count) in classes {
        if held > packs * j {
            break;
        }
        held += count;
        weights.push((length, 1));
        let copies = count.min(u64::from(capacity / length));
        parts += u64::from(u64::BITS - copies.leading_zeros());
    }
    // Sequences as long as the last of them weigh 1 too: j + 1 of all those must still be too many.
    let (mut left, mut least) = (j + 1, 0);
    for &(length, count) in classes[..weights.len()].iter().rev() {
        least += u64::from(length) * count.min(left);
        left -= count.min(left);
    }
    if least <= capacity.into() {
        return None;
    }
    let shortest = weights.last().map_or(0, |weight| weight.0);
    let counted = u64::from(shortest).saturating_mul(j + 1) <= capacity.into();
    if counted && parts.saturating_mul(u64::from(capacity) + 1) > MOST_CELLS {
        return None;
    }
    Some(Certificate {
        kind: CertificateKind::Lp,
        parameter: None,
        pack_weight: j,
        weights,
        counted,
    })
}

/// Cells of a counted check at most; see `certificate`.
const MOST_CELLS: u64 = 1 << 28;

/// Proves a bound on the largest load again: by its certificate, or by the longest sequence or, for
/// other loads than tokens, by the definition.
///
/// # Errors
/// [`Fault::InvalidPlan`] where the bound is not proved; [`Fault::Memory`]; [`Fault::Cancelled`].
pub fn verify_load(
    classes: &[(u32, u64)],
    cost: LoadCost,
    packs: u64,
    bound: &LoadBound,
    watch: &dyn Watch,
) -> Result<(), Fault> {
    let alone = classes.first().map_or(0, |class| cost.of(class.0));
    if alone >= bound.load.into() {
        return Ok(());
    }
    let invalid = |detail: String| Fault::InvalidPlan { length: None, detail };
    let Some(certificate) = &bound.certificate else {
        let proved = load_bound(classes, cost, packs).load;
        if proved >= bound.load {
            return Ok(());
        }
        return Err(invalid(format!("loads of {proved} are proved, not of {}", bound.load)));
    };
    if !cost.is_tokens() {
        return Err(refused("only token loads have a certificate".to_owned()));
    }
    let capacity = u32::try_from(bound.load - 1).ok().filter(|&capacity| capacity < 1 << 31);
    let Some(capacity) = capacity else {
        return Err(invalid(format!("a load of {} is no capacity", bound.load)));
    };
    verify_weights(classes, capacity, certificate, watch)?;
    let proved = bound::packs(certificate, classes);
    if proved > packs {
        return Ok(());
    }
    Err(invalid(format!("the weights prove {proved} packs at {capacity} tokens, of {packs}")))
}
