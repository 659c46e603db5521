//! The lower bound, and the plan, from what the packs hold: proved again by the certificate in the
//! manifest, before anybody is told so.
//!
//! O(packs log packs) where there is a plan, else O(packs); what a certificate costs.

use super::claims::PartClaims;
use crate::Fault;
use crate::output::{MANIFEST, Manifest};
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use stowage_engine::certificate::{Claim, verify, verify_bound};
use stowage_engine::plan::Plan;
use stowage_engine::stats::Outcome;
use stowage_engine::template::Templates;
use stowage_engine::{Fault as EngineFault, Watch};

/// Proves the bound of packs that were read, whose templates this takes; and the plan's id, where
/// the packs come from a plan.
///
/// # Errors
/// [`Fault::Invalid`] for a bound or an id that the packs don't have; a cancel.
pub(super) fn prove(
    manifest: &Manifest,
    parts: &mut [PartClaims],
    folder: &Path,
    watch: &dyn Watch,
) -> Result<(), Fault> {
    if manifest.plan_id.is_some() {
        let mut all = Templates::new();
        for part in parts {
            for (runs, multiplicity) in std::mem::take(&mut part.claims.templates).iter() {
                all.push(runs, multiplicity);
            }
        }
        return prove_plan(manifest, &all.into_plan_order(), folder, watch);
    }
    let mut classes = BTreeMap::new();
    for part in parts {
        for (runs, multiplicity) in std::mem::take(&mut part.claims.templates).iter() {
            for run in runs {
                *classes.entry(run.length).or_default() += u64::from(run.times) * multiplicity;
            }
        }
    }
    let classes: Vec<(u32, u64)> = classes.into_iter().rev().collect();
    let nothing = Templates::new();
    let claim = claim(manifest, &classes, &nothing);
    verify_bound(&claim, manifest.pack_count, watch).map_err(|fault| broken(fault, folder))
}

/// Proves that each group of files has the packs of its plan, where parts of the data set were planned
/// apart.
///
/// # Errors
/// [`Fault::Invalid`] for another number of packs, or another plan.
pub(super) fn prove_groups(
    manifest: &Manifest,
    parts: &[PartClaims],
    folder: &Path,
) -> Result<(), Fault> {
    let wrong = |detail| Fault::invalid(&folder.join(MANIFEST), None, detail);
    for (number, group) in manifest.groups.iter().flatten().enumerate() {
        let files = &manifest.files[group.files.0..group.files.1];
        let paths: HashSet<PathBuf> = files.iter().map(|file| folder.join(&file.path)).collect();
        let mut templates = Templates::new();
        for part in parts.iter().filter(|part| paths.contains(&part.path)) {
            for (runs, multiplicity) in part.claims.templates.iter() {
                templates.push(runs, multiplicity);
            }
        }
        let plan = Plan {
            options: manifest.options(),
            templates: templates.into_plan_order(),
            lower_bound: 0,
            certificate: manifest.certificate.clone(),
            ledger: manifest.ledger,
            sequence_count: manifest.sequence_count,
            outcome: Outcome::default(),
            load_certificate: None,
        };
        let (packs, id) = (plan.pack_count(), plan.id());
        if (packs, &id) != (group.packs, &group.plan_id) {
            return Err(wrong(format!(
                "the files of group {number} have {packs} packs of plan {id}, and the manifest says \
                 {} of {}",
                group.packs, group.plan_id
            )));
        }
    }
    Ok(())
}

/// The same of templates in plan order.
///
/// # Errors
/// As [`prove`].
pub(super) fn prove_plan(
    manifest: &Manifest,
    templates: &Templates,
    folder: &Path,
    watch: &dyn Watch,
) -> Result<(), Fault> {
    let plan = Plan {
        options: manifest.options(),
        templates: templates.clone(),
        lower_bound: manifest.lower_bound,
        certificate: manifest.certificate.clone(),
        ledger: manifest.ledger,
        sequence_count: manifest.sequence_count,
        outcome: Outcome::default(),
        load_certificate: None,
    };
    let classes = plan.classes();
    verify(&claim(manifest, &classes, templates), watch).map_err(|fault| broken(fault, folder))?;
    match &manifest.plan_id {
        Some(said) if plan.id() != *said => {
            let detail = format!("the packs are those of plan {}, not of {said}", plan.id());
            Err(Fault::invalid(&folder.join(MANIFEST), None, detail))
        }
        _ => Ok(()),
    }
}

fn claim<'a>(
    manifest: &'a Manifest,
    classes: &'a [(u32, u64)],
    templates: &'a Templates,
) -> Claim<'a> {
    let options = manifest.options();
    Claim {
        classes,
        templates,
        capacity: options.capacity,
        alignment: options.sequence_alignment,
        limit: options.limit(),
        multiple: options.pack_count_multiple_of,
        pack_count: options.pack_count,
        lower_bound: manifest.lower_bound,
        certificate: &manifest.certificate,
    }
}

/// A plan that isn't proved is a broken promise of the manifest.
fn broken(fault: EngineFault, folder: &Path) -> Fault {
    match fault {
        EngineFault::InvalidPlan { detail, .. } => {
            let detail = format!("lowerBound isn't proved: {detail}");
            Fault::invalid(&folder.join(MANIFEST), None, detail)
        }
        other => other.into(),
    }
}
