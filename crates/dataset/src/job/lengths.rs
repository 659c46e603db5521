//! Lengths of the sequences of source files, in order.
//!
//! O(values of one column); 8 bytes per sequence at the peak. Where the format allows, tokens
//! aren't decoded.

use crate::progress::Meter;
use crate::source::{Columns, Inputs, Packed, Sources, TextSource, Texts, Work, concatenated};
use crate::{Fault, parallel};
use stowage_engine::{Stage, Watch};

/// What [`read_lengths`] reads.
#[derive(Clone, Debug, PartialEq)]
pub struct LengthsOptions {
    /// Files, folders or patterns.
    pub inputs: Vec<String>,
    /// A list of integers, or an integer column of lengths.
    pub column: String,
    /// Which split of a folder; needed where it has several.
    pub split: Option<String>,
    /// Text in place of a column of lengths or tokens.
    pub text: Option<TextSource>,
}

/// Lengths of sequences, and what to know of where they came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lengths {
    /// The length of each, in order.
    pub lengths: Vec<u32>,
    /// What the caller should know of the inputs.
    pub warnings: Vec<String>,
}

/// The length of every sequence of the inputs: files, folders or patterns of Parquet, Arrow IPC,
/// JSON and `.npy`.
///
/// # Errors
/// [`Fault::Io`], [`Fault::Format`] or [`Fault::Column`] for the first file, in order, that can't
/// be read; `ERR_OPTION` for a folder of several splits;
/// [`stowage_engine::Fault::TooManySequences`]; a cancel.
pub fn read_lengths(
    options: &LengthsOptions,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Lengths, Fault> {
    let texts = options.text.as_ref().map(Texts::load).transpose()?;
    let column = texts.as_ref().map_or(options.column.as_str(), |texts| texts.columns.first());
    let inputs = Inputs {
        paths: &options.inputs,
        split: options.split.as_deref(),
        packed: Packed::Warn,
        column,
        arrays: texts.is_none(),
        ranges: &[],
    };
    let mut sources = Sources::open(&inputs, watch)?;
    let mut warnings = std::mem::take(&mut sources.warnings);
    let columns =
        Columns { tokens: options.column.clone(), lengths_only: true, ..Columns::default() };
    let stage = if texts.is_some() { Stage::Tokenize } else { Stage::Read };
    let meter = Meter::new(watch, stage, sources.bytes);
    let go_on = || meter.add(0);
    let work = Work { threads, go_on: &go_on };
    let text = texts.as_ref().map(|texts| (texts, &work));
    let lists = parallel::each(sources.parts.len(), threads, |index| {
        let mut lengths = Vec::new();
        sources.read(index, &columns, text, &mut |rows| {
            lengths.extend_from_slice(&rows.lengths);
            meter.add(rows.bytes)
        })?;
        Ok(lengths)
    })?;
    sources.unchanged()?;
    if let Some(texts) = &texts {
        texts.warn(&mut warnings);
    }
    Ok(Lengths { lengths: concatenated(lists)?, warnings: warnings.into_list() })
}
