//! Lists of numbers, page by page.
//!
//! O(runs) for the levels and a copy, or a look-up in the dictionary, for each value; a value at a
//! time only where something is null.

use super::dictionary::Dictionary;
use super::hybrid::{Indices, Levels, cut};
use arrow_buffer::{BooleanBufferBuilder, NullBuffer};
use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageReader};
use parquet::errors::ParquetError;

/// Values after which a column that leads the others stops at the next row.
const AT_ONCE: usize = 1 << 16;
/// Values of rows that another column has chosen, at most: the footer says how many there are on the
/// average, and what rows become is held in memory.
const TOGETHER: usize = 1 << 27;
/// Elements of a row, at most: a run-length of a few bytes may stand for any number of them, and what a
/// row becomes is held in memory whole, some ten bytes for each.
pub(super) const ROW_LIMIT: usize = 1 << 25;

/// A number as pages have it.
pub(super) trait Number: Copy + Default {
    const BYTES: usize;
    fn from_bytes(bytes: &[u8]) -> Self;
}

impl Number for i32 {
    const BYTES: usize = 4;
    fn from_bytes(bytes: &[u8]) -> Self {
        Self::from_le_bytes(bytes.try_into().expect("four bytes"))
    }
}

impl Number for i64 {
    const BYTES: usize = 8;
    fn from_bytes(bytes: &[u8]) -> Self {
        Self::from_le_bytes(bytes.try_into().expect("eight bytes"))
    }
}

/// A column of lists, being read.
pub(super) struct Lists<T> {
    pages: Box<dyn PageReader>,
    /// Definition levels of a list that isn't null and of an element that isn't.
    list: i16,
    element: i16,
    dictionary: Dictionary<T>,
    page: Option<Entries>,
}

/// What is left of a page.
struct Entries {
    rep: Levels,
    def: Levels,
    left: usize,
    values: Encoded,
}

enum Encoded {
    Plain(Bytes),
    Indices(Indices),
}

/// Rows read.
pub(super) struct Read<T> {
    pub offsets: Vec<i32>,
    pub nulls: Option<NullBuffer>,
    pub values: Vec<T>,
    pub element_nulls: Option<NullBuffer>,
}

/// Entries of one kind.
enum Event {
    /// Lists begin: with an element each, empty, or null.
    Begin { def: i16, count: usize },
    /// Lists go on.
    Go { def: i16, count: usize },
}

impl<T: Number> Lists<T> {
    pub(super) fn new(pages: Box<dyn PageReader>, (list, element): (i16, i16)) -> Self {
        Self { pages, list, element, dictionary: Dictionary::default(), page: None }
    }

    /// The next rows, at most `rows`; fewer at the end. A column that `leads` also stops where they
    /// have many values.
    pub(super) fn read(&mut self, rows: usize, leads: bool) -> Result<Read<T>, ParquetError> {
        let (list, element) = (self.list, self.element);
        let mut offsets = Offsets::default();
        let (mut nulls, mut element_nulls) = (Validity::default(), Validity::default());
        let mut values = Vec::new();
        let mut pending = 0;
        self.entries(rows, leads, |event, entries, dictionary| {
            let (def, count) = match event {
                Event::Begin { def, count } => {
                    nulls.push(def >= list, count);
                    offsets.begin(count, def > list)?;
                    (def, count)
                }
                Event::Go { def, count } => {
                    offsets.go(count)?;
                    (def, count)
                }
            };
            if def == element {
                element_nulls.push(true, count);
                pending += count;
            }
            let null = def > list && def < element;
            if (null || entries.left == 0) && pending > 0 {
                entries.values.read(pending, dictionary, &mut values)?;
                pending = 0;
            }
            if null {
                element_nulls.push(false, count);
                values.resize(values.len() + count, T::default());
            }
            Ok(())
        })?;
        if let (Some(entries), true) = (&mut self.page, pending > 0) {
            entries.values.read(pending, &self.dictionary, &mut values)?;
        }
        let (nulls, element_nulls) = (nulls.finish(), element_nulls.finish());
        Ok(Read { offsets: offsets.finish(), nulls, values, element_nulls })
    }

    /// Where the next rows begin, as of a column that leads; no value is decoded.
    pub(super) fn offsets(&mut self, rows: usize) -> Result<Vec<i32>, ParquetError> {
        let list = self.list;
        let mut offsets = Offsets::default();
        self.entries(rows, true, |event, _, _| match event {
            Event::Begin { def, count } => offsets.begin(count, def > list),
            Event::Go { count, .. } => offsets.go(count),
        })?;
        Ok(offsets.finish())
    }

    /// Hands on the entries of the next `rows` rows, in runs.
    fn entries(
        &mut self,
        rows: usize,
        leads: bool,
        mut take: impl FnMut(Event, &mut Entries, &Dictionary<T>) -> Result<(), ParquetError>,
    ) -> Result<(), ParquetError> {
        let (mut done, mut values, mut row) = (0, 0, 0);
        loop {
            if self.page.as_ref().is_none_or(|page| page.left == 0) {
                self.page = self.next_page()?;
            }
            let Some(page) = &mut self.page else { return Ok(()) };
            let ((rep, again), (def, same)) = (page.rep.peek()?, page.def.peek()?);
            let mut count = again.min(same).min(page.left);
            if rep == 0 {
                if done == rows || (leads && values >= AT_ONCE) {
                    return Ok(());
                }
                count = count.min(rows - done);
                done += count;
                row = 1;
            } else {
                row += count;
                if row > ROW_LIMIT {
                    let detail =
                        format!("a row has more than {ROW_LIMIT} elements, the most that is read");
                    return Err(ParquetError::General(detail));
                }
            }
            values += count;
            if values > TOGETHER {
                let detail = format!(
                    "{done} rows have more than {TOGETHER} elements, far above the average"
                );
                return Err(ParquetError::General(detail));
            }
            page.rep.skip(count);
            page.def.skip(count);
            page.left -= count;
            let event = match rep {
                0 => Event::Begin { def, count },
                _ if done == 0 || def <= self.list => {
                    let detail = "a list goes on that hasn't begun";
                    return Err(ParquetError::General(detail.to_string()));
                }
                _ => Event::Go { def, count },
            };
            take(event, page, &self.dictionary)?;
        }
    }

    fn next_page(&mut self) -> Result<Option<Entries>, ParquetError> {
        while let Some(page) = self.pages.get_next_page()? {
            let (count, encoding) = (page.num_values() as usize, page.encoding());
            let (rep, def, values) = match &page {
                Page::DictionaryPage { buf, .. } => {
                    let mut values = Vec::new();
                    plain(buf, count, &mut values)?;
                    self.dictionary = Dictionary::new(values);
                    continue;
                }
                Page::DataPage { buf, def_level_encoding, rep_level_encoding, .. } => {
                    if [def_level_encoding, rep_level_encoding] != [&Encoding::RLE; 2] {
                        let detail = "levels in an encoding given up long ago";
                        return Err(ParquetError::NYI(detail.to_string()));
                    }
                    let (rep, rest) = sized(buf)?;
                    let (def, values) = sized(&rest)?;
                    (rep, def, values)
                }
                Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, .. } => {
                    let rep = *rep_levels_byte_len as usize;
                    let levels = rep + *def_levels_byte_len as usize;
                    if buf.len() < levels {
                        return Err(cut());
                    }
                    (buf.slice(..rep), buf.slice(rep..levels), buf.slice(levels..))
                }
            };
            let values = match encoding {
                Encoding::PLAIN => Encoded::Plain(values),
                Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY => {
                    Encoded::Indices(Indices::new(&values)?)
                }
                other => {
                    let detail = format!("a page of encoding {other}, which the footer leaves out");
                    return Err(ParquetError::General(detail));
                }
            };
            if count > 0 {
                let (rep, def) = (Levels::new(&rep, 1), Levels::new(&def, self.element));
                return Ok(Some(Entries { rep, def, left: count, values }));
            }
        }
        Ok(None)
    }
}

/// Bytes with their number before them, and the rest.
fn sized(bytes: &Bytes) -> Result<(Bytes, Bytes), ParquetError> {
    let size = bytes.first_chunk::<4>().map(|size| u32::from_le_bytes(*size) as usize);
    let end = size.and_then(|size| size.checked_add(4)).filter(|&end| end <= bytes.len());
    let end = end.ok_or_else(cut)?;
    Ok((bytes.slice(4..end), bytes.slice(end..)))
}

fn plain<T: Number>(bytes: &[u8], count: usize, values: &mut Vec<T>) -> Result<(), ParquetError> {
    let size = count.checked_mul(T::BYTES).filter(|&size| size <= bytes.len());
    let own = &bytes[..size.ok_or_else(cut)?];
    values.extend(own.chunks_exact(T::BYTES).map(T::from_bytes));
    Ok(())
}

impl Encoded {
    fn read<T: Number>(
        &mut self,
        count: usize,
        dictionary: &Dictionary<T>,
        values: &mut Vec<T>,
    ) -> Result<(), ParquetError> {
        match self {
            Self::Plain(bytes) => {
                plain(bytes, count, values)?;
                *bytes = bytes.slice(count * T::BYTES..);
                Ok(())
            }
            Self::Indices(indices) => indices.read(count, dictionary, values),
        }
    }
}

/// Where lists begin.
#[derive(Default)]
struct Offsets {
    starts: Vec<i32>,
    length: i32,
}

impl Offsets {
    fn begin(&mut self, count: usize, with_element: bool) -> Result<(), ParquetError> {
        if with_element {
            let start = self.length;
            self.go(count)?;
            self.starts.extend(start..self.length);
        } else {
            self.starts.resize(self.starts.len() + count, self.length);
        }
        Ok(())
    }

    fn go(&mut self, count: usize) -> Result<(), ParquetError> {
        let length = i32::try_from(count).ok().and_then(|count| self.length.checked_add(count));
        let too_long = || ParquetError::General("more than 2147483647 values in some rows".into());
        self.length = length.ok_or_else(too_long)?;
        Ok(())
    }

    fn finish(mut self) -> Vec<i32> {
        self.starts.push(self.length);
        self.starts
    }
}

/// Which of many are there; nothing is kept while all are.
#[derive(Default)]
struct Validity {
    count: usize,
    bits: Option<BooleanBufferBuilder>,
}

impl Validity {
    fn push(&mut self, valid: bool, count: usize) {
        if !valid && self.bits.is_none() {
            let mut bits = BooleanBufferBuilder::new(self.count + count);
            bits.append_n(self.count, true);
            self.bits = Some(bits);
        }
        if let Some(bits) = &mut self.bits {
            bits.append_n(count, valid);
        }
        self.count += count;
    }

    fn finish(self) -> Option<NullBuffer> {
        self.bits.map(|mut bits| NullBuffer::new(bits.finish()))
    }
}
