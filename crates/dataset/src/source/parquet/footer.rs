//! A look at a Parquet footer before a library reads it: what it claims must be there, and nesting has
//! an end.
//!
//! The library believes counts and recurses over schemas: a footer of 54 bytes asked for 16 GiB, one of
//! 16 KB went 2,000 levels down the stack. This walks over the compact protocol (Thrift, "thrift compact
//! protocol encoding") with a bounded stack and allocates nothing. O(bytes of the footer).

use crate::source::positioned::SourceFile;

/// Groups within groups, the message excepted.
pub(super) const NESTING: usize = 64;
/// Structs within structs: those of the format nest half as deep.
const DEPTH: usize = 32;
/// A struct of the format has at least so many bytes (the order of a column), and what it becomes in
/// memory some hundred times as many: of a few nothing need be asked.
const LEAST_STRUCT: usize = 3;
const FEW: usize = 1 << 12;

/// Field of the file's metadata with the schema, and of a schema element with its number of children.
const SCHEMA: i16 = 2;
const CHILDREN: i16 = 5;

/// What is wrong with the footer of a file, if anything is. Encrypted footers are the library's to
/// refuse.
pub(super) fn fault(file: &SourceFile) -> Option<String> {
    let cut = |_| "it is cut off".to_string();
    let read = || -> Result<(), String> {
        let end = file.size();
        let start = end.checked_sub(8).ok_or("it has fewer than 8 bytes")?;
        let tail = file.read(start, 8).map_err(cut)?;
        if !tail.ends_with(b"PAR1") {
            return Ok(());
        }
        let length = u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]);
        let from = start.checked_sub(length.into());
        let from = from.ok_or_else(|| format!("a footer of {length} bytes in {end}"))?;
        let footer = file.read(from, length as usize).map_err(cut)?;
        Walk { bytes: &footer, at: 0 }.metadata()
    };
    read().err()
}

/// Kinds of fields in the compact protocol.
mod kind {
    pub(super) const STOP: u8 = 0;
    pub(super) const TRUE: u8 = 1;
    pub(super) const FALSE: u8 = 2;
    pub(super) const BYTE: u8 = 3;
    pub(super) const I16: u8 = 4;
    pub(super) const I64: u8 = 6;
    pub(super) const DOUBLE: u8 = 7;
    pub(super) const BINARY: u8 = 8;
    pub(super) const LIST: u8 = 9;
    pub(super) const SET: u8 = 10;
    pub(super) const MAP: u8 = 11;
    pub(super) const STRUCT: u8 = 12;
}

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Walk<'_> {
    fn metadata(&mut self) -> Result<(), String> {
        let mut last = 0;
        while let Some((field, kind)) = self.field(&mut last)? {
            if field == SCHEMA && kind == kind::LIST {
                self.schema()?;
            } else {
                self.skip(kind, 1)?;
            }
        }
        Ok(())
    }

    /// The elements of the schema: a tree in preorder, each with its number of children.
    fn schema(&mut self) -> Result<(), String> {
        let (count, kind) = self.list()?;
        if kind != kind::STRUCT {
            return Err("its schema is no list of structs".to_string());
        }
        // Children that are still to come, of each group that is open.
        let mut open = [0_u64; NESTING + 1];
        let mut depth = 0;
        for element in 0..count {
            let mut children = 0;
            let mut last = 0;
            while let Some((field, kind)) = self.field(&mut last)? {
                if field == CHILDREN && (kind::I16..=kind::I64).contains(&kind) {
                    children = unzigzag(self.varint()?);
                } else {
                    self.skip(kind, 1)?;
                }
            }
            let here = u64::try_from(children).ok().filter(|&children| children <= count as u64);
            let here = here.ok_or_else(|| {
                format!("element {element} of its schema claims {children} children of {count}")
            })?;
            while depth > 0 && open[depth - 1] == 0 {
                depth -= 1;
            }
            if depth > 0 {
                open[depth - 1] -= 1;
            }
            if here > 0 {
                if depth > NESTING {
                    return Err(format!(
                        "its schema is nested deeper than {NESTING} levels, more than are read"
                    ));
                }
                open[depth] = here;
                depth += 1;
            }
        }
        Ok(())
    }

    /// The next field of a struct; none at its end.
    fn field(&mut self, last: &mut i16) -> Result<Option<(i16, u8)>, String> {
        let head = self.byte()?;
        let kind = head & 15;
        if kind == kind::STOP {
            return Ok(None);
        }
        *last = match head >> 4 {
            0 => i16::try_from(unzigzag(self.varint()?)).map_err(|_| "a field's number")?,
            more => last.checked_add(i16::from(more)).ok_or("a field's number")?,
        };
        Ok(Some((*last, kind)))
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Result<(), String> {
        if depth > DEPTH {
            return Err(format!("its structs are nested deeper than {DEPTH} levels"));
        }
        match kind {
            kind::TRUE | kind::FALSE => Ok(()),
            kind::BYTE => self.byte().map(|_| ()),
            kind::I16..=kind::I64 => self.varint().map(|_| ()),
            kind::DOUBLE => self.over(8),
            kind::BINARY => {
                let length = self.varint()?;
                self.over(usize::try_from(length).unwrap_or(usize::MAX))
            }
            kind::LIST | kind::SET => {
                let (count, kind) = self.list()?;
                (0..count).try_for_each(|_| self.element(kind, depth + 1))
            }
            kind::MAP => {
                let count = self.count(self.at)?;
                if count == 0 {
                    return Ok(());
                }
                let kinds = self.byte()?;
                (0..count).try_for_each(|_| {
                    self.element(kinds >> 4, depth + 1)?;
                    self.element(kinds & 15, depth + 1)
                })
            }
            kind::STRUCT => {
                let mut last = 0;
                while let Some((_, kind)) = self.field(&mut last)? {
                    self.skip(kind, depth + 1)?;
                }
                Ok(())
            }
            other => Err(format!("a field of kind {other}")),
        }
    }

    /// An element of a list: as a field, but that a truth value has a byte of its own.
    fn element(&mut self, kind: u8, depth: usize) -> Result<(), String> {
        match kind {
            kind::TRUE | kind::FALSE => self.byte().map(|_| ()),
            other => self.skip(other, depth),
        }
    }

    /// Number and kind of a list's elements, each of which has a byte at least.
    fn list(&mut self) -> Result<(usize, u8), String> {
        let start = self.at;
        let head = self.byte()?;
        let kind = head & 15;
        let count = match head >> 4 {
            15 => self.count(start)?,
            few => usize::from(few),
        };
        let least = if kind == kind::STRUCT { LEAST_STRUCT } else { 1 };
        let left = self.bytes.len() - self.at;
        if count > left || (count > FEW && count.saturating_mul(least) > left) {
            return Err(format!(
                "{count} elements at byte {start} of its footer, which has {left} more"
            ));
        }
        Ok((count, kind))
    }

    fn count(&mut self, start: usize) -> Result<usize, String> {
        let (count, left) = (self.varint()?, self.bytes.len() - self.at);
        usize::try_from(count).ok().filter(|&count| count <= left).ok_or_else(|| {
            format!("{count} elements at byte {start} of its footer, which has {left} more")
        })
    }

    fn varint(&mut self) -> Result<u64, String> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err("a number without end".to_string())
    }

    fn byte(&mut self) -> Result<u8, String> {
        let byte = self.bytes.get(self.at).copied();
        self.at += 1;
        byte.ok_or_else(|| "its footer ends too soon".to_string())
    }

    fn over(&mut self, length: usize) -> Result<(), String> {
        let end = self.at.checked_add(length).filter(|&end| end <= self.bytes.len());
        self.at = end.ok_or_else(|| {
            format!("{length} bytes at byte {} of its footer, which are not there", self.at)
        })?;
        Ok(())
    }
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}
