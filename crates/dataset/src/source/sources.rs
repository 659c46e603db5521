//! All source files of a job, open, and the parts that threads take.

use super::columns::Columns;
use super::discover::{Inputs, PartitionType, Partitions, discover};
use super::kind::Table;
use super::rows::Rows;
use super::text::{Texts, Work};
use crate::Fault;
use crate::warnings::Warnings;
use arrow_array::ArrayRef;
use stowage_engine::{Fault as EngineFault, Stage, Watch};

/// A part of a source file that one thread reads.
pub(crate) struct Part {
    pub table: usize,
    /// Its number within the table.
    pub number: usize,
    /// Row of the file that its first row is.
    pub first_row: u64,
    /// Its rows, where they are known before they are read.
    rows: Option<u64>,
    /// Bytes of the file that it stands for.
    pub bytes: u64,
}

/// Source files, open, in order.
pub(crate) struct Sources {
    pub tables: Vec<Table>,
    pub parts: Vec<Part>,
    /// Columns that the paths of the files give.
    partitions: Vec<Partitions>,
    /// What the caller should know of the inputs.
    pub warnings: Warnings,
    /// Bytes of all files: what progress is measured by, since JSON tells its rows at the end only.
    pub bytes: u64,
}

impl Sources {
    /// Opens every file that `inputs` name.
    pub(crate) fn open(inputs: &Inputs<'_>, watch: &dyn Watch) -> Result<Self, Fault> {
        let mut warnings = Warnings::default();
        let mut tables = Vec::new();
        let mut partitions = Vec::new();
        let mut parts = Vec::new();
        let mut bytes = 0;
        for path in discover(inputs, &mut warnings)? {
            watch.step(Stage::Read, 0, 0)?;
            let table = Table::open(&path)?;
            let range = inputs.ranges.get(tables.len()).copied().flatten();
            let own = within(parts_of(&table, tables.len()), range, &table)?;
            bytes += own.iter().map(|part| part.bytes).sum::<u64>();
            parts.extend(own);
            tables.push(table);
            partitions.push(Partitions::of(&path));
        }
        Ok(Self { tables, parts, partitions, warnings, bytes })
    }

    /// The type of a column that the path of file `table` gives; one of the file itself wins.
    pub(crate) fn partition_type(&self, table: usize, name: &str) -> Option<PartitionType> {
        let own = self.tables[table].schema();
        if own.is_some_and(|schema| schema.index_of(name).is_ok()) {
            return None;
        }
        self.partitions[table].get(name)?;
        Partitions::type_of(name, self.partitions.iter())
    }

    /// Reads part `index`, some rows at a time, in order: the columns of tokens, or of `text`.
    pub(crate) fn read(
        &self,
        index: usize,
        columns: &Columns,
        text: Option<(&Texts, &Work<'_>)>,
        take: &mut dyn FnMut(&mut Rows) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let Part { table, number, first_row, rows: all, bytes } = self.parts[index];
        let (mut done, mut before) = (0, 0);
        let take = &mut |rows: &mut Rows| {
            done += rows.lengths.len() as u64;
            let reached = match (rows.reached, all) {
                (Some(reached), _) => reached,
                (None, Some(all)) => share(bytes, done, all),
                (None, None) => bytes,
            };
            rows.bytes = reached.saturating_sub(before);
            before = before.max(reached);
            take(rows)
        };
        let partition = |name: &String| self.partition_type(table, name);
        let read = |columns: &Columns, take: &mut dyn FnMut(&mut Rows) -> Result<(), Fault>| {
            let of = &self.tables[table];
            match text {
                None => of.read(number, first_row, columns, take),
                Some((texts, work)) => {
                    of.read_text(number, first_row, texts, &columns.carry, work, take)
                }
            }
        };
        if !columns.carry.iter().any(|name| partition(name).is_some()) {
            return read(columns, take);
        }
        let types: Vec<Option<PartitionType>> = columns.carry.iter().map(partition).collect();
        let mut own = columns.clone();
        own.carry.retain(|name| partition(name).is_none());
        read(&own, &mut |rows| {
            let mut of_file = std::mem::take(&mut rows.carried).into_iter();
            let count = rows.lengths.len();
            let carried = columns.carry.iter().zip(&types).map(|(name, of)| match of {
                Some(of) => Some(self.partitions[table].array(name, *of, count)),
                None => of_file.next(),
            });
            rows.carried = carried.collect::<Option<Vec<ArrayRef>>>().unwrap_or_default();
            take(rows)
        })
    }

    /// # Errors
    /// [`Fault::InputChanged`] for the first file that isn't what it was when it was opened.
    pub(crate) fn unchanged(&self) -> Result<(), Fault> {
        self.tables.iter().try_for_each(Table::unchanged)
    }
}

/// The parts of a table, each with the bytes that its rows stand for: all bytes are some part's.
fn parts_of(table: &Table, number: usize) -> Vec<Part> {
    let mut counts = table.parts();
    if counts.is_empty() {
        // Without rows it has columns all the same, and one who reads them finds which.
        counts.push(Some(0));
    }
    let (size, parts) = (table.size(), counts.len() as u64);
    let all: Option<u64> = counts.iter().copied().sum();
    let mut first_row = 0;
    let of = |(part, rows): (usize, Option<u64>)| {
        let until = |rows, part| match all {
            Some(all) if all > 0 => share(size, rows, all),
            _ => share(size, part, parts),
        };
        let last_row = first_row + rows.unwrap_or(0);
        let from = until(first_row, part as u64);
        let bytes = until(last_row, part as u64 + 1) - from;
        let part = Part { table: number, number: part, first_row, rows, bytes };
        first_row = last_row;
        part
    };
    counts.into_iter().enumerate().map(of).collect()
}

/// Those parts of a file that are wanted.
fn within(
    mut parts: Vec<Part>,
    range: Option<(u64, u64)>,
    table: &Table,
) -> Result<Vec<Part>, Fault> {
    let Some((from, to)) = range else { return Ok(parts) };
    let count = parts.len() as u64;
    if from >= to || to > count {
        let how = format!("parts {from} to {to} of it are wanted, and it has {count}");
        return Err(Fault::input_changed(table.path(), &how));
    }
    parts.retain(|part| (from..to).contains(&(part.number as u64)));
    Ok(parts)
}

/// `bytes · part / all`, rounded down.
fn share(bytes: u64, part: u64, all: u64) -> u64 {
    (u128::from(bytes) * u128::from(part) / u128::from(all.max(1))) as u64
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
