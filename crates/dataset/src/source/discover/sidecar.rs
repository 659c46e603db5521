//! Files of a folder that lie beside the data and aren't data: a `.json` without the token column
//! (of a tokenizer, a data set's card), an array of lengths.

use super::endings::{Ending, Wrapping};
use super::inputs::Inputs;
use crate::Fault;
use crate::source::json::has_column;
use crate::warnings::{Warnings, listed};
use std::path::PathBuf;

/// `files` without those, if any others are left.
///
/// # Errors
/// [`Fault::Io`] for a file that can't be read.
pub(super) fn without(
    files: Vec<PathBuf>,
    inputs: &Inputs<'_>,
    warnings: &mut Warnings,
) -> Result<Vec<PathBuf>, Fault> {
    let mut beside = Vec::new();
    for file in &files {
        beside.push(match Ending::of(file) {
            Some((Ending::Npy, None)) => true,
            Some((Ending::Json, None | Some(Wrapping::Gzip | Wrapping::Zstd))) => {
                !has_column(file, inputs.column)?
            }
            _ => false,
        });
    }
    if beside.iter().all(|&beside| beside) {
        return Ok(arrays_or_all(files, inputs, warnings));
    }
    let (mut data, mut others) = (Vec::new(), Vec::new());
    for (file, beside) in files.into_iter().zip(beside) {
        if beside { others.push(file) } else { data.push(file) }
    }
    said(&others, inputs, warnings);
    Ok(data)
}

/// Where nothing has the column, arrays of lengths are the data of a job that can use them.
fn arrays_or_all(
    files: Vec<PathBuf>,
    inputs: &Inputs<'_>,
    warnings: &mut Warnings,
) -> Vec<PathBuf> {
    let is_array = |file: &PathBuf| matches!(Ending::of(file), Some((Ending::Npy, None)));
    if !inputs.arrays || !files.iter().any(is_array) {
        return files;
    }
    let (arrays, others): (Vec<_>, Vec<_>) = files.into_iter().partition(is_array);
    said(&others, inputs, warnings);
    arrays
}

fn said(others: &[PathBuf], inputs: &Inputs<'_>, warnings: &mut Warnings) {
    if others.is_empty() {
        return;
    }
    let names: Vec<String> = others.iter().map(|file| file.display().to_string()).collect();
    warnings.add(format!(
        "passed over beside the data, for want of a column '{}': {}",
        inputs.column,
        listed(&names)
    ));
}
