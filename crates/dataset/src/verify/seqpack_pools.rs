//! The pools of format `seqpack`: the ids of all sequences of a length, in input order.
//!
//! O(ids); 8 bytes per id with the sources, else a bit per sequence and one pool at a time.

use super::VerifyOptions;
use super::array::Kind;
use super::bits::Bits;
use super::npy;
use crate::Fault;
use crate::manifest::{MANIFEST, Manifest};
use crate::progress::Meter;
use crate::sink::{OWN_IDS, ROW_IDS, Sequences};
use std::path::{Path, PathBuf};
use stowage_engine::{Stage, Watch};

/// Ids that are read together.
const AT_ONCE: u64 = 1 << 16;

/// Proves that every row of the sources stands once, in the order of rows within its pool. The
/// caller's own ids say nothing without the sources but how many there are.
///
/// # Errors
/// [`Fault::Invalid`] for the first id, pool by pool, that stands wrong.
pub(crate) fn prove_ids(
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
            if !seen.insert(id as u32) {
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
/// Those of the sources; [`Fault::Invalid`] for the first length or id that is another.
pub(crate) fn prove_sources(
    inputs: &[String],
    options: &VerifyOptions,
    manifest: &Manifest,
    classes: &[(u32, u64)],
    threads: usize,
    watch: &dyn Watch,
) -> Result<(), Fault> {
    let folder = &options.output;
    let sequences = Sequences::read(inputs, &options.columns, threads, watch)?;
    super::same_size(folder, manifest, &sequences.lengths)?;
    let ids = if sequences.ids.is_some() { OWN_IDS } else { ROW_IDS };
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
    let pools = sequences.pools(classes)?;
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
