//! Format `npy`: one flat array per column, each in a file of its own. Headers must be as `NumPy`
//! writes them for one dimension, of exact types, and say as many values as the file holds.

use crate::Fault;
use crate::format::found::Found;
use crate::format::reader::{Reader, Shape, Wanted};
use crate::format::shape::array::ARRAYS;
use crate::format::shape::flat::Flat;
use crate::format::shape::npy::array;
use crate::output::Manifest;
use std::ops::Range;
use std::path::{Path, PathBuf};

pub(crate) struct NpyReader {
    flat: Flat,
    parts: Vec<Range<u64>>,
    folder: PathBuf,
}

impl NpyReader {
    pub(crate) fn open(folder: &Path, manifest: &Manifest) -> Result<Self, Fault> {
        let mut arrays = Vec::new();
        for column in &manifest.columns {
            let path = folder.join(format!("{column}.npy"));
            let known = ARRAYS.iter().find(|(name, ..)| name == column);
            let Some(&(name, kind, extent)) = known else {
                return Err(Fault::invalid(&path, None, format!("no column is called {column}")));
            };
            arrays.push((array(name, &path, kind)?, extent));
        }
        let flat = Flat::new(arrays, None, manifest.capacity, folder)?;
        let parts = flat.ranges().collect();
        Ok(Self { flat, parts, folder: folder.to_path_buf() })
    }
}

impl Reader for NpyReader {
    fn parts(&self) -> Vec<PathBuf> {
        vec![self.folder.join("input_ids.npy"); self.parts.len()]
    }

    fn packs(&self) -> Vec<u64> {
        self.parts.iter().map(|part| part.end - part.start).collect()
    }

    fn shape(&self) -> Shape {
        Shape { boundaries: "cu_seqlens", ..Shape::UNPADDED }
    }

    fn file_of(&self, column: &str) -> Option<PathBuf> {
        Some(self.folder.join(format!("{column}.npy")))
    }

    fn read(
        &self,
        part: usize,
        wanted: &Wanted,
        take: &mut dyn FnMut(Found) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.flat.read(wanted.within(&self.parts[part]), take)
    }
}
