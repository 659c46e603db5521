//! Sources into the spill: one pass over all files that checks every token, appends the
//! end-of-document id, and keeps the lengths.

use super::spill::{Positions, Run, Spill, SpillWriter, room};
use crate::progress::Meter;
use crate::source::{Columns, IGNORE, Part, Rows, Sources, concatenated};
use crate::{Fault, parallel};
use arrow_array::Array;
use arrow_data::ArrayData;
use arrow_data::transform::MutableArrayData;
use arrow_schema::{DataType, FieldRef};
use std::path::Path;
use stowage_engine::{Stage, Watch};

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
    /// Token ids have at most 16 bits in every source.
    pub narrow: bool,
    /// Carried columns: name and type, and the values in runs.
    pub carried_fields: Vec<FieldRef>,
    pub carried: Vec<Vec<ArrayData>>,
    /// First sequence of each run of carried values.
    carried_starts: Vec<u64>,
}

/// What one part gives.
struct PartOf {
    lengths: Vec<u32>,
    /// Runs, with sequences counted from the part's first.
    runs: Vec<Run>,
    carried: Vec<Vec<ArrayData>>,
    carried_starts: Vec<u64>,
}

impl Ingested {
    /// Run and place in it of a sequence's carried values.
    pub(crate) fn carried_place(&self, sequence: i64) -> (usize, usize) {
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
    inputs: &[String],
    columns: &Columns,
    end_of_document: Option<i32>,
    folder: &Path,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Ingested, Fault> {
    let sources = Sources::open(inputs, watch)?;
    let weighted = is_weighted(&sources, columns)?;
    let carried_fields = carried_fields(&sources, columns)?;
    let narrow = is_narrow(&sources, columns);
    let labelled = columns.labels.is_some() || columns.loss_mask.is_some();
    let label_lane = labelled.then_some(1);
    let weight_lane = weighted.then_some(2);
    let lanes = 1 + usize::from(labelled) + usize::from(weighted);
    let spill = SpillWriter::create(folder, lanes, room(threads))?;
    let meter = Meter::new(watch, Stage::Read, sources.rows);
    let parts = parallel::each(sources.parts.len(), threads, |index| {
        let Part { table, number, first_row } = sources.parts[index];
        let mut of = PartOf {
            lengths: Vec::new(),
            runs: Vec::new(),
            carried: vec![Vec::new(); columns.carry.len()],
            carried_starts: Vec::new(),
        };
        sources.tables[table].read(number, first_row, columns, &mut |rows| {
            if let Some(id) = end_of_document {
                append_end(rows, id);
            }
            of.take(rows, &spill)?;
            meter.add(rows.lengths.len() as u64)
        })?;
        Ok(of)
    })?;
    sources.unchanged()?;
    let lanes = (label_lane, weight_lane);
    joined(parts, spill.finish(), lanes, narrow, carried_fields)
}

impl PartOf {
    fn take(&mut self, rows: &mut Rows, spill: &SpillWriter) -> Result<(), Fault> {
        let position = spill.append(rows)?;
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
    (label_lane, weight_lane): (Option<usize>, Option<usize>),
    narrow: bool,
    carried_fields: Vec<FieldRef>,
) -> Result<Ingested, Fault> {
    let (mut runs, mut carried_starts) = (Vec::new(), Vec::new());
    let mut carried = vec![Vec::new(); carried_fields.len()];
    let mut lists = Vec::new();
    let mut first = 0;
    for part in parts {
        runs.extend(part.runs.iter().map(|run| Run { first: run.first + first, ..*run }));
        carried_starts.extend(part.carried_starts.iter().map(|start| start + first));
        for (all, values) in carried.iter_mut().zip(part.carried) {
            all.extend(values);
        }
        first += part.lengths.len() as u64;
        lists.push(part.lengths);
    }
    let lengths = concatenated(lists)?;
    let positions = Positions::new(runs, &lengths)?;
    Ok(Ingested {
        lengths,
        positions,
        spill,
        label_lane,
        weight_lane,
        narrow,
        carried_fields,
        carried,
        carried_starts,
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

/// Whether the loss mask is of floats; it must be the same in every file.
fn is_weighted(sources: &Sources, columns: &Columns) -> Result<bool, Fault> {
    let Some(name) = &columns.loss_mask else { return Ok(false) };
    let mut found: Option<bool> = None;
    for table in &sources.tables {
        let field = table.schema().and_then(|schema| schema.field_with_name(name).ok());
        let weighted = field.is_some_and(|field| {
            matches!(field.data_type(), DataType::List(item) | DataType::LargeList(item)
                if item.data_type().is_floating())
        });
        if *found.get_or_insert(weighted) != weighted {
            let detail = format!("column '{name}' has weights in some files and a mask in others");
            return Err(Fault::column(table.path(), None, detail));
        }
    }
    Ok(found.unwrap_or(false))
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
        for table in &sources.tables {
            let index = table.schema().and_then(|schema| schema.index_of(name).ok());
            let Some((schema, index)) = table.schema().zip(index) else {
                let detail = format!("there is no column '{name}' to carry");
                return Err(Fault::column(table.path(), None, detail));
            };
            let field = &schema.fields()[index];
            match fields.get(k) {
                None => fields.push(FieldRef::clone(field)),
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
