//! Each sequence once, in formats without ids: the multiset of the segments' digests against that
//! of the pieces that the policies make of the sources.
//!
//! O(n log n) and one reading of the spill; 8 bytes per segment and 8 per piece. Which segment is the
//! wrong one is found by a second reading, since its digest alone has no place.

use super::by_id::pieces;
use super::claims::PartClaims;
use super::expected::Expected;
use super::rule::Promises;
use crate::progress::Meter;
use crate::store::Ingested;
use crate::{Fault, parallel};
use std::ops::Range;
use std::path::Path;
use stowage_engine::options::Overlong;
use stowage_engine::{Fault as EngineFault, memory};

/// Sequences that one thread reads at a time.
const AT_ONCE: usize = 1 << 14;

/// Proves that the digests of `parts`, which this takes, are those of the sources' pieces.
/// `read_again` gives `parts` once more, for the fault.
///
/// # Errors
/// [`Fault::Invalid`] for the first segment, in the order of packs, that is no piece of the sources
/// or stands twice; then for the first sequence that is missing.
pub(crate) fn prove(
    promises: &Promises<'_>,
    sources: &Ingested,
    parts: &mut [PartClaims],
    folder: &Path,
    threads: usize,
    meter: &Meter<'_>,
    read_again: &dyn Fn() -> Result<Vec<PartClaims>, Fault>,
) -> Result<(), Fault> {
    let wanted = sorted(vec![expected(promises, sources, threads, meter)?])?;
    let lists = parts.iter_mut().map(|part| std::mem::take(&mut part.claims.digests)).collect();
    let found = sorted(lists)?;
    if found == wanted {
        return Ok(());
    }
    drop(found);
    Err(first_fault(promises, sources, &read_again()?, wanted, folder)?)
}

/// What the manifest says of segments, where nothing else is known of them.
///
/// # Errors
/// [`Fault::Invalid`] where their number can't be that of the sequences.
pub(crate) fn prove_count(
    promises: &Promises<'_>,
    parts: &[PartClaims],
    folder: &Path,
) -> Result<(), Fault> {
    let manifest = promises.manifest;
    let segments: u64 = parts.iter().map(|part| u64::from(part.claims.segments())).sum();
    let kept = manifest.sequence_count.checked_sub(manifest.ledger.dropped_count);
    let right = kept.is_some_and(|kept| match promises.options.overlong {
        Overlong::Split => segments >= kept,
        _ => segments == kept,
    });
    if right {
        return Ok(());
    }
    let (total, dropped) = (manifest.sequence_count, manifest.ledger.dropped_count);
    let detail = format!(
        "{segments} sequences stand in packs; the manifest has {total}, {dropped} of them dropped"
    );
    Err(Fault::invalid(folder, None, detail))
}

/// Digests of all pieces. Sequences are taken in waves, so that what the threads give is copied and
/// freed before there is much of it.
fn expected(
    promises: &Promises<'_>,
    sources: &Ingested,
    threads: usize,
    meter: &Meter<'_>,
) -> Result<Vec<u64>, Fault> {
    let lengths = &sources.lengths;
    let packed = |sequence| promises.packed_length(sources, sequence);
    let count = (0..lengths.len()).map(|of| pieces(promises, packed(of)).count()).sum();
    let mut all = memory::reserved(count)?;
    let chunks: Vec<usize> = (0..lengths.len()).step_by(AT_ONCE).collect();
    for wave in chunks.chunks(4 * threads.max(1)) {
        let lists = parallel::each(wave.len(), threads, |k| {
            let end = lengths.len().min(wave[k] + AT_ONCE);
            digests(promises, sources, wave[k]..end, meter)
        })?;
        for list in lists {
            all.extend_from_slice(&list);
        }
    }
    Ok(all)
}

/// Digests of the pieces of some sequences.
fn digests(
    promises: &Promises<'_>,
    sources: &Ingested,
    sequences: Range<usize>,
    meter: &Meter<'_>,
) -> Result<Vec<u64>, Fault> {
    let mut digests = Vec::new();
    let mut expected = Expected::default();
    let (mut first, end) = (sequences.start, sequences.end);
    while first < end {
        let run = expected.fetch_run(sources, first, end)?;
        let mut at = 0;
        for sequence in first..first + run {
            for (start, tokens) in pieces(promises, promises.packed_length(sources, sequence)) {
                let start = at + start as usize;
                let piece = expected.piece(start..start + tokens as usize);
                digests.push(promises.kept.digest_expected(&piece));
            }
            at += sources.lengths[sequence] as usize;
        }
        first += run;
        meter.add(0)?;
    }
    Ok(digests)
}

/// One ascending list of all; each list is freed as soon as it is copied, and the first grows.
fn sorted(lists: Vec<Vec<u64>>) -> Result<Vec<u64>, Fault> {
    let count: usize = lists.iter().map(Vec::len).sum();
    let mut lists = lists.into_iter();
    let mut all = lists.next().unwrap_or_default();
    let bytes = 8 * count as u64;
    all.try_reserve_exact(count - all.len()).map_err(|_| EngineFault::Memory { bytes })?;
    for list in lists {
        all.extend_from_slice(&list);
    }
    all.sort_unstable();
    Ok(all)
}

/// Digests in order, and how many segments have taken each.
struct Taken {
    wanted: Vec<u64>,
    /// At the first of equal digests.
    taken: Vec<u32>,
}

impl Taken {
    fn new(wanted: Vec<u64>) -> Result<Self, Fault> {
        let taken = memory::filled(0, wanted.len())?;
        Ok(Self { wanted, taken })
    }

    /// Where equal digests stand.
    fn run(&self, digest: u64) -> Range<usize> {
        let start = self.wanted.partition_point(|&other| other < digest);
        start..start + self.wanted[start..].partition_point(|&other| other == digest)
    }

    /// What is wrong with one more segment of this digest.
    fn take(&mut self, digest: u64) -> Option<&'static str> {
        let run = self.run(digest);
        if run.is_empty() {
            return Some("is no sequence of the source, by its tokens, labels and weights");
        }
        self.taken[run.start] += 1;
        (self.taken[run.start] as usize > run.len()).then_some("stands in two packs")
    }

    fn is_missing(&self, digest: u64) -> bool {
        let run = self.run(digest);
        !run.is_empty() && (self.taken[run.start] as usize) < run.len()
    }
}

/// The fault of two lists of digests that aren't equal.
fn first_fault(
    promises: &Promises<'_>,
    sources: &Ingested,
    parts: &[PartClaims],
    wanted: Vec<u64>,
    folder: &Path,
) -> Result<Fault, Fault> {
    let mut taken = Taken::new(wanted)?;
    for part in parts {
        for (segment, &digest) in part.claims.digests.iter().enumerate() {
            if let Some(wrong) = taken.take(digest) {
                let pack = part.claims.pack_of(segment);
                let first = pack.checked_sub(1).map_or(0, |before| part.claims.ends[before]);
                let number = segment - first as usize + 1;
                let detail = format!("sequence number {number} of the pack {wrong}");
                return Ok(Fault::invalid(&part.path, part.first_row + pack as u64, detail));
            }
        }
    }
    let mut expected = Expected::default();
    for sequence in 0..sources.lengths.len() {
        for (start, tokens) in pieces(promises, promises.packed_length(sources, sequence)) {
            let piece = expected.fetch(sources, sequence, start, tokens as usize)?;
            if taken.is_missing(promises.kept.digest_expected(&piece)) {
                let detail = format!(
                    "sequence {sequence} ({tokens} tokens from {start}), or one that equals it, \
                     stands in no pack"
                );
                return Ok(Fault::invalid(folder, None, detail));
            }
        }
    }
    let detail = "two readings of the files gave different contents".to_string();
    Ok(Fault::format(folder, None, detail))
}
