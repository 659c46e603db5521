//! The text of a JSON file: unpacked if it is packed, without its byte order mark, and UTF-8.
//!
//! O(bytes), streamed: what a small file unpacks to is never held as a whole.

use crate::Fault;
use crate::source::positioned::SourceFile;
use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

/// Bytes read at once.
const AT_ONCE: usize = 1 << 18;

/// The text of a file.
pub(super) struct Text {
    reader: Box<dyn BufRead>,
    path: PathBuf,
    packed: Option<&'static str>,
}

impl Text {
    /// Opens the file by its first bytes.
    ///
    /// # Errors
    /// [`Fault::Io`]; [`Fault::Format`] for another packing, another encoding of text, or a table.
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        Self::new(path, &SourceFile::open(path)?)
    }

    /// The same of a file that is open.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(super) fn new(path: &Path, file: &SourceFile) -> Result<Self, Fault> {
        let head = file.read(0, 6.min(file.size() as usize));
        let head = head.map_err(|error| Fault::io("read", path, &error))?;
        let stored = BufReader::with_capacity(AT_ONCE, file.cursor(0));
        let mut packed = None;
        let reader: Box<dyn BufRead> = match &head[..] {
            [0x1F, 0x8B, ..] => {
                packed = Some("gzip");
                Box::new(BufReader::with_capacity(AT_ONCE, MultiGzDecoder::new(stored)))
            }
            // A frame, or a frame to be skipped in front of one.
            [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => {
                packed = Some("zstd");
                let decoder = zstd::Decoder::with_buffer(stored);
                let decoder = decoder.map_err(|error| Fault::io("read", path, &error))?;
                Box::new(BufReader::with_capacity(AT_ONCE, decoder))
            }
            _ => Box::new(stored),
        };
        let mut text = Self { reader, path: path.to_path_buf(), packed };
        text.begin()?;
        Ok(text)
    }

    /// Looks at the beginning and puts it back without a byte order mark.
    fn begin(&mut self) -> Result<(), Fault> {
        let mut head = Vec::new();
        let read = self.reader.by_ref().take(6).read_to_end(&mut head);
        read.map_err(|error| self.fault(&error))?;
        let refused = |detail: String| Err(Fault::format(&self.path, None, detail));
        match &head[..] {
            [0xFF, 0xFE, ..]
            | [0xFE, 0xFF, ..]
            | [0, 0, 0xFE, 0xFF, ..]
            | [b'{' | b'[', 0, ..]
            | [0, b'{' | b'[', ..] => {
                return refused("text in UTF-16 or UTF-32; JSON is UTF-8, write it so".to_string());
            }
            [0xEF, 0xBB, 0xBF, ..] => drop(head.drain(..3)),
            _ => {}
        }
        if let Some(kind) = foreign(&head) {
            let inside = self.packed.map_or(String::new(), |packed| format!("{packed} with "));
            return refused(format!("{inside}{kind}, not JSON; unpack it first"));
        }
        let rest = std::mem::replace(&mut self.reader, Box::new(io::empty()));
        self.reader = Box::new(Cursor::new(head).chain(rest));
        Ok(())
    }

    /// The fault of a read that failed.
    pub(super) fn fault(&self, error: &io::Error) -> Fault {
        let Some(packed) = self.packed else { return Fault::io("read", &self.path, error) };
        let detail = if error.kind() == io::ErrorKind::UnexpectedEof {
            format!("its {packed} stream ends in the middle; the file was cut off")
        } else {
            format!("its {packed} stream is damaged: {error}")
        };
        Fault::format(&self.path, None, detail)
    }

    /// The text, as far as it isn't read.
    pub(super) fn reader(&mut self) -> &mut dyn BufRead {
        &mut *self.reader
    }

    /// Puts `bytes` back in front of what isn't read.
    pub(super) fn put_back(&mut self, bytes: Vec<u8>) {
        let rest = std::mem::replace(&mut self.reader, Box::new(io::empty()));
        self.reader = Box::new(Cursor::new(bytes).chain(rest));
    }
}

/// What begins so, if it isn't text.
fn foreign(head: &[u8]) -> Option<&'static str> {
    Some(match head {
        [b'P', b'A', b'R', b'1', ..] => "Parquet in it",
        [b'A', b'R', b'R', b'O', b'W', ..] | [0xFF, 0xFF, 0xFF, 0xFF, ..] => "Arrow IPC in it",
        [0x93, b'N', b'U', b'M', ..] => "a .npy array in it",
        [b'B', b'Z', b'h', ..] => "bzip2",
        [0xFD, b'7', b'z', b'X', b'Z', ..] => "xz",
        [0x04, 0x22, 0x4D, 0x18, ..] => "lz4",
        [b'P', b'K', 3, 4, ..] => "zip",
        [0x1F, 0x8B, ..] => "gzip",
        [0x28, 0xB5, 0x2F, 0xFD, ..] => "zstd",
        _ => return None,
    })
}
