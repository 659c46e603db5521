//! What a `seqpack` folder says: templates times their multiplicities must need exactly the sequences
//! of each length that the pools have, within the capacity.
//!
//! O(entries of the templates).

use crate::Fault;
use crate::format::plan::FoundPlan;
use crate::format::shape::json::{self, expect};
use crate::output::Manifest;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use stowage_engine::template::{Run, Templates};

/// Reads the plan, held against the manifest.
///
/// # Errors
/// As [`PlanFormat::open`](crate::format::plan::PlanFormat::open).
pub(super) fn open(folder: &Path, manifest: &Manifest) -> Result<FoundPlan, Fault> {
    let classes = counts(&folder.join("counts.json"), manifest)?;
    let templates = templates(&folder.join("templates.json"), manifest, &classes)?;
    prove_summary(folder, manifest, &classes, &templates)?;
    Ok(FoundPlan { classes, templates })
}

/// Sequences of each length, ascending; their sums are the ledger's.
fn counts(path: &Path, manifest: &Manifest) -> Result<Vec<(u32, u64)>, Fault> {
    let classes: BTreeMap<u32, u64> = json::typed(path)?;
    let fault = |detail| Err(Fault::invalid(path, None, detail));
    let usable = manifest.options().usable();
    if let Some((length, count)) =
        classes.iter().find(|&(&length, &count)| length == 0 || length > usable || count == 0)
    {
        return fault(format!("{count} sequences of length {length}; {usable} is the longest"));
    }
    let sum = |of: fn((&u32, &u64)) -> u128| classes.iter().map(of).sum::<u128>();
    let sequences = sum(|(_, &count)| count.into());
    let tokens = sum(|(&length, &count)| u128::from(length) * u128::from(count));
    let ledger = &manifest.ledger;
    let kept = manifest.sequence_count.checked_sub(ledger.dropped_count);
    let right = kept.map(u128::from) == Some(sequences) && tokens == ledger.tokens_packed.into();
    if right && ledger.balances() {
        return Ok(classes.into_iter().collect());
    }
    fault(format!(
        "{sequences} sequences with {tokens} tokens; the manifest has {} sequences, {} of them \
         dropped, and {} tokens packed, {} truncated, {} dropped of {}",
        manifest.sequence_count,
        ledger.dropped_count,
        ledger.tokens_packed,
        ledger.tokens_truncated,
        ledger.tokens_dropped,
        ledger.tokens_in
    ))
}

/// Templates that each fit a pack, each once, and need the sequences of `classes` together.
fn templates(path: &Path, manifest: &Manifest, classes: &[(u32, u64)]) -> Result<Templates, Fault> {
    let listed: Vec<(Vec<u32>, u64)> = json::typed(path)?;
    let mut templates = Templates::new();
    let mut left: BTreeMap<u32, u64> = classes.iter().copied().collect();
    let mut seen = BTreeSet::new();
    let mut packs = 0_u64;
    for ((lengths, multiplicity), row) in listed.iter().zip(0..) {
        let fault = |detail: String| Fault::invalid(path, row, detail);
        shape(lengths, manifest).map_err(fault)?;
        if !seen.insert(lengths) {
            return Err(fault("the template stands twice; its reader keeps the last".to_string()));
        }
        packs = packs
            .checked_add(*multiplicity)
            .filter(|_| *multiplicity > 0)
            .ok_or_else(|| fault(format!("{multiplicity} packs of the template")))?;
        let runs: Vec<Run> = lengths
            .chunk_by(|a, b| a == b)
            .map(|run| Run { length: run[0], times: run.len() as u32 })
            .collect();
        for Run { length, times } in &runs {
            let wanted = multiplicity.checked_mul((*times).into());
            let here = left.get_mut(length);
            let rest =
                here.as_ref().zip(wanted).and_then(|(here, wanted)| here.checked_sub(wanted));
            let (Some(here), Some(rest)) = (here, rest) else {
                let detail = format!(
                    "{multiplicity} packs with {times} of length {length} need more sequences of \
                     it than counts.json has"
                );
                return Err(fault(detail));
            };
            *here = rest;
        }
        templates.push(&runs, *multiplicity);
    }
    let fault = |detail| Err(Fault::invalid(path, None, detail));
    if let Some((length, rest)) = left.iter().find(|&(_, &rest)| rest > 0) {
        return fault(format!("{rest} sequences of length {length} stand in no template"));
    }
    let (said, bound) = (manifest.pack_count, manifest.lower_bound);
    if packs != said || bound > packs {
        return fault(format!(
            "{packs} packs; the manifest says {said}, and at least {bound} are needed"
        ));
    }
    Ok(templates)
}

/// Lengths that fall, within the limits of a pack; or what is wrong with them.
fn shape(lengths: &[u32], manifest: &Manifest) -> Result<(), String> {
    let options = manifest.options();
    let (capacity, limit) = (manifest.capacity, options.limit() as usize);
    if lengths.is_empty() || lengths.contains(&0) || !lengths.is_sorted_by(|a, b| a >= b) {
        return Err("the lengths of the template aren't positive and falling".to_string());
    }
    if lengths.len() > limit {
        return Err(format!("{} sequences in the template; {limit} is the most", lengths.len()));
    }
    let alignment = u64::from(options.sequence_alignment);
    let places: u64 = lengths.iter().map(|&it| u64::from(it).next_multiple_of(alignment)).sum();
    if places > u64::from(capacity) {
        return Err(format!("the template takes {places} tokens of capacity {capacity}"));
    }
    Ok(())
}

/// The figures in `manifest.json`, which Python's `seqpack` shows.
fn prove_summary(
    folder: &Path,
    manifest: &Manifest,
    classes: &[(u32, u64)],
    templates: &Templates,
) -> Result<(), Fault> {
    let path = folder.join("manifest.json");
    let summary = json::object(&path)?;
    let places = manifest.pack_count * u64::from(manifest.capacity);
    for (key, wanted) in [
        ("max_seq_len", json!(manifest.capacity)),
        ("packer", json!(manifest.strategy)),
        ("n_sequences", json!(manifest.sequence_count - manifest.ledger.dropped_count)),
        ("n_bins", json!(manifest.pack_count)),
        ("distinct_lengths", json!(classes.len())),
        ("distinct_templates", json!(templates.len())),
        ("total_tokens", json!(manifest.ledger.tokens_packed)),
        ("total_capacity", json!(places)),
        ("plan_id", json!(manifest.plan_id)),
    ] {
        expect(&path, &summary, key, &wanted)?;
    }
    let efficiency = manifest.ledger.tokens_packed as f64 / (places as f64).max(1.0);
    let found = summary.get("efficiency").and_then(serde_json::Value::as_f64);
    if found.is_some_and(|found| (found - efficiency).abs() < 1e-9) {
        return Ok(());
    }
    let detail = format!("efficiency is {found:?}, where {efficiency} is right");
    Err(Fault::invalid(&path, None, detail))
}
