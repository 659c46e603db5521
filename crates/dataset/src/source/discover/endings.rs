//! What the ending of a file's name says of its contents.

use std::path::Path;

/// What lies in a file, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Parquet,
    /// Arrow's file format.
    ArrowFile,
    ArrowStream,
    JsonLines,
    /// One document: lines, an array, or something else than data.
    Json,
    /// An array of lengths.
    Npy,
}

/// What a file is packed in as a whole, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrapping {
    Gzip,
    Zstd,
    /// One that isn't read: its name.
    Other(&'static str),
}

impl Ending {
    /// Kind and wrapping, if the name has one of the endings that a folder is searched for.
    pub(crate) fn of(path: &Path) -> Option<(Self, Option<Wrapping>)> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let (stem, ending) = name.rsplit_once('.')?;
        let wrapping = match ending {
            "gz" | "gzip" => Wrapping::Gzip,
            "zst" | "zstd" => Wrapping::Zstd,
            "bz2" => Wrapping::Other("bzip2"),
            "xz" => Wrapping::Other("xz"),
            "lz4" => Wrapping::Other("lz4"),
            "br" => Wrapping::Other("brotli"),
            "zip" => Wrapping::Other("zip"),
            _ => return Self::plain(ending).map(|kind| (kind, None)),
        };
        let (_, ending) = stem.rsplit_once('.')?;
        Self::plain(ending).map(|kind| (kind, Some(wrapping)))
    }

    fn plain(ending: &str) -> Option<Self> {
        Some(match ending {
            "parquet" => Self::Parquet,
            "arrow" | "ipc" | "feather" => Self::ArrowFile,
            "arrows" => Self::ArrowStream,
            "jsonl" | "ndjson" => Self::JsonLines,
            "json" => Self::Json,
            "npy" => Self::Npy,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Ending, Wrapping};
    use std::path::Path;

    #[test]
    fn the_ending_counts_whatever_its_case_and_wrapping() {
        let of = |name: &str| Ending::of(Path::new(name));
        assert_eq!(of("a/b.PARQUET"), Some((Ending::Parquet, None)));
        assert_eq!(of("b.jsonl.gz"), Some((Ending::JsonLines, Some(Wrapping::Gzip))));
        assert_eq!(of("b.JSON.Zst"), Some((Ending::Json, Some(Wrapping::Zstd))));
        assert_eq!(of("b.jsonl.xz"), Some((Ending::JsonLines, Some(Wrapping::Other("xz")))));
        assert_eq!(of("b.csv.gz"), None);
        assert_eq!(of("README"), None);
    }
}
