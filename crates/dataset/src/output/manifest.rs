//! `_stowage.json`: what a data set is, for the verifier and for people. A leading underscore keeps
//! Spark and `pyarrow.dataset` from reading it as data.

use super::digest::Digest;
use super::fields::Fields;
use super::file::DataFile;
use super::source::SourceNotes;
use crate::Fault;
use crate::source::positioned::SourceFile;
use serde_json::{Map, Value, json};
use std::path::Path;
use stowage_engine::certificate::{Certificate, CertificateKind};
use stowage_engine::options::{Empty, Overlong, PackOptions};
use stowage_engine::policy::Ledger;

/// Name of the manifest within the output folder.
pub(crate) const MANIFEST: &str = "_stowage.json";

/// A larger file isn't one of ours, even of a hundred thousand shards.
const LIMIT: u64 = 1 << 28;

/// The version of this layout.
const FORMAT_VERSION: u64 = 2;

/// What stands between the manifest's contents and their digest, its last field.
const BEFORE_DIGEST: &str = ",\n  \"digest\": ";

/// Where the labels of a data set come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Labels {
    /// It has none, nor a mask made of them.
    None,
    /// Each token is its own label.
    Tokens,
    /// A column of labels or a loss mask was named.
    Columns,
}

impl Labels {
    const ALL: [Self; 3] = [Self::None, Self::Tokens, Self::Columns];

    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Tokens => "tokens",
            Self::Columns => "columns",
        }
    }
}

/// A part of a data set that was planned and written apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PartitionGroup {
    pub plan_id: String,
    pub packs: u64,
    /// The first of its files, and the first that is of another.
    pub files: (usize, usize),
}

/// What the manifest holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Manifest {
    pub format: String,
    pub capacity: u32,
    pub pack_count: u64,
    pub sequence_count: u64,
    pub ledger: Ledger,
    pub lower_bound: u64,
    /// The proof of the bound.
    pub certificate: Certificate,
    pub pack_count_multiple_of: u64,
    /// The number of packs that was asked for.
    pub packs_asked: Option<u64>,
    pub max_sequences_per_pack: Option<u32>,
    pub pad_token_id: i32,
    pub eos_token_id: Option<i32>,
    pub plan_id: Option<String>,
    /// The parts that were planned apart, in place of a plan of the whole.
    pub groups: Option<Vec<PartitionGroup>>,
    pub strategy: String,
    pub seed: u64,
    pub epoch: u64,
    pub order: String,
    pub overlong: Overlong,
    pub empty: Empty,
    pub sequence_alignment: u32,
    pub labels: Labels,
    pub source: SourceNotes,
    pub columns: Vec<String>,
    /// How text became tokens, if it did.
    pub text: Option<Value>,
    /// The data.
    pub files: Vec<DataFile>,
    /// The small files beside them that describe them.
    pub described: Vec<DataFile>,
}

/// Name of the policy in the public surface.
pub(crate) fn overlong_name(overlong: Overlong) -> &'static str {
    match overlong {
        Overlong::Error => "error",
        Overlong::Drop => "drop",
        Overlong::Truncate => "truncate",
        Overlong::Split => "split",
        Overlong::TruncateStart => "truncate-start",
    }
}

/// Name of the policy in the public surface.
pub(crate) fn empty_name(empty: Empty) -> &'static str {
    match empty {
        Empty::Error => "error",
        Empty::Drop => "drop",
    }
}

impl Manifest {
    /// As JSON, indented, with a line end.
    pub(crate) fn to_json(&self) -> String {
        let file = |file: &DataFile| {
            let digest = file.digest.to_string();
            json!({ "path": file.path, "rows": file.rows, "bytes": file.bytes, "digest": digest })
        };
        let files: Vec<_> = self.files.iter().map(file).collect();
        let described: Vec<_> = self.described.iter().map(file).collect();
        let Certificate { kind, parameter, pack_weight, weights, counted } = &self.certificate;
        let mut certificate = json!({
            "kind": kind.name(),
            "parameter": parameter,
            "packWeight": pack_weight,
            "weights": weights,
        });
        if *counted {
            certificate["counted"] = true.into();
        }
        let mut value = json!({
            "formatVersion": FORMAT_VERSION,
            "product": "stowage",
            "productVersion": env!("CARGO_PKG_VERSION"),
            "format": self.format,
            "capacity": self.capacity,
            "packCount": self.pack_count,
            "sequenceCount": self.sequence_count,
            "tokensIn": self.ledger.tokens_in,
            "tokensPacked": self.ledger.tokens_packed,
            "tokensTruncated": self.ledger.tokens_truncated,
            "tokensDropped": self.ledger.tokens_dropped,
            "droppedCount": self.ledger.dropped_count,
            "lowerBound": self.lower_bound,
            "certificate": certificate,
            "packCountMultipleOf": self.pack_count_multiple_of,
            "packsAsked": self.packs_asked,
            "maxSequencesPerPack": self.max_sequences_per_pack,
            "padTokenId": self.pad_token_id,
            "eosTokenId": self.eos_token_id,
            "planId": self.plan_id,
            "strategy": self.strategy,
            "seed": self.seed,
            "epoch": self.epoch,
            "order": self.order,
            "overlong": overlong_name(self.overlong),
            "empty": empty_name(self.empty),
            "sequenceAlignment": self.sequence_alignment,
            "labels": self.labels.name(),
            "source": self.source.to_json(),
            "columns": self.columns,
            "files": files,
            "described": described,
        });
        if let Some(text) = &self.text {
            value["text"] = text.clone();
        }
        if let (Some(groups), Some(fields)) = (&self.groups, value.as_object_mut()) {
            let group = |group: &PartitionGroup| {
                let (from, to) = group.files;
                json!({ "planId": group.plan_id, "packs": group.packs, "files": [from, to] })
            };
            // In the place of the plan's id.
            let names = fields.iter_mut().map(|(name, value)| (name.clone(), value.take()));
            let names = names.map(|(name, value)| match name.as_str() {
                "planId" => {
                    ("partitionGroups".to_string(), groups.iter().map(group).collect::<Value>())
                }
                _ => (name, value),
            });
            let fields: Map<String, Value> = names.collect();
            value = fields.into();
        }
        let text = format!("{value:#}");
        let contents = text.strip_suffix("\n}").expect("an object ends so");
        format!("{contents}{}", tail(contents.as_bytes()))
    }

    /// Reads the manifest of `folder`; `whole`: it must be as it was written, to the byte.
    ///
    /// # Errors
    /// [`Fault::Io`] if there is none, [`Fault::Format`] if it isn't one of ours, or was changed.
    pub(crate) fn read(folder: &Path, whole: bool) -> Result<Self, Fault> {
        let path = folder.join(MANIFEST);
        let bytes = SourceFile::read_whole(&path, LIMIT)?;
        let damaged = |detail: String| Fault::format(&path, None, detail);
        let value: Value = serde_json::from_slice(&bytes)
            .map_err(|error| damaged(format!("not a manifest of stowage: {error}")))?;
        let fields = value.as_object().ok_or_else(|| damaged("not an object".to_string()))?;
        let fields = Fields { fields, path: &path };
        if fields.whole("formatVersion")? != FORMAT_VERSION {
            return Err(damaged("written by another version of stowage".to_string()));
        }
        if whole && !is_whole(&bytes) {
            let detail = "it was changed after it was written: its own digest is another";
            return Err(damaged(detail.to_string()));
        }
        fields.manifest()
    }

    /// The limits and policies, as the engine knows them.
    pub(crate) fn options(&self) -> PackOptions {
        PackOptions {
            max_sequences_per_pack: self.max_sequences_per_pack.and_then(std::num::NonZeroU32::new),
            sequence_alignment: self.sequence_alignment,
            overlong: self.overlong,
            empty: self.empty,
            seed: self.seed,
            pack_count_multiple_of: self.pack_count_multiple_of,
            pack_count: self.packs_asked,
            ..PackOptions::new(self.capacity)
        }
    }
}

/// What follows the contents of a manifest: their digest, and the end.
fn tail(contents: &[u8]) -> String {
    format!("{BEFORE_DIGEST}\"{}\"\n}}\n", Digest::of(contents))
}

/// True if the manifest ends with its own digest.
fn is_whole(bytes: &[u8]) -> bool {
    let before = BEFORE_DIGEST.as_bytes();
    let at = bytes.windows(before.len()).rposition(|window| window == before);
    at.is_some_and(|at| bytes[at..] == *tail(&bytes[..at]).as_bytes())
}

/// The files that a manifest of ours in `folder` lists, itself included; none without one. Of a
/// manifest that was damaged or is older, what can be read.
pub(super) fn listed(folder: &Path) -> Option<Vec<String>> {
    let bytes = SourceFile::read_whole(&folder.join(MANIFEST), LIMIT).ok()?;
    let value: Value = serde_json::from_slice(&bytes).ok()?;
    if value["product"] != "stowage" {
        return None;
    }
    let files = |name: &str| value[name].as_array().into_iter().flatten();
    let all = files("files").chain(files("described"));
    let names = all.filter_map(|file| file["path"].as_str()).map(str::to_string);
    Some(names.chain([MANIFEST.to_string()]).collect())
}

impl Fields<'_> {
    fn manifest(&self) -> Result<Manifest, Fault> {
        let overlongs = [
            Overlong::Error,
            Overlong::Drop,
            Overlong::Truncate,
            Overlong::Split,
            Overlong::TruncateStart,
        ];
        let empties = [Empty::Error, Empty::Drop];
        let overlong = self.text("overlong")?;
        let empty = self.text("empty")?;
        let overlong = overlongs.into_iter().find(|policy| overlong_name(*policy) == overlong);
        let empty = empties.into_iter().find(|policy| empty_name(*policy) == empty);
        let capacity = self.small("capacity")?;
        let sequence_alignment = self.small("sequenceAlignment")?;
        if capacity == 0 || capacity > i32::MAX as u32 {
            return Err(self.wrong("capacity"));
        }
        if sequence_alignment == 0 || sequence_alignment > capacity {
            return Err(self.wrong("sequenceAlignment"));
        }
        Ok(Manifest {
            format: self.text("format")?,
            capacity,
            pack_count: self.whole("packCount")?,
            sequence_count: self.sequence_count()?,
            ledger: Ledger {
                tokens_in: self.whole("tokensIn")?,
                tokens_packed: self.whole("tokensPacked")?,
                tokens_truncated: self.whole("tokensTruncated")?,
                tokens_dropped: self.whole("tokensDropped")?,
                dropped_count: self.whole("droppedCount")?,
            },
            lower_bound: self.whole("lowerBound")?,
            certificate: self.certificate()?,
            pack_count_multiple_of: self.whole("packCountMultipleOf")?,
            packs_asked: self.optional("packsAsked", Self::whole)?,
            max_sequences_per_pack: self.optional("maxSequencesPerPack", Self::small)?,
            pad_token_id: self.id("padTokenId")?,
            eos_token_id: self.optional("eosTokenId", Self::id)?,
            plan_id: self.optional("planId", Self::text)?,
            groups: self.groups()?,
            strategy: self.text("strategy")?,
            seed: self.whole("seed")?,
            epoch: self.whole("epoch")?,
            order: self.text("order")?,
            overlong: overlong.ok_or_else(|| self.wrong("overlong"))?,
            empty: empty.ok_or_else(|| self.wrong("empty"))?,
            sequence_alignment,
            labels: self.labels()?,
            source: SourceNotes::parse(self.value("source")).ok_or_else(|| self.wrong("source"))?,
            columns: self.columns()?,
            text: self.fields.get("text").cloned(),
            files: self.files("files")?,
            described: self.files("described")?,
        })
    }

    /// What is read back has ids of 32 bits; jobs over many machines may write more.
    fn sequence_count(&self) -> Result<u64, Fault> {
        let count = self.whole("sequenceCount")?;
        if u32::try_from(count).is_ok() {
            return Ok(count);
        }
        let detail = format!(
            "'sequenceCount' is missing or wrong: {count}; a data set of 2^32 sequences or more is \
             proved shard by shard, by its job"
        );
        Err(Fault::format(self.path, None, detail))
    }

    fn groups(&self) -> Result<Option<Vec<PartitionGroup>>, Fault> {
        let Some(groups) = self.fields.get("partitionGroups") else { return Ok(None) };
        let read = |group: &Value| {
            let [from, to] = &group["files"].as_array()?[..] else { return None };
            Some(PartitionGroup {
                plan_id: group["planId"].as_str()?.to_string(),
                packs: group["packs"].as_u64()?,
                files: (from.as_u64()?.try_into().ok()?, to.as_u64()?.try_into().ok()?),
            })
        };
        let groups: Option<Vec<_>> = groups.as_array().into_iter().flatten().map(read).collect();
        let files = self.value("files").as_array().map_or(0, Vec::len);
        // One behind the other, and all files are of some group.
        let mut next = 0;
        let mut follows = |group: &PartitionGroup| {
            let (from, to) = group.files;
            from == std::mem::replace(&mut next, to) && from < to
        };
        let groups = groups.filter(|groups| groups.iter().all(&mut follows));
        let whole = groups.filter(|_| next == files);
        whole.map(Some).ok_or_else(|| self.wrong("partitionGroups"))
    }

    fn columns(&self) -> Result<Vec<String>, Fault> {
        let names = self.value("columns").as_array().into_iter().flatten();
        let names: Option<_> = names.map(|name| name.as_str().map(str::to_string)).collect();
        names.ok_or_else(|| self.wrong("columns"))
    }

    fn labels(&self) -> Result<Labels, Fault> {
        let name = self.text("labels")?;
        let labels = Labels::ALL.into_iter().find(|labels| labels.name() == name);
        labels.ok_or_else(|| self.wrong("labels"))
    }

    fn certificate(&self) -> Result<Certificate, Fault> {
        let value = self.value("certificate");
        let read = || {
            let parameter = &value["parameter"];
            Some(Certificate {
                kind: CertificateKind::from_name(value["kind"].as_str()?)?,
                parameter: if parameter.is_null() { None } else { Some(parameter.as_u64()?) },
                pack_weight: value["packWeight"].as_u64()?,
                weights: serde_json::from_value(value["weights"].clone()).ok()?,
                counted: match &value["counted"] {
                    Value::Null => false,
                    counted => counted.as_bool()?,
                },
            })
        };
        read().ok_or_else(|| self.wrong("certificate"))
    }

    fn files(&self, name: &str) -> Result<Vec<DataFile>, Fault> {
        let files = self.value(name).as_array().ok_or_else(|| self.wrong(name))?;
        let read = |file: &Value| {
            let path = file["path"].as_str().filter(|path| is_inside(path))?.to_string();
            let digest = Digest::parse(file["digest"].as_str()?)?;
            let (rows, bytes) = (file["rows"].as_u64()?, file["bytes"].as_u64()?);
            Some(DataFile { path, rows, bytes, digest })
        };
        files.iter().map(|file| read(file).ok_or_else(|| self.wrong(name))).collect()
    }
}

/// A manifest that came from elsewhere must not point out of its folder.
fn is_inside(path: &str) -> bool {
    Path::new(path).components().all(|part| matches!(part, std::path::Component::Normal(_)))
}
