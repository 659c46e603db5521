//! What rows become: tokens with their places, for people and tests. Nothing is packed.

use crate::source::{Columns, Inputs, Packed, Sources, TextSource, Texts, Work};
use crate::{Fault, parallel};
use std::path::Path;
use stowage_engine::{Fault as EngineFault, Stage, Watch};
use stowage_text::Encoded;

/// Rows to tokenize.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Objects of JSON, with the columns that the text source names.
    Objects(Vec<String>),
    /// The first rows of files.
    Files {
        /// Files, folders or patterns.
        inputs: Vec<String>,
        /// Which split of a folder.
        split: Option<String>,
        /// How many rows.
        limit: usize,
    },
}

/// Tokenizes rows, in order, on up to `threads` threads.
///
/// # Errors
/// As [`pack_dataset`](crate::pack_dataset) of the same text.
pub fn tokenize(
    source: &TextSource,
    rows: &Rows,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Vec<Encoded>, Fault> {
    match rows {
        Rows::Objects(objects) => {
            let texts = Texts::load(source)?;
            parallel::each(objects.len(), threads, |at| {
                watch.step(Stage::Tokenize, at as u64, objects.len() as u64)?;
                let encoded = texts.object(objects[at].as_bytes(), Path::new(""), at as u64);
                encoded.map_err(in_memory)
            })
        }
        Rows::Files { inputs, split, limit } => {
            let texts = Texts::load(source)?.showing(*limit);
            let inputs = Inputs {
                paths: inputs,
                split: split.as_deref(),
                packed: Packed::Warn,
                column: texts.columns.first(),
                arrays: false,
                ranges: &[],
            };
            let sources = Sources::open(&inputs, watch)?;
            let go_on = || {
                if texts.has_shown() {
                    return Err(EngineFault::Cancelled.into());
                }
                Ok(watch.step(Stage::Tokenize, 0, *limit as u64)?)
            };
            let work = Work { threads: 1, go_on: &go_on };
            for part in 0..sources.parts.len() {
                let text = Some((&texts, &work));
                match sources.read(part, &Columns::default(), text, &mut |_| go_on()) {
                    Err(Fault::Engine(EngineFault::Cancelled)) if texts.has_shown() => break,
                    other => other?,
                }
            }
            Ok(texts.shown())
        }
    }
}

/// The fault of a row that no file has.
fn in_memory(fault: Fault) -> Fault {
    match fault {
        Fault::Column(place) | Fault::Format(place) => {
            EngineFault::Column { row: place.row, detail: place.detail }.into()
        }
        other => other,
    }
}
