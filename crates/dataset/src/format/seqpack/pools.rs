//! The pools of format `seqpack`: the ids of all sequences of a length, in input order.
//!
//! O(ids); 8 bytes per id with the sources, else a bit per sequence and one pool at a time.

use crate::Fault;
use crate::bits::Bits;
use crate::format::shape::array::Kind;
use crate::format::shape::npy;
use crate::output::{MANIFEST, Manifest};
use crate::progress::Meter;
use crate::source::ids::Sequences;
use std::path::{Path, PathBuf};
use stowage_engine::{Stage, Watch, memory};

/// Ids that are read together.
const AT_ONCE: u64 = 1 << 16;
/// Name of the ids in the manifest: the caller's own.
const OWN_IDS: &str = "ids";
/// Name of the ids in the manifest: rows of the sources.
const ROW_IDS: &str = "sequence_ids";

/// What the ids of these sequences are called in the manifest.
pub(super) fn column(sequences: &Sequences) -> &'static str {
    if sequences.ids.is_some() { OWN_IDS } else { ROW_IDS }
}

/// Ids grouped by length, by counting: those of one length keep the order of the input.
/// `classes` are lengths with their numbers of sequences, ascending; other lengths are in none.
///
/// # Errors
/// [`Fault::Engine`] when memory is refused.
pub(super) fn grouped(sequences: &Sequences, classes: &[(u32, u64)]) -> Result<Vec<i64>, Fault> {
    let total: u64 = classes.iter().map(|&(_, count)| count).sum();
    let mut pools = memory::filled(0, total as usize)?;
    let mut next = 0;
    let mut ends: Vec<usize> = Vec::with_capacity(classes.len());
    for &(_, count) in classes {
        ends.push(next);
        next += count as usize;
    }
    for (index, length) in sequences.lengths.iter().enumerate() {
        // Lengths that were dropped are in no class.
        let Ok(class) = classes.binary_search_by_key(length, |&(length, _)| length) else {
            continue;
        };
        pools[ends[class]] = sequences.ids.as_ref().map_or(index as i64, |ids| ids[index]);
        ends[class] += 1;
    }
    Ok(pools)
}

/// Proves that every row of the sources stands once, in the order of rows within its pool. The
/// caller's own ids say nothing without the sources but how many there are.
///
/// # Errors
/// [`Fault::Invalid`] for the first id, pool by pool, that stands wrong.
pub(super) fn prove_ids(
    folder: &Path,
    manifest: &Manifest,
    classes: &[(u32, u64)],
    watch: &dyn Watch,
) -> Result<(), Fault> {
    let meter = Meter::new(watch, Stage::Verify, bytes(manifest));
    let own = manifest.columns == [OWN_IDS];
    let mut seen = Bits::new(if own { 0 } else { manifest.sequence_count })?;
    each_pool(folder, manifest, classes, &meter, &mut |path, _, ids, first, before| {
        let mut before = before;
        for (row, &id) in (first..).zip(ids) {
            if own {
                continue;
            }
            let fault = |detail| Err(Fault::invalid(path, row, detail));
            let total = manifest.sequence_count;
            if !u64::try_from(id).is_ok_and(|id| id < total) {
                return fault(format!("source sequence {id} does not exist; there are {total}"));
            }
            if before.is_some_and(|before| before >= id) {
                let before = before.unwrap_or(0);
                return fault(format!("sequence {id} stands behind {before}: ids must rise"));
            }
            if !seen.insert(id as u32)? {
                return fault(format!("sequence {id} stands in two pools"));
            }
            before = Some(id);
        }
        Ok(())
    })
}

/// Proves that the pools hold the ids of the sources' sequences, by their lengths and policies.
///
/// # Errors
/// [`Fault::Invalid`] for the first length or id that is another.
pub(super) fn prove_sources(
    folder: &Path,
    manifest: &Manifest,
    classes: &[(u32, u64)],
    sequences: &Sequences,
    watch: &dyn Watch,
) -> Result<(), Fault> {
    let ids = column(sequences);
    if manifest.columns != [ids] {
        let detail = if ids == ROW_IDS {
            "its ids are those of a column: name it"
        } else {
            "its ids are rows of the sources, though a column of ids is named"
        };
        return Err(Fault::invalid(&folder.join(MANIFEST), None, detail.to_string()));
    }
    let mut lengths: Vec<u64> = vec![0; classes.len()];
    for &length in &sequences.lengths {
        if let Ok(class) = classes.binary_search_by_key(&length, |&(length, _)| length) {
            lengths[class] += 1;
        }
    }
    for (&(length, count), found) in classes.iter().zip(lengths) {
        if count != found {
            let detail = format!("{count} sequences of length {length}, in the sources {found}");
            return Err(Fault::invalid(&folder.join("counts.json"), None, detail));
        }
    }
    let pools = grouped(sequences, classes)?;
    let meter = Meter::new(watch, Stage::Verify, bytes(manifest));
    let mut start = 0;
    each_pool(folder, manifest, classes, &meter, &mut |path, length, ids, first, _| {
        let wanted = &pools[start..start + ids.len()];
        start += ids.len();
        let Some(at) = ids.iter().zip(wanted).position(|(a, b)| a != b) else { return Ok(()) };
        let (found, wanted) = (ids[at], wanted[at]);
        let detail = format!(
            "the id is {found}; in the sources, {wanted} is that of the next sequence of length \
             {length}"
        );
        Err(Fault::invalid(path, first + at as u64, detail))
    })
}

fn bytes(manifest: &Manifest) -> u64 {
    manifest.files.iter().map(|file| file.bytes).sum()
}

/// What is done with ids: the file, their length, they themselves, the row of the first and the id
/// before it.
type TakeIds<'a> = dyn FnMut(&Path, u32, &[i64], u64, Option<i64>) -> Result<(), Fault> + 'a;

/// Reads the pools of all classes, in order; there must be no other.
fn each_pool(
    folder: &Path,
    manifest: &Manifest,
    classes: &[(u32, u64)],
    meter: &Meter<'_>,
    take: &mut TakeIds<'_>,
) -> Result<(), Fault> {
    let listed = manifest.files.iter().filter(|file| file.path.starts_with("pools/"));
    let names: Vec<String> =
        classes.iter().map(|(length, _)| format!("pools/{length}.npy")).collect();
    let pools: Vec<&String> = listed.map(|file| &file.path).collect();
    if !names.iter().eq(pools.iter().copied()) {
        let detail = format!("it names {} pools for {} lengths", pools.len(), names.len());
        return Err(Fault::invalid(&folder.join(MANIFEST), None, detail));
    }
    for (&(length, count), name) in classes.iter().zip(&names) {
        let path: PathBuf = folder.join(name);
        let array = npy::array("ids", &path, Kind::I64)?;
        if array.count != count {
            let detail = format!("{} ids of length {length}; counts.json has {count}", array.count);
            return Err(Fault::invalid(&path, None, detail));
        }
        let open = array.open(&[])?;
        let (mut first, mut before) = (0, None);
        while first < count {
            let end = count.min(first + AT_ONCE);
            let ids = open.i64s(first..end)?;
            take(&path, length, &ids, first, before)?;
            meter.add(8 * (end - first))?;
            before = ids.last().copied();
            first = end;
        }
    }
    Ok(())
}
