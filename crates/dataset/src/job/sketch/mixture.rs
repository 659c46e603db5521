//! What packs are mixed of: a carried column names the source of each sequence.
//!
//! O(sequences). Memory: the names, and a count for each pair of a source and a number of its tokens in a pack.

use crate::Fault;
use crate::format::found::Found;
use crate::job::carried::{Value, values, wrong_count};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_schema::DataType;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// More different values than a column of sources has: urls, ids, texts.
const SOURCES: usize = 4096;
/// A name is no longer, in bytes.
const NAME: usize = 1024;

/// A source, in the order of its tokens: the one with the most comes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SketchedSource {
    /// What the column holds; none for sequences without a value.
    pub name: Option<String>,
    /// Sequences, and pieces of split ones.
    pub sequences: u64,
    /// Their tokens.
    pub tokens: u64,
    /// Packs that have any of them.
    pub packs: u64,
    /// Its tokens in a pack, by nearest rank over all packs: percentiles 10, 50 and 90.
    pub per_pack: [u32; 3],
}

/// What some packs are mixed of.
#[derive(Default)]
pub(super) struct Mixture {
    column: String,
    /// A source's number here, by its name.
    texts: HashMap<String, u32>,
    nameless: Option<u32>,
    sums: Vec<Sums>,
    /// Packs by source and number of its tokens in them.
    packs: HashMap<(u32, u32), u64>,
    /// Tokens of each source in the pack at hand; 0 between packs.
    own: Vec<u32>,
}

#[derive(Clone, Copy, Default)]
struct Sums {
    sequences: u64,
    tokens: u64,
}

/// The sources of a batch's sequences.
pub(super) struct Batch {
    /// Where each pack's begin.
    offsets: Vec<i32>,
    numbers: Vec<u32>,
}

impl Mixture {
    pub(super) fn of(column: &str) -> Self {
        Self { column: column.to_string(), ..Self::default() }
    }

    /// The sources that `found` names.
    ///
    /// # Errors
    /// [`Fault::Column`] for values that name no source, [`Fault::Invalid`] for more or fewer than sequences.
    pub(super) fn batch(&mut self, found: &Found, path: &Path) -> Result<Batch, Fault> {
        let column = self.column.clone();
        let (_, list) = found.carried.first().expect("the column was asked for");
        for row in 0..found.rows() {
            if let Some(detail) = wrong_count(&column, list, row, found.lengths.row(row).len()) {
                return Err(Fault::invalid(path, found.first_row + row as u64, detail));
            }
        }
        let (first, last) = (list.value_offsets()[0], list.value_offsets()[list.len()]);
        let held = list.values().slice(first as usize, (last - first) as usize);
        let offsets: Vec<i32> = list.value_offsets().iter().map(|offset| offset - first).collect();
        let numbers = self.numbers(held.as_ref()).map_err(|what| match what {
            Nameless::Type => {
                let of = held.data_type();
                let detail = format!(
                    "column '{column}' is of type {of}; a source is named by text, an integer or a boolean"
                );
                Fault::column(path, None, detail)
            }
            Nameless::Long { at, bytes } => {
                let row = offsets.partition_point(|&offset| offset as usize <= at) - 1;
                let detail = format!(
                    "column '{column}' holds a text of {bytes} bytes; a source is named in {NAME} at most"
                );
                Fault::column(path, found.first_row + row as u64, detail)
            }
        })?;
        Ok(Batch { offsets, numbers })
    }

    /// Counts pack `row` of `batch`, whose sequences have these lengths. Returns their sources.
    ///
    /// # Errors
    /// [`Fault::Column`] if there are too many sources.
    pub(super) fn pack<'a>(
        &mut self,
        batch: &'a Batch,
        row: usize,
        lengths: &[u32],
        folder: &Path,
    ) -> Result<&'a [u32], Fault> {
        self.bounded(folder)?;
        let within = batch.offsets[row] as usize..batch.offsets[row + 1] as usize;
        let sources = &batch.numbers[within];
        for (&source, &length) in sources.iter().zip(lengths) {
            let sums = &mut self.sums[source as usize];
            sums.sequences += 1;
            sums.tokens += u64::from(length);
            self.own[source as usize] += length;
        }
        for &source in sources {
            let tokens = std::mem::take(&mut self.own[source as usize]);
            if tokens > 0 {
                *self.packs.entry((source, tokens)).or_insert(0) += 1;
            }
        }
        Ok(sources)
    }

    /// Adds what other packs are mixed of. Returns the numbers here of the sources there.
    ///
    /// # Errors
    /// [`Fault::Column`] if there are too many sources.
    pub(super) fn add(&mut self, other: Self, folder: &Path) -> Result<Vec<u32>, Fault> {
        let mut here = vec![0; other.sums.len()];
        for (name, number) in other.texts {
            here[number as usize] = self.number(&name);
        }
        if let Some(number) = other.nameless {
            here[number as usize] = self.without();
        }
        self.bounded(folder)?;
        for (&number, sums) in here.iter().zip(other.sums) {
            let own = &mut self.sums[number as usize];
            own.sequences += sums.sequences;
            own.tokens += sums.tokens;
        }
        for ((source, tokens), packs) in other.packs {
            *self.packs.entry((here[source as usize], tokens)).or_insert(0) += packs;
        }
        Ok(here)
    }

    /// The sources of all `pack_count` packs, and the place of each number among them.
    pub(super) fn told(self, pack_count: u64) -> (Vec<SketchedSource>, Vec<u32>) {
        let mut spread = vec![BTreeMap::new(); self.sums.len()];
        for ((source, tokens), packs) in self.packs {
            spread[source as usize].insert(tokens, packs);
        }
        let names = self.texts.into_iter().map(|(name, number)| (Some(name), number));
        let mut all: Vec<(Option<String>, u32)> =
            names.chain(self.nameless.map(|number| (None, number))).collect();
        let tokens = |number: u32| self.sums[number as usize].tokens;
        all.sort_unstable_by(|(a, one), (b, other)| {
            (Reverse(tokens(*one)), a).cmp(&(Reverse(tokens(*other)), b))
        });
        let mut places = vec![0; all.len()];
        let sources = all.into_iter().enumerate().map(|(place, (name, number))| {
            places[number as usize] = place as u32;
            let Sums { sequences, tokens } = self.sums[number as usize];
            let packs = &spread[number as usize];
            let per_pack = [10, 50, 90].map(|percent| ranked(packs, pack_count, percent));
            SketchedSource { name, sequences, tokens, packs: packs.values().sum(), per_pack }
        });
        (sources.collect(), places)
    }

    fn numbers(&mut self, held: &dyn Array) -> Result<Vec<u32>, Nameless> {
        match held.data_type() {
            DataType::Utf8 => self.texts(held.as_string::<i32>().iter()),
            DataType::LargeUtf8 => self.texts(held.as_string::<i64>().iter()),
            DataType::Utf8View => self.texts(held.as_string_view().iter()),
            other if names(other) => {
                let values = values(held).ok_or(Nameless::Type)?;
                let said: Vec<Option<String>> = values.into_iter().map(word).collect();
                self.texts(said.iter().map(Option::as_deref))
            }
            _ => Err(Nameless::Type),
        }
    }

    fn texts<'a>(
        &mut self,
        names: impl Iterator<Item = Option<&'a str>>,
    ) -> Result<Vec<u32>, Nameless> {
        let number = |(at, name): (usize, Option<&str>)| match name {
            None => Ok(self.without()),
            Some(name) if name.len() > NAME => Err(Nameless::Long { at, bytes: name.len() }),
            Some(name) => Ok(self.number(name)),
        };
        names.enumerate().map(number).collect()
    }

    fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.texts.get(name) {
            return number;
        }
        let number = self.next();
        self.texts.insert(name.to_string(), number);
        number
    }

    fn without(&mut self) -> u32 {
        if let Some(number) = self.nameless {
            return number;
        }
        let number = self.next();
        *self.nameless.insert(number)
    }

    fn next(&mut self) -> u32 {
        self.sums.push(Sums::default());
        self.own.push(0);
        self.sums.len() as u32 - 1
    }

    fn bounded(&self, folder: &Path) -> Result<(), Fault> {
        if self.sums.len() <= SOURCES {
            return Ok(());
        }
        let detail = format!(
            "column '{}' has more than {SOURCES} different values; name one that says which source a sequence is from",
            self.column
        );
        Err(Fault::column(folder, None, detail))
    }
}

/// Why values name no source.
enum Nameless {
    Type,
    Long { at: usize, bytes: usize },
}

/// True for types whose values are names.
fn names(of: &DataType) -> bool {
    match of {
        DataType::Dictionary(_, of) => names(of),
        DataType::Null
        | DataType::Boolean
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View => true,
        other => other.is_integer(),
    }
}

/// A value as its name.
fn word(value: Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(value) => Some(value.to_string()),
        Value::Integer(value) => Some(value.to_string()),
        Value::Unsigned(value) => Some(value.to_string()),
        _ => None,
    }
}

/// The least number of tokens that `percent` of all packs don't exceed; packs that aren't in `packs` have none.
fn ranked(packs: &BTreeMap<u32, u64>, pack_count: u64, percent: u64) -> u32 {
    let mut seen = pack_count - packs.values().sum::<u64>();
    let reached =
        |seen: u64| u128::from(seen) * 100 >= u128::from(pack_count) * u128::from(percent);
    if reached(seen) {
        return 0;
    }
    let at = packs.iter().find(|&(_, &count)| {
        seen += count;
        reached(seen)
    });
    at.map_or(0, |(&tokens, _)| tokens)
}

#[cfg(test)]
mod tests {
    use super::ranked;
    use std::collections::BTreeMap;

    #[test]
    fn ranks_are_the_nearest_and_packs_without_a_source_have_none_of_it() {
        let packs = BTreeMap::from([(5, 1), (9, 2)]);
        let of = |count| [10, 50, 90].map(|percent| ranked(&packs, count, percent));
        assert_eq!(of(3), [5, 9, 9]);
        assert_eq!(of(4), [0, 5, 9]);
        assert_eq!(of(10), [0, 0, 9]);
        assert_eq!(of(1000), [0, 0, 0]);
    }
}
