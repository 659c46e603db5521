//! JSON lines: one object per line, its tokens an array of integers.
//!
//! O(bytes). One line is held at a time; fields that aren't asked for are skipped unread.

use super::columns::Columns;
use super::file::SourceFile;
use super::identity::Identity;
use super::layout::{fold, missing};
use super::rows::{IGNORE, Rows};
use crate::Fault;
use serde_core::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Tokens handed on at once.
const TOKENS_AT_ONCE: usize = 1 << 18;
/// Rows handed on at once.
const ROWS_AT_ONCE: usize = 4096;
/// A longer line is taken for a file of another kind.
const LINE_LIMIT: u64 = 1 << 30;

/// An open file of JSON lines.
pub(crate) struct JsonlTable {
    path: PathBuf,
    identity: Identity,
    size: u64,
}

/// One line, taken apart.
#[derive(Default)]
struct Line {
    tokens: Option<Cell>,
    labels: Option<Cell>,
    mask: Option<Cell>,
    names: Vec<String>,
}

/// The value of a field.
enum Cell {
    Null,
    Number(f64),
    Numbers(Vec<f64>),
}

impl JsonlTable {
    pub(crate) fn open(path: &Path, identity: Identity) -> Result<Self, Fault> {
        Ok(Self {
            path: path.to_path_buf(),
            identity,
            size: SourceFile::reopen(path, identity)?.size(),
        })
    }

    /// Bytes of the file: rows are known at its end only.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Reads all lines.
    pub(crate) fn read(
        &self,
        columns: &Columns,
        take: &mut dyn FnMut(&mut Rows) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        if let Some(name) = columns.carry.first() {
            let detail =
                format!("column '{name}' can't be carried from JSON lines; use Parquet or Arrow");
            return Err(Fault::column(&self.path, None, detail));
        }
        let labels = columns.labels.is_some() || columns.loss_mask.is_some();
        let mut rows = Rows { labels: labels.then(Vec::new), ..Rows::default() };
        let mut reader = BufReader::with_capacity(
            1 << 18,
            SourceFile::reopen(&self.path, self.identity)?.cursor(0),
        );
        let mut bytes = Vec::new();
        let mut row = 0;
        loop {
            bytes.clear();
            let read = reader.by_ref().take(LINE_LIMIT).read_until(b'\n', &mut bytes);
            if read.map_err(|error| Fault::io("read", &self.path, &error))? == 0 {
                break;
            }
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            self.line(&bytes, row, columns, &mut rows)?;
            row += 1;
            if rows.tokens.len() >= TOKENS_AT_ONCE || rows.lengths.len() >= ROWS_AT_ONCE {
                take(&mut rows)?;
                rows.clear();
            }
        }
        if rows.lengths.is_empty() { Ok(()) } else { take(&mut rows) }
    }

    fn line(
        &self,
        bytes: &[u8],
        row: u64,
        columns: &Columns,
        rows: &mut Rows,
    ) -> Result<(), Fault> {
        let mut decoder = serde_json::Deserializer::from_slice(bytes);
        let line =
            Fields(columns).deserialize(&mut decoder).and_then(|line| decoder.end().map(|()| line));
        let line = line.map_err(|error| {
            Fault::format(&self.path, row, format!("not a line of JSON as expected: {error}"))
        })?;
        let names: Vec<&str> = line.names.iter().map(String::as_str).collect();
        let named = |cell: Option<Cell>, name: &str| {
            cell.ok_or_else(|| missing(&self.path, name, &names, Some(row)))
        };
        let tokens = named(line.tokens, &columns.tokens)?;
        if columns.lengths_only {
            rows.lengths.push(self.length(&tokens, row, columns)?);
            return Ok(());
        }
        let before = rows.tokens.len();
        self.integers(&tokens, row, &columns.tokens, |id| id >= 0.0, &mut rows.tokens)?;
        let length = rows.tokens.len() - before;
        rows.lengths.push(u32::try_from(length).expect("a line has at most 2^30 bytes"));
        let mut own = match &columns.labels {
            Some(name) => {
                let mut labels = Vec::new();
                let cell = named(line.labels, name)?;
                let allowed = |id: f64| id >= 0.0 || id.to_bits() == f64::from(IGNORE).to_bits();
                self.integers(&cell, row, name, allowed, &mut labels)?;
                self.same_length(labels.len(), length, name, row)?;
                Rows { labels: Some(labels), ..Rows::default() }
            }
            None => Rows { labels: Some(rows.tokens[before..].to_vec()), ..Rows::default() },
        };
        if let Some(name) = &columns.loss_mask {
            let mut mask = Vec::new();
            self.integers(&named(line.mask, name)?, row, name, |weight| weight >= 0.0, &mut mask)?;
            self.same_length(mask.len(), length, name, row)?;
            fold(&mut own, mask.iter().map(|&mask| mask as f32).collect());
        }
        if let (Some(all), Some(own)) = (&mut rows.labels, own.labels) {
            all.extend(own);
        }
        Ok(())
    }

    fn length(&self, cell: &Cell, row: u64, columns: &Columns) -> Result<u32, Fault> {
        let length = match cell {
            Cell::Numbers(list) => list.len() as f64,
            Cell::Number(length) => *length,
            Cell::Null => 0.0,
        };
        if length.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&length) {
            return Ok(length as u32);
        }
        let detail =
            format!("column '{}' has {length} (a length is 0 .. 4294967295)", columns.tokens);
        Err(Fault::column(&self.path, row, detail))
    }

    fn integers(
        &self,
        cell: &Cell,
        row: u64,
        name: &str,
        allowed: impl Fn(f64) -> bool,
        out: &mut Vec<i32>,
    ) -> Result<(), Fault> {
        let list = match cell {
            Cell::Numbers(list) => list,
            Cell::Null => return Ok(()),
            Cell::Number(number) => {
                let detail =
                    format!("column '{name}' is the number {number}, not a list of integers");
                return Err(Fault::column(&self.path, row, detail));
            }
        };
        out.reserve(list.len());
        for (at, &value) in list.iter().enumerate() {
            if value.fract() != 0.0 || value > f64::from(i32::MAX) || !allowed(value) {
                let found = if value.is_nan() { "a null".to_string() } else { value.to_string() };
                let detail = format!("column '{name}' has {found} at position {at}");
                return Err(Fault::column(&self.path, row, detail));
            }
            out.push(value as i32);
        }
        Ok(())
    }

    fn same_length(&self, found: usize, tokens: usize, name: &str, row: u64) -> Result<(), Fault> {
        if found == tokens {
            return Ok(());
        }
        let detail = format!("column '{name}' has {found} elements for {tokens} tokens");
        Err(Fault::column(&self.path, row, detail))
    }
}

/// Visits the named fields of an object and skips the others.
struct Fields<'a>(&'a Columns);

impl<'de> DeserializeSeed<'de> for Fields<'_> {
    type Value = Line;

    fn deserialize<D: Deserializer<'de>>(self, decoder: D) -> Result<Line, D::Error> {
        decoder.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = Line;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Line, A::Error> {
        let mut line = Line::default();
        while let Some(key) = map.next_key_seed(Key)? {
            if key == self.0.tokens {
                line.tokens = Some(map.next_value_seed(CellSeed)?);
            } else if self.0.labels.as_ref() == Some(&key) {
                line.labels = Some(map.next_value_seed(CellSeed)?);
            } else if self.0.loss_mask.as_ref() == Some(&key) {
                line.mask = Some(map.next_value_seed(CellSeed)?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
            line.names.push(key);
        }
        Ok(line)
    }
}

struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, decoder: D) -> Result<String, D::Error> {
        <String as serde_core::Deserialize>::deserialize(decoder)
    }
}

/// A number, a list of numbers, or null. Numbers are kept as f64, which holds every id exactly;
/// a null inside a list becomes NaN, which no range allows.
struct CellSeed;

impl<'de> DeserializeSeed<'de> for CellSeed {
    type Value = Cell;

    fn deserialize<D: Deserializer<'de>>(self, decoder: D) -> Result<Cell, D::Error> {
        decoder.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for CellSeed {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of integers")
    }

    fn visit_unit<E>(self) -> Result<Cell, E> {
        Ok(Cell::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Cell, E> {
        Ok(Cell::Number(f64::from(u8::from(value))))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Cell, E> {
        Ok(Cell::Number(value as f64))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Cell, E> {
        Ok(Cell::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Cell, E> {
        Ok(Cell::Number(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Cell, A::Error> {
        let mut numbers = Vec::new();
        while let Some(cell) = list.next_element_seed(CellSeed)? {
            numbers.push(match cell {
                Cell::Number(number) => number,
                _ => f64::NAN,
            });
        }
        Ok(Cell::Numbers(numbers))
    }
}
