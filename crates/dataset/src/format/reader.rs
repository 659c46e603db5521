//! How a format is read back: a [`Reader`] hands on packs as columns of lists, so that one set of rules
//! holds for all, and one way leads to rows again.

use super::found::Found;
use crate::Fault;
use std::ops::Range;
use std::path::PathBuf;

/// What the rows of a format look like.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// Places of every row; none: as many as its segments have.
    pub width: Option<usize>,
    /// The column that says where segments end.
    pub boundaries: &'static str,
    /// The id that every segment ends with.
    pub end: Option<i32>,
    /// Ids of sequences lie beside the rows, in no column of theirs.
    pub ids_aside: bool,
}

impl Shape {
    /// Rows as long as their segments, which a column of lengths describes.
    pub(crate) const UNPADDED: Self =
        Self { width: None, boundaries: "seq_lengths", end: None, ids_aside: false };
}

/// Sums over all packs, as they were read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sums {
    pub packs: u64,
    pub segments: u64,
    pub tokens: u64,
    /// Tokens of the longest segment.
    pub longest: u32,
    /// Segments in the pack that has the most.
    pub most: u32,
    /// Tokens in the pack that has the fewest.
    pub least: u32,
}

/// Which carried columns are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Carried {
    None,
    All,
    Only(String),
}

/// What is wanted of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Its packs, numbered from 0 within the part; those past its end don't count.
    pub packs: Range<u64>,
    /// With these of the carried columns.
    pub carried: Carried,
}

impl Wanted {
    /// All that is proved.
    pub(crate) const PROVED: Self = Self { packs: 0..u64::MAX, carried: Carried::None };

    /// Which of `count` packs from `start` on, that a part consists of.
    pub(crate) fn within(&self, part: &Range<u64>) -> Range<u64> {
        let at = |pack: u64| part.start.saturating_add(pack).min(part.end);
        at(self.packs.start)..at(self.packs.end)
    }
}

/// A data set being read back, in parts that several threads may take at once.
pub(crate) trait Reader: Send + Sync {
    /// The file of each part, in the order of packs.
    fn parts(&self) -> Vec<PathBuf>;

    /// Packs of each part.
    fn packs(&self) -> Vec<u64>;

    /// Whether packs are read without those that stand before them in their part.
    fn seeks(&self) -> bool {
        true
    }

    /// What the rows look like.
    fn shape(&self) -> Shape;

    /// Names of the carried columns.
    fn carried(&self) -> Vec<String> {
        Vec::new()
    }

    /// The file of a column, where columns lie in files of their own.
    fn file_of(&self, _column: &str) -> Option<PathBuf> {
        None
    }

    /// Hands on the packs wanted of a part, in order.
    ///
    /// # Errors
    /// [`Fault::Format`] for files that can't be read, [`Fault::Invalid`] for columns that are
    /// missing or of another type, and whatever `take` returns.
    fn read(
        &self,
        part: usize,
        wanted: &Wanted,
        take: &mut dyn FnMut(Found) -> Result<(), Fault>,
    ) -> Result<(), Fault>;

    /// Proves what the format says of all packs together.
    ///
    /// # Errors
    /// [`Fault::Invalid`] with what is wrong.
    fn check_sums(&self, _sums: &Sums) -> Result<(), Fault> {
        Ok(())
    }
}
