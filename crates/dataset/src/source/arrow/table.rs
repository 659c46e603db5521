//! Arrow IPC: files and streams, one part per record batch.
//!
//! O(bytes of the columns that are read). A stream is gone through once for the places of its
//! batches. Nothing that a damaged file says is allocated before it is known to be that long.

use super::ipc::{Body, Dictionaries, Placed, dictionary_id};
use crate::Fault;
use crate::fault::guarded;
use crate::source::columns::Columns;
use crate::source::identity::Identity;
use crate::source::layout::{self, Layout};
use crate::source::positioned::SourceFile;
use crate::source::rows::Rows;
use arrow_array::{RecordBatch, RecordBatchOptions, make_array};
use arrow_data::transform::MutableArrayData;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::read_footer_length;
use arrow_ipc::{Block, Message, root_as_footer, root_as_message};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use std::cell::RefCell;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The end of a file: footer length and magic.
const TRAILER: u64 = 10;
/// The first bytes of a file: magic, padded.
const HEADER: u64 = 8;
/// Since format version 0.15 this stands before the length of a message.
const MARKER: [u8; 4] = [0xFF; 4];
/// Elements read at once: below a millisecond of work, and a MiB.
const ELEMENTS_AT_ONCE: usize = 1 << 18;

/// An open Arrow IPC file.
pub(crate) struct ArrowTable {
    path: PathBuf,
    identity: Identity,
    schema: SchemaRef,
    batches: Vec<(Place, u64)>,
    /// Dictionaries, and how many batches come before each.
    dictionaries: Vec<(Place, usize)>,
}

/// Where a message lies.
#[derive(Clone, Copy)]
struct Place {
    metadata: u64,
    /// Bytes of the metadata.
    length: usize,
    body: u64,
}

impl ArrowTable {
    /// Opens the file format.
    pub(crate) fn open_file(path: &Path, identity: Identity) -> Result<Self, Fault> {
        let file = SourceFile::reopen(path, identity)?;
        guarded(path, || open_file(&file, path))
    }

    /// Opens the stream format.
    pub(crate) fn open_stream(path: &Path, identity: Identity) -> Result<Self, Fault> {
        let file = SourceFile::reopen(path, identity)?;
        guarded(path, || open_stream(&file, path))
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Rows of each part.
    pub(crate) fn parts(&self) -> Vec<Option<u64>> {
        self.batches.iter().map(|&(_, rows)| Some(rows)).collect()
    }

    /// Decodes part `part`, whose first row is `first_row` of the file. Of a part that isn't there, or
    /// has no rows, there are the columns: they must be those that are asked for.
    pub(crate) fn read(
        &self,
        part: usize,
        first_row: u64,
        columns: &Columns,
        take: &mut dyn FnMut(&mut Rows) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let layout = Layout::new(&self.schema, columns, &self.path)?;
        let mut rows = layout.rows();
        if self.batches.get(part).is_none_or(|&(_, rows)| rows == 0) {
            layout.take(&layout::no_rows(&self.schema, &layout.roots), 0, &mut rows)?;
            return take(&mut rows);
        }
        self.batches(part, &layout.roots, 0..u64::MAX, &mut |batch, row| {
            rows.clear();
            layout.take(&batch, first_row + row, &mut rows)?;
            take(&mut rows)
        })
    }

    /// Decodes rows `wanted` of the columns `roots` of part `part`, some at a time, with the row of the
    /// part that they begin with.
    pub(crate) fn batches(
        &self,
        part: usize,
        roots: &[usize],
        wanted: Range<u64>,
        take: &mut dyn FnMut(RecordBatch, u64) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        // Opened for each part: a data set may have more files than a process may hold open.
        let file = SourceFile::reopen(&self.path, self.identity)?;
        let undecoded =
            |error: ArrowError| damaged(&self.path, format!("record batch {part}: {error}"));
        let (place, rows) = self.batches[part];
        let rows = usize::try_from(rows).map_err(|_| damaged(&self.path, "too many rows"))?;
        let metadata = place.metadata(&file, &self.path)?;
        let dictionaries = guarded(&self.path, || self.dictionaries(&file, part, roots))?;
        let (body, placed) = guarded(&self.path, || {
            let message = message(&metadata, &self.path)?;
            let batch = message.header_as_record_batch();
            let batch = batch.ok_or_else(|| damaged(&self.path, "a block isn't a record batch"))?;
            let unpacked = RefCell::default();
            let version = message.version();
            let body = Body { file: &file, start: place.body, batch, version, unpacked };
            let placed = body.place(self.schema.fields()).map_err(undecoded)?;
            Ok((body, placed))
        })?;
        let named: Vec<&Placed<'_>> = roots.iter().map(|&root| &placed[root]).collect();
        let longest = named.iter().map(|placed| placed.longest()).max().unwrap_or(0).max(1);
        let at_once = if named.iter().all(|placed| placed.in_order()) {
            (ELEMENTS_AT_ONCE as u128 * rows as u128 / longest as u128).clamp(1, 8192) as usize
        } else {
            rows.max(1)
        };
        let fields = roots.iter().map(|&root| FieldRef::clone(&self.schema.fields()[root]));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let end = wanted.end.min(rows as u64) as usize;
        for start in (wanted.start.min(end as u64) as usize..end).step_by(at_once) {
            let range = start..end.min(start + at_once);
            let batch = guarded(&self.path, || {
                let read = |placed| body.read(placed, range.clone(), &dictionaries).map(make_array);
                let arrays = named.iter().map(|&placed| read(placed)).collect::<Result<_, _>>();
                let options = RecordBatchOptions::new().with_row_count(Some(range.len()));
                let schema = Arc::clone(&schema);
                arrays
                    .and_then(|arrays| RecordBatch::try_new_with_options(schema, arrays, &options))
                    .map_err(undecoded)
            })?;
            take(batch, start as u64)?;
        }
        Ok(())
    }

    /// The dictionaries that hold for a part, if a column has one.
    fn dictionaries(
        &self,
        file: &SourceFile,
        part: usize,
        roots: &[usize],
    ) -> Result<Dictionaries, Fault> {
        let mut found = Dictionaries::new();
        let named: Fields =
            roots.iter().map(|&root| FieldRef::clone(&self.schema.fields()[root])).collect();
        let undecoded = |error: ArrowError| damaged(&self.path, format!("a dictionary: {error}"));
        for &(place, _) in self.dictionaries.iter().filter(|(_, before)| *before <= part) {
            let metadata = place.metadata(file, &self.path)?;
            let message = message(&metadata, &self.path)?;
            let batch = message.header_as_dictionary_batch();
            let batch = batch.ok_or_else(|| damaged(&self.path, "a block isn't a dictionary"))?;
            let Some(values) = values_of(&named, batch.id()) else { continue };
            let data = batch.data().ok_or_else(|| damaged(&self.path, "an empty dictionary"))?;
            let fields = [Arc::new(Field::new("", values, true))];
            let version = message.version();
            let unpacked = RefCell::default();
            let body = Body { file, start: place.body, batch: data, version, unpacked };
            let placed = body.place(&fields).map_err(undecoded)?;
            let mut values =
                body.read(&placed[0], 0..placed[0].longest(), &found).map_err(undecoded)?;
            if let (true, Some(old)) = (batch.isDelta(), found.get(&batch.id())) {
                let length = old.len() + values.len();
                let mut both = MutableArrayData::new(vec![old, &values], false, length);
                both.try_extend(0, 0, old.len()).map_err(undecoded)?;
                both.try_extend(1, 0, values.len()).map_err(undecoded)?;
                values = both.freeze();
            }
            found.insert(batch.id(), values);
        }
        Ok(found)
    }
}

/// The type of the values of a dictionary, if a field has it.
fn values_of(fields: &Fields, id: i64) -> Option<DataType> {
    fields.iter().find_map(|field| match field.data_type() {
        DataType::Dictionary(_, values) if dictionary_id(field) == Some(id) => {
            Some(values.as_ref().clone())
        }
        DataType::List(child)
        | DataType::LargeList(child)
        | DataType::FixedSizeList(child, _)
        | DataType::ListView(child)
        | DataType::LargeListView(child)
        | DataType::RunEndEncoded(_, child)
        | DataType::Map(child, _) => values_of(&vec![FieldRef::clone(child)].into(), id),
        DataType::Struct(fields) => values_of(fields, id),
        DataType::Union(fields, _) => {
            values_of(&fields.iter().map(|(_, field)| FieldRef::clone(field)).collect(), id)
        }
        _ => None,
    })
}

impl Place {
    /// Where the block of a footer lies, if that is inside of the file.
    fn of(file: &SourceFile, block: &Block, path: &Path) -> Result<Self, Fault> {
        let parts = || {
            let start = u64::try_from(block.offset()).ok()?;
            let metadata = usize::try_from(block.metaDataLength()).ok()?;
            let body = start.checked_add(metadata as u64)?;
            let end = body.checked_add(u64::try_from(block.bodyLength()).ok()?)?;
            (end <= file.size() && metadata >= 8).then_some((start, metadata, body))
        };
        let (start, length, body) =
            parts().ok_or_else(|| damaged(path, "a record batch lies past the end of the file"))?;
        let marker = file.read(start, MARKER.len()).map_err(|error| damaged(path, error))?;
        let prefix = if marker == MARKER { 8 } else { 4 };
        Ok(Self { metadata: start + prefix, length: length - prefix as usize, body })
    }

    fn metadata(&self, file: &SourceFile, path: &Path) -> Result<Vec<u8>, Fault> {
        file.read(self.metadata, self.length).map_err(|error| damaged(path, error))
    }
}

fn open_file(file: &SourceFile, path: &Path) -> Result<ArrowTable, Fault> {
    let fault = |error: &dyn std::fmt::Display| damaged(path, error);
    let end = file.size().checked_sub(TRAILER).filter(|&end| end >= HEADER);
    let end = end.ok_or_else(|| fault(&"too short for a footer; the file was cut off"))?;
    let trailer = file.read(end, TRAILER as usize).map_err(|error| fault(&error))?;
    let trailer = trailer.try_into().expect("as many bytes as asked for");
    let length =
        read_footer_length(trailer).map_err(|_| fault(&"no footer; the file was cut off"))?;
    let start = end.checked_sub(length as u64).filter(|&start| start >= HEADER);
    let start = start.ok_or_else(|| fault(&"the footer is longer than the file"))?;
    let footer = file.read(start, length).map_err(|error| fault(&error))?;
    let footer = root_as_footer(&footer).map_err(|error| fault(&error))?;
    let schema = footer.schema().ok_or_else(|| fault(&"the footer has no schema"))?;
    let schema = Arc::new(try_fb_to_schema(schema).map_err(|error| fault(&error))?);
    let (dictionaries, batches) = (footer.dictionaries(), footer.recordBatches());
    let dictionaries = dictionaries.iter().flatten();
    let dictionaries = dictionaries.map(|block| Ok((Place::of(file, block, path)?, 0)));
    let dictionaries = dictionaries.collect::<Result<_, Fault>>()?;
    let batches = batches.iter().flatten().map(|block| {
        let place = Place::of(file, block, path)?;
        let metadata = place.metadata(file, path)?;
        Ok((place, row_count(&message(&metadata, path)?, path)?))
    });
    let batches = batches.collect::<Result<_, Fault>>()?;
    Ok(ArrowTable {
        path: path.to_path_buf(),
        identity: file.identity(),
        schema,
        batches,
        dictionaries,
    })
}

fn open_stream(file: &SourceFile, path: &Path) -> Result<ArrowTable, Fault> {
    let cut = || damaged(path, "the stream ends in the middle of a message");
    let (mut at, mut schema) = (0, None);
    let (mut batches, mut dictionaries) = (Vec::new(), Vec::new());
    while at < file.size() {
        let word = |at| file.read(at, 4).map_err(|_| cut());
        let mut length = word(at)?;
        at += 4;
        if length == MARKER {
            length = word(at)?;
            at += 4;
        }
        let length = u32::from_le_bytes(length.try_into().expect("four bytes")) as usize;
        if length == 0 {
            if at < file.size() {
                let detail = "bytes follow the end of the stream, as of a second one; give each stream \
                              as an input of its own";
                return Err(damaged(path, detail));
            }
            break;
        }
        let place = Place { metadata: at, length, body: at + length as u64 };
        let metadata = file.read(at, length).map_err(|_| cut())?;
        let message = message(&metadata, path)?;
        let body = u64::try_from(message.bodyLength()).ok();
        let end = body.and_then(|body| place.body.checked_add(body));
        at = end.filter(|&end| end <= file.size()).ok_or_else(cut)?;
        if let Some(found) = message.header_as_schema() {
            let found = try_fb_to_schema(found).map_err(|error| damaged(path, error))?;
            schema.get_or_insert(Arc::new(found));
        } else if message.header_as_dictionary_batch().is_some() {
            dictionaries.push((place, batches.len()));
        } else {
            batches.push((place, row_count(&message, path)?));
        }
    }
    let schema = schema.ok_or_else(|| damaged(path, "the stream ends before its schema"))?;
    Ok(ArrowTable {
        path: path.to_path_buf(),
        identity: file.identity(),
        schema,
        batches,
        dictionaries,
    })
}

fn message<'a>(metadata: &'a [u8], path: &Path) -> Result<Message<'a>, Fault> {
    root_as_message(metadata).map_err(|error| damaged(path, error))
}

/// Rows of a batch, from its metadata alone.
fn row_count(message: &Message<'_>, path: &Path) -> Result<u64, Fault> {
    let batch = message.header_as_record_batch();
    let batch = batch.ok_or_else(|| damaged(path, "a block isn't a record batch"))?;
    u64::try_from(batch.length()).map_err(|_| damaged(path, "a record batch of negative length"))
}

fn damaged(path: &Path, error: impl std::fmt::Display) -> Fault {
    Fault::format(path, None, format!("not a readable Arrow IPC file: {error}"))
}
