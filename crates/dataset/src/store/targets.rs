//! Which sequences have nothing to train on, when the policies have cut them.

use crate::options::WithoutTargets;
use crate::source::IGNORE;
use crate::warnings::Warnings;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use stowage_engine::PackOptions;
use stowage_engine::options::Overlong;

/// How many sequences and packs have nothing to train on. A piece of a cut sequence counts as one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Targetless {
    /// Sequences, those that were left out included.
    pub sequences: u64,
    /// Packs.
    pub packs: u64,
    /// Sequences that were left out for it.
    pub dropped: u64,
}

impl Targetless {
    /// Says so, if there are any.
    pub(crate) fn warn(&self, policy: WithoutTargets, warnings: &mut Warnings) {
        let of =
            |count: u64, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        if self.dropped > 0 {
            let left_out = of(self.dropped, "sequence");
            warnings.add(format!("{left_out} without any target: left out (withoutTargets)"));
        }
        let kept = self.sequences - self.dropped;
        if kept > 0 {
            let whole = if policy == WithoutTargets::Drop { "piece" } else { "sequence" };
            warnings.add(format!(
                "{} and {} have no target: all their labels are -100, so nothing is trained on them",
                of(kept, whole),
                of(self.packs, "pack")
            ));
        }
    }
}

/// Counts what has no target while packs are gathered, on any thread.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    segments: AtomicU64,
    packs: AtomicU64,
}

impl Tally {
    /// Takes note of a pack of segments, of which so many have no target.
    pub(super) fn pack(&self, segments: usize, without: usize) {
        if without > 0 {
            self.segments.fetch_add(without as u64, Relaxed);
            self.packs.fetch_add(u64::from(without == segments), Relaxed);
        }
    }

    /// The counts, with `dropped` sequences that stand in no pack.
    pub(crate) fn counts(&self, dropped: u64) -> Targetless {
        let segments = self.segments.load(Relaxed);
        Targetless { sequences: segments + dropped, packs: self.packs.load(Relaxed), dropped }
    }
}

/// Whether the labels of a segment have a target; its first isn't one.
pub(crate) fn trains(labels: &[i32]) -> bool {
    labels.iter().skip(1).any(|&label| label != IGNORE)
}

/// Whether a sequence with these labels has a target in a pack. The first token of each piece is
/// none. One that the policies refuse or leave out, or that has no tokens, isn't asked: true.
pub(super) fn has_target(labels: &[i32], options: &PackOptions) -> bool {
    let usable = options.usable() as usize;
    let any = trains;
    if labels.is_empty() {
        return true;
    }
    if labels.len() <= usable {
        return any(labels);
    }
    match options.overlong {
        Overlong::Error | Overlong::Drop => true,
        Overlong::Truncate => any(&labels[..usable]),
        Overlong::TruncateStart => any(&labels[labels.len() - usable..]),
        Overlong::Split => labels.chunks(usable).any(any),
    }
}

#[cfg(test)]
mod tests {
    use super::has_target;
    use stowage_engine::PackOptions;
    use stowage_engine::options::Overlong;

    #[test]
    fn only_what_stands_in_a_pack_and_is_not_its_first_counts() {
        let of = |labels: &[i32], overlong| {
            has_target(labels, &PackOptions { overlong, ..PackOptions::new(3) })
        };
        assert!(!of(&[7], Overlong::Error));
        assert!(!of(&[7, -100, -100], Overlong::Error));
        assert!(of(&[-100, -100, 7], Overlong::Error));
        let late = [-100, -100, -100, -100, 7];
        assert!(!of(&late, Overlong::Truncate));
        assert!(of(&late, Overlong::TruncateStart));
        assert!(of(&late, Overlong::Split));
        assert!(of(&late, Overlong::Drop));
        // The only label is that of the first token of the second piece.
        assert!(!of(&[-100, -100, -100, 7, -100], Overlong::Split));
        assert!(of(&[], Overlong::Error));
    }
}
