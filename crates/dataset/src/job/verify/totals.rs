//! Packs per file, and the figures of the whole: what the manifest says against what was read.

use super::claims::{Claims, PartClaims};
use super::rule::Promises;
use crate::Fault;
use crate::format::reader::Sums;
use crate::job::report::{DatasetReport, Times};
use crate::output::{MANIFEST, Manifest};
use crate::store::Targetless;
use std::path::{Path, PathBuf};
use stowage_engine::Fault as EngineFault;
use stowage_engine::stats::{Context, Fills, Outcome};

/// Every file has as many packs as the manifest says, and all together.
///
/// # Errors
/// [`Fault::Invalid`] with the first file that has another number.
pub(crate) fn row_counts(
    manifest: &Manifest,
    paths: &[PathBuf],
    parts: &[PartClaims],
) -> Result<(), Fault> {
    let mut packs = 0;
    let mut parts = parts.iter().peekable();
    for (file, path) in manifest.files.iter().zip(paths) {
        let mut found = 0;
        while let Some(part) = parts.next_if(|part| part.path == *path) {
            found += part.claims.ends.len() as u64;
        }
        if found != file.rows {
            let detail = format!("{found} packs; the manifest says {}", file.rows);
            return Err(Fault::invalid(path, None, detail));
        }
        packs += found;
    }
    if packs == manifest.pack_count && manifest.lower_bound <= packs {
        return Ok(());
    }
    let (said, bound) = (manifest.pack_count, manifest.lower_bound);
    let detail =
        format!("{packs} packs; the manifest says {said}, and at least {bound} are needed");
    Err(Fault::invalid(paths.first().map_or(Path::new(MANIFEST), PathBuf::as_path), None, detail))
}

/// Sums over all packs.
pub(crate) fn sums(parts: &[PartClaims]) -> Sums {
    let claims = || parts.iter().map(|part| &part.claims);
    let fills = || claims().flat_map(|claims| &claims.fills).copied();
    Sums {
        packs: claims().map(|claims| claims.ends.len() as u64).sum(),
        segments: claims().map(|claims| u64::from(claims.segments())).sum(),
        tokens: fills().map(u64::from).sum(),
        longest: claims().map(|claims| claims.longest).max().unwrap_or(0),
        most: claims().map(Claims::most).max().unwrap_or(0),
        least: fills().min().unwrap_or(0),
    }
}

/// As many segments and packs have no target as the manifest says.
///
/// # Errors
/// [`Fault::Invalid`] with the numbers.
pub(crate) fn targets(
    noted: &Targetless,
    parts: &[PartClaims],
    promises: &Promises<'_>,
    folder: &Path,
) -> Result<(), Fault> {
    let has = |name: &str| promises.manifest.columns.iter().any(|column| column == name);
    if !has("labels") && !has("loss_mask") {
        return Ok(());
    }
    let claims = || parts.iter().map(|part| part.claims.targetless);
    let segments: u64 = claims().map(|(segments, _)| segments).sum();
    let packs: u64 = claims().map(|(_, packs)| packs).sum();
    if segments + noted.dropped == noted.sequences && packs == noted.packs {
        return Ok(());
    }
    let detail = format!(
        "{segments} sequences and {packs} packs have no target; the manifest says {} and {}",
        noted.sequences - noted.dropped,
        noted.packs
    );
    Err(Fault::invalid(&folder.join(MANIFEST), None, detail))
}

/// The figures, from what was read.
///
/// # Errors
/// [`Fault::Engine`] when memory is refused.
pub(crate) fn report(
    manifest: Manifest,
    parts: Vec<PartClaims>,
    spilled_bytes: u64,
) -> Result<DatasetReport, Fault> {
    let packs = manifest.pack_count as usize;
    let memory = |_| EngineFault::Memory { bytes: 8 * packs as u64 };
    let (mut offsets, mut fills) = (Vec::new(), Vec::new());
    offsets.try_reserve_exact(packs + 1).map_err(memory)?;
    fills.try_reserve_exact(packs).map_err(memory)?;
    offsets.push(0);
    for part in parts {
        let before = offsets.last().copied().unwrap_or(0);
        offsets.extend(part.claims.ends.iter().map(|end| before + end));
        fills.extend(part.claims.fills);
    }
    let fills = Fills::of_packing(&fills, &offsets)?;
    Ok(proved(manifest, &fills, spilled_bytes))
}

/// What is said of a data set whose packs were proved: their figures, and the rest as the manifest
/// has it. Nothing was planned or bound, so no time was spent on that.
pub(crate) fn proved(manifest: Manifest, fills: &Fills, spilled_bytes: u64) -> DatasetReport {
    let context = Context {
        capacity: manifest.capacity,
        sequence_count: manifest.sequence_count,
        lower_bound: manifest.lower_bound,
        ledger: manifest.ledger,
        outcome: Outcome::default(),
    };
    DatasetReport {
        stats: fills.stats(&context),
        times: Times::default(),
        plan_id: manifest.plan_id,
        format: manifest.format,
        files: manifest.files,
        spilled_bytes,
        without_targets: manifest.source.targetless,
        warnings: Vec::new(),
    }
}
