//! An object as a row: its tokens, labels and masks, each checked, with the row and the range in the
//! fault.

use super::record::{Cell, Fields, List, Names, Use, Values};
use crate::Fault;
use crate::source::column::{LABEL, MASK, TOKEN};
use crate::source::columns::Columns;
use crate::source::layout::{fold, missing};
use crate::source::rows::{IGNORE, Rows};
use serde_core::de::{DeserializeSeed, Deserializer};
use std::path::Path;

/// Takes the objects of a file.
pub(super) struct Taker<'a> {
    path: &'a Path,
    columns: &'a Columns,
    /// Tokens first; the other columns that are read, and those that must not be there unnamed.
    wanted: Vec<(&'a str, Use)>,
    padded: Option<&'a str>,
}

impl<'a> Taker<'a> {
    pub(super) fn new(path: &'a Path, columns: &'a Columns) -> Self {
        let mut wanted: Vec<(&str, Use)> = Vec::new();
        let padded = columns.checked_for_padding();
        let values = columns.names().chain(padded).map(|name| (name, Use::Value));
        let kinds = columns.asked().into_iter().map(|name| (name, Use::Kind));
        for field in values.chain(kinds) {
            if !wanted.iter().any(|(name, _)| *name == field.0) {
                wanted.push(field);
            }
        }
        Self { path, columns, wanted, padded }
    }

    /// Rows with room for what these columns give.
    pub(super) fn rows(&self) -> Rows {
        let Columns { labels, loss_mask, lengths_only, .. } = self.columns;
        let labelled = !lengths_only && (labels.is_some() || loss_mask.is_some());
        Rows {
            labels: labelled.then(Vec::new),
            weights: (!lengths_only && loss_mask.is_some()).then(Vec::new),
            ..Rows::default()
        }
    }

    /// Appends the object `bytes`, which is row `row`.
    pub(super) fn take(&self, bytes: &[u8], row: u64, rows: &mut Rows) -> Result<(), Fault> {
        let mut decoder = serde_json::Deserializer::from_slice(bytes);
        let cells = Fields(&self.wanted).deserialize(&mut decoder);
        let cells = cells.and_then(|cells| decoder.end().map(|()| cells));
        let mut cells = cells.map_err(|error| self.undecoded(bytes, row, &error))?;
        let at = |name: &str| self.wanted.iter().position(|(wanted, _)| *wanted == name);
        let cell = |name: &str| at(name).and_then(|at| cells[at].as_ref());
        let named = |name: &str| cell(name).ok_or_else(|| self.missing(bytes, name, row));
        let Columns { tokens, labels, loss_mask, attention_mask, .. } = self.columns;
        let found = named(tokens)?;
        if self.columns.lengths_only {
            rows.lengths.push(self.length(found, row)?);
            return Ok(());
        }
        for name in self.columns.asked() {
            if cell(name).is_some_and(is_numbers) {
                return Err(self.columns.unasked(self.path, row, name));
            }
        }
        if let Some(name) = self.padded
            && let Some(Cell::List(mask)) = cell(name)
            && mask.strange.is_none()
            && let Some(place) = (0..mask.values.len()).find(|&place| mask.values.get(place) == 0.0)
        {
            return Err(Columns::padding(self.path, row, place));
        }
        let mut own = Rows::default();
        self.integers(found, row, tokens, TOKEN, |id| id >= 0, &mut own.tokens)?;
        let length = own.tokens.len();
        if rows.labels.is_some() {
            let mut list = Vec::new();
            match labels {
                Some(name) => {
                    let allowed = |id: i32| id >= 0 || id == IGNORE;
                    self.integers(named(name)?, row, name, LABEL, allowed, &mut list)?;
                    self.same_length(list.len(), length, name, row)?;
                }
                None => list.extend_from_slice(&own.tokens),
            }
            own.labels = Some(list);
        }
        if let Some(name) = loss_mask {
            let mut weights = Vec::new();
            let fractions = self.weights(named(name)?, row, name, &mut weights, rows)?;
            self.same_length(weights.len(), length, name, row)?;
            rows.fractions |= fractions;
            own.weights = Some(Vec::new());
            fold(&mut own, weights);
        }
        if let Some(name) = attention_mask {
            let mut keep = Vec::new();
            self.attention(named(name)?, row, name, &mut keep)?;
            self.same_length(keep.len(), length, name, row)?;
            own.lengths.push(length as u32);
            own.strip(&keep);
        }
        rows.lengths.push(u32::try_from(own.tokens.len()).expect("an object has below 2^32 bytes"));
        rows.tokens.extend_from_slice(&own.tokens);
        if let (Some(all), Some(own)) = (&mut rows.labels, own.labels) {
            all.extend(own);
        }
        if let (Some(all), Some(own)) = (&mut rows.weights, own.weights) {
            all.extend(own);
        }
        cells.clear();
        Ok(())
    }

    fn length(&self, cell: &Cell, row: u64) -> Result<u32, Fault> {
        let name = &self.columns.tokens;
        let length = match cell {
            Cell::List(list) => match list.strange {
                Some((place, what)) if what != "a null" => {
                    return Err(self.strange(row, name, what, place, TOKEN));
                }
                _ => list.values.len() as f64,
            },
            Cell::Number(length) => *length,
            Cell::Null => 0.0,
            Cell::Other(what) => {
                let detail = format!("column '{name}' is {what}, neither a list nor a length");
                return Err(Fault::column(self.path, row, detail));
            }
        };
        if length.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&length) {
            return Ok(length as u32);
        }
        let detail = format!("column '{name}' has {length} (a length is 0 .. 4294967295)");
        Err(Fault::column(self.path, row, detail))
    }

    /// The list of a cell; none for null, which is an empty sequence.
    fn list<'c>(
        &self,
        cell: &'c Cell,
        row: u64,
        name: &str,
        range: &str,
    ) -> Result<Option<&'c List>, Fault> {
        let what = match cell {
            Cell::List(list) => match list.strange {
                Some((place, what)) => return Err(self.strange(row, name, what, place, range)),
                None => return Ok(Some(list)),
            },
            Cell::Null => return Ok(None),
            Cell::Number(number) => format!("the number {number}"),
            Cell::Other(what) => (*what).to_string(),
        };
        let detail = format!("column '{name}' is {what}, not a list of integers");
        Err(Fault::column(self.path, row, detail))
    }

    fn strange(&self, row: u64, name: &str, what: &str, place: usize, range: &str) -> Fault {
        let batch = if what == "a list" && place == 0 {
            "; a batch of one, as tokenizers return tensors, must be taken apart"
        } else {
            ""
        };
        let detail = format!("column '{name}' has {what} at position {place} ({range}{batch})");
        Fault::column(self.path, row, detail)
    }

    fn integers(
        &self,
        cell: &Cell,
        row: u64,
        name: &str,
        range: &str,
        allowed: impl Fn(i32) -> bool,
        out: &mut Vec<i32>,
    ) -> Result<(), Fault> {
        let Some(list) = self.list(cell, row, name, range)? else { return Ok(()) };
        let wrong = |place: usize, found: &str| {
            let detail = format!("column '{name}' has {found} at position {place} ({range})");
            Fault::column(self.path, row, detail)
        };
        if let Some(place) = list.boolean {
            return Err(wrong(place, "a boolean"));
        }
        match &list.values {
            Values::Integers(values) => {
                if let Some(place) = values.iter().position(|&value| !allowed(value)) {
                    return Err(wrong(place, &values[place].to_string()));
                }
                out.extend_from_slice(values);
            }
            Values::Numbers(values) => {
                for (place, &value) in values.iter().enumerate() {
                    let whole = value as i32;
                    if f64::from(whole).total_cmp(&value).is_ne() && value != 0.0 || !allowed(whole)
                    {
                        return Err(wrong(place, &value.to_string()));
                    }
                    out.push(whole);
                }
            }
        }
        Ok(())
    }

    /// Appends a mask; true if one of its numbers is written as a fraction. Whether an integer
    /// above 1 may stand there is known when all rows are read: `rows` keeps the first.
    fn weights(
        &self,
        cell: &Cell,
        row: u64,
        name: &str,
        out: &mut Vec<f32>,
        rows: &mut Rows,
    ) -> Result<bool, Fault> {
        let Some(list) = self.list(cell, row, name, MASK)? else { return Ok(false) };
        for place in 0..list.values.len() {
            let value = list.values.get(place);
            let weight = value as f32;
            if !(value >= 0.0 && weight.is_finite()) {
                let detail = format!(
                    "column '{name}' has {value} at position {place} (a loss weight is finite and \
                     at least 0)"
                );
                return Err(Fault::column(self.path, row, detail));
            }
            if value > 1.0 && rows.above_one.is_none() {
                let detail = format!("column '{name}' has {value} at position {place} ({MASK})");
                rows.above_one = Some(Fault::column(self.path, row, detail));
            }
            out.push(weight);
        }
        Ok(list.fraction.is_some())
    }

    fn attention(
        &self,
        cell: &Cell,
        row: u64,
        name: &str,
        keep: &mut Vec<bool>,
    ) -> Result<(), Fault> {
        const RANGE: &str = "an attention mask is 0 or 1";
        let Some(list) = self.list(cell, row, name, RANGE)? else { return Ok(()) };
        for place in 0..list.values.len() {
            let value = list.values.get(place);
            if value != 0.0 && (value - 1.0) != 0.0 {
                let detail = format!("column '{name}' has {value} at position {place} ({RANGE})");
                return Err(Fault::column(self.path, row, detail));
            }
            keep.push(value != 0.0);
        }
        Ok(())
    }

    fn same_length(&self, found: usize, tokens: usize, name: &str, row: u64) -> Result<(), Fault> {
        if found == tokens {
            return Ok(());
        }
        let detail = format!("column '{name}' has {found} elements for {tokens} tokens");
        Err(Fault::column(self.path, row, detail))
    }

    fn missing(&self, bytes: &[u8], name: &str, row: u64) -> Fault {
        let names = serde_json::Deserializer::from_slice(bytes).deserialize_map(Names);
        let names = names.unwrap_or_default();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        missing(self.path, name, &names, Some(row))
    }

    fn undecoded(&self, bytes: &[u8], row: u64, error: &serde_json::Error) -> Fault {
        let detail = match not_json(bytes, error) {
            Some(word) => format!(
                "{word} isn't JSON, which has no such value; write null, or leave the field out"
            ),
            None => format!("not an object of JSON as expected: {error}"),
        };
        Fault::format(self.path, row, detail)
    }
}

fn is_numbers(cell: &Cell) -> bool {
    matches!(cell, Cell::List(list) if list.values.len() > 0 && list.strange.is_none())
}

/// The word at which the decoder stopped, if it is one that programs write for JSON.
fn not_json(bytes: &[u8], error: &serde_json::Error) -> Option<&'static str> {
    const WORDS: [&str; 6] = ["-Infinity", "Infinity", "NaN", "None", "True", "False"];
    let lines = bytes.split_inclusive(|&byte| byte == b'\n').take(error.line().saturating_sub(1));
    let at = (lines.map(<[u8]>::len).sum::<usize>() + error.column()).min(bytes.len());
    // The decoder names the byte behind the one that it stopped at, which is in the word.
    let near = &bytes[at.saturating_sub(10)..bytes.len().min(at + 10)];
    let holds = |word: &&&str| near.windows(word.len()).any(|part| part == word.as_bytes());
    WORDS.iter().find(holds).copied()
}
