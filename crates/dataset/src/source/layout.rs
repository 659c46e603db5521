//! What the two tabular formats share: finding the named columns and taking record batches apart.

use super::column::{self, Origin};
use super::columns::Columns;
use super::rows::{IGNORE, Rows};
use crate::Fault;
use crate::warnings::listed;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::Schema;
use std::path::Path;
use std::sync::Arc;

/// Which columns of a file are read, and where each stands in what the decoder returns.
pub(crate) struct Layout<'a> {
    path: &'a Path,
    columns: &'a Columns,
    /// Indices of the columns read, ascending.
    pub roots: Vec<usize>,
    labels: bool,
    weighted: bool,
    /// A column that must have no zero.
    padded: Option<&'a str>,
}

impl<'a> Layout<'a> {
    /// # Errors
    /// [`Fault::Column`] if a named column is missing.
    pub(crate) fn new(
        schema: &Schema,
        columns: &'a Columns,
        path: &'a Path,
    ) -> Result<Self, Fault> {
        let mut roots = Vec::new();
        for name in columns.names() {
            roots.push(index_of(schema, name, path)?);
        }
        let is_numbers = |name: &str| {
            schema.field_with_name(name).is_ok_and(|field| column::is_numbers(field.data_type()))
        };
        if let Some(name) = columns.asked().into_iter().find(|name| is_numbers(name)) {
            return Err(columns.unasked(path, None, name));
        }
        let padded = columns.checked_for_padding().filter(|name| is_numbers(name));
        if let Some(name) = padded {
            roots.push(index_of(schema, name, path)?);
        }
        roots.sort_unstable();
        roots.dedup();
        let weighted = match &columns.loss_mask {
            Some(name) => {
                column::is_weighted(schema.field(index_of(schema, name, path)?).data_type())
            }
            None => false,
        };
        let labels = columns.labels.is_some() || columns.loss_mask.is_some();
        Ok(Self { path, columns, roots, labels, weighted, padded })
    }

    /// Rows with room for what these columns give.
    pub(crate) fn rows(&self) -> Rows {
        Rows {
            labels: self.labels.then(Vec::new),
            weights: self.weighted.then(Vec::new),
            ..Rows::default()
        }
    }

    /// Appends the rows of `batch`, the first of which is `first_row` of the file.
    pub(crate) fn take(
        &self,
        batch: &RecordBatch,
        first_row: u64,
        rows: &mut Rows,
    ) -> Result<(), Fault> {
        let (array, origin) = self.column(batch, &self.columns.tokens, first_row)?;
        if self.columns.lengths_only {
            column::push_lengths(array, origin, &mut rows.lengths)?;
            return self.carry(batch, first_row, rows);
        }
        column::push_tokens(array, origin, &mut rows.lengths, &mut rows.tokens)?;
        if let Some(name) = self.padded
            && let Some((row, place)) = column::first_zero(self.column(batch, name, first_row)?.0)
        {
            return Err(Columns::padding(self.path, first_row + row as u64, place));
        }
        if let Some(labels) = &mut rows.labels {
            match &self.columns.labels {
                Some(name) => {
                    let (array, origin) = self.column(batch, name, first_row)?;
                    column::push_labels(array, origin, &rows.lengths, labels)?;
                }
                None => labels.extend_from_slice(&rows.tokens),
            }
        }
        if let Some(name) = &self.columns.loss_mask {
            let (array, origin) = self.column(batch, name, first_row)?;
            let mut weights = Vec::new();
            column::push_weights(array, origin, &rows.lengths, &mut weights)?;
            fold(rows, weights);
        }
        if let Some(name) = &self.columns.attention_mask {
            let (array, origin) = self.column(batch, name, first_row)?;
            let mut keep = Vec::new();
            column::push_attention(array, origin, &rows.lengths, &mut keep)?;
            rows.strip(&keep);
        }
        self.carry(batch, first_row, rows)
    }

    fn carry(&self, batch: &RecordBatch, first_row: u64, rows: &mut Rows) -> Result<(), Fault> {
        for name in &self.columns.carry {
            rows.carried.push(ArrayRef::clone(self.column(batch, name, first_row)?.0));
        }
        Ok(())
    }

    fn column<'b>(
        &'b self,
        batch: &'b RecordBatch,
        name: &'b str,
        first_row: u64,
    ) -> Result<(&'b ArrayRef, Origin<'b>), Fault> {
        let array = batch.column_by_name(name).ok_or_else(|| {
            Fault::format(self.path, None, format!("column '{name}' is missing from a part"))
        })?;
        Ok((array, Origin { path: self.path, column: name, first_row }))
    }
}

/// Takes a loss mask into the rows: labels under 0 are ignored, weights are kept if there are any.
pub(crate) fn fold(rows: &mut Rows, weights: Vec<f32>) {
    if let Some(labels) = &mut rows.labels {
        for (label, weight) in labels.iter_mut().zip(&weights) {
            if *weight == 0.0 {
                *label = IGNORE;
            }
        }
    }
    if let Some(kept) = &mut rows.weights {
        kept.extend(weights);
    }
}

fn index_of(schema: &Schema, name: &str, path: &Path) -> Result<usize, Fault> {
    schema.index_of(name).map_err(|_| {
        let names: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        missing(path, name, &names, None)
    })
}

/// The fault of a column that isn't there.
pub(crate) fn missing(path: &Path, name: &str, names: &[&str], row: Option<u64>) -> Fault {
    let found = listed(names);
    let detail = format!("there is no column '{name}'; found: {found}");
    Fault::missing(path, row, detail, names.iter().map(ToString::to_string).collect())
}

/// The columns `roots` of a table without rows.
pub(crate) fn no_rows(schema: &Schema, roots: &[usize]) -> RecordBatch {
    let columns = schema.project(roots).expect("they are columns of it");
    RecordBatch::new_empty(Arc::new(columns))
}

/// # Errors
/// [`Fault::Format`] if a part ended before the rows its header promises.
pub(crate) fn all_there(path: &Path, read: u64, expected: u64) -> Result<(), Fault> {
    if read == expected {
        return Ok(());
    }
    Err(Fault::format(path, None, format!("{read} rows where the footer says {expected}")))
}
