//! Values and levels of one column, some rows at a time, through the `parquet` crate's decoders:
//! every physical type, encoding and page version.
//!
//! O(values), one at a time: for columns with a value per sequence. Lists of integers have a
//! reader of their own. The library reads a row to its end, however long, so entries are counted
//! as pages come.

use parquet::basic::Type as Physical;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray,
    FixedLenByteArrayType, FloatType, Int32Type, Int64Type, Int96, Int96Type,
};
use parquet::errors::ParquetError;
use parquet::schema::types::ColumnDescPtr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Entries of a column of lists that rows read together may have, and a page: a few bytes can stand
/// for any number of them, and each takes up to 44 bytes.
const ENTRY_LIMIT: usize = 1 << 23;

/// What some rows of a column hold.
pub(crate) struct LeafRows {
    /// Definition level of each entry.
    pub def: Vec<i16>,
    /// Repetition level of each entry.
    pub rep: Vec<i16>,
    /// The values that aren't null.
    pub values: Values,
}

/// Values of a physical type.
pub(crate) enum Values {
    Bool(Vec<bool>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Int96(Vec<Int96>),
    Float(Vec<f32>),
    Double(Vec<f64>),
    Bytes(Vec<ByteArray>),
    Fixed(Vec<FixedLenByteArray>),
}

/// A column of a row group, being read.
pub(crate) struct LeafReader {
    max_def: i16,
    max_rep: i16,
    /// Entries of the pages that this read has begun.
    entries: Arc<AtomicUsize>,
    column: Column,
}

enum Column {
    Bool(ColumnReaderImpl<BoolType>),
    Int32(ColumnReaderImpl<Int32Type>),
    Int64(ColumnReaderImpl<Int64Type>),
    Int96(ColumnReaderImpl<Int96Type>),
    Float(ColumnReaderImpl<FloatType>),
    Double(ColumnReaderImpl<DoubleType>),
    Bytes(ColumnReaderImpl<ByteArrayType>),
    Fixed(ColumnReaderImpl<FixedLenByteArrayType>),
}

impl LeafReader {
    pub(crate) fn new(column: &ColumnDescPtr, pages: Box<dyn PageReader>) -> Self {
        let (max_def, max_rep) = (column.max_def_level(), column.max_rep_level());
        let own = ColumnDescPtr::clone(column);
        let entries = Arc::new(AtomicUsize::new(0));
        let pages: Box<dyn PageReader> = if max_rep > 0 {
            Box::new(Counted { pages, entries: Arc::clone(&entries) })
        } else {
            pages
        };
        let column = match column.physical_type() {
            Physical::BOOLEAN => Column::Bool(ColumnReaderImpl::new(own, pages)),
            Physical::INT32 => Column::Int32(ColumnReaderImpl::new(own, pages)),
            Physical::INT64 => Column::Int64(ColumnReaderImpl::new(own, pages)),
            Physical::INT96 => Column::Int96(ColumnReaderImpl::new(own, pages)),
            Physical::FLOAT => Column::Float(ColumnReaderImpl::new(own, pages)),
            Physical::DOUBLE => Column::Double(ColumnReaderImpl::new(own, pages)),
            Physical::BYTE_ARRAY => Column::Bytes(ColumnReaderImpl::new(own, pages)),
            Physical::FIXED_LEN_BYTE_ARRAY => Column::Fixed(ColumnReaderImpl::new(own, pages)),
        };
        Self { max_def, max_rep, entries, column }
    }

    /// The next rows, at most `rows`; fewer only at the end.
    pub(crate) fn read(&mut self, rows: usize) -> Result<LeafRows, ParquetError> {
        let levels = (self.max_def, self.max_rep);
        self.entries.store(0, Relaxed);
        match &mut self.column {
            Column::Bool(column) => read(column, rows, levels, Values::Bool),
            Column::Int32(column) => read(column, rows, levels, Values::Int32),
            Column::Int64(column) => read(column, rows, levels, Values::Int64),
            Column::Int96(column) => read(column, rows, levels, Values::Int96),
            Column::Float(column) => read(column, rows, levels, Values::Float),
            Column::Double(column) => read(column, rows, levels, Values::Double),
            Column::Bytes(column) => read(column, rows, levels, Values::Bytes),
            Column::Fixed(column) => read(column, rows, levels, Values::Fixed),
        }
    }
}

/// Pages whose entries are counted.
struct Counted {
    pages: Box<dyn PageReader>,
    entries: Arc<AtomicUsize>,
}

impl Iterator for Counted {
    type Item = Result<Page, ParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Counted {
    fn get_next_page(&mut self) -> Result<Option<Page>, ParquetError> {
        let page = self.pages.get_next_page()?;
        if let Some(page) = page.as_ref().filter(|page| page.is_data_page()) {
            let here = page.num_values() as usize;
            // All pages before this one end within the rows that are read.
            let before = self.entries.fetch_add(here, Relaxed);
            if here > ENTRY_LIMIT || before > ENTRY_LIMIT {
                let what = if here > ENTRY_LIMIT { "a page has" } else { "some rows have" };
                let detail =
                    format!("{what} more than {ENTRY_LIMIT} elements, the most that is read");
                return Err(ParquetError::General(detail));
            }
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>, ParquetError> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<(), ParquetError> {
        self.pages.skip_next_page()
    }
}

fn read<T: DataType>(
    column: &mut ColumnReaderImpl<T>,
    rows: usize,
    (max_def, max_rep): (i16, i16),
    wrap: impl Fn(Vec<T::T>) -> Values,
) -> Result<LeafRows, ParquetError> {
    let (mut def, mut rep, mut values) = (Vec::new(), Vec::new(), Vec::new());
    let mut levels = 0;
    let mut done = 0;
    // A read may end early at the end of a page.
    while done < rows {
        let (records, _, entries) =
            column.read_records(rows - done, Some(&mut def), Some(&mut rep), &mut values)?;
        if records == 0 && entries == 0 {
            break;
        }
        done += records;
        levels += entries;
    }
    // Levels that can only be 0 aren't stored.
    if max_def == 0 {
        def.resize(levels, 0);
    }
    if max_rep == 0 {
        rep.resize(levels, 0);
    }
    Ok(LeafRows { def, rep, values: wrap(values) })
}
