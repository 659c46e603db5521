//! The length classes of an epoch: the plan's places matched with the index's sequences and pieces.
//!
//! O(runs log runs + classes log classes), once per epoch.

use super::cut::{Cuts, LengthIndexView};
use crate::options::{Empty, Overlong};
use crate::template::Templates;
use crate::{Fault, PackOptions};
use std::ops::Range;

/// What an epoch draws for one length.
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) members: u64,
    pub(super) key: u64,
    /// Where the ids of whole sequences begin in the index.
    pub(super) start: u32,
    pub(super) cuts: Range<usize>,
}

/// Lengths of a plan with their numbers of places, ascending.
pub(super) fn planned_lengths(templates: &Templates) -> Vec<(u32, u64)> {
    let mut runs: Vec<(u32, u64)> = templates
        .iter()
        .flat_map(|(runs, times)| {
            runs.iter().map(move |run| (run.length, u64::from(run.times) * times))
        })
        .collect();
    merge(&mut runs);
    runs
}

/// Lengths of an index after the policies, with their numbers of sequences and pieces, ascending.
pub(super) fn given_classes(
    index: &LengthIndexView<'_>,
    options: &PackOptions,
    cuts: &Cuts,
) -> Vec<(u32, u64)> {
    let counts = index.starts.windows(2).map(|pair| u64::from(pair[1] - pair[0]));
    let whole = index.lengths.iter().copied().zip(counts).filter(|&(length, _)| {
        let empty_is_kept = options.empty == Empty::Error;
        let overlong_is_kept = options.overlong == Overlong::Error;
        (length > 0 || empty_is_kept) && (length <= options.usable() || overlong_is_kept)
    });
    let mut given: Vec<(u32, u64)> = whole.chain(cuts.classes()).collect();
    merge(&mut given);
    given
}

fn merge(counts: &mut Vec<(u32, u64)>) {
    counts.sort_unstable();
    counts.dedup_by(|later, kept| {
        later.0 == kept.0 && {
            kept.1 += later.1;
            true
        }
    });
}

/// The classes of the planned lengths, or the smallest length whose numbers differ.
pub(super) fn matched_classes(
    planned: &[(u32, u64)],
    given: &[(u32, u64)],
    index: &LengthIndexView<'_>,
) -> Result<Vec<Class>, Fault> {
    if planned != given {
        let count = |list: &[(u32, u64)], length| {
            list.binary_search_by_key(&length, |class| class.0).map_or(0, |at| list[at].1)
        };
        let mut lengths: Vec<u32> = planned.iter().chain(given).map(|class| class.0).collect();
        lengths.sort_unstable();
        for length in lengths {
            let (planned, given) = (count(planned, length), count(given, length));
            if planned != given {
                return Err(Fault::HistogramMismatch { length, planned, given });
            }
        }
    }
    let start = |length| match index.lengths.binary_search(&length) {
        Ok(class) => index.starts[class],
        Err(_) => 0, // only pieces have this length
    };
    let class = |&(length, members): &(u32, u64)| Class {
        members,
        key: 0,
        start: start(length),
        cuts: 0..0,
    };
    Ok(planned.iter().map(class).collect())
}
