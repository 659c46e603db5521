//! A written data set, open for reading: packs by their numbers, with what the reader of its format
//! hands on. What is read is held against itself, so that nothing damaged becomes rows; that it is
//! what was promised is for [`verify_dataset`](crate::verify_dataset) to prove.
//!
//! O(places) of the packs asked for. Where a format has no way into the middle of a part (the row
//! groups of Parquet), the part is decoded; the last few are kept, so that going through all packs in
//! order decodes each once.

mod loaded;
mod pieces;

pub use crate::job::carried::Value;
pub use loaded::{Loaded, Written};

use super::listed::{self, Listed};
use crate::format::found::Found;
use crate::format::reader::{Carried, Reader, Wanted};
use crate::format::{self, Format};
use crate::output::{DataFile, MANIFEST, Manifest};
use crate::store::Targetless;
use crate::{Fault, parallel};
use loaded::Basis;
use pieces::{Piece, Run};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use stowage_engine::policy::Ledger;
use stowage_engine::{Fault as EngineFault, Stage, Watch};

/// Decoded parts that are kept: two readers that go through the packs side by side share them.
const KEPT: usize = 3;

/// A data set of rows, open for reading.
pub struct Dataset {
    manifest: Manifest,
    listed: Listed,
    reader: Box<dyn Reader>,
    /// The file of each part.
    paths: Vec<PathBuf>,
    /// First pack of each part, and the number of packs.
    starts: Vec<u64>,
    carried: Vec<String>,
    decoded: Mutex<VecDeque<Decoded>>,
}

/// A part that was decoded whole.
struct Decoded {
    part: usize,
    carried: bool,
    found: Arc<Vec<Arc<Found>>>,
}

/// Which packs are read, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Their numbers, in the order wanted.
    pub packs: Vec<u64>,
    /// Those behind them come next, so a part that has to be decoded is kept.
    pub in_order: bool,
    /// With carried columns.
    pub carried: bool,
}

/// What a data set says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Name of the format.
    pub format: String,
    /// Tokens that a pack holds.
    pub capacity: u32,
    /// Packs.
    pub pack_count: u64,
    /// Sequences of the sources.
    pub sequence_count: u64,
    /// Where their tokens went.
    pub ledger: Ledger,
    /// No packing has fewer packs.
    pub lower_bound: u64,
    /// Hash of the plan, where there was one.
    pub plan_id: Option<String>,
    /// The id at padding.
    pub pad_token_id: i32,
    /// The id appended to sequences.
    pub eos_token_id: Option<i32>,
    /// Each segment takes a multiple of this many places.
    pub sequence_alignment: u32,
    /// Seed of the binding.
    pub seed: u64,
    /// Number of the epoch.
    pub epoch: u64,
    /// The data files.
    pub files: Vec<DataFile>,
    /// What has nothing to train on, if a column of labels or a loss mask was named.
    pub without_targets: Option<Targetless>,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Those that were taken along.
    pub carried: Vec<String>,
    /// Rows have weights of labels.
    pub weights: bool,
}

impl Dataset {
    /// Opens the data set in `folder`: its manifest, its files by their sizes, and their footers.
    ///
    /// # Errors
    /// [`Fault::Io`] if there is none, [`Fault::Format`] for a format without rows or a damaged file,
    /// [`Fault::Invalid`] for files that aren't those of the manifest.
    pub fn open(folder: &Path) -> Result<Self, Fault> {
        let manifest = Manifest::read(folder, true)?;
        let path = folder.join(MANIFEST);
        let Some(format) = format::find(&manifest.format) else {
            let detail = format!("'format' is '{}', which is unknown", manifest.format);
            return Err(Fault::format(&path, None, detail));
        };
        let Format::Rows(rows) = format else {
            let detail = format!(
                "format '{}' holds a plan and no tokens, so there are no rows to read; pack the \
                 sources into 'arrow' or 'parquet'",
                manifest.format
            );
            return Err(Fault::format(&path, None, detail));
        };
        let listed = listed::check(folder, &manifest, format.facts())?;
        let reader = rows.open(folder, &listed.paths, &manifest)?;
        let starts: Vec<u64> = std::iter::once(0)
            .chain(reader.packs().into_iter().scan(0, |sum: &mut u64, packs| {
                *sum = sum.saturating_add(packs);
                Some(*sum)
            }))
            .collect();
        let (found, said) = (starts[starts.len() - 1], manifest.pack_count);
        if found != said {
            let detail = format!("the files have {found} packs, the manifest says {said}");
            return Err(Fault::invalid(&path, None, detail));
        }
        let (paths, carried) = (reader.parts(), reader.carried());
        let decoded = Mutex::default();
        Ok(Self { manifest, listed, reader, paths, starts, carried, decoded })
    }

    /// What it says of itself.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let manifest = &self.manifest;
        Summary {
            format: manifest.format.clone(),
            capacity: manifest.capacity,
            pack_count: manifest.pack_count,
            sequence_count: manifest.sequence_count,
            ledger: manifest.ledger,
            lower_bound: manifest.lower_bound,
            plan_id: manifest.plan_id.clone(),
            pad_token_id: manifest.pad_token_id,
            eos_token_id: manifest.eos_token_id,
            sequence_alignment: manifest.sequence_alignment,
            seed: manifest.seed,
            epoch: manifest.epoch,
            files: manifest.files.clone(),
            without_targets: manifest.source.targetless,
            columns: manifest.columns.clone(),
            carried: self.carried.clone(),
            weights: manifest.columns.iter().any(|column| column == "loss_weights"),
        }
    }

    /// Reads packs.
    ///
    /// # Errors
    /// [`Fault::Format`] for bytes that can't be read, [`Fault::Invalid`] for columns that don't fit
    /// each other, [`Fault::InputChanged`] for a file that isn't what it was when it was opened,
    /// [`Fault::Column`] for a carried type that has no value in JavaScript; a cancel.
    pub fn load(
        &self,
        request: &Request,
        threads: usize,
        watch: &dyn Watch,
    ) -> Result<Loaded, Fault> {
        let count = self.manifest.pack_count;
        if let Some(pack) = request.packs.iter().find(|&&pack| pack >= count) {
            return Err(Fault::option(format!("pack {pack} doesn't exist; there are {count}")));
        }
        let runs = pieces::runs(&request.packs, &self.starts, self.reader.seeks());
        let go_on = || Ok(watch.step(Stage::Read, 0, request.packs.len() as u64)?);
        let found = parallel::each(runs.len(), threads, |run| {
            let run = &runs[run];
            let read = self.read(run, request, &go_on);
            if !matches!(read, Err(Fault::Engine(EngineFault::Cancelled))) {
                self.unchanged(run.part)?;
            }
            read
        })?;
        let found: Vec<Piece> = found.into_iter().flatten().collect();
        let pieces = pieces::in_order(&request.packs, &found);
        let basis = Basis {
            reader: self.reader.as_ref(),
            paths: &self.paths,
            alignment: self.manifest.sequence_alignment,
            sequence_count: self.manifest.sequence_count,
        };
        Loaded::new(basis, &pieces)
    }

    /// Lets go of the parts that were kept.
    pub fn forget(&self) {
        self.decoded.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The packs of a run, and maybe others of its part.
    fn read(
        &self,
        run: &Run,
        request: &Request,
        go_on: &dyn Fn() -> Result<(), Fault>,
    ) -> Result<Vec<Piece>, Fault> {
        let (part, carried) = (run.part, request.carried);
        let read = |packs: std::ops::Range<u64>| {
            let mut all = Vec::new();
            let carried = if carried { Carried::All } else { Carried::None };
            let wanted = Wanted { packs, carried };
            self.reader.read(part, &wanted, &mut |found| {
                all.push(Arc::new(found));
                go_on()
            })?;
            Ok::<_, Fault>(all)
        };
        if self.reader.seeks() || !request.in_order {
            let found = read(run.packs.clone())?;
            return Ok(pieces::numbered(&found, self.starts[part] + run.packs.start, part));
        }
        let kept = self.kept(part, carried);
        let found = match kept {
            Some(found) => found,
            None => self.keep(part, carried, read(0..u64::MAX)?),
        };
        Ok(pieces::numbered(&found, self.starts[part], part))
    }

    fn kept(&self, part: usize, carried: bool) -> Option<Arc<Vec<Arc<Found>>>> {
        let decoded = self.decoded.lock().unwrap_or_else(PoisonError::into_inner);
        let same = decoded.iter().find(|kept| kept.part == part && (kept.carried || !carried));
        same.map(|kept| Arc::clone(&kept.found))
    }

    fn keep(&self, part: usize, carried: bool, found: Vec<Arc<Found>>) -> Arc<Vec<Arc<Found>>> {
        let found = Arc::new(found);
        let mut decoded = self.decoded.lock().unwrap_or_else(PoisonError::into_inner);
        decoded.retain(|kept| kept.part != part);
        decoded.truncate(KEPT - 1);
        decoded.push_front(Decoded { part, carried, found: Arc::clone(&found) });
        found
    }

    /// The files of a part are those that were opened.
    fn unchanged(&self, part: usize) -> Result<(), Fault> {
        self.listed.unchanged_at(&self.paths[part])?;
        let columns = self.manifest.columns.iter().filter_map(|name| self.reader.file_of(name));
        for path in columns {
            self.listed.unchanged_at(&path)?;
        }
        Ok(())
    }
}
