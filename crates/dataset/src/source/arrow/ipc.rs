//! Columns of an Arrow record batch, some rows at a time, straight from the file: what isn't asked
//! for isn't read, and a giant batch takes no more memory than a small one.
//!
//! O(bytes of those rows). Views, unions and run ends don't lie in the order of rows: columns with
//! them are read whole.

use super::compressed::Unpacked;
use crate::source::positioned::SourceFile;
use arrow_buffer::{ArrowNativeType, BooleanBuffer, Buffer, NullBuffer};
use arrow_data::{ArrayData, ArrayDataBuilder};
use arrow_ipc::{MetadataVersion, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, UnionMode};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

/// Values of dictionaries by id.
pub(super) type Dictionaries = BTreeMap<i64, ArrayData>;

/// A batch in a file.
pub(super) struct Body<'a> {
    pub file: &'a SourceFile,
    /// Where its buffers begin.
    pub start: u64,
    pub batch: RecordBatch<'a>,
    pub version: MetadataVersion,
    /// Its buffers that are being unpacked, if it is compressed.
    pub unpacked: RefCell<BTreeMap<usize, Option<Unpacked>>>,
}

/// Bytes of text that are worth an element: 4 MiB of it are decoded at once.
const BYTES_OF_TEXT: usize = 16;

/// A field, and which nodes and buffers of the batch are its own.
pub(super) struct Placed<'a> {
    field: &'a Field,
    length: usize,
    nulls: bool,
    buffers: Range<usize>,
    /// Bytes of text, in elements that are worth as much.
    weight: usize,
    children: Vec<Placed<'a>>,
}

impl<'a> Body<'a> {
    /// The fields of the batch, in order.
    pub(super) fn place(&self, fields: &'a [FieldRef]) -> Result<Vec<Placed<'a>>, ArrowError> {
        let mut next = Next::default();
        fields.iter().map(|field| self.placed(field, &mut next)).collect()
    }

    fn placed(&self, field: &'a Field, next: &mut Next) -> Result<Placed<'a>, ArrowError> {
        let nodes = self.batch.nodes().filter(|nodes| next.node < nodes.len());
        let node = nodes.map(|nodes| nodes.get(next.node)).ok_or_else(|| damaged("a node"))?;
        let length = usize::try_from(node.length()).map_err(|_| damaged("a length"))?;
        let nulls = node.null_count() != 0;
        next.node += 1;
        let first = next.buffer;
        let mut children: Vec<&'a Field> = Vec::new();
        next.buffer += match field.data_type() {
            DataType::Null => 0,
            DataType::Utf8 | DataType::Binary | DataType::LargeUtf8 | DataType::LargeBinary => 3,
            DataType::Utf8View | DataType::BinaryView => {
                let counts = self.batch.variadicBufferCounts();
                let count = counts.filter(|counts| next.variadic < counts.len());
                let count =
                    count.and_then(|counts| usize::try_from(counts.get(next.variadic)).ok());
                next.variadic += 1;
                count.and_then(|count| count.checked_add(2)).ok_or_else(|| damaged("a view"))?
            }
            DataType::List(child) | DataType::LargeList(child) | DataType::Map(child, _) => {
                children.push(child);
                2
            }
            DataType::ListView(child) | DataType::LargeListView(child) => {
                children.push(child);
                3
            }
            DataType::FixedSizeList(child, _) => {
                children.push(child);
                1
            }
            DataType::Struct(fields) => {
                children.extend(fields.iter().map(AsRef::<Field>::as_ref));
                1
            }
            DataType::RunEndEncoded(ends, values) => {
                children.extend([AsRef::<Field>::as_ref(ends), values]);
                0
            }
            DataType::Union(fields, mode) => {
                children.extend(fields.iter().map(|(_, field)| AsRef::<Field>::as_ref(field)));
                let old = usize::from(self.version < MetadataVersion::V5);
                old + 1 + usize::from(*mode == UnionMode::Dense)
            }
            _ => 2,
        };
        let buffers = first..next.buffer;
        if self.batch.buffers().is_none_or(|all| all.len() < buffers.end) && !buffers.is_empty() {
            return Err(damaged("a buffer"));
        }
        let children = children.into_iter().map(|child| self.placed(child, next));
        let children = children.collect::<Result<_, _>>()?;
        let is_text = matches!(
            field.data_type(),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Binary | DataType::LargeBinary
        );
        let text = self.batch.buffers().filter(|_| is_text && !buffers.is_empty());
        let bytes = text.map_or(0, |all| all.get(buffers.end - 1).length());
        let weight = usize::try_from(bytes).unwrap_or(0) / BYTES_OF_TEXT;
        Ok(Placed { field, length, nulls, buffers, weight, children })
    }

    /// Bytes `range` of a buffer.
    fn bytes(&self, index: usize, range: Range<usize>) -> Result<Buffer, ArrowError> {
        let place = self.place_of(index)?;
        let failed = |error| ArrowError::IoError("read".to_string(), error);
        if let Some(codec) = self.batch.compression().map(|it| it.codec()) {
            if range.is_empty() || place.is_empty() {
                return if range.is_empty() {
                    Ok(Buffer::default())
                } else {
                    Err(damaged("a buffer"))
                };
            }
            let mut all = self.unpacked.borrow_mut();
            let unpacked = match all.entry(index) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => {
                    let opened = Unpacked::open(self.file, codec, place.clone());
                    entry.insert(opened.map_err(failed)?)
                }
            };
            if let Some(unpacked) = unpacked {
                return unpacked.read(range).map(Buffer::from_vec).map_err(failed);
            }
        }
        // Behind the prefix of a buffer that stayed as it is.
        let prefix = if self.batch.compression().is_some() { 8 } else { 0 };
        let length = place.end - place.start;
        let inside = range.end as u64 <= length.saturating_sub(prefix);
        let start = place.start + prefix + range.start as u64;
        if !inside {
            return Err(damaged("a buffer"));
        }
        self.file.read(start, range.len()).map(Buffer::from_vec).map_err(failed)
    }

    /// Where the bytes of a buffer lie in the file.
    fn place_of(&self, index: usize) -> Result<Range<u64>, ArrowError> {
        let place = || {
            let buffer = *self.batch.buffers()?.get(index);
            let start = self.start.checked_add(u64::try_from(buffer.offset()).ok()?)?;
            let end = start.checked_add(u64::try_from(buffer.length()).ok()?)?;
            (end <= self.file.size()).then_some(start..end)
        };
        place().ok_or_else(|| damaged("a buffer"))
    }

    /// All of a buffer.
    fn whole(&self, index: usize) -> Result<Buffer, ArrowError> {
        let place = self.place_of(index)?;
        let stored = usize::try_from(place.end - place.start).map_err(|_| damaged("a buffer"))?;
        if self.batch.compression().is_none() || stored == 0 {
            return self.bytes(index, 0..stored);
        }
        let head = self.file.read(place.start, 8);
        let head = head.map_err(|error| ArrowError::IoError("read".to_string(), error))?;
        let claimed = i64::from_le_bytes(head.try_into().expect("eight bytes were read"));
        let length =
            if claimed == -1 { stored.checked_sub(8) } else { usize::try_from(claimed).ok() };
        self.bytes(index, 0..length.ok_or_else(|| damaged("a buffer"))?)
    }

    fn bits(&self, index: usize, rows: &Range<usize>) -> Result<BooleanBuffer, ArrowError> {
        let bytes = self.bytes(index, rows.start / 8..rows.end.div_ceil(8))?;
        Ok(BooleanBuffer::new(bytes, rows.start % 8, rows.len()))
    }

    /// Cells of `width` bytes.
    fn cells(&self, index: usize, rows: &Range<usize>, width: usize) -> Result<Buffer, ArrowError> {
        let byte = |row: usize| row.checked_mul(width).ok_or_else(|| damaged("a length"));
        self.bytes(index, byte(rows.start)?..byte(rows.end)?)
    }

    /// Offsets that begin with 0, and the values they span.
    fn offsets<T>(
        &self,
        index: usize,
        rows: &Range<usize>,
    ) -> Result<(Buffer, Range<usize>), ArrowError>
    where
        T: ArrowNativeType + std::ops::Sub<Output = T>,
    {
        // A batch without rows may leave out even the single offset.
        if rows.is_empty() {
            return Ok((Buffer::from_vec(vec![T::default()]), 0..0));
        }
        let cells = self.cells(index, &(rows.start..rows.end + 1), size_of::<T>())?;
        let offsets = cells.typed_data::<T>();
        let (first, last) = (offsets[0], offsets[rows.len()]);
        let span = first.to_usize().zip(last.to_usize()).filter(|(first, last)| first <= last);
        let (start, end) = span.ok_or_else(|| damaged("an offset"))?;
        if !offsets.is_sorted() {
            return Err(damaged("an offset"));
        }
        let rebased: Vec<T> = offsets.iter().map(|&offset| offset - first).collect();
        Ok((Buffer::from_vec(rebased), start..end))
    }

    /// Rows of a field.
    ///
    /// # Errors
    /// [`ArrowError`] for anything that points outside, or isn't what its type says.
    pub(super) fn read(
        &self,
        placed: &Placed<'_>,
        rows: Range<usize>,
        dictionaries: &Dictionaries,
    ) -> Result<ArrayData, ArrowError> {
        if rows.end > placed.length {
            return Err(damaged("a length"));
        }
        let data_type = placed.field.data_type();
        let first = placed.buffers.start;
        let has_validity = !matches!(
            data_type,
            DataType::Null | DataType::RunEndEncoded(..) | DataType::Union(..)
        );
        let nulls = if placed.nulls && has_validity {
            Some(NullBuffer::new(self.bits(first, &rows)?))
        } else {
            None
        };
        let builder = ArrayDataBuilder::new(data_type.clone()).len(rows.len()).nulls(nulls);
        let child = |k: usize, rows| self.read(&placed.children[k], rows, dictionaries);
        let every = |k: usize| child(k, 0..placed.children[k].length);
        let builder = match data_type {
            DataType::Null => builder,
            DataType::Boolean => builder.add_buffer(self.bits(first + 1, &rows)?.sliced()),
            DataType::Utf8 | DataType::Binary => {
                let (offsets, span) = self.offsets::<i32>(first + 1, &rows)?;
                builder.add_buffer(offsets).add_buffer(self.bytes(first + 2, span)?)
            }
            DataType::LargeUtf8 | DataType::LargeBinary => {
                let (offsets, span) = self.offsets::<i64>(first + 1, &rows)?;
                builder.add_buffer(offsets).add_buffer(self.bytes(first + 2, span)?)
            }
            DataType::List(_) | DataType::Map(..) => {
                let (offsets, span) = self.offsets::<i32>(first + 1, &rows)?;
                builder.add_buffer(offsets).add_child_data(child(0, span)?)
            }
            DataType::LargeList(_) => {
                let (offsets, span) = self.offsets::<i64>(first + 1, &rows)?;
                builder.add_buffer(offsets).add_child_data(child(0, span)?)
            }
            DataType::FixedSizeList(_, width) => {
                let width = usize::try_from(*width).map_err(|_| damaged("a width"))?;
                let at = |row: usize| row.checked_mul(width).ok_or_else(|| damaged("a length"));
                builder.add_child_data(child(0, at(rows.start)?..at(rows.end)?)?)
            }
            DataType::Struct(_) => {
                let children = (0..placed.children.len()).map(|k| child(k, rows.clone()));
                builder.child_data(children.collect::<Result<_, _>>()?)
            }
            DataType::Dictionary(key, value) => {
                let width = key.primitive_width().ok_or_else(|| damaged("a dictionary"))?;
                let values = dictionary_id(placed.field).and_then(|id| dictionaries.get(&id));
                // A column of nulls may come without its dictionary.
                let values = values.cloned().unwrap_or_else(|| ArrayData::new_empty(value));
                builder.add_buffer(self.cells(first + 1, &rows, width)?).add_child_data(values)
            }
            DataType::FixedSizeBinary(width) => {
                let width = usize::try_from(*width).map_err(|_| damaged("a width"))?;
                builder.add_buffer(self.cells(first + 1, &rows, width)?)
            }
            DataType::Utf8View | DataType::BinaryView => {
                let views = self.cells(first + 1, &rows, 16)?;
                let rest = (first + 2..placed.buffers.end).map(|index| self.whole(index));
                let mut buffers = vec![views];
                for buffer in rest {
                    buffers.push(buffer?);
                }
                builder.buffers(buffers)
            }
            DataType::ListView(_) | DataType::LargeListView(_) => {
                let large = matches!(data_type, DataType::LargeListView(_));
                let width = if large { 8 } else { 4 };
                let builder = builder.add_buffer(self.cells(first + 1, &rows, width)?);
                builder.add_buffer(self.cells(first + 2, &rows, width)?).add_child_data(every(0)?)
            }
            DataType::RunEndEncoded(..) => {
                builder.add_child_data(every(0)?).add_child_data(every(1)?)
            }
            DataType::Union(_, mode) => {
                let dense = *mode == UnionMode::Dense;
                let ids = placed.buffers.end - 1 - usize::from(dense);
                let mut builder = builder.add_buffer(self.cells(ids, &rows, 1)?);
                if dense {
                    builder = builder.add_buffer(self.cells(ids + 1, &rows, 4)?);
                }
                let children = (0..placed.children.len()).map(every);
                builder.child_data(children.collect::<Result<_, _>>()?)
            }
            other => {
                let width = other.primitive_width().ok_or_else(|| damaged("a type"))?;
                builder.add_buffer(self.cells(first + 1, &rows, width)?)
            }
        };
        builder.align_buffers(true).build()
    }
}

impl Placed<'_> {
    /// Elements of the longest field in here.
    pub(super) fn longest(&self) -> usize {
        let below = self.children.iter().map(Placed::longest);
        below.max().unwrap_or(0).max(self.length).max(self.weight)
    }

    /// Whether rows can be read without all of them.
    pub(super) fn in_order(&self) -> bool {
        !matches!(
            self.field.data_type(),
            DataType::Utf8View
                | DataType::BinaryView
                | DataType::ListView(_)
                | DataType::LargeListView(_)
                | DataType::RunEndEncoded(..)
                | DataType::Union(..)
        ) && self.children.iter().all(Placed::in_order)
    }
}

/// Numbers of the next node, buffer and count of variadic buffers.
#[derive(Default)]
struct Next {
    node: usize,
    buffer: usize,
    variadic: usize,
}

/// The id under which a file keeps the values of a field.
pub(super) fn dictionary_id(field: &Field) -> Option<i64> {
    #[expect(deprecated, reason = "the crate has no other way to tell which dictionary is meant")]
    field.dict_id()
}

fn damaged(what: &str) -> ArrowError {
    ArrowError::IpcError(format!("{what} of a record batch doesn't fit the rest"))
}
