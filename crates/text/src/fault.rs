//! Why a tokenizer can't be used, or a row can't become tokens.

use std::fmt;
use std::path::PathBuf;

/// Why something stopped. The caller knows the file and the row, and adds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An option, a tokenizer or a template that can't be used, whatever the rows hold.
    Option(String),
    /// What a template does with this row makes the option impossible.
    Template(String),
    /// The row itself is wrong.
    Row(String),
    /// The system refused to read a file.
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried, and what the system said.
        detail: String,
    },
}

impl Fault {
    pub(crate) fn io(path: &std::path::Path, error: &std::io::Error) -> Self {
        let detail = format!("cannot read {}: {error}", path.display());
        Self::Io { path: path.to_path_buf(), detail }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option(detail)
            | Self::Template(detail)
            | Self::Row(detail)
            | Self::Io { detail, .. } => f.write_str(detail),
        }
    }
}

impl std::error::Error for Fault {}
