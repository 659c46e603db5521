//! Pages of a column chunk, decompressed here: each codec's decoder alone, in bounded steps.
//!
//! The library would link every codec's encoder too (half a megabyte for brotli), takes a page's size
//! from its header, and has no bound for gzip and brotli. O(bytes of the page).

use crate::source::positioned::SourceFile;
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use parquet::basic::Compression;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;
use std::io::Read;
use std::sync::Arc;

/// A page has less than 2^31 bytes by its format.
const PAGE_LIMIT: usize = i32::MAX as usize;
/// More than this many times its bytes isn't allocated before it is there.
const BELIEVED: usize = 64;

/// The pages of one column chunk.
pub(super) struct Pages {
    stored: SerializedPageReader<SourceFile>,
    codec: Compression,
}

impl Pages {
    /// Pages of `column`, in a row group of `rows`.
    pub(super) fn new(
        file: Arc<SourceFile>,
        column: &ColumnChunkMetaData,
        rows: usize,
    ) -> Result<Self, ParquetError> {
        let codec = column.compression();
        let stored = column.clone().into_builder().set_compression(Compression::UNCOMPRESSED);
        Ok(Self { stored: SerializedPageReader::new(file, &stored.build()?, rows, None)?, codec })
    }

    fn decoded(&self, mut page: Page) -> Result<Page, ParquetError> {
        if self.codec == Compression::UNCOMPRESSED {
            return Ok(page);
        }
        match &mut page {
            Page::DataPage { buf, .. } | Page::DictionaryPage { buf, .. } => {
                *buf = decompress(self.codec, buf, &[])?;
            }
            Page::DataPageV2 {
                buf,
                is_compressed,
                def_levels_byte_len,
                rep_levels_byte_len,
                ..
            } => {
                let levels = *def_levels_byte_len as usize + *rep_levels_byte_len as usize;
                if *is_compressed {
                    let (levels, values) = buf
                        .split_at_checked(levels)
                        .ok_or_else(|| damaged("a page is shorter than its levels"))?;
                    *buf = decompress(self.codec, values, levels)?;
                    *is_compressed = false;
                }
            }
        }
        Ok(page)
    }
}

impl Iterator for Pages {
    type Item = Result<Page, ParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>, ParquetError> {
        let page = self.stored.get_next_page()?;
        page.map(|page| self.decoded(page)).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>, ParquetError> {
        self.stored.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<(), ParquetError> {
        self.stored.skip_next_page()
    }
}

/// `before`, and behind it what `bytes` unpacks to.
fn decompress(codec: Compression, bytes: &[u8], before: &[u8]) -> Result<Bytes, ParquetError> {
    let mut out = Vec::new();
    out.extend_from_slice(before);
    if bytes.is_empty() {
        return Ok(out.into()); // a page without a value
    }
    match codec {
        Compression::SNAPPY => snappy(bytes, &mut out)?,
        Compression::ZSTD(_) => zstd(bytes, &mut out)?,
        Compression::GZIP(_) => drain(MultiGzDecoder::new(bytes), &mut out)?,
        Compression::BROTLI(_) => {
            drain(brotli_decompressor::Decompressor::new(bytes, 1 << 14), &mut out)?;
        }
        Compression::LZ4_RAW => lz4_block(bytes, &mut out)?,
        Compression::LZ4 => lz4(bytes, &mut out)?,
        other => {
            let detail = format!("its pages are compressed with {other}, which isn't read");
            return Err(ParquetError::General(detail));
        }
    }
    Ok(out.into())
}

fn snappy(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), ParquetError> {
    let claimed = snap::raw::decompress_len(bytes).map_err(|error| damaged(&error))?;
    // A copy of 64 bytes takes three: more can't come of them.
    let start = grown(out, claimed, bytes.len())?;
    let written = snap::raw::Decoder::new().decompress(bytes, &mut out[start..]);
    out.truncate(start + written.map_err(|error| damaged(&error))?);
    Ok(())
}

fn zstd(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), ParquetError> {
    let claimed = zstd::zstd_safe::get_frame_content_size(bytes).ok().flatten();
    let believed = bytes.len().saturating_mul(BELIEVED);
    match claimed.and_then(|size| usize::try_from(size).ok()).filter(|&size| size <= believed) {
        Some(size) => {
            let start = out.len();
            out.resize(start + size, 0);
            let written = zstd::bulk::decompress_to_buffer(bytes, &mut out[start..]);
            out.truncate(start + written.map_err(|error| damaged(&error))?);
            Ok(())
        }
        None => drain(zstd::Decoder::with_buffer(bytes).map_err(|error| damaged(&error))?, out),
    }
}

/// One LZ4 block, whose size stands nowhere but in the page's header: tried with growing room.
fn lz4_block(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), ParquetError> {
    let start = out.len();
    let mut room = bytes.len().saturating_mul(4).max(1 << 10);
    // A block gives at most 255 bytes for each of its own.
    let most = bytes.len().saturating_mul(255).saturating_add(64).min(PAGE_LIMIT);
    loop {
        room = room.min(most);
        out.try_reserve(room).map_err(|error| damaged(&error))?;
        out.resize(start + room, 0);
        match lz4_flex::block::decompress_into(bytes, &mut out[start..]) {
            Ok(written) => {
                out.truncate(start + written);
                return Ok(());
            }
            Err(lz4_flex::block::DecompressError::OutputTooSmall { .. }) if room < most => {
                room = room.saturating_mul(4);
            }
            Err(error) => return Err(damaged(&error)),
        }
    }
}

/// The codec that the format calls LZ4: Hadoop's blocks with their sizes, as old writers of Java
/// have them, else a frame or a bare block, as old writers of C++ have them.
fn lz4(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), ParquetError> {
    let start = out.len();
    if hadoop(bytes, out).is_some() {
        return Ok(());
    }
    out.truncate(start);
    if bytes.starts_with(&[0x04, 0x22, 0x4D, 0x18]) {
        return drain(lz4_flex::frame::FrameDecoder::new(bytes), out);
    }
    lz4_block(bytes, out)
}

/// Blocks, each behind its size unpacked and packed, with the highest byte first.
fn hadoop(mut bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    while !bytes.is_empty() {
        let (unpacked, rest) = bytes.split_first_chunk::<4>()?;
        let (packed, rest) = rest.split_first_chunk::<4>()?;
        let unpacked = u32::from_be_bytes(*unpacked) as usize;
        let (block, rest) = rest.split_at_checked(u32::from_be_bytes(*packed) as usize)?;
        if unpacked > block.len().saturating_mul(255).saturating_add(64) {
            return None;
        }
        let start = out.len();
        out.try_reserve(unpacked).ok()?;
        out.resize(start + unpacked, 0);
        let written = lz4_flex::block::decompress_into(block, &mut out[start..]).ok()?;
        if written != unpacked {
            return None;
        }
        bytes = rest;
    }
    Some(())
}

/// Room for `claimed` bytes behind those of `out`, if so many can come of `packed`.
fn grown(out: &mut Vec<u8>, claimed: usize, packed: usize) -> Result<usize, ParquetError> {
    if claimed > packed.saturating_mul(BELIEVED) {
        let detail = format!("{packed} bytes of a page claim to unpack to {claimed}");
        return Err(ParquetError::General(detail));
    }
    let start = out.len();
    out.try_reserve(claimed).map_err(|error| damaged(&error))?;
    out.resize(start + claimed, 0);
    Ok(start)
}

/// Everything that `decoder` gives.
fn drain(decoder: impl Read, out: &mut Vec<u8>) -> Result<(), ParquetError> {
    let read = decoder.take(PAGE_LIMIT as u64 + 1).read_to_end(out);
    if read.map_err(|error| damaged(&error))? > PAGE_LIMIT {
        return Err(damaged("a page of more than 2147483647 bytes"));
    }
    Ok(())
}

fn damaged(error: &(impl std::fmt::Display + ?Sized)) -> ParquetError {
    ParquetError::General(format!("a page can't be decompressed: {error}"))
}
