//! Plans in the files of a job: version 1 or 2 of the JSON that the public surface reads and writes.

use super::folder::JobFolder;
use super::given::Job;
use crate::Fault;
use crate::output::{empty_name, overlong_name};
use serde_json::{Map, Value, json};
use std::num::NonZeroU32;
use stowage_engine::PackOptions;
use stowage_engine::certificate::{Certificate, CertificateKind};
use stowage_engine::options::Overlong;
use stowage_engine::plan::Plan;
use stowage_engine::policy::Ledger;
use stowage_engine::stats::Outcome;
use stowage_engine::strategy;
use stowage_engine::template::{Run, Templates, sequences};

/// The plan as JSON, properties in the order of the public surface, with a line end.
pub(super) fn to_text(plan: &Plan) -> String {
    let Plan { options, templates, lower_bound, certificate, ledger, .. } = plan;
    let Certificate { kind, parameter, pack_weight, weights, counted } = certificate;
    let mut proof = Map::new();
    proof.insert("kind".to_string(), kind.name().into());
    if let Some(parameter) = parameter {
        proof.insert("parameter".to_string(), (*parameter).into());
    }
    proof.insert("packWeight".to_string(), (*pack_weight).into());
    proof.insert("weights".to_string(), json!(weights));
    if *counted {
        proof.insert("counted".to_string(), true.into());
    }
    let mut fields = Map::new();
    let mut add = |name: &str, value: Value| {
        fields.insert(name.to_string(), value);
    };
    add("version", if *counted { 2 } else { 1 }.into());
    add("id", plan.id().into());
    add("strategy", strategy::info(options.strategy).name.into());
    add("capacity", options.capacity.into());
    if let Some(limit) = options.max_sequences_per_pack {
        add("maxSequencesPerPack", limit.get().into());
    }
    add("sequenceAlignment", options.sequence_alignment.into());
    if options.pack_count_multiple_of > 1 {
        add("packCountMultipleOf", options.pack_count_multiple_of.into());
    }
    if let Some(count) = options.pack_count {
        add("packCount", count.into());
    }
    add("overlong", overlong_name(options.overlong).into());
    add("empty", empty_name(options.empty).into());
    if options.overlong == Overlong::Split {
        add("sequenceCount", plan.sequence_count.into());
    }
    add(
        "ledger",
        json!({
            "tokensIn": ledger.tokens_in,
            "tokensPacked": ledger.tokens_packed,
            "tokensTruncated": ledger.tokens_truncated,
            "tokensDropped": ledger.tokens_dropped,
            "droppedCount": ledger.dropped_count,
        }),
    );
    add("lowerBound", (*lower_bound).into());
    add("certificate", proof.into());
    let template = |(runs, multiplicity): (&[Run], u64)| {
        let runs: Vec<(u32, u32)> = runs.iter().map(|run| (run.length, run.times)).collect();
        json!([multiplicity, runs])
    };
    add("templates", templates.iter().map(template).collect());
    Value::Object(fields).to_string() + "\n"
}

/// Reads the plan called `name`, which was made by `options`.
///
/// # Errors
/// [`Fault::JobIncomplete`] where there is none; [`Fault::Job`] for what is no plan, or that of another
/// job.
pub(super) fn read(folder: &JobFolder, name: &str, options: &PackOptions) -> Result<Plan, Fault> {
    let Some(bytes) = folder.read(name)? else {
        return Err(Fault::JobIncomplete(format!("there is no {name}; plan first")));
    };
    let wrong = |why: &str| Fault::Job(format!("{name} is no plan of this job: {why}"));
    let value: Value = serde_json::from_slice(&bytes).map_err(|error| wrong(&error.to_string()))?;
    let plan = parsed(&value, options).ok_or_else(|| wrong("a field is missing or wrong"))?;
    Plan::from_parts(plan, value["id"].as_str()).map_err(|fault| wrong(&fault.to_string()))
}

fn parsed(value: &Value, options: &PackOptions) -> Option<Plan> {
    let whole = |name: &str| value[name].as_u64();
    let limit = options.max_sequences_per_pack.map(NonZeroU32::get).map(u64::from);
    let same = whole("capacity")? == u64::from(options.capacity)
        && whole("sequenceAlignment")? == u64::from(options.sequence_alignment)
        && whole("maxSequencesPerPack") == limit;
    same.then_some(())?;
    let mut templates = Templates::new();
    let mut entries = 0_u64;
    for template in value["templates"].as_array()? {
        let runs: Vec<(u32, u32)> = serde_json::from_value(template[1].clone()).ok()?;
        let runs: Vec<Run> =
            runs.into_iter().map(|(length, times)| Run { length, times }).collect();
        let multiplicity = template[0].as_u64()?;
        entries = entries.checked_add(sequences(&runs).checked_mul(multiplicity)?)?;
        templates.push(&runs, multiplicity);
    }
    let tokens = |name: &str| value["ledger"][name].as_u64();
    let ledger = Ledger {
        tokens_in: tokens("tokensIn")?,
        tokens_packed: tokens("tokensPacked")?,
        tokens_truncated: tokens("tokensTruncated")?,
        tokens_dropped: tokens("tokensDropped")?,
        dropped_count: tokens("droppedCount")?,
    };
    let proof = &value["certificate"];
    let certificate = Certificate {
        kind: CertificateKind::from_name(proof["kind"].as_str()?)?,
        parameter: proof["parameter"].as_u64(),
        pack_weight: proof["packWeight"].as_u64()?,
        weights: serde_json::from_value(proof["weights"].clone()).ok()?,
        counted: proof["counted"].as_bool().unwrap_or(false),
    };
    Some(Plan {
        options: options.clone(),
        templates,
        lower_bound: whole("lowerBound")?,
        certificate,
        ledger,
        sequence_count: whole("sequenceCount").unwrap_or(entries + ledger.dropped_count),
        outcome: Outcome::default(),
        load_certificate: None,
    })
}

/// The name of a group's plan.
pub(super) fn group_name(group: usize, groups: usize) -> String {
    super::folder::numbered("plans", group, groups, "json")
}

/// The plan of a group.
///
/// # Errors
/// As [`read`].
pub(super) fn of_group(job: &Job, group: usize, groups: usize) -> Result<Plan, Fault> {
    let options = job.group_options(group);
    read(&job.folder, &group_name(group, groups), &options.pack)
}
