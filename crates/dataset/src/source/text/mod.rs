//! Text columns: rows to tokens, some at a time on several threads, in the order of the file.
//!
//! A batch of rows is read by one thread; its rows are decoded and tokenized in pieces on all. What
//! comes out is what a column of tokens and one of labels would give.

mod arrays;
mod columns;
mod object;

pub(super) use arrays::of_batch;
pub use columns::{TextColumns, TextSource};
pub(super) use object::of_object;

use super::rows::{IGNORE, Rows};
use crate::warnings::Warnings;
use crate::{Fault, parallel};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use stowage_text::{Encoded, Encoder, Fault as TextFault, Row, TrainOn};

/// Text that is decoded and tokenized together.
const BYTES_AT_ONCE: usize = 4 << 20;
/// Rows that are decoded and tokenized together.
const ROWS_AT_ONCE: usize = 4096;
/// Pieces of a batch per thread: rows differ in length.
const PIECES: usize = 8;

/// A loaded tokenizer and the columns that it reads. Shared by all threads.
pub(crate) struct Texts {
    encoder: Encoder,
    pub columns: TextColumns,
    /// Rows whose content holds strings of special tokens.
    special: AtomicU64,
    /// Rows that somebody looks at: how many, and what they became.
    looked_at: Option<(usize, Mutex<Vec<Encoded>>)>,
}

/// Rows of one batch, not yet decoded.
pub(super) struct Batch<'a> {
    pub path: &'a Path,
    /// Row of the file that the first is.
    pub first_row: u64,
    pub count: usize,
    /// Decodes one of them.
    pub row: &'a (dyn Fn(usize) -> Result<Row, Fault> + Sync),
}

/// How a batch is worked on.
pub(crate) struct Work<'a> {
    pub threads: usize,
    /// Asked before every row.
    pub go_on: &'a (dyn Fn() -> Result<(), Fault> + Sync),
}

/// Whether so much text is enough for a batch.
pub(super) fn is_full(bytes: usize, rows: usize) -> bool {
    bytes >= BYTES_AT_ONCE || rows >= ROWS_AT_ONCE
}

impl Texts {
    /// Loads the tokenizer, before anything else is read.
    ///
    /// # Errors
    /// `ERR_OPTION` for a tokenizer, a template or options that can't be used; [`Fault::Io`].
    pub(crate) fn load(source: &TextSource) -> Result<Self, Fault> {
        let encoder = Encoder::load(source.options.clone()).map_err(|fault| match fault {
            TextFault::Io { path, detail } => Fault::Io { path, detail },
            other => Fault::option(other.to_string()),
        })?;
        let (columns, special) = (source.columns.clone(), AtomicU64::new(0));
        Ok(Self { encoder, columns, special, looked_at: None })
    }

    /// Tokenizer, template and options.
    pub(crate) fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// Keeps the first `limit` rows that are read, whole. One thread must read them.
    pub(crate) fn showing(self, limit: usize) -> Self {
        Self { looked_at: Some((limit, Mutex::default())), ..self }
    }

    /// Whether as many rows as were asked for have been read.
    pub(crate) fn has_shown(&self) -> bool {
        self.looked_at.as_ref().is_some_and(|(limit, rows)| {
            rows.lock().unwrap_or_else(PoisonError::into_inner).len() >= *limit
        })
    }

    /// The rows that were kept.
    pub(crate) fn shown(self) -> Vec<Encoded> {
        let rows = self.looked_at.map(|(_, rows)| rows.into_inner());
        rows.map_or_else(Vec::new, |rows| rows.unwrap_or_else(PoisonError::into_inner))
    }

    /// An object of JSON to tokens with their places.
    pub(crate) fn object(&self, bytes: &[u8], path: &Path, row: u64) -> Result<Encoded, Fault> {
        let decoded = of_object(bytes, &self.columns, path, row)?;
        self.encoder.encode(&decoded, true).map_err(|fault| self.placed(fault, path, row))
    }

    /// Whether some tokens may not be trained on.
    pub(crate) fn masks(&self) -> bool {
        self.encoder.masks()
    }

    /// The id of a token by its text.
    ///
    /// # Errors
    /// `ERR_OPTION` if it isn't one token.
    pub(crate) fn token(&self, text: &str) -> Result<i32, Fault> {
        let id = self.encoder.id_of(text).and_then(|id| i32::try_from(id).ok());
        id.ok_or_else(|| {
            Fault::option(format!("eosTokenId: '{text}' is no token of the tokenizer"))
        })
    }

    /// How text becomes tokens here, for a manifest.
    pub(crate) fn record(&self) -> Value {
        let it = self.encoder.record();
        let columns = match &self.columns {
            TextColumns::Text(text) => json!({ "text": text }),
            TextColumns::Messages { messages, tools } => {
                json!({ "messages": messages, "tools": tools })
            }
            TextColumns::Prompt { prompt, completion, tools } => {
                json!({ "prompt": prompt, "completion": completion, "tools": tools })
            }
        };
        json!({
            "tokenizerSha256": it.tokenizer_sha256,
            "templateSha256": it.template_sha256,
            "templateArguments": it.template_arguments,
            "columns": columns,
            "trainOn": it.train_on.name(),
            "addSpecialTokens": it.add_special_tokens,
            "specialTokensInContent": it.special_tokens_in_content,
            "tokenizersVersion": it.tokenizers_version,
        })
    }

    /// Says what should be known of the rows read so far.
    pub(crate) fn warn(&self, warnings: &mut Warnings) {
        let count = self.special.load(Relaxed);
        if count > 0 {
            let rows = if count == 1 { "1 row holds" } else { &format!("{count} rows hold") };
            warnings.add(format!(
                "{rows} strings of special tokens in their content, which were encoded as text \
                 (specialTokensInContent)"
            ));
        }
    }

    /// A batch as tokens, with labels where there is a mask.
    pub(super) fn tokens(&self, batch: &Batch<'_>, work: &Work<'_>) -> Result<Rows, Fault> {
        let count = batch.count;
        let pieces = count.min(work.threads * PIECES).max(1);
        let parts = parallel::each(pieces, work.threads, |piece| {
            let mut rows = self.empty();
            for at in piece * count / pieces..(piece + 1) * count / pieces {
                (work.go_on)()?;
                self.push(batch, at, &mut rows)?;
            }
            Ok(rows)
        })?;
        let mut all = self.empty();
        for part in parts {
            all.lengths.extend(part.lengths);
            all.tokens.extend(part.tokens);
            if let (Some(labels), Some(own)) = (&mut all.labels, part.labels) {
                labels.extend(own);
            }
        }
        Ok(all)
    }

    fn empty(&self) -> Rows {
        Rows { labels: self.masks().then(Vec::new), ..Rows::default() }
    }

    fn push(&self, batch: &Batch<'_>, at: usize, rows: &mut Rows) -> Result<(), Fault> {
        let row = batch.first_row + at as u64;
        let decoded = (batch.row)(at)?;
        let looked_at = self.looked_at.as_ref();
        let encoded = self
            .encoder
            .encode(&decoded, looked_at.is_some())
            .map_err(|fault| self.placed(fault, batch.path, row))?;
        if let Some((_, rows)) = looked_at {
            rows.lock().unwrap_or_else(PoisonError::into_inner).push(encoded.clone());
        }
        let Encoded { ids, trained, special_in_content, .. } = encoded;
        self.special.fetch_add(u64::from(special_in_content), Relaxed);
        let length = u32::try_from(ids.len())
            .map_err(|_| Fault::column(batch.path, row, "a text of 2^32 tokens".to_string()))?;
        rows.lengths.push(length);
        // Below 2^31: the encoder refuses others.
        rows.tokens.extend(ids.iter().map(|&id| id as i32));
        if let Some(labels) = &mut rows.labels {
            let marks = trained.unwrap_or_else(|| vec![true; ids.len()]);
            let label = |(&id, mark): (&u32, bool)| if mark { id as i32 } else { IGNORE };
            labels.extend(ids.iter().zip(marks).map(label));
        }
        Ok(())
    }

    /// A fault of a row, with its place.
    fn placed(&self, fault: TextFault, path: &Path, row: u64) -> Fault {
        let column = self.columns.first();
        match fault {
            TextFault::Row(detail) => {
                Fault::column(path, row, format!("column '{column}': {detail}"))
            }
            TextFault::Template(detail) | TextFault::Option(detail) => {
                let file = path.display().to_string();
                let comma = if file.is_empty() { "" } else { ", " };
                Fault::option(format!("{file}{comma}row {row}: {detail}"))
            }
            TextFault::Io { path, detail } => Fault::Io { path, detail },
        }
    }
}

/// Whether a format without a mask can hold what is trained on.
pub(crate) fn all_trained(source: &TextSource) -> bool {
    source.options.trains_on() == TrainOn::All
}
