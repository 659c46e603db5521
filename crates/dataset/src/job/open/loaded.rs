//! Packs that were read, as the columns that rows are laid out from: the same layout and the same
//! filling as for packs in memory.
//!
//! O(places). Columns that lie behind one another already aren't copied.

use super::pieces::Stretch;
use crate::Fault;
use crate::format::found::{Found, List, Row};
use crate::format::reader::Reader;
use crate::job::carried::{self, Value};
use crate::source::IGNORE;
use arrow_array::Array;
use arrow_buffer::{ArrowNativeType, OffsetBuffer};
use std::ops::Range;
use std::path::PathBuf;
use stowage_engine::Fault as EngineFault;
use stowage_engine::rows::boundaries::Boundaries;
use stowage_engine::rows::labels::Labels;
use stowage_engine::rows::places::{Content, Places};
use stowage_engine::rows::{
    Layout, Offsets, Packs, RowOptions, Tokens, Values, WeightValues, Weights, fill,
};

/// Packs, read and found to fit together.
pub struct Loaded {
    tokens: List<i32>,
    labels: Option<List<i32>>,
    weights: Option<List<f32>>,
    /// First segment of each pack, and the number of segments.
    segments: Vec<u32>,
    /// First place of each segment in the tokens, and one past the last.
    starts: Vec<i32>,
    /// Tokens of each segment.
    lengths: Vec<u32>,
    /// What the engine calls them: 0, 1, 2 ..., each from its first token on.
    numbers: Vec<u32>,
    zeros: Vec<u32>,
    sequences: Option<Vec<u32>>,
    piece_starts: Option<Vec<u32>>,
    carried: Vec<(String, Vec<Value>)>,
}

/// The data set that packs are of.
#[derive(Clone, Copy)]
pub(super) struct Basis<'a> {
    pub reader: &'a dyn Reader,
    /// The file of each part.
    pub paths: &'a [PathBuf],
    /// Each segment takes a multiple of this many places.
    pub alignment: u32,
    /// Sequences of the sources.
    pub sequence_count: u64,
}

/// What fills the places besides tokens.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    /// Where labels stand.
    pub labels: Labels,
    /// The id at padding.
    pub pad_token_id: i32,
    /// The attention mask is 1 inside a segment instead of its number.
    pub binary_mask: bool,
}

impl Loaded {
    pub(super) fn new(basis: Basis<'_>, stretches: &[Stretch<'_>]) -> Result<Self, Fault> {
        let mut places = 0_u64;
        for stretch in stretches {
            for row in stretch.rows.clone() {
                check(basis, stretch, row)?;
                places += stretch.piece.found.row(row).tokens.len() as u64;
            }
        }
        if places > i32::MAX as u64 {
            let detail = format!("{places} places at once, of at most 2147483647: ask for less");
            return Err(Fault::option(detail));
        }
        let tokens = joined(stretches, &|found| Some(&found.tokens))?;
        let tokens = tokens.expect("every format has tokens");
        let labels = match joined(stretches, &|found| found.labels.as_ref())? {
            Some(labels) => Some(labels),
            None => joined(stretches, &|found| found.loss_mask.as_ref())?
                .map(|mask| labels_of(&tokens, &mask)),
        };
        let mut loaded = Self {
            labels,
            weights: joined(stretches, &|found| found.weights.as_ref())?,
            segments: vec![0],
            starts: Vec::new(),
            lengths: Vec::new(),
            numbers: Vec::new(),
            zeros: Vec::new(),
            sequences: segment_values(stretches, &|row| row.sequences),
            piece_starts: segment_values(stretches, &|row| row.starts),
            carried: carried_values(basis, stretches)?,
            tokens,
        };
        loaded.mark_segments(stretches);
        Ok(loaded)
    }

    /// Finds where each segment stands.
    fn mark_segments(&mut self, stretches: &[Stretch<'_>]) {
        let mut pack = 0;
        for Stretch { piece, rows } in stretches {
            for row in rows.clone() {
                let row = piece.found.row(row);
                let mut at = self.tokens.offsets()[pack];
                for (k, &places) in row.lengths.iter().enumerate() {
                    self.starts.push(at);
                    self.lengths.push(row.counts.map_or(places, |counts| counts[k]) as u32);
                    at += places;
                }
                self.segments.push(self.lengths.len() as u32);
                pack += 1;
            }
        }
        self.starts.push(self.tokens.offsets()[pack]);
        self.numbers = (0..self.lengths.len() as u32).collect();
        self.zeros = vec![0; self.lengths.len()];
    }

    /// How many packs there are.
    #[must_use]
    pub fn pack_count(&self) -> usize {
        self.segments.len() - 1
    }

    /// Whether the format has labels or a mask of its own.
    #[must_use]
    pub fn has_weights(&self) -> bool {
        self.weights.is_some()
    }

    fn packs(&self, packs: &Range<usize>) -> Packs<'_> {
        Packs {
            offsets: &self.segments[packs.start..=packs.end],
            sequences: &self.numbers,
            pieces: Some((&self.zeros, &self.lengths)),
        }
    }

    fn column<'a>(&'a self, name: &'static str, list: &'a List<i32>) -> Tokens<'a> {
        Tokens { name, values: Values::I32(list.values()), offsets: Offsets::I32(&self.starts) }
    }

    /// Lays out `packs` of these.
    ///
    /// # Errors
    /// [`Fault::Engine`] for a row that is too narrow, or too many places.
    pub fn lay_out(&self, packs: &Range<usize>, options: RowOptions) -> Result<Layout, Fault> {
        Ok(Layout::new(self.packs(packs), &self.column("tokens", &self.tokens), options)?)
    }

    /// Fills the arrays of a layout of theirs. In `boundaries`, segments are numbered among all that
    /// were read; [`sequences_into`](Self::sequences_into) has their sources.
    ///
    /// # Errors
    /// [`Fault::Engine`] when memory is refused.
    pub fn fill(
        &self,
        layout: &Layout,
        written: &Written,
        places: Places<'_>,
        boundaries: Boundaries<'_>,
        threads: usize,
    ) -> Result<(), Fault> {
        let weights = self.weights.as_ref().filter(|_| places.loss_weights.is_some());
        let content = Content {
            tokens: self.column("tokens", &self.tokens),
            own_labels: self.labels.as_ref().map(|labels| self.column("labels", labels)),
            loss_mask: weights.map(|weights| Weights {
                name: "loss_weights",
                values: WeightValues::F32(weights.values()),
                offsets: Offsets::I32(&self.starts),
            }),
            labels: written.labels,
            pad_token_id: written.pad_token_id,
            binary_mask: written.binary_mask,
        };
        Ok(fill(layout, &content, places, boundaries, threads)?)
    }

    /// The segments of `packs`.
    fn segments_of(&self, packs: &Range<usize>) -> Range<usize> {
        self.segments[packs.start] as usize..self.segments[packs.end] as usize
    }

    /// The source index of each segment of `packs`; false where the format has none.
    pub fn sequences_into(&self, packs: &Range<usize>, out: &mut [u32]) -> bool {
        copied(self.sequences.as_deref(), self.segments_of(packs), out)
    }

    /// The first token of each segment of `packs` in its source; false where nothing was cut.
    pub fn piece_starts_into(&self, packs: &Range<usize>, out: &mut [u32]) -> bool {
        copied(self.piece_starts.as_deref(), self.segments_of(packs), out)
    }

    /// Whether [`sequences_into`](Self::sequences_into) and
    /// [`piece_starts_into`](Self::piece_starts_into) have something to say.
    #[must_use]
    pub fn ids(&self) -> (bool, bool) {
        (self.sequences.is_some(), self.piece_starts.is_some())
    }

    /// Carried columns: a value per segment of `packs`.
    pub fn carried(&self, packs: &Range<usize>) -> impl Iterator<Item = (&str, &[Value])> {
        let segments = self.segments_of(packs);
        self.carried.iter().map(move |(name, values)| (&name[..], &values[segments.clone()]))
    }
}

fn copied(values: Option<&[u32]>, range: Range<usize>, out: &mut [u32]) -> bool {
    values.is_some_and(|values| {
        out.copy_from_slice(&values[range]);
        true
    })
}

/// What a pack says of itself fits together, so that it can become a row.
fn check(basis: Basis<'_>, stretch: &Stretch<'_>, row: usize) -> Result<(), Fault> {
    let found = &stretch.piece.found;
    let number = found.first_row + row as u64;
    let shape = basis.reader.shape();
    let fault = |column: &str, detail: String| {
        let path = basis.reader.file_of(column);
        let path = path.as_ref().unwrap_or(&basis.paths[stretch.piece.part]);
        Err(Fault::invalid(path, number, detail))
    };
    let row = found.row(row);
    let width = row.tokens.len();
    let places: i64 = row.lengths.iter().map(|&length| i64::from(length)).sum();
    let (wanted, fits) = match shape.width {
        Some(wanted) => (wanted, places <= width as i64),
        None => (width, places == width as i64),
    };
    if row.lengths.iter().any(|&length| length <= 0) || width != wanted || !fits {
        let boundaries = shape.boundaries;
        let detail = format!("{boundaries} says {places} places of the {width} in input_ids");
        return fault(boundaries, detail);
    }
    let lists = [
        ("labels", row.labels.map(<[_]>::len), width),
        ("loss_mask", row.loss_mask.map(<[_]>::len), width),
        ("loss_weights", row.weights.map(<[_]>::len), width),
        ("sequence_ids", row.sequences.map(<[_]>::len), row.lengths.len()),
        ("piece_starts", row.starts.map(<[_]>::len), row.lengths.len()),
        ("token_counts", row.counts.map(<[_]>::len), row.lengths.len()),
    ];
    for (name, length, wanted) in lists {
        if let Some(length) = length.filter(|&length| length != wanted) {
            return fault(name, format!("{name} has {length} values, not {wanted}"));
        }
    }
    check_values(basis, &row, &fault)
}

fn check_values(
    basis: Basis<'_>,
    row: &Row<'_>,
    fault: &dyn Fn(&str, String) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let alignment = basis.alignment;
    let counts = row.counts.into_iter().flatten().zip(row.lengths);
    for (&count, &places) in counts {
        let taken = u32::try_from(count).ok().filter(|&count| count > 0);
        if taken.map(|count| count.next_multiple_of(alignment)) != Some(places as u32) {
            let detail = format!("{count} tokens in {places} places at alignment {alignment}");
            return fault("token_counts", detail);
        }
    }
    let total = basis.sequence_count;
    let stray = |&&id: &&i64| u64::try_from(id).map_or(true, |id| id >= total);
    if let Some(id) = row.sequences.into_iter().flatten().find(stray) {
        let detail = format!("source sequence {id} does not exist; there are {total}");
        return fault("sequence_ids", detail);
    }
    let far = |&&start: &&i64| u32::try_from(start).is_err();
    if let Some(start) = row.starts.into_iter().flatten().find(far) {
        return fault("piece_starts", format!("a piece that starts at {start}"));
    }
    // Without a branch, so that these loops vectorise.
    if row.tokens.iter().fold(0, |bits, id| bits | id) < 0 {
        return fault("input_ids", "a negative token id".to_string());
    }
    let labels = row.labels.unwrap_or(&[]).iter();
    if labels.fold(0, |bits, &label| bits | if label == IGNORE { 0 } else { label }) < 0 {
        return fault("labels", "a negative label other than -100".to_string());
    }
    let weights = row.weights.unwrap_or(&[]).iter();
    if weights.fold(false, |wrong, &weight| wrong | !(0.0..f32::INFINITY).contains(&weight)) {
        return fault("loss_weights", "a weight that is no finite number from 0 on".to_string());
    }
    Ok(())
}

/// A column of all stretches behind one another; none if the format has none.
fn joined<T: ArrowNativeType>(
    stretches: &[Stretch<'_>],
    column: &dyn for<'a> Fn(&'a Found) -> Option<&'a List<T>>,
) -> Result<Option<List<T>>, Fault> {
    let lists = stretches.iter().map(|stretch| (column(&stretch.piece.found), &stretch.rows));
    let lists: Vec<(&List<T>, &Range<usize>)> =
        lists.filter_map(|(list, rows)| Some((list?, rows))).collect();
    match lists[..] {
        [] if stretches.is_empty() => {
            return Ok(Some(List::new(OffsetBuffer::new_empty(), Vec::new().into())));
        }
        [] => return Ok(None),
        [(list, rows)] => return Ok(Some(list.slice(rows.clone()))),
        _ => {}
    }
    let span = |&(list, rows): &(&List<T>, &Range<usize>)| {
        list.offsets()[rows.start] as usize..list.offsets()[rows.end] as usize
    };
    let count: usize = lists.iter().map(|list| span(list).len()).sum();
    let mut values: Vec<T> = Vec::new();
    let bytes = (count * size_of::<T>()) as u64;
    values.try_reserve_exact(count).map_err(|_| EngineFault::Memory { bytes })?;
    for list in &lists {
        values.extend_from_slice(&list.0.values()[span(list)]);
    }
    let counts = lists.iter().flat_map(|&(list, rows)| {
        list.offsets()[rows.start..=rows.end].windows(2).map(|ends| (ends[1] - ends[0]) as usize)
    });
    Ok(Some(List::new(OffsetBuffer::from_lengths(counts), values.into())))
}

/// Labels behind a mask that is 1 where the next token is a target.
fn labels_of(tokens: &List<i32>, mask: &List<i8>) -> List<i32> {
    let mut labels = Vec::with_capacity(tokens.values().len());
    for row in 0..tokens.rows() {
        labels.push(IGNORE);
        let (tokens, mask) = (tokens.row(row), mask.row(row));
        let behind = tokens.iter().skip(1).zip(mask);
        labels.extend(behind.map(|(&token, &mask)| if mask == 0 { IGNORE } else { token }));
    }
    let counts = (0..tokens.rows()).map(|row| tokens.row(row).len());
    List::new(OffsetBuffer::from_lengths(counts), labels.into())
}

/// A number per segment, of those that [`check`] has seen to have 32 bits.
fn segment_values(
    stretches: &[Stretch<'_>],
    column: &dyn for<'a> Fn(&Row<'a>) -> Option<&'a [i64]>,
) -> Option<Vec<u32>> {
    let mut values = Vec::new();
    for Stretch { piece, rows } in stretches {
        for row in rows.clone() {
            values.extend(column(&piece.found.row(row))?.iter().map(|&value| value as u32));
        }
    }
    Some(values)
}

fn carried_values(
    basis: Basis<'_>,
    stretches: &[Stretch<'_>],
) -> Result<Vec<(String, Vec<Value>)>, Fault> {
    let names = stretches.first().map_or(&[][..], |first| &first.piece.found.carried);
    let mut columns = Vec::new();
    for (k, (name, _)) in names.iter().enumerate() {
        let mut all = Vec::new();
        for Stretch { piece, rows } in stretches {
            let list = &piece.found.carried[k].1;
            let path = &basis.paths[piece.part];
            for row in rows.clone() {
                let values = list.value(row);
                let wanted = piece.found.row(row).lengths.len();
                if let Some(detail) = carried::wrong_count(name, list, row, wanted) {
                    return Err(Fault::invalid(path, piece.found.first_row + row as u64, detail));
                }
                all.extend(carried::values(values.as_ref()).ok_or_else(|| {
                    let detail = format!(
                        "column {name} is of type {}, which has no value in JavaScript; leave \
                         carried columns out with carried: false",
                        values.data_type()
                    );
                    Fault::column(path, None, detail)
                })?);
            }
        }
        columns.push((name.clone(), all));
    }
    Ok(columns)
}
