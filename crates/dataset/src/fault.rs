//! Why a file job stopped: the engine's faults, and those that name a file and a row.

use crate::warnings::escaped;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use stowage_engine::Fault as EngineFault;

/// Why a job over files stopped without a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A fault of the lengths, the options or the packing.
    Engine(EngineFault),
    /// The system refused a file operation.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried and what the system said.
        detail: String,
    },
    /// A source column is missing or holds something that can't be packed.
    Column(Place),
    /// Bytes of a file are not what they should be.
    Format(Place),
    /// A source file isn't what it was when the job began.
    InputChanged {
        /// The file.
        path: PathBuf,
        /// What has changed, and what to do.
        detail: String,
    },
    /// The output exists.
    OutputExists {
        /// The folder.
        path: PathBuf,
        /// What to do.
        detail: String,
    },
    /// A written data set breaks a promise.
    Invalid(Place),
    /// A job folder contradicts itself, the call or the output; both sides are named.
    Job(String),
    /// Something that a step of a job needs isn't there yet; what, and which of them.
    JobIncomplete(String),
    /// Partition groups would take more packs than a limit allows; the figures and the ways out.
    Loss(String),
    /// A stream of rows isn't what the plan foresees; the place expected and the place found.
    Stream(String),
}

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// The row within the file, from 0, where it is known.
    pub row: Option<u64>,
    /// What is wrong, with the numbers.
    pub detail: String,
    /// The columns that there are, where one is missing.
    pub columns: Vec<String>,
}

impl Fault {
    /// What a program branches on; stable across releases.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Engine(fault) => fault.code(),
            Self::Io { .. } => "ERR_IO",
            Self::Column(_) => "ERR_COLUMN",
            Self::Format(_) => "ERR_FORMAT",
            Self::InputChanged { .. } => "ERR_INPUT_CHANGED",
            Self::OutputExists { .. } => "ERR_OUTPUT_EXISTS",
            Self::Invalid(_) => "ERR_INVALID_PACKING",
            Self::Job(_) => "ERR_JOB",
            Self::JobIncomplete(_) => "ERR_JOB_INCOMPLETE",
            Self::Loss(_) => "ERR_LOSS",
            Self::Stream(_) => "ERR_STREAM",
        }
    }

    /// The offending file, where there is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Engine(_)
            | Self::Job(_)
            | Self::JobIncomplete(_)
            | Self::Loss(_)
            | Self::Stream(_) => None,
            Self::Io { path, .. }
            | Self::InputChanged { path, .. }
            | Self::OutputExists { path, .. } => Some(path),
            Self::Column(place) | Self::Format(place) | Self::Invalid(place) => Some(&place.path),
        }
    }

    /// The offending row of that file, from 0, where it is known.
    #[must_use]
    pub fn row(&self) -> Option<u64> {
        match self {
            Self::Column(place) | Self::Format(place) | Self::Invalid(place) => place.row,
            _ => None,
        }
    }

    /// The columns that there are, where one is missing.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        match self {
            Self::Column(place) => &place.columns,
            _ => &[],
        }
    }

    /// A refused file operation; `action` completes "cannot".
    pub(crate) fn io(action: &str, path: &Path, error: &std::io::Error) -> Self {
        let detail = format!("cannot {action} {}: {error}", path.display());
        Self::Io { path: path.to_path_buf(), detail }
    }

    /// An input that changed; `how` completes the sentence.
    pub(crate) fn input_changed(path: &Path, how: &str) -> Self {
        let detail = format!(
            "{} has changed since the job began: {how}; start again when nothing writes to it",
            path.display()
        );
        Self::InputChanged { path: path.to_path_buf(), detail }
    }

    pub(crate) fn column(path: &Path, row: impl Into<Option<u64>>, detail: String) -> Self {
        Self::Column(Place {
            path: path.to_path_buf(),
            row: row.into(),
            detail,
            columns: Vec::new(),
        })
    }

    /// A column that isn't there; `columns` are.
    pub(crate) fn missing(
        path: &Path,
        row: impl Into<Option<u64>>,
        detail: String,
        columns: Vec<String>,
    ) -> Self {
        Self::Column(Place { path: path.to_path_buf(), row: row.into(), detail, columns })
    }

    pub(crate) fn format(path: &Path, row: impl Into<Option<u64>>, detail: String) -> Self {
        Self::Format(Place {
            path: path.to_path_buf(),
            row: row.into(),
            detail,
            columns: Vec::new(),
        })
    }

    pub(crate) fn invalid(path: &Path, row: impl Into<Option<u64>>, detail: String) -> Self {
        Self::Invalid(Place {
            path: path.to_path_buf(),
            row: row.into(),
            detail,
            columns: Vec::new(),
        })
    }

    /// The fault of damaged bytes, at `row` if it names none: the first that couldn't be read.
    pub(crate) fn at_row(self, row: Option<u64>) -> Self {
        match self {
            Self::Format(place) => Self::Format(Place { row: place.row.or(row), ..place }),
            other => other,
        }
    }

    pub(crate) fn option(detail: impl Into<String>) -> Self {
        Self::Engine(EngineFault::Option { detail: detail.into() })
    }
}

impl From<EngineFault> for Fault {
    fn from(fault: EngineFault) -> Self {
        Self::Engine(fault)
    }
}

impl fmt::Display for Fault {
    /// Names of files and columns come from data: what a terminal would obey in them is escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Engine(fault) => fault.to_string(),
            Self::Io { detail, .. }
            | Self::InputChanged { detail, .. }
            | Self::OutputExists { detail, .. }
            | Self::Job(detail)
            | Self::JobIncomplete(detail)
            | Self::Loss(detail)
            | Self::Stream(detail) => detail.clone(),
            Self::Column(place) | Self::Format(place) | Self::Invalid(place) => {
                let row = place.row.map_or(String::new(), |row| format!(", row {row}"));
                format!("{}{row}: {}", place.path.display(), place.detail)
            }
        };
        f.write_str(&escaped(&text))
    }
}

impl std::error::Error for Fault {}

/// Runs a decoder over bytes that nobody has checked. The decoders we use return errors for what
/// they foresee and panic on the rest; both mean that the file is damaged.
pub(crate) fn guarded<T>(
    path: &Path,
    decode: impl FnOnce() -> Result<T, Fault>,
) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|panic| {
        let words = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no reason given");
        Err(Fault::format(
            path,
            None,
            format!("the file is damaged: its decoder gave up ({words})"),
        ))
    })
}
