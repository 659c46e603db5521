//! The counts of one partition, and how many members of each length come before it: Arrow files of one
//! batch, 12 bytes per distinct length.

use super::folder::{JobFolder, numbered};
use crate::Fault;
use crate::fault::guarded;
use arrow_array::{ArrayRef, RecordBatch, UInt32Array, UInt64Array};
use arrow_ipc::reader::FileReader;
use arrow_ipc::writer::FileWriter;
use arrow_schema::{DataType, Field, Schema};
use std::collections::HashMap;
use std::io::Cursor;
use std::sync::Arc;
use stowage_engine::policy::Ledger;

/// What a partition holds, after the policies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Sequences, those that are left out included.
    pub sequences: u64,
    /// Where their tokens go.
    pub ledger: Ledger,
    /// Sequences left out because nothing in them is trained on.
    pub targetless: u64,
    /// Of the lengths as they were read.
    pub lengths_digest: String,
    /// All ids are below 2^16.
    pub narrow: bool,
    /// Whether the loss mask is of floats, where its type tells.
    pub weighted: Option<bool>,
    /// Names and types of carried columns, as text.
    pub carried: String,
    /// Row of the first sequence that a policy refuses, and its length.
    pub fault: Option<(u64, u32)>,
    /// Lengths of members, ascending, with how many there are.
    pub classes: Vec<(u32, u64)>,
}

/// Members of earlier partitions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Offsets {
    /// Sequences in earlier partitions: the id of the first of this one.
    pub first_id: u64,
    /// Lengths that this one has, with the members of earlier ones.
    pub before: Vec<(u32, u64)>,
}

/// The names of the files.
pub(super) fn counts_name(partition: usize, count: usize) -> String {
    numbered("counts", partition, count, "arrow")
}

/// As above.
pub(super) fn offsets_name(partition: usize, count: usize) -> String {
    numbered("offsets", partition, count, "arrow")
}

impl Counts {
    /// The bytes of the file.
    pub(super) fn to_bytes(&self, partition: usize) -> Vec<u8> {
        let ledger = &self.ledger;
        let mut facts = vec![
            ("partition", partition.to_string()),
            ("sequences", self.sequences.to_string()),
            ("tokens", ledger.tokens_in.to_string()),
            ("packed", ledger.tokens_packed.to_string()),
            ("truncated", ledger.tokens_truncated.to_string()),
            ("droppedTokens", ledger.tokens_dropped.to_string()),
            ("dropped", ledger.dropped_count.to_string()),
            ("withoutTargets", self.targetless.to_string()),
            ("lengthsDigest", self.lengths_digest.clone()),
            ("narrow", self.narrow.to_string()),
            ("carried", self.carried.clone()),
        ];
        if let Some(weighted) = self.weighted {
            facts.push(("mask", if weighted { "float" } else { "integer" }.to_string()));
        }
        if let Some((row, length)) = self.fault {
            facts.push(("firstFault", format!("{row} {length}")));
        }
        written(&facts, "count", &self.classes)
    }

    /// Reads those of a partition; none where they aren't there yet.
    ///
    /// # Errors
    /// [`Fault::Io`]; [`Fault::Job`] for what isn't such a file.
    pub(super) fn read(
        folder: &JobFolder,
        partition: usize,
        count: usize,
    ) -> Result<Option<Self>, Fault> {
        let name = counts_name(partition, count);
        let Some(bytes) = folder.read(&name)? else { return Ok(None) };
        let (facts, classes) = read(folder, &name, bytes, "count")?;
        let text = |key: &str| facts.get(&format!("stowage.{key}"));
        let number = |key: &str| text(key)?.parse().ok();
        let counts = || {
            let fault = match text("firstFault") {
                None => None,
                Some(words) => {
                    let (row, length) = words.split_once(' ')?;
                    Some((row.parse().ok()?, length.parse().ok()?))
                }
            };
            (number("partition")? == partition as u64).then_some(())?;
            Some(Self {
                sequences: number("sequences")?,
                ledger: Ledger {
                    tokens_in: number("tokens")?,
                    tokens_packed: number("packed")?,
                    tokens_truncated: number("truncated")?,
                    tokens_dropped: number("droppedTokens")?,
                    dropped_count: number("dropped")?,
                },
                targetless: number("withoutTargets")?,
                lengths_digest: text("lengthsDigest")?.clone(),
                narrow: text("narrow")?.parse().ok()?,
                weighted: text("mask").map(|mask| mask == "float"),
                carried: text("carried")?.clone(),
                fault,
                classes,
            })
        };
        counts().map(Some).ok_or_else(|| damaged(&name, "what it says of the partition is wrong"))
    }
}

impl Offsets {
    /// The bytes of the file.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        written(&[("firstId", self.first_id.to_string())], "before", &self.before)
    }

    /// Reads those of a partition.
    ///
    /// # Errors
    /// [`Fault::JobIncomplete`] where they aren't there yet; as [`Counts::read`].
    pub(super) fn read(folder: &JobFolder, partition: usize, count: usize) -> Result<Self, Fault> {
        let name = offsets_name(partition, count);
        let Some(bytes) = folder.read(&name)? else {
            return Err(Fault::JobIncomplete(format!("there is no {name}; plan first")));
        };
        let (facts, before) = read(folder, &name, bytes, "before")?;
        let first_id = facts.get("stowage.firstId").and_then(|digits| digits.parse().ok());
        let first_id = first_id.ok_or_else(|| damaged(&name, "stowage.firstId is missing"))?;
        Ok(Self { first_id, before })
    }
}

fn damaged(name: &str, why: &str) -> Fault {
    Fault::Job(format!("{name} is damaged: {why}; remove it and run its step again"))
}

fn written(facts: &[(&str, String)], column: &str, classes: &[(u32, u64)]) -> Vec<u8> {
    let metadata = facts.iter().map(|(key, value)| (format!("stowage.{key}"), value.clone()));
    let metadata: HashMap<String, String> = metadata.collect();
    let fields = vec![
        Field::new("length", DataType::UInt32, false),
        Field::new(column, DataType::UInt64, false),
    ];
    let schema = Arc::new(Schema::new(fields).with_metadata(metadata));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(UInt32Array::from_iter_values(classes.iter().map(|class| class.0))),
        Arc::new(UInt64Array::from_iter_values(classes.iter().map(|class| class.1))),
    ];
    let write = || {
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
        let mut file = FileWriter::try_new(Vec::new(), &schema)?;
        file.write(&batch)?;
        file.into_inner()
    };
    write().expect("two columns of numbers, in memory")
}

type Facts = HashMap<String, String>;

fn read(
    folder: &JobFolder,
    name: &str,
    bytes: Vec<u8>,
    column: &str,
) -> Result<(Facts, Vec<(u32, u64)>), Fault> {
    let path = folder.place(name);
    let wrong = |why: String| damaged(name, &why);
    guarded(&path, || {
        let file = FileReader::try_new(Cursor::new(bytes), None);
        let file = file.map_err(|error| wrong(error.to_string()))?;
        let schema = file.schema();
        let facts = schema.metadata().iter();
        let facts = facts.map(|(key, value)| (key.clone(), value.clone())).collect();
        let mut classes = Vec::new();
        for batch in file {
            let batch = batch.map_err(|error| wrong(error.to_string()))?;
            let array = |name: &str| batch.column_by_name(name).map(|array| array.as_any());
            let lengths = array("length").and_then(|array| array.downcast_ref::<UInt32Array>());
            let numbers = array(column).and_then(|array| array.downcast_ref::<UInt64Array>());
            let (Some(lengths), Some(numbers)) = (lengths, numbers) else {
                return Err(wrong(format!("it has no columns length and {column}")));
            };
            classes.extend(lengths.values().iter().copied().zip(numbers.values().iter().copied()));
        }
        if !classes.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(wrong("its lengths don't rise".to_string()));
        }
        Ok((facts, classes))
    })
}

#[cfg(test)]
mod tests {
    use super::{Counts, Offsets, counts_name, offsets_name};
    use crate::job::scale::folder::JobFolder;
    use stowage_engine::policy::Ledger;

    #[test]
    fn counts_and_offsets_read_as_they_were_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let job = JobFolder::new(folder.path());
        assert_eq!(Counts::read(&job, 3, 9), Ok(None));
        let ledger =
            Ledger { tokens_in: 9, tokens_packed: 7, tokens_dropped: 2, ..Ledger::default() };
        let counts = Counts {
            sequences: 4,
            ledger,
            lengths_digest: "ab".to_string(),
            weighted: Some(true),
            fault: Some((2, 77)),
            classes: vec![(1, 2), (5, 1 << 40)],
            ..Counts::default()
        };
        // The same bytes whenever they are written: hash maps have no order of their own.
        assert_eq!(counts.to_bytes(3), counts.to_bytes(3));
        job.keep(&counts_name(3, 9), &counts.to_bytes(3)).expect("it is new");
        assert_eq!(Counts::read(&job, 3, 9), Ok(Some(counts)));
        let offsets = Offsets { first_id: 1 << 40, before: vec![(1, 0), (5, 3)] };
        job.keep(&offsets_name(3, 9), &offsets.to_bytes()).expect("it is new");
        assert_eq!(Offsets::read(&job, 3, 9), Ok(offsets));
    }
}
