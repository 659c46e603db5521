//! JSON: an object per row, its tokens an array of integers. Objects stand on a line each (JSON
//! lines), in one array, or behind one another over several lines; gzip and zstd are unpacked.
//!
//! O(bytes). One object is held at a time; fields that aren't asked for are skipped unread.

mod record;
mod records;
mod row;
mod text;

pub(crate) use records::has_column;

use super::columns::Columns;
use super::identity::Identity;
use super::positioned::SourceFile;
use super::rows::Rows;
use super::text::{Batch, Texts, Work, is_full, of_object};
use crate::Fault;
use records::Records;
use row::Taker;
use std::path::{Path, PathBuf};
use text::Text;

/// Tokens handed on at once.
const TOKENS_AT_ONCE: usize = 1 << 18;
/// Rows handed on at once.
const ROWS_AT_ONCE: usize = 4096;
/// Text gone through between two questions whether to go on, whatever rows it gives.
const BYTES_AT_ONCE: u64 = 16 << 20;

/// An open JSON file.
pub(crate) struct JsonTable {
    path: PathBuf,
    identity: Identity,
    size: u64,
}

impl JsonTable {
    pub(crate) fn open(path: &Path, identity: Identity) -> Result<Self, Fault> {
        let file = SourceFile::reopen(path, identity)?;
        let size = file.size();
        Text::new(path, &file)?;
        Ok(Self { path: path.to_path_buf(), identity, size })
    }

    /// Reads all rows.
    pub(crate) fn read(
        &self,
        columns: &Columns,
        take: &mut dyn FnMut(&mut Rows) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let taker = Taker::new(&self.path, columns);
        let mut rows = taker.rows();
        let file = SourceFile::reopen(&self.path, self.identity)?;
        let mut records = Records::new(Text::new(&self.path, &file)?, &self.path);
        let mut bytes = Vec::new();
        let (mut row, mut handed_on) = (0, 0);
        while records.next(row, &mut bytes)? {
            if !bytes.is_empty() {
                taker.take(&bytes, row, &mut rows)?;
                row += 1;
            }
            if rows.tokens.len() >= TOKENS_AT_ONCE
                || rows.lengths.len() >= ROWS_AT_ONCE
                || records.bytes >= handed_on + BYTES_AT_ONCE
            {
                rows.reached = Some(file.reached());
                take(&mut rows)?;
                rows.clear();
                handed_on = records.bytes;
            }
        }
        if rows.lengths.is_empty() {
            return Ok(());
        }
        rows.reached = Some(self.size);
        take(&mut rows)
    }

    /// Reads the text columns of all rows, some MiB at a time.
    pub(crate) fn read_text(
        &self,
        texts: &Texts,
        work: &Work<'_>,
        take: &mut dyn FnMut(&mut Rows) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let file = SourceFile::reopen(&self.path, self.identity)?;
        let mut records = Records::new(Text::new(&self.path, &file)?, &self.path);
        let (mut bytes, mut ends, mut own) = (Vec::new(), Vec::new(), Vec::new());
        let (mut row, mut handed_on) = (0, 0);
        loop {
            let more = records.next(row, &mut own)?;
            if more && !own.is_empty() {
                bytes.extend_from_slice(&own);
                ends.push(bytes.len());
                row += 1;
            }
            if !more || is_full(bytes.len(), ends.len()) {
                let first_row = row - ends.len() as u64;
                let object = |at: usize| {
                    let start = if at == 0 { 0 } else { ends[at - 1] };
                    let row = first_row + at as u64;
                    of_object(&bytes[start..ends[at]], &texts.columns, &self.path, row)
                };
                let batch = Batch { path: &self.path, first_row, count: ends.len(), row: &object };
                let mut rows = texts.tokens(&batch, work)?;
                rows.reached = Some(if more { file.reached() } else { self.size });
                take(&mut rows)?;
                bytes.clear();
                ends.clear();
            }
            if !more {
                return Ok(());
            }
            if records.bytes >= handed_on + BYTES_AT_ONCE {
                (work.go_on)()?;
                handed_on = records.bytes;
            }
        }
    }
}
