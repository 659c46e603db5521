//! Faults as JavaScript errors: message, stable `code`, and the numbers as properties.

use napi::bindgen_prelude::{Env, Error, JsObjectValue, JsValue, Result, Status};
use stowage_engine::Fault;

/// What every fault comes down to before it crosses. Faults of other crates implement
/// `From` for it next to the code that calls them.
#[derive(Debug, Default)]
pub struct Report {
    /// What a program branches on.
    pub code: &'static str,
    /// Names the thing, its value, what is allowed, and the way out.
    pub message: String,
    /// Index of the offending sequence.
    pub index: Option<u64>,
    /// Its length in tokens.
    pub length: Option<u64>,
    /// The capacity it exceeds.
    pub capacity: Option<u32>,
    /// Offending file.
    pub path: Option<Box<str>>,
    /// Offending row of it.
    pub row: Option<u64>,
    /// The columns that there are, where one is missing.
    pub columns: Option<Box<ColumnNames>>,
}

/// Names of columns; apart, since most reports have none and every result is as large as a report.
#[derive(Debug)]
pub struct ColumnNames(pub Vec<String>);

impl From<Fault> for Report {
    fn from(fault: Fault) -> Self {
        let mut report = Self { code: fault.code(), message: fault.to_string(), ..Self::default() };
        match fault {
            Fault::Overlong { index, length, capacity, .. } => {
                report.index = index;
                report.length = Some(length.into());
                report.capacity = Some(capacity);
            }
            Fault::Empty { index } => {
                report.index = index;
                report.length = Some(0);
            }
            Fault::TooManyPieces { index, length, .. } => {
                report.index = Some(index);
                report.length = Some(length.into());
            }
            Fault::HistogramMismatch { length, .. } => report.length = Some(length.into()),
            // In memory a row of a column is a sequence.
            Fault::Column { row, .. } => report.index = row,
            Fault::InvalidPlan { length, .. } => report.length = length.map(u64::from),
            Fault::InvalidPacking { index, .. } | Fault::Length { index, .. } => {
                report.index = index;
            }
            _ => {}
        }
        report
    }
}

/// The error to throw, or to reject with: both keep every property. Call on the JavaScript thread.
pub fn to_js(env: Env, fault: impl Into<Report>) -> Error {
    build(env, fault.into()).unwrap_or_else(|broken| broken)
}

fn build(env: Env, report: Report) -> Result<Error> {
    let mut error = env.create_error(Error::new(Status::GenericFailure, report.message))?;
    error.set_named_property("code", report.code)?;
    // Below 2^53 where they come from: sequences are numbered by array indices.
    for (name, number) in [("index", report.index), ("length", report.length), ("row", report.row)]
    {
        if let Some(number) = number {
            error.set_named_property(name, number as f64)?;
        }
    }
    if let Some(capacity) = report.capacity {
        error.set_named_property("capacity", capacity)?;
    }
    if let Some(path) = report.path {
        error.set_named_property("path", &*path)?;
    }
    if let Some(columns) = report.columns {
        error.set_named_property("columns", columns.0)?;
    }
    Ok(Error::from(error.to_unknown()))
}
