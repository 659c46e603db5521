//! Column chunks: pages of plain values, compressed, with what the footer says of them.
//!
//! O(bytes). No dictionary and no statistics: token ids repeat too little for the one, and the
//! least and greatest id of a page help nobody.

use super::shred::{Entries, shred};
use crate::Fault;
use crate::options::Compression;
use crate::source::parquet::node::Node;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use bytes::Bytes;
use parquet::basic::{Compression as Codec, Encoding, PageType, Type as Physical, ZstdLevel};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, PageEncodingStats};
use parquet::file::page_index::offset_index::{OffsetIndexMetaData, PageLocation};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use std::ops::Range;

/// Values in a page: a MiB of 32 bits each.
const VALUES_IN_PAGE: usize = 1 << 18;
/// Level of zstd.
const ZSTD_LEVEL: i32 = 1;

/// A column chunk, ready to be appended to a row group.
pub(crate) struct Encoded {
    pub bytes: Bytes,
    pub close: ColumnCloseResult,
}

/// The codec as the footer names it.
pub(crate) fn codec(compression: Compression) -> Codec {
    match compression {
        Compression::Zstd => {
            Codec::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL).expect("a level that zstd has"))
        }
        Compression::Snappy => Codec::SNAPPY,
        Compression::None => Codec::UNCOMPRESSED,
    }
}

/// The chunks of a top-level column, whose own columns are `leaves`. `go_on` is asked after every
/// page.
pub(crate) fn encode(
    node: &Node,
    leaves: &[ColumnDescPtr],
    array: &ArrayRef,
    compression: Compression,
    go_on: &dyn Fn() -> Result<(), Fault>,
) -> Result<Vec<Encoded>, Fault> {
    let chunk = |leaf| ChunkWriter::new(ColumnDescPtr::clone(leaf), compression);
    let chunks = leaves.iter().map(chunk).collect::<Result<Vec<_>, _>>();
    let mut chunks = chunks.map_err(|error| refused(&error))?;
    let mut start = 0;
    while start < array.len() {
        let rows = page_rows(array, start);
        for (chunk, leaf) in chunks.iter_mut().zip(shred(node, array, rows.clone())?) {
            chunk.page(&leaf, &rows).map_err(|error| refused(&error))?;
            go_on()?;
        }
        start = rows.end;
    }
    let rows = array.len() as u64;
    chunks.into_iter().map(|chunk| chunk.close(rows).map_err(|error| refused(&error))).collect()
}

/// The rows of the page that begins at `start`: at least one.
fn page_rows(array: &ArrayRef, start: usize) -> Range<usize> {
    let Some(list) = array.as_list_opt::<i32>() else {
        return start..array.len().min(start + VALUES_IN_PAGE);
    };
    let offsets = list.value_offsets();
    let most = offsets[start] as usize + VALUES_IN_PAGE;
    let end = start + offsets[start..].partition_point(|&offset| offset as usize <= most) - 1;
    start..end.max(start + 1)
}

/// In memory, sizes are all that can be refused.
fn refused(error: &ParquetError) -> Fault {
    Fault::option(format!("cannot be encoded: {error}"))
}

/// A chunk in the making.
struct ChunkWriter {
    column: ColumnDescPtr,
    compressor: Compressor,
    codec: Codec,
    sink: TrackedWrite<Vec<u8>>,
    entries: usize,
    uncompressed: usize,
    pages: Vec<PageLocation>,
}

enum Compressor {
    Zstd(Box<zstd::bulk::Compressor<'static>>),
    Snappy(Box<snap::raw::Encoder>),
    None,
}

impl ChunkWriter {
    fn new(column: ColumnDescPtr, compression: Compression) -> Result<Self, ParquetError> {
        let compressor = match compression {
            Compression::Zstd => {
                Compressor::Zstd(Box::new(zstd::bulk::Compressor::new(ZSTD_LEVEL)?))
            }
            Compression::Snappy => Compressor::Snappy(Box::new(snap::raw::Encoder::new())),
            Compression::None => Compressor::None,
        };
        Ok(Self {
            column,
            compressor,
            codec: codec(compression),
            sink: TrackedWrite::new(Vec::new()),
            entries: 0,
            uncompressed: 0,
            pages: Vec::new(),
        })
    }

    fn page(&mut self, leaf: &Entries, rows: &Range<usize>) -> Result<(), ParquetError> {
        let mut plain = Vec::with_capacity(leaf.values.len() + 64);
        leaf.rep.encode(self.column.max_rep_level(), &mut plain);
        leaf.def.encode(self.column.max_def_level(), &mut plain);
        if self.column.physical_type() == Physical::BOOLEAN {
            let bits = leaf.values.chunks(8);
            plain.extend(bits.map(|bits| bits.iter().rev().fold(0, |byte, &bit| byte << 1 | bit)));
        } else {
            plain.extend_from_slice(&leaf.values);
        }
        let size = plain.len();
        i32::try_from(size)?;
        let stored = match &mut self.compressor {
            Compressor::Zstd(zstd) => zstd.compress(&plain)?,
            Compressor::Snappy(encoder) => encoder
                .compress_vec(&plain)
                .map_err(|error| ParquetError::External(Box::new(error)))?,
            Compressor::None => plain,
        };
        let page = Page::DataPage {
            buf: stored.into(),
            num_values: u32::try_from(leaf.rep.count())?,
            encoding: Encoding::PLAIN,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let mut writer = SerializedPageWriter::new(&mut self.sink);
        let written = writer.write_page(CompressedPage::new(page, size))?;
        self.entries += leaf.rep.count();
        self.uncompressed += written.uncompressed_size;
        self.pages.push(PageLocation {
            offset: i64::try_from(written.offset)?,
            compressed_page_size: i32::try_from(written.compressed_size)?,
            first_row_index: rows.start as i64,
        });
        Ok(())
    }

    fn close(self, rows: u64) -> Result<Encoded, ParquetError> {
        let bytes = Bytes::from(self.sink.into_inner()?);
        let stats = PageEncodingStats {
            page_type: PageType::DATA_PAGE,
            encoding: Encoding::PLAIN,
            count: i32::try_from(self.pages.len())?,
        };
        let metadata = ColumnChunkMetaData::builder(self.column)
            .set_compression(self.codec)
            .set_encodings(vec![Encoding::PLAIN, Encoding::RLE])
            .set_page_encoding_stats(vec![stats])
            .set_total_compressed_size(i64::try_from(bytes.len())?)
            .set_total_uncompressed_size(i64::try_from(self.uncompressed)?)
            .set_num_values(i64::try_from(self.entries)?)
            .set_data_page_offset(0)
            .build()?;
        let offset_index = OffsetIndexMetaData {
            page_locations: self.pages,
            unencoded_byte_array_data_bytes: None,
        };
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: rows,
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: Some(offset_index),
        };
        Ok(Encoded { bytes, close })
    }
}
