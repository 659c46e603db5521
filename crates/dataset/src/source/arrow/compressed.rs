//! A compressed buffer of a record batch, unpacked as it is read.
//!
//! Rows are asked for in order, so the decoder runs along and only what was asked for is held, with
//! the few bytes that the next range may begin with. O(bytes), once through; a range before those
//! begins again from the front. The length that the buffer claims is checked against what comes.

use crate::source::positioned::SourceFile;
use arrow_ipc::CompressionType;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;

/// Bytes that the next range may share with this one: an offset, or a byte of bits.
const SHARED: usize = 16;
/// Allocated before the bytes are there.
const AT_ONCE: usize = 1 << 20;

/// A buffer being unpacked.
pub(super) struct Unpacked {
    file: SourceFile,
    codec: CompressionType,
    /// Where its packed bytes lie.
    place: Range<u64>,
    /// Bytes that it unpacks to, by its own word.
    pub(super) length: usize,
    decoder: Option<Box<dyn BufRead>>,
    /// Bytes read so far.
    at: usize,
    /// The last of them.
    tail: Vec<u8>,
}

impl Unpacked {
    /// The buffer at `place`; none if it lies there as it is, behind its prefix.
    pub(super) fn open(
        file: &SourceFile,
        codec: CompressionType,
        place: Range<u64>,
    ) -> io::Result<Option<Self>> {
        if place.end - place.start < 8 {
            return Err(wrong("no length"));
        }
        let head = file.read(place.start, 8)?;
        let length = i64::from_le_bytes(head.try_into().expect("eight bytes were read"));
        if length == -1 {
            return Ok(None);
        }
        let length = usize::try_from(length).map_err(|_| wrong("a negative length"))?;
        let place = place.start + 8..place.end;
        let file = file.clone();
        Ok(Some(Self { file, codec, place, length, decoder: None, at: 0, tail: Vec::new() }))
    }

    /// Bytes `range` of what it unpacks to.
    pub(super) fn read(&mut self, range: Range<usize>) -> io::Result<Vec<u8>> {
        if range.end > self.length {
            return Err(wrong("a range past its end"));
        }
        if self.decoder.is_none() || range.start + self.tail.len() < self.at {
            self.rewind()?;
        }
        let shared = self.at.saturating_sub(range.start).min(range.len());
        let from = self.tail.len() - self.at.saturating_sub(range.start);
        let mut bytes = self.tail[from..from + shared].to_vec();
        let skipped = range.start.saturating_sub(self.at);
        self.take(skipped, None)?;
        self.take(range.len() - shared, Some(&mut bytes))?;
        if self.at == self.length {
            let behind =
                self.decoder.as_mut().map_or(Ok(0), |decoder| decoder.fill_buf().map(<[u8]>::len));
            if behind? > 0 {
                return Err(wrong("more bytes than it claims"));
            }
        }
        Ok(bytes)
    }

    fn rewind(&mut self) -> io::Result<()> {
        let packed = self.file.cursor(self.place.start).take(self.place.end - self.place.start);
        let packed = BufReader::with_capacity(1 << 16, packed);
        self.decoder = Some(match self.codec {
            CompressionType::LZ4_FRAME => {
                Box::new(BufReader::new(lz4_flex::frame::FrameDecoder::new(packed)))
            }
            CompressionType::ZSTD => Box::new(BufReader::new(zstd::Decoder::with_buffer(packed)?)),
            other => return Err(wrong(&format!("the unknown codec {}", other.0))),
        });
        (self.at, self.tail) = (0, Vec::new());
        Ok(())
    }

    /// Goes on by `count` bytes, which are kept in `out`, or not at all.
    fn take(&mut self, count: usize, mut out: Option<&mut Vec<u8>>) -> io::Result<()> {
        let decoder = self.decoder.as_mut().expect("rewound before it is read");
        if let Some(out) = &mut out {
            out.try_reserve(count.min(AT_ONCE)).map_err(io::Error::other)?;
        }
        let mut left = count;
        while left > 0 {
            let ready = decoder.fill_buf()?;
            if ready.is_empty() {
                return Err(wrong("fewer bytes than it claims"));
            }
            let part = &ready[..ready.len().min(left)];
            if let Some(out) = &mut out {
                out.try_reserve(part.len()).map_err(io::Error::other)?;
                out.extend_from_slice(part);
            }
            self.tail.extend_from_slice(&part[part.len().saturating_sub(SHARED)..]);
            let surplus = self.tail.len().saturating_sub(SHARED);
            self.tail.drain(..surplus);
            let taken = part.len();
            decoder.consume(taken);
            self.at += taken;
            left -= taken;
        }
        Ok(())
    }
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("a compressed buffer has {what}"))
}
