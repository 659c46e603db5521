//! Reports of written shards, `written/S.json`: what finalizing proves and puts together.

use super::folder::JobFolder;
use crate::Fault;
use crate::format::sink::Finished;
use crate::output::{DataFile, Digest, Output};
use crate::source::positioned::SourceFile;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::fmt::Write;
use std::path::Path;

/// What is known of a written shard.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Written {
    pub shard: usize,
    pub file: DataFile,
    pub sha256: String,
    pub segments: u64,
    pub tokens: u64,
    /// Of its contents, in any order.
    pub digest: String,
    /// What the format's index needs.
    pub index: Value,
    /// Segments and packs without any target, where labels or a mask were named.
    pub without_targets: Option<(u64, u64)>,
}

impl Written {
    pub(super) fn to_json(&self) -> Value {
        let DataFile { path, rows, bytes, digest } = &self.file;
        json!({
            "version": 1,
            "shard": self.shard,
            "path": path,
            "rows": rows,
            "bytes": bytes,
            "sha256": self.sha256,
            "segments": self.segments,
            "tokens": self.tokens,
            "digest": self.digest,
            "manifest": {
                "path": path, "rows": rows, "bytes": bytes, "digest": digest.to_string(),
            },
            "index": self.index,
            "withoutTargets": self.without_targets,
        })
    }

    pub(super) fn parse(value: &Value) -> Option<Self> {
        let whole = |name: &str| value[name].as_u64();
        let text = |name: &str| value[name].as_str().map(str::to_string);
        (whole("version")? == 1).then_some(())?;
        Some(Self {
            shard: whole("shard")?.try_into().ok()?,
            file: DataFile {
                path: text("path")?,
                rows: whole("rows")?,
                bytes: whole("bytes")?,
                digest: Digest::parse(value["manifest"]["digest"].as_str()?)?,
            },
            sha256: text("sha256")?,
            segments: whole("segments")?,
            tokens: whole("tokens")?,
            digest: text("digest")?,
            index: value["index"].clone(),
            without_targets: serde_json::from_value(value["withoutTargets"].clone()).ok()?,
        })
    }

    /// As [`Finished`], for the format.
    pub(super) fn finished(&self) -> Finished {
        Finished { file: self.file.clone(), index: self.index.clone() }
    }
}

/// The reports in a file: of one shard, or a list of them.
///
/// # Errors
/// [`Fault::Job`] for what isn't such a file; [`Fault::Io`].
pub(super) fn read(folder: &JobFolder, name: &str) -> Result<Option<Vec<Written>>, Fault> {
    let Some(bytes) = folder.read(name)? else { return Ok(None) };
    let value: Option<Value> = serde_json::from_slice(&bytes).ok();
    let reports = value.and_then(|value| match value {
        Value::Array(list) => list.iter().map(Written::parse).collect(),
        one => Written::parse(&one).map(|report| vec![report]),
    });
    let wrong = || Fault::Job(format!("{name} is damaged; remove it and write its shards again"));
    reports.map(Some).ok_or_else(wrong)
}

/// Gives finished shards their names in the output and then their reports in the job folder: in this
/// order, so that whatever is reported is there.
///
/// # Errors
/// [`Fault::Job`] where an earlier attempt reported other bytes: nothing is changed then; [`Fault::Io`].
pub(super) fn place(
    folder: &JobFolder,
    name: &str,
    reports: &[Written],
    text: &str,
    output: &Output,
) -> Result<(), Fault> {
    for earlier in read(folder, name)?.into_iter().flatten() {
        let same = reports.iter().find(|report| report.shard == earlier.shard);
        let Some(other) = same.filter(|report| report.sha256 != earlier.sha256) else { continue };
        return Err(Fault::Job(format!(
            "{} has sha256 {} now, and {name} says {} of it: two attempts at one shard must write \
             the same bytes; the input, an option or the program has changed since",
            other.file.path, other.sha256, earlier.sha256
        )));
    }
    output.place(reports.iter().map(|report| report.file.path.as_str()))?;
    folder.keep(name, text.as_bytes())
}

/// The SHA-256 of a file, as hexadecimal digits. `go_on` is asked every few milliseconds.
///
/// # Errors
/// [`Fault::Io`]; that of `go_on`.
pub(super) fn sha256(path: &Path, go_on: &dyn Fn() -> Result<(), Fault>) -> Result<String, Fault> {
    let file = SourceFile::open(path)?;
    let mut hash = Sha256::new();
    let mut position = 0;
    while position < file.size() {
        let count = (file.size() - position).min(1 << 20) as usize;
        let bytes = file.read(position, count);
        hash.update(bytes.map_err(|error| Fault::io("read", path, &error))?);
        position += count as u64;
        go_on()?;
    }
    let mut digits = String::with_capacity(64);
    for byte in hash.finalize() {
        let _ = write!(digits, "{byte:02x}"); // a string takes every byte
    }
    Ok(digits)
}
