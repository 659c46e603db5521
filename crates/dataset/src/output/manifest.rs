//! `_stowage.json`: what a data set is, for the verifier and for people. A leading underscore keeps
//! Spark and `pyarrow.dataset` from reading it as data.

use super::file::DataFile;
use crate::Fault;
use serde_json::{Map, Value, json};
use std::path::Path;
use stowage_engine::options::{Empty, Overlong, PackOptions};
use stowage_engine::policy::Ledger;

/// Name of the manifest within the output folder.
pub(crate) const MANIFEST: &str = "_stowage.json";

/// The version of this layout.
const FORMAT_VERSION: u64 = 1;

/// What the manifest holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Manifest {
    pub format: String,
    pub capacity: u32,
    pub pack_count: u64,
    pub sequence_count: u64,
    pub ledger: Ledger,
    pub lower_bound: u64,
    pub max_sequences_per_pack: Option<u32>,
    pub pad_token_id: i32,
    pub eos_token_id: Option<i32>,
    pub plan_id: Option<String>,
    pub strategy: String,
    pub seed: u64,
    pub epoch: u64,
    pub order: String,
    pub overlong: Overlong,
    pub empty: Empty,
    pub sequence_alignment: u32,
    pub columns: Vec<String>,
    pub files: Vec<DataFile>,
}

/// Name of the policy in the public surface.
pub(crate) fn overlong_name(overlong: Overlong) -> &'static str {
    match overlong {
        Overlong::Error => "error",
        Overlong::Drop => "drop",
        Overlong::Truncate => "truncate",
        Overlong::Split => "split",
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
        let files: Vec<_> = self
            .files
            .iter()
            .map(|file| json!({ "path": file.path, "rows": file.rows, "bytes": file.bytes }))
            .collect();
        let value = json!({
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
            "columns": self.columns,
            "files": files,
        });
        format!("{value:#}\n")
    }

    /// Reads the manifest of `folder`.
    ///
    /// # Errors
    /// [`Fault::Io`] if there is none, [`Fault::Format`] if it isn't one of ours.
    pub(crate) fn read(folder: &Path) -> Result<Self, Fault> {
        let path = folder.join(MANIFEST);
        let bytes = std::fs::read(&path).map_err(|error| Fault::io("read", &path, &error))?;
        let damaged = |detail: String| Fault::format(&path, None, detail);
        let value: Value = serde_json::from_slice(&bytes)
            .map_err(|error| damaged(format!("not a manifest of stowage: {error}")))?;
        let fields = value.as_object().ok_or_else(|| damaged("not an object".to_string()))?;
        let fields = Fields { fields, path: &path };
        if fields.whole("formatVersion")? != FORMAT_VERSION {
            return Err(damaged("written by another version of stowage".to_string()));
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
            ..PackOptions::new(self.capacity)
        }
    }
}

/// True if `folder` has a manifest of ours: then it may be overwritten.
pub(crate) fn written_by_us(folder: &Path) -> bool {
    let bytes = std::fs::read(folder.join(MANIFEST)).unwrap_or_default();
    serde_json::from_slice::<Value>(&bytes).is_ok_and(|value| value["product"] == "stowage")
}

/// The manifest's fields, each read with its name in the fault.
struct Fields<'a> {
    fields: &'a Map<String, Value>,
    path: &'a Path,
}

impl Fields<'_> {
    fn manifest(&self) -> Result<Manifest, Fault> {
        let overlongs = [Overlong::Error, Overlong::Drop, Overlong::Truncate, Overlong::Split];
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
            sequence_count: self.whole("sequenceCount")?,
            ledger: Ledger {
                tokens_in: self.whole("tokensIn")?,
                tokens_packed: self.whole("tokensPacked")?,
                tokens_truncated: self.whole("tokensTruncated")?,
                tokens_dropped: self.whole("tokensDropped")?,
                dropped_count: self.whole("droppedCount")?,
            },
            lower_bound: self.whole("lowerBound")?,
            max_sequences_per_pack: self.optional("maxSequencesPerPack", Self::small)?,
            pad_token_id: self.id("padTokenId")?,
            eos_token_id: self.optional("eosTokenId", Self::id)?,
            plan_id: self.optional("planId", Self::text)?,
            strategy: self.text("strategy")?,
            seed: self.whole("seed")?,
            epoch: self.whole("epoch")?,
            order: self.text("order")?,
            overlong: overlong.ok_or_else(|| self.wrong("overlong"))?,
            empty: empty.ok_or_else(|| self.wrong("empty"))?,
            sequence_alignment,
            columns: self.columns()?,
            files: self.files()?,
        })
    }

    fn columns(&self) -> Result<Vec<String>, Fault> {
        let names = self.value("columns").as_array().into_iter().flatten();
        let names: Option<_> = names.map(|name| name.as_str().map(str::to_string)).collect();
        names.ok_or_else(|| self.wrong("columns"))
    }

    fn files(&self) -> Result<Vec<DataFile>, Fault> {
        let files = self.value("files").as_array().ok_or_else(|| self.wrong("files"))?;
        let read = |file: &Value| {
            let path = file["path"].as_str().filter(|path| is_inside(path))?.to_string();
            Some(DataFile { path, rows: file["rows"].as_u64()?, bytes: file["bytes"].as_u64()? })
        };
        files.iter().map(|file| read(file).ok_or_else(|| self.wrong("files"))).collect()
    }

    fn value(&self, name: &str) -> &Value {
        self.fields.get(name).unwrap_or(&Value::Null)
    }

    fn wrong(&self, name: &str) -> Fault {
        let detail = format!("'{name}' is missing or wrong: {}", self.value(name));
        Fault::format(self.path, None, detail)
    }

    fn whole(&self, name: &str) -> Result<u64, Fault> {
        self.value(name).as_u64().ok_or_else(|| self.wrong(name))
    }

    fn small(&self, name: &str) -> Result<u32, Fault> {
        u32::try_from(self.whole(name)?).map_err(|_| self.wrong(name))
    }

    fn id(&self, name: &str) -> Result<i32, Fault> {
        i32::try_from(self.whole(name)?).map_err(|_| self.wrong(name))
    }

    fn text(&self, name: &str) -> Result<String, Fault> {
        self.value(name).as_str().map(str::to_string).ok_or_else(|| self.wrong(name))
    }

    fn optional<T>(
        &self,
        name: &str,
        read: impl Fn(&Self, &str) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        if self.value(name).is_null() { Ok(None) } else { read(self, name).map(Some) }
    }
}

/// A manifest that came from elsewhere must not point out of its folder.
fn is_inside(path: &str) -> bool {
    Path::new(path).components().all(|part| matches!(part, std::path::Component::Normal(_)))
}
