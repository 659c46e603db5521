//! All source files of a job, open, and the parts that threads take.

use super::paths::expand;
use super::table::Table;
use crate::Fault;
use stowage_engine::{Fault as EngineFault, Stage, Watch};

/// A part of a source file that one thread reads.
pub(crate) struct Part {
    pub table: usize,
    /// Its number within the table.
    pub number: usize,
    /// Row of the file that its first row is.
    pub first_row: u64,
}

/// Source files, open, in order.
pub(crate) struct Sources {
    pub tables: Vec<Table>,
    pub parts: Vec<Part>,
    /// Rows of all, as far as they are known: for progress.
    pub rows: u64,
}

impl Sources {
    /// Opens every file that `inputs` name.
    pub(crate) fn open(inputs: &[String], watch: &dyn Watch) -> Result<Self, Fault> {
        let mut tables = Vec::new();
        let mut parts = Vec::new();
        let mut rows = 0;
        for path in expand(inputs)? {
            watch.step(Stage::Read, 0, 0)?;
            let table = Table::open(&path)?;
            let mut first_row = 0;
            for (part, count) in table.parts().into_iter().enumerate() {
                parts.push(Part { table: tables.len(), number: part, first_row });
                rows += count.unwrap_or_else(|| table.guess());
                first_row += count.unwrap_or(0);
            }
            tables.push(table);
        }
        Ok(Self { tables, parts, rows })
    }

    /// # Errors
    /// [`Fault::InputChanged`] for the first file that isn't what it was when it was opened.
    pub(crate) fn unchanged(&self) -> Result<(), Fault> {
        self.tables.iter().try_for_each(Table::unchanged)
    }
}

/// One list of all; each part is freed as soon as it is copied.
pub(crate) fn concatenated(lists: Vec<Vec<u32>>) -> Result<Vec<u32>, Fault> {
    let count: usize = lists.iter().map(Vec::len).sum();
    if u32::try_from(count).is_err() {
        return Err(EngineFault::TooManySequences { count: count as u64 }.into());
    }
    let mut all = Vec::new();
    all.try_reserve_exact(count).map_err(|_| EngineFault::Memory { bytes: 4 * count as u64 })?;
    for list in lists {
        all.extend_from_slice(&list);
    }
    Ok(all)
}
