//! A packed data set in every format, whose files the targets replace.

use crate::scratch;
use crate::table::{CARRIED, LABELS, table};
use arrow_ipc::writer::FileWriter;
use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use stowage_dataset::{
    Columns, DatasetOptions, DatasetReport, Fault, VerifyOptions, formats, pack_dataset,
    verify_dataset,
};
use stowage_engine::options::Overlong;
use stowage_engine::{PackOptions, Unwatched};
use twox_hash::xxhash3_128::Hasher;

/// Name of the manifest.
pub const MANIFEST: &str = "_stowage.json";
/// What stands between a manifest's contents and their digest.
const BEFORE_DIGEST: &str = ",\n  \"digest\": ";

/// A data set as it was written.
pub struct Output {
    pub format: &'static str,
    pub folder: PathBuf,
    /// What is proved of it as it was written, by itself alone.
    pub proved: DatasetReport,
    /// Path within the folder, contents; data in the manifest's order, then what describes it.
    pub files: Vec<(String, Vec<u8>)>,
    pub manifest: Value,
    source: PathBuf,
    columns: Columns,
}

/// All data sets: each format with what it has room for.
pub fn outputs() -> &'static [Output] {
    static ALL: OnceLock<Vec<Output>> = OnceLock::new();
    ALL.get_or_init(|| {
        let source = scratch().join("source.arrow");
        let batch = table(|name| name == "input_ids" || name == LABELS || CARRIED.contains(&name));
        let file = File::create(&source).expect("a file");
        let mut writer = FileWriter::try_new(file, &batch.schema()).expect("a writer");
        (0..3).for_each(|part| writer.write(&batch.slice(part * 8, 8)).expect("written"));
        writer.finish().expect("finished");
        formats().into_iter().map(|format| Output::make(format, &source)).collect()
    })
}

impl Output {
    fn make(format: &'static str, source: &Path) -> Self {
        let folder = scratch().join(format);
        let input = source.to_str().expect("a plain path").to_owned();
        let mut refused = None;
        // With everything it has room for, else with less.
        for (labels, carry, cut) in [
            (true, true, true),
            (true, true, false),
            (true, false, true),
            (true, false, false),
            (false, false, true),
            (false, false, false),
        ] {
            let overlong = if cut { Overlong::Split } else { Overlong::Drop };
            let pack = PackOptions { overlong, ..PackOptions::new(10) };
            let mut columns = columns(labels, carry);
            if !labels {
                columns.ignore.push(LABELS.to_owned());
            }
            let options = DatasetOptions {
                columns: columns.clone(),
                eos_token_id: (format == "megatron").then_some(299),
                ..DatasetOptions::new(vec![input.clone()], folder.clone(), format, pack)
            };
            match pack_dataset(&options, 1, &Unwatched) {
                Ok(_) => return Self::read(format, folder, source.to_path_buf(), columns),
                Err(fault) => refused = Some(fault),
            }
        }
        panic!("{format}: {}", refused.expect("it was tried"));
    }

    fn read(format: &'static str, folder: PathBuf, source: PathBuf, columns: Columns) -> Self {
        let manifest = std::fs::read(folder.join(MANIFEST)).expect("a manifest");
        let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
        let names = ["files", "described"].into_iter().flat_map(|list| {
            manifest[list].as_array().into_iter().flatten().filter_map(|file| file["path"].as_str())
        });
        let read = |name: &str| std::fs::read(folder.join(name)).expect("a file of the manifest");
        let files = names.map(|name| (name.to_owned(), read(name))).collect();
        let proved = prove(&folder, None, &columns, true).expect("what was written proves");
        Self { format, folder, proved, files, manifest, source, columns }
    }

    /// Proves the data set as it stands.
    ///
    /// # Errors
    /// Those of the job.
    pub fn verify(&self, with_source: bool, digests: bool) -> Result<DatasetReport, Fault> {
        let source = with_source.then_some(self.source.as_path());
        prove(&self.folder, source, &self.columns, digests)
    }

    /// Writes a manifest, with its own digest.
    pub fn write_manifest(&self, manifest: &Value) {
        let mut manifest = manifest.clone();
        if let Some(fields) = manifest.as_object_mut() {
            fields.shift_remove("digest");
        }
        let mut text = format!("{manifest:#}");
        if let Some(contents) = text.strip_suffix("\n}") {
            let digest = Hasher::oneshot(contents.as_bytes());
            text = format!("{contents}{BEFORE_DIGEST}\"xxh3-128:{digest:032x}\"\n}}\n");
        }
        self.put(MANIFEST, text.as_bytes());
    }

    /// Replaces a file.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.join(name), bytes).expect("the folder can be written");
    }

    /// Replaces file `index`, and what the manifest says of its size.
    pub fn change(&self, index: usize, bytes: &[u8]) {
        let (name, was) = &self.files[index];
        self.put(name, bytes);
        if was.len() != bytes.len() {
            let mut manifest = self.manifest.clone();
            for list in ["files", "described"] {
                let files = manifest[list].as_array_mut().into_iter().flatten();
                for file in files.filter(|file| file["path"] == name.as_str()) {
                    file["bytes"] = bytes.len().into();
                }
            }
            self.write_manifest(&manifest);
        }
    }

    /// Puts back what [`change`](Self::change) has replaced.
    pub fn restore(&self, index: usize) {
        self.put(&self.files[index].0, &self.files[index].1);
        self.write_manifest(&self.manifest);
    }
}

fn columns(labels: bool, carry: bool) -> Columns {
    let carry = CARRIED.iter().filter(|_| carry).map(|&name| name.to_owned()).collect();
    Columns::new("input_ids".to_owned(), labels.then(|| LABELS.to_owned()), None, carry)
}

fn prove(
    folder: &Path,
    source: Option<&Path>,
    columns: &Columns,
    digests: bool,
) -> Result<DatasetReport, Fault> {
    let input = |source: &Path| vec![source.to_str().expect("a plain path").to_owned()];
    let options = VerifyOptions {
        output: folder.to_path_buf(),
        inputs: source.map(input),
        columns: columns.clone(),
        digests,
    };
    verify_dataset(&options, 1, &Unwatched)
}
