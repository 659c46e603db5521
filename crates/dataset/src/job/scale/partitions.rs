//! Inputs cut into partitions: runs of consecutive files, and runs of row groups or record batches of
//! large ones. What can't be read from its middle, JSON and what is compressed as a whole, isn't cut.

use crate::Fault;
use crate::source::{Inputs, Packed, Sources};
use serde_json::{Value, json};
use stowage_engine::Watch;

/// What [`find_partitions`] looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionOptions {
    /// Files, folders or patterns.
    pub inputs: Vec<String>,
    /// Which split of an input folder.
    pub split: Option<String>,
    /// Take packed data sets as sources.
    pub repack: bool,
    /// The column of tokens.
    pub column: String,
    /// Bytes of files in a partition, at most, unless one piece has more.
    pub partition_bytes: u64,
}

/// Finds the input files and cuts them into partitions: JSON, as it stands in `job.json`, with the
/// bytes of all files and what the caller should know.
///
/// # Errors
/// Those of finding and opening the files; a cancel.
pub fn find_partitions(options: &PartitionOptions, watch: &dyn Watch) -> Result<String, Fault> {
    let inputs = Inputs {
        paths: &options.inputs,
        split: options.split.as_deref(),
        packed: if options.repack { Packed::Read } else { Packed::Refuse },
        column: &options.column,
        arrays: false,
        ranges: &[],
    };
    let sources = Sources::open(&inputs, watch)?;
    let most = options.partition_bytes.max(1);
    let (mut partitions, mut open, mut open_bytes): (Vec<Value>, Vec<Value>, u64) =
        (Vec::new(), Vec::new(), 0);
    let mut close = |open: &mut Vec<Value>| {
        if !open.is_empty() {
            partitions.push(json!({ "inputs": std::mem::take(open) }));
        }
    };
    for (number, table) in sources.tables.iter().enumerate() {
        let path = std::path::absolute(table.path())
            .map_err(|error| Fault::io("use", table.path(), &error))?;
        let path = path.to_str().ok_or_else(|| {
            let error = std::io::Error::other("its name isn't Unicode, and job.json is");
            Fault::io("take", table.path(), &error)
        })?;
        let bytes = table.size();
        let parts: Vec<u64> =
            sources.parts.iter().filter(|it| it.table == number).map(|it| it.bytes).collect();
        if bytes <= most || parts.len() < 2 || !table.divides() {
            if open_bytes + bytes > most {
                close(&mut open);
                open_bytes = 0;
            }
            open.push(json!({ "path": path, "bytes": bytes }));
            open_bytes += bytes;
            continue;
        }
        close(&mut open);
        open_bytes = 0;
        for (from, to) in runs(&parts, most) {
            open.push(json!({ "path": path, "bytes": bytes, "rowGroups": [from, to] }));
            close(&mut open);
        }
    }
    close(&mut open);
    let bytes: u64 = sources.tables.iter().map(crate::source::Table::size).sum();
    let warnings = sources.warnings.into_list();
    Ok(json!({ "partitions": partitions, "bytes": bytes, "warnings": warnings }).to_string())
}

/// Consecutive parts that have at most `most` bytes together, or are one.
fn runs(parts: &[u64], most: u64) -> Vec<(usize, usize)> {
    let (mut runs, mut from, mut sum) = (Vec::new(), 0, 0);
    for (at, bytes) in parts.iter().enumerate() {
        if at > from && sum + bytes > most {
            runs.push((from, at));
            (from, sum) = (at, 0);
        }
        sum += bytes;
    }
    runs.push((from, parts.len()));
    runs
}

#[cfg(test)]
mod tests {
    use super::runs;

    #[test]
    fn runs_have_every_part_once_and_are_as_long_as_may_be() {
        assert_eq!(runs(&[3, 3, 3, 9, 1, 1], 6), [(0, 2), (2, 3), (3, 4), (4, 6)]);
        assert_eq!(runs(&[100], 6), [(0, 1)]);
    }
}
