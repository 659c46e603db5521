//! A JSON text taken apart into its objects: a line each, or the elements of an array, or objects
//! over several lines.
//!
//! O(bytes). One object is held at a time, and no more of it than [`RECORD_LIMIT`].

use super::text::Text;
use crate::Fault;
use std::io::{self, BufRead, Read};
use std::path::Path;

/// Bytes of an object, at most: some 20 million token ids.
pub(super) const RECORD_LIMIT: usize = 128 << 20;
/// Lists and objects within one another.
const DEPTH: usize = 64;

/// The objects of a text.
pub(super) struct Records<'a> {
    text: Text,
    path: &'a Path,
    shape: Shape,
    /// Bytes read so far, blank ones too.
    pub(super) bytes: u64,
}

/// How objects stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// Not known before the first.
    Unknown,
    Lines,
    /// One behind another, over any number of lines.
    Objects,
    /// Elements of an array; true if one has been read.
    Array(bool),
    /// Behind the end of the array.
    Over,
}

impl<'a> Records<'a> {
    pub(super) fn new(text: Text, path: &'a Path) -> Self {
        Self { text, path, shape: Shape::Unknown, bytes: 0 }
    }

    /// The next object, object `row`, in `out`; false at the end. Blank text may give an empty one.
    ///
    /// # Errors
    /// [`Fault::Format`] for what isn't JSON of such a shape; [`Fault::Io`].
    pub(super) fn next(&mut self, row: u64, out: &mut Vec<u8>) -> Result<bool, Fault> {
        out.clear();
        match self.shape {
            Shape::Unknown => self.first(row, out),
            Shape::Lines => self.line(row, out),
            Shape::Objects | Shape::Array(_) => self.element(row, out),
            Shape::Over => self.behind(row),
        }
    }

    fn first(&mut self, row: u64, out: &mut Vec<u8>) -> Result<bool, Fault> {
        match self.peek()? {
            None => return Ok(false),
            Some(b'[') => {
                self.text.reader().consume(1);
                self.shape = Shape::Array(false);
                return self.element(row, out);
            }
            Some(_) => {}
        }
        let more = self.line(row, out)?;
        // An object whose first line isn't all of it.
        let whole = serde_json::from_slice::<serde_core::de::IgnoredAny>(out);
        if whole.is_err_and(|error| error.is_eof()) {
            self.bytes -= out.len() as u64;
            self.text.put_back(std::mem::take(out));
            self.shape = Shape::Objects;
            return self.element(row, out);
        }
        self.shape = Shape::Lines;
        Ok(more)
    }

    fn line(&mut self, row: u64, out: &mut Vec<u8>) -> Result<bool, Fault> {
        let limit = RECORD_LIMIT as u64 + 1;
        let read = self.text.reader().take(limit).read_until(b'\n', out);
        let read = read.map_err(|error| self.text.fault(&error))?;
        self.bytes += read as u64;
        if out.trim_ascii().is_empty() {
            out.clear();
        }
        if out.len() > RECORD_LIMIT {
            return Err(self.too_long(row));
        }
        Ok(read > 0)
    }

    /// The next byte that isn't blank, which stays unread.
    fn peek(&mut self) -> Result<Option<u8>, Fault> {
        loop {
            let ready = self.text.reader().fill_buf();
            let (found, blank) = match ready {
                Ok(ready) => {
                    let blank = ready.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                    if ready.is_empty() {
                        return Ok(None);
                    }
                    (ready.get(blank).copied(), blank)
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.text.fault(&error)),
            };
            self.bytes += blank as u64;
            self.text.reader().consume(blank);
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    fn element(&mut self, row: u64, out: &mut Vec<u8>) -> Result<bool, Fault> {
        let mut next = self.peek()?;
        if let Shape::Array(any) = self.shape {
            match next {
                Some(b']') => {
                    self.text.reader().consume(1);
                    self.shape = Shape::Over;
                    return self.behind(row);
                }
                Some(b',') if any => {
                    self.text.reader().consume(1);
                    next = self.peek()?;
                }
                Some(_) if any => return Err(self.wrong(row, "a comma or ] is missing before it")),
                None => return Err(self.wrong(row, "the array ends in the middle")),
                Some(_) => {}
            }
            self.shape = Shape::Array(true);
        }
        match next {
            None if self.shape == Shape::Objects => Ok(false),
            None => Err(self.wrong(row, "the array ends in the middle")),
            Some(b'{') => self.object(row, out).map(|()| true),
            Some(b'[') => Err(self.wrong(row, "a list, not an object with named columns")),
            Some(_) => Err(self.wrong(row, "not an object with named columns")),
        }
    }

    /// Takes the bytes of the object that begins here.
    fn object(&mut self, row: u64, out: &mut Vec<u8>) -> Result<(), Fault> {
        let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
        loop {
            let ready = match self.text.reader().fill_buf() {
                Ok(ready) => ready,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.text.fault(&error)),
            };
            if ready.is_empty() {
                return Err(self.wrong(row, "the object ends in the middle"));
            }
            let mut end = None;
            for (at, &byte) in ready.iter().enumerate() {
                if quoted {
                    quoted = escaped || byte != b'"';
                    escaped = !escaped && byte == b'\\';
                    continue;
                }
                match byte {
                    b'"' => quoted = true,
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth -= 1,
                    _ => continue,
                }
                if depth == 0 || depth > DEPTH {
                    end = Some(at + 1);
                    break;
                }
            }
            let taken = end.unwrap_or(ready.len());
            out.extend_from_slice(&ready[..taken]);
            self.text.reader().consume(taken);
            self.bytes += taken as u64;
            if depth > DEPTH {
                let detail = format!("lists and objects more than {DEPTH} deep within one another");
                return Err(self.wrong(row, &detail));
            }
            if out.len() > RECORD_LIMIT {
                return Err(self.too_long(row));
            }
            if end.is_some() {
                return Ok(());
            }
        }
    }

    /// Nothing may stand behind the end of an array.
    fn behind(&mut self, row: u64) -> Result<bool, Fault> {
        match self.peek()? {
            None => Ok(false),
            Some(_) => Err(self.wrong(row, "something stands behind the end of the array")),
        }
    }

    fn wrong(&self, row: u64, detail: &str) -> Fault {
        Fault::format(self.path, row, format!("not JSON as expected: {detail}"))
    }

    fn too_long(&self, row: u64) -> Fault {
        let mib = RECORD_LIMIT >> 20;
        Fault::format(self.path, row, format!("an object of more than {mib} MiB"))
    }
}

/// Whether the first object of the file has the field `column`, as far as can be told. True for a
/// file without any, and for one that only its reading can say more about.
///
/// # Errors
/// [`Fault::Io`].
pub(crate) fn has_column(path: &Path, column: &str) -> Result<bool, Fault> {
    let text = match Text::open(path) {
        Ok(text) => text,
        Err(Fault::Format(_)) => return Ok(true),
        Err(fault) => return Err(fault),
    };
    let mut records = Records::new(text, path);
    let mut next = match records.peek() {
        Ok(next) => next,
        Err(Fault::Format(_)) => return Ok(true),
        Err(fault) => return Err(fault),
    };
    if next == Some(b'[') {
        records.text.reader().consume(1);
        next = records.peek().unwrap_or(None);
    }
    match next {
        None | Some(b']') => return Ok(true),
        Some(b'{') => {}
        Some(_) => return Ok(false),
    }
    let mut found = false;
    let reader = records.text.reader().take(RECORD_LIMIT as u64);
    let mut decoder = serde_json::Deserializer::from_reader(reader);
    // An error ends the search: that of the field which was found, or of what isn't JSON.
    let _ = serde_core::de::DeserializeSeed::deserialize(
        super::record::Search { column, found: &mut found },
        &mut decoder,
    );
    Ok(found)
}
