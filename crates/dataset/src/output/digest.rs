//! Digests of files: XXH3 with 128 bits (Collet 2019), which finds any change that wasn't made to
//! deceive; it is no defence against forgery.
//!
//! O(bytes), some 10 GB/s: nothing beside the writing.

use crate::Fault;
use crate::source::positioned::read_exact_at;
use std::fmt;
use std::fs::File;
use std::path::Path;
use twox_hash::xxhash3_128::Hasher;

/// Bytes that are read together.
const AT_ONCE: usize = 1 << 18;

/// The digest of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(u128);

impl Digest {
    /// That of `bytes`.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(Hasher::oneshot(bytes))
    }

    /// As it stands in a manifest.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(PREFIX)?;
        let right =
            digits.len() == 32 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        right.then(|| u128::from_str_radix(digits, 16).ok()).flatten().map(Self)
    }
}

/// Says what the digits are, lest anybody take them for a defence.
const PREFIX: &str = "xxh3-128:";

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{:032x}", self.0)
    }
}

/// The digest of bytes that come in parts.
pub(crate) struct Digesting(Hasher);

impl Digesting {
    pub(crate) fn new() -> Self {
        Self(Hasher::new())
    }

    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    pub(crate) fn finish(&self) -> Digest {
        Digest(self.0.finish_128())
    }
}

/// The digest of the first `size` bytes of the file at `path`, whatever its cursor. `go_on` is told of
/// each part, every few milliseconds.
///
/// # Errors
/// [`Fault::Io`]; that of `go_on`.
pub(crate) fn of_file(
    file: &File,
    path: &Path,
    size: u64,
    go_on: &dyn Fn(u64) -> Result<(), Fault>,
) -> Result<Digest, Fault> {
    let mut digest = Digesting::new();
    let mut bytes = vec![0; AT_ONCE];
    let mut position = 0;
    while position < size {
        let part = usize::try_from(size - position).map_or(AT_ONCE, |left| left.min(AT_ONCE));
        read_exact_at(file, &mut bytes[..part], position)
            .map_err(|error| Fault::io("read", path, &error))?;
        digest.add(&bytes[..part]);
        position += part as u64;
        go_on(part as u64)?;
    }
    Ok(digest.finish())
}

#[cfg(test)]
mod tests {
    use super::{Digest, Digesting};

    #[test]
    fn a_digest_is_that_of_its_parts_and_reads_as_it_was_written() {
        let bytes: Vec<u8> = (0..100_000).map(|k| (k * k % 251) as u8).collect();
        let mut parts = Digesting::new();
        bytes.chunks(777).for_each(|part| parts.add(part));
        assert_eq!(parts.finish(), Digest::of(&bytes));
        assert_eq!(Digest::parse(&parts.finish().to_string()), Some(parts.finish()));
        // The value of the reference implementation for no bytes.
        assert_eq!(Digest::of(&[]).to_string(), "xxh3-128:99aa06d3014798d86001c324468d497f");
        for wrong in [
            "",
            "xxh3-128:",
            "99aa06d3014798d86001c324468d497f",
            "xxh3-128:99AA06D3014798D86001C324468D497F",
        ] {
            assert_eq!(Digest::parse(wrong), None, "{wrong}");
        }
    }
}
