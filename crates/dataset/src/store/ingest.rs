//! Sources into the spill: one pass over all files that checks every token, appends the
//! end-of-document id, and keeps the lengths.

use super::spill::{Positions, Run, Spill, SpillWriter, room};
use super::targets::has_target;
use crate::progress::Meter;
use crate::source::{
    Columns, IGNORE, Inputs, Part, Rows, Sources, Table, Texts, Work, concatenated,
};
use crate::warnings::Warnings;
use crate::{Fault, parallel};
use arrow_array::{Array, ArrayRef, make_array, new_empty_array};
use arrow_data::ArrayData;
use arrow_data::transform::MutableArrayData;
use arrow_schema::{DataType, Field, FieldRef};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use stowage_engine::{PackOptions, Stage, Watch};

/// Everything that packs are made from.
pub(crate) struct Ingested {
    /// Tokens of every sequence, the end-of-document id included.
    pub lengths: Vec<u32>,
    pub positions: Positions,
    pub spill: Spill,
    /// Lane of the spill with the labels, if a column of labels or a loss mask was named.
    pub label_lane: Option<usize>,
    /// Lane with the weights, if the loss mask is of floats.
    pub weight_lane: Option<usize>,
    /// Whether the loss mask is of floats; none without one, and for integers without a type.
    pub weighted: Option<bool>,
    /// Token ids have at most 16 bits in every source.
    pub narrow: bool,
    /// Carried columns: name and type, and the values in runs.
    pub carried_fields: Vec<FieldRef>,
    pub carried: Vec<Vec<ArrayData>>,
    /// First sequence of each run of carried values.
    carried_starts: Vec<u64>,
    /// Sequences without any target after the policies, ascending; if a column of labels or a loss
    /// mask was named.
    pub targetless: Vec<u32>,
    /// What the caller should know of the inputs.
    pub warnings: Warnings,
    /// First sequence of each part, its file and the row there.
    places: Vec<(u64, usize, u64)>,
    paths: Vec<PathBuf>,
}

/// What becomes of rows besides their tokens.
#[derive(Clone, Copy)]
pub(crate) struct Rules<'a> {
    /// Appended to every sequence that doesn't end with it.
    pub end_of_document: Option<i32>,
    /// The policies, which say what of a sequence is packed.
    pub pack: &'a PackOptions,
    /// What makes tokens of text, where the sources hold that.
    pub text: Option<&'a Texts>,
    /// What of the rows is put away.
    pub keep: Keep,
}

/// What is put away of rows that are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Keep {
    /// All that packs are made of.
    #[default]
    All,
    /// The same, of a part of a data set with weights: a mask without a type is weights, too.
    Weighted,
    /// The lengths alone.
    Lengths,
}

/// What one part gives.
struct PartOf {
    lengths: Vec<u32>,
    /// Runs, with sequences counted from the part's first.
    runs: Vec<Run>,
    carried: Vec<Vec<ArrayData>>,
    carried_starts: Vec<u64>,
    targetless: Vec<u32>,
    /// A loss mask without a type has fractions; its first number above 1.
    fractions: bool,
    above_one: Option<Fault>,
}

/// Lanes of the spill, and what is known of the weights.
#[derive(Clone, Copy)]
struct Lanes {
    labels: Option<usize>,
    weights: Option<usize>,
    /// The loss mask is of floats, or of integers, by its type.
    weighted: Option<bool>,
}

impl Ingested {
    /// File and row of a sequence.
    pub(crate) fn place_of(&self, sequence: u32) -> (&Path, u64) {
        let sequence = u64::from(sequence);
        let part = self.places.partition_point(|&(first, ..)| first <= sequence) - 1;
        let (first, table, row) = self.places[part];
        (&self.paths[table], row + sequence - first)
    }

    /// Whether a sequence is one without targets.
    pub(crate) fn is_targetless(&self, sequence: u32) -> bool {
        self.targetless.binary_search(&sequence).is_ok()
    }

    /// The values of a carried column for `sequences`, in their order.
    ///
    /// # Errors
    /// `ERR_OPTION` where they don't fit into one array.
    pub(crate) fn carried_values(
        &self,
        column: usize,
        sequences: &[i64],
    ) -> Result<ArrayRef, Fault> {
        let runs = &self.carried[column];
        if sequences.is_empty() || runs.is_empty() {
            return Ok(new_empty_array(self.carried_fields[column].data_type()));
        }
        let failed = |error| Fault::option(format!("a column can't be carried: {error}"));
        let mut values = MutableArrayData::new(runs.iter().collect(), true, sequences.len());
        for &sequence in sequences {
            let (run, place) = self.carried_place(sequence);
            values.try_extend(run, place, place + 1).map_err(failed)?;
        }
        Ok(make_array(values.freeze()))
    }

    /// Run and place in it of a sequence's carried values.
    fn carried_place(&self, sequence: i64) -> (usize, usize) {
        let sequence = sequence as u64;
        let run = self.carried_starts.partition_point(|&start| start <= sequence) - 1;
        (run, (sequence - self.carried_starts[run]) as usize)
    }
}

/// Reads `inputs` into a spill with its files in `folder`.
///
/// # Errors
/// That of the first source, in order, that can't be read; refused writes; a cancel.
pub(crate) fn ingest(
    inputs: &Inputs<'_>,
    columns: &Columns,
    rules: Rules<'_>,
    folder: &Path,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Ingested, Fault> {
    let sources = Sources::open(inputs, watch)?;
    let weighted = is_weighted(&sources, columns)?;
    let carried_fields = carried_fields(&sources, columns)?;
    let narrow = rules.text.is_none() && is_narrow(&sources, columns);
    let labelled = columns.labels.is_some()
        || columns.loss_mask.is_some()
        || rules.text.is_some_and(Texts::masks);
    let lanes = Lanes {
        labels: labelled.then_some(1),
        // What JSON says of its numbers is known when all are read.
        weights: (weighted.unwrap_or(columns.loss_mask.is_some())).then_some(2),
        weighted: if rules.keep == Keep::Weighted { weighted.or(Some(true)) } else { weighted },
    };
    let count = 1 + usize::from(labelled) + usize::from(lanes.weights.is_some());
    let spill = SpillWriter::create(folder, count, room(threads))?;
    let stage = if rules.text.is_some() { Stage::Tokenize } else { Stage::Read };
    let meter = Meter::new(watch, stage, sources.bytes);
    let go_on = || meter.add(0);
    let work = Work { threads, go_on: &go_on };
    let text = rules.text.map(|texts| (texts, &work));
    let mut read = columns.clone();
    if rules.keep == Keep::Lengths {
        read.carry.clear();
    }
    let parts = parallel::each(sources.parts.len(), threads, |index| {
        let mut of = PartOf {
            lengths: Vec::new(),
            runs: Vec::new(),
            carried: vec![Vec::new(); columns.carry.len()],
            carried_starts: Vec::new(),
            targetless: Vec::new(),
            fractions: false,
            above_one: None,
        };
        sources.read(index, &read, text, &mut |rows| {
            if lanes.weights.is_none() && rows.weights.take().is_some() && rows.fractions {
                let Part { table, .. } = sources.parts[index];
                return Err(mixed_weights(&sources, table, columns));
            }
            if let Some(id) = rules.end_of_document {
                append_end(rows, id);
            }
            of.take(rows, (rules.keep != Keep::Lengths).then_some(&spill), rules.pack)?;
            meter.add(rows.bytes)
        })?;
        Ok(of)
    })?;
    sources.unchanged()?;
    let mut sources = sources;
    if let Some(texts) = rules.text {
        texts.warn(&mut sources.warnings);
    }
    joined(parts, spill.finish(), lanes, narrow, carried_fields, sources)
}

impl PartOf {
    fn take(
        &mut self,
        rows: &mut Rows,
        spill: Option<&SpillWriter>,
        options: &PackOptions,
    ) -> Result<(), Fault> {
        self.fractions |= rows.fractions;
        self.above_one = self.above_one.take().or(rows.above_one.take());
        if let Some(labels) = &rows.labels {
            let mut start = 0;
            for (sequence, &length) in (self.lengths.len() as u32..).zip(&rows.lengths) {
                let end = start + length as usize;
                if !has_target(&labels[start..end], options) {
                    self.targetless.push(sequence);
                }
                start = end;
            }
        }
        let position = spill.map_or(Ok(0), |spill| spill.append(rows))?;
        let first = self.lengths.len() as u64;
        self.runs.push(Run { first, position });
        self.lengths.extend_from_slice(&rows.lengths);
        if !rows.carried.is_empty() {
            self.carried_starts.push(first);
            for (kept, array) in self.carried.iter_mut().zip(rows.carried.drain(..)) {
                // Copied: an array may be a view of a whole batch, tokens included.
                let whole = array.to_data();
                let mut own = MutableArrayData::new(vec![&whole], true, array.len());
                own.try_extend(0, 0, array.len()).map_err(|error| {
                    Fault::option(format!("a column can't be carried: {error}"))
                })?;
                kept.push(own.freeze());
            }
        }
        Ok(())
    }
}

fn joined(
    parts: Vec<PartOf>,
    spill: Spill,
    lanes: Lanes,
    narrow: bool,
    carried_fields: Vec<FieldRef>,
    sources: Sources,
) -> Result<Ingested, Fault> {
    let (mut runs, mut carried_starts) = (Vec::new(), Vec::new());
    let mut carried = vec![Vec::new(); carried_fields.len()];
    let (mut lists, mut targetless, mut places) = (Vec::new(), Vec::new(), Vec::new());
    let (mut first, mut weighted, mut above_one) = (0, lanes.weighted == Some(true), None);
    for (part, &Part { table, first_row, .. }) in parts.into_iter().zip(&sources.parts) {
        runs.extend(part.runs.iter().map(|run| Run { first: run.first + first, ..*run }));
        carried_starts.extend(part.carried_starts.iter().map(|start| start + first));
        for (all, values) in carried.iter_mut().zip(part.carried) {
            all.extend(values);
        }
        // Below 2^32 sequences altogether: more are refused below.
        targetless.extend(part.targetless.iter().map(|sequence| first as u32 + sequence));
        places.push((first, table, first_row));
        weighted |= part.fractions;
        above_one = above_one.or(part.above_one);
        first += part.lengths.len() as u64;
        lists.push(part.lengths);
    }
    if let (Some(fault), false) = (above_one, weighted) {
        return Err(fault);
    }
    let lengths = concatenated(lists)?;
    let positions = Positions::new(runs, &lengths)?;
    let Sources { tables, warnings, .. } = sources;
    Ok(Ingested {
        lengths,
        positions,
        spill,
        label_lane: lanes.labels,
        weight_lane: lanes.weights.filter(|_| weighted),
        weighted: if weighted { Some(true) } else { lanes.weighted },
        narrow,
        carried_fields,
        carried,
        carried_starts,
        targetless,
        warnings,
        places,
        paths: tables.iter().map(|table| table.path().to_path_buf()).collect(),
    })
}

/// Appends `id` to every sequence that has tokens and doesn't end with it. Its label is `id` unless
/// the last label is ignored; its weight is that of the last token.
fn append_end(rows: &mut Rows, id: i32) {
    let mut tokens = Vec::with_capacity(rows.tokens.len() + rows.lengths.len());
    let mut labels =
        rows.labels.as_ref().map(|old| Vec::with_capacity(old.len() + rows.lengths.len()));
    let mut weights =
        rows.weights.as_ref().map(|old| Vec::with_capacity(old.len() + rows.lengths.len()));
    let mut start = 0;
    for length in &mut rows.lengths {
        let end = start + *length as usize;
        let own = &rows.tokens[start..end];
        let append = own.last().is_some_and(|&last| last != id);
        tokens.extend_from_slice(own);
        tokens.extend(append.then_some(id));
        if let (Some(labels), Some(old)) = (&mut labels, &rows.labels) {
            labels.extend_from_slice(&old[start..end]);
            labels.extend(append.then(|| if old[end - 1] == IGNORE { IGNORE } else { id }));
        }
        if let (Some(weights), Some(old)) = (&mut weights, &rows.weights) {
            weights.extend_from_slice(&old[start..end]);
            weights.extend(append.then(|| old[end - 1]));
        }
        // A length of 2^32 - 1 is refused as overlong whatever its end.
        *length = length.saturating_add(u32::from(append));
        start = end;
    }
    (rows.tokens, rows.labels, rows.weights) = (tokens, labels, weights);
}

/// Whether the loss mask is of floats, where a file has types; it must be the same in all that have.
/// JSON has none: its numbers tell when they are read.
fn is_weighted(sources: &Sources, columns: &Columns) -> Result<Option<bool>, Fault> {
    let Some(name) = &columns.loss_mask else { return Ok(None) };
    let mut found: Option<bool> = None;
    for (table, of) in sources.tables.iter().enumerate() {
        let field = of.schema().and_then(|schema| schema.field_with_name(name).ok());
        let Some(field) = field else { continue };
        let weighted = matches!(field.data_type(),
            DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _)
                if item.data_type().is_floating());
        if *found.get_or_insert(weighted) != weighted {
            return Err(mixed_weights(sources, table, columns));
        }
    }
    Ok(found)
}

fn mixed_weights(sources: &Sources, table: usize, columns: &Columns) -> Fault {
    let name = columns.loss_mask.as_deref().unwrap_or_default();
    let detail = format!("column '{name}' has weights in some files and a mask in others");
    Fault::column(sources.tables[table].path(), None, detail)
}

/// Whether every source stores its tokens as unsigned integers of 8 or 16 bits.
fn is_narrow(sources: &Sources, columns: &Columns) -> bool {
    !sources.tables.is_empty()
        && sources.tables.iter().all(|table| {
            let field = table.schema().and_then(|it| it.field_with_name(&columns.tokens).ok());
            field.is_some_and(|field| {
                matches!(field.data_type(), DataType::List(item) | DataType::LargeList(item)
                    if matches!(item.data_type(), DataType::UInt8 | DataType::UInt16))
            })
        })
}

/// Name and type of every carried column; they must be the same in every file.
fn carried_fields(sources: &Sources, columns: &Columns) -> Result<Vec<FieldRef>, Fault> {
    let mut fields: Vec<FieldRef> = Vec::new();
    for (k, name) in columns.carry.iter().enumerate() {
        for (index, table) in sources.tables.iter().enumerate() {
            let field = match sources.partition_type(index, name) {
                Some(of) => Arc::new(Field::new(name, of.data_type(), true)),
                None => own_field(table, name)?,
            };
            match fields.get(k) {
                None => fields.push(field),
                Some(first) if first.data_type() == field.data_type() => {}
                Some(first) => {
                    let (a, b) = (first.data_type(), field.data_type());
                    let detail = format!("column '{name}' is {b} here and {a} in the first file");
                    return Err(Fault::column(table.path(), None, detail));
                }
            }
        }
    }
    Ok(fields)
}

/// A column that the file itself has, to carry.
fn own_field(table: &Table, name: &str) -> Result<FieldRef, Fault> {
    if table.is_json() {
        let detail =
            format!("column '{name}' can't be carried from JSON lines; use Parquet or Arrow");
        return Err(Fault::column(table.path(), None, detail));
    }
    let index = table.schema().and_then(|schema| schema.index_of(name).ok());
    let Some((schema, index)) = table.schema().zip(index) else {
        let detail = format!("there is no column '{name}' to carry");
        return Err(Fault::column(table.path(), None, detail));
    };
    Ok(FieldRef::clone(&schema.fields()[index]))
}
