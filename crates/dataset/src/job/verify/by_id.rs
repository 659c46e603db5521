//! Each sequence once: the segments of all packs against the policies and the ledger.
//!
//! O(segments) without cut sequences, O(segments log segments) with them; a bit per sequence, and
//! 4 bytes per segment where sequences may be cut.

use super::claims::PartClaims;
use super::rule::Promises;
use crate::Fault;
use crate::bits::Bits;
use std::path::Path;
use stowage_engine::options::Overlong;

/// A segment by its part and its number there.
type Place = (usize, usize);

/// Proves that every sequence which isn't dropped stands in exactly one pack, in one piece or in
/// pieces that join; and that the ledger says so.
///
/// # Errors
/// [`Fault::Invalid`] for the first segment, in the order of packs, that stands wrong; then for the
/// first sequence that is missing; then for sums.
pub(crate) fn prove(
    promises: &Promises<'_>,
    parts: &[PartClaims],
    folder: &Path,
) -> Result<(), Fault> {
    let manifest = promises.manifest;
    let mut heads = Bits::new(manifest.sequence_count)?;
    let mut placed = 0;
    let mut tails = Vec::new();
    for (p, part) in parts.iter().enumerate() {
        let claims = &part.claims;
        for (k, (&sequence, &count)) in claims.sequences.iter().zip(&claims.counts).enumerate() {
            let start = claims.starts.get(k).copied().unwrap_or(0);
            let keeps_end = promises.options.overlong == Overlong::TruncateStart;
            if start > 0 && !keeps_end {
                tails.push((p as u32, k as u32));
                continue;
            }
            placed += 1;
            if !heads.insert(sequence)? {
                return Err(fault(
                    parts,
                    (p, k),
                    format!("sequence {sequence} stands in two packs"),
                ));
            }
            if start > 0 && count != promises.options.usable() {
                let detail = format!(
                    "{count} tokens of sequence {sequence} from {start}: one that is cut fills a pack"
                );
                return Err(fault(parts, (p, k), detail));
            }
            if let Some(sources) = promises.sources {
                let length = promises.packed_length(sources, sequence as usize);
                let wanted = pieces(promises, length).next();
                if wanted != Some((start.into(), count)) {
                    let length = sources.lengths[sequence as usize];
                    let detail = format!(
                        "sequence {sequence} has {length} tokens, of which {count} from {start} \
                         stand here"
                    );
                    return Err(fault(parts, (p, k), detail));
                }
            }
        }
    }
    joined(promises, parts, &heads, tails, folder)?;
    let missing = |detail: String| Err(Fault::invalid(folder, None, detail));
    if let Some(sources) = promises.sources {
        let absent = |&sequence: &usize| {
            let length = promises.packed_length(sources, sequence);
            !heads.contains(sequence as u32) && first_piece(promises, length).is_some()
        };
        if let Some(sequence) = (0..sources.lengths.len()).find(absent) {
            let length = sources.lengths[sequence];
            return missing(format!("sequence {sequence} ({length} tokens) stands in no pack"));
        }
    }
    let dropped = manifest.sequence_count - placed;
    if dropped != manifest.ledger.dropped_count {
        return missing(format!(
            "{dropped} sequences stand in no pack, the manifest says {} were dropped",
            manifest.ledger.dropped_count
        ));
    }
    Ok(())
}

/// Proves that all tokens of the packs are those of the ledger.
///
/// # Errors
/// [`Fault::Invalid`] with the numbers.
pub(crate) fn prove_ledger(
    promises: &Promises<'_>,
    parts: &[PartClaims],
    folder: &Path,
) -> Result<(), Fault> {
    let fills = parts.iter().flat_map(|part| &part.claims.fills);
    let tokens: u64 = fills.map(|&fill| u64::from(fill)).sum();
    let ledger = &promises.manifest.ledger;
    if tokens == ledger.tokens_packed && ledger.balances() {
        return Ok(());
    }
    let detail = format!(
        "{tokens} tokens stand in packs; the manifest says {} packed, {} truncated, {} dropped of {}",
        ledger.tokens_packed, ledger.tokens_truncated, ledger.tokens_dropped, ledger.tokens_in
    );
    Err(Fault::invalid(folder, None, detail))
}

/// The pieces that the policies make of a sequence: first token and tokens of each.
pub(crate) fn pieces(
    promises: &Promises<'_>,
    length: u32,
) -> impl Iterator<Item = (u64, u32)> + use<> {
    let usable = promises.options.usable();
    let first = first_piece(promises, length);
    let end = match promises.options.overlong {
        Overlong::Split if first.is_some() => length,
        _ => first.unwrap_or(0),
    };
    let before = match promises.options.overlong {
        Overlong::TruncateStart => length.saturating_sub(usable),
        _ => 0,
    };
    let starts = (0..end).step_by(usable as usize);
    starts.map(move |start| ((before + start).into(), usable.min(end - start)))
}

/// Tokens of the piece that a sequence begins with; none if the policies leave it out. (A policy of
/// 'error' that was passed has nothing to leave out.)
fn first_piece(promises: &Promises<'_>, length: u32) -> Option<u32> {
    let usable = promises.options.usable();
    if length == 0 || (length > usable && promises.options.overlong == Overlong::Drop) {
        return None;
    }
    Some(length.min(usable))
}

/// Later pieces: each begins where the one before it ends, and all but the last are whole packs.
fn joined(
    promises: &Promises<'_>,
    parts: &[PartClaims],
    heads: &Bits,
    mut tails: Vec<(u32, u32)>,
    folder: &Path,
) -> Result<(), Fault> {
    if tails.is_empty() {
        return complete(promises, &[], folder);
    }
    let usable = promises.options.usable();
    let of = |&(p, k): &(u32, u32)| {
        let claims = &parts[p as usize].claims;
        (claims.sequences[k as usize], claims.starts[k as usize], claims.counts[k as usize])
    };
    if promises.options.overlong != Overlong::Split
        && let Some(tail) = tails.first()
    {
        let (sequence, start, _) = of(tail);
        let detail =
            format!("a piece of sequence {sequence} starts at {start}, but nothing was split");
        return Err(fault(parts, (tail.0 as usize, tail.1 as usize), detail));
    }
    tails.sort_unstable_by_key(of);
    for pair in tails.windows(2) {
        let ((a, start_a, count_a), (b, start_b, _)) = (of(&pair[0]), of(&pair[1]));
        if a == b && (count_a != usable || start_a + usable != start_b) {
            let detail =
                format!("the pieces of sequence {a} from {start_a} and {start_b} don't join");
            return Err(fault(parts, (pair[1].0 as usize, pair[1].1 as usize), detail));
        }
    }
    for (index, tail) in tails.iter().enumerate() {
        let (sequence, start, count) = of(tail);
        let first = index == 0 || of(&tails[index - 1]).0 != sequence;
        let last = tails.get(index + 1).is_none_or(|next| of(next).0 != sequence);
        let length =
            promises.sources.map(|sources| promises.packed_length(sources, sequence as usize));
        let ends =
            length.is_none_or(|length| u64::from(start) + u64::from(count) == u64::from(length));
        let headless = !heads.contains(sequence);
        if headless || (first && start != usable) || (last && !ends) {
            let detail = format!(
                "the piece of sequence {sequence} from {start} with {count} tokens doesn't join"
            );
            return Err(fault(parts, (tail.0 as usize, tail.1 as usize), detail));
        }
    }
    // A first piece that isn't a whole pack has no successors.
    let cut: Vec<u32> = tails.iter().map(|tail| of(tail).0).collect();
    for (p, part) in parts.iter().enumerate() {
        let claims = &part.claims;
        for k in 0..claims.sequences.len() {
            let (sequence, start, count) = of(&(p as u32, k as u32));
            if start == 0 && count != usable && cut.binary_search(&sequence).is_ok() {
                let detail = format!("the first {count} tokens of sequence {sequence} don't join");
                return Err(fault(parts, (p, k), detail));
            }
        }
    }
    complete(promises, &cut, folder)
}

/// Every sequence of the source that had to be split is among the `cut` ones, which ascend.
fn complete(promises: &Promises<'_>, cut: &[u32], folder: &Path) -> Result<(), Fault> {
    let Some(sources) = promises.sources else { return Ok(()) };
    let usable = promises.options.usable();
    let ends =
        |&(sequence, length): &(u32, u32)| length > usable && cut.binary_search(&sequence).is_err();
    match (0..).zip(sources.lengths.iter().copied()).find(ends) {
        Some((sequence, length)) if promises.options.overlong == Overlong::Split => {
            let detail = format!(
                "of the {length} tokens of sequence {sequence} only the first {usable} stand in packs"
            );
            Err(Fault::invalid(folder, None, detail))
        }
        _ => Ok(()),
    }
}

/// The fault of a segment, with the row that it stands in.
fn fault(parts: &[PartClaims], (part, segment): Place, detail: String) -> Fault {
    let part = &parts[part];
    let row = part.claims.pack_of(segment);
    Fault::invalid(&part.path, part.first_row + row as u64, detail)
}
