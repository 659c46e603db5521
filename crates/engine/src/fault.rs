use std::fmt;

/// Why an algorithm stopped without a result.
///
/// Each variant carries the numbers a caller needs to act; [`code`](Fault::code) is what programs
/// branch on, the text says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A sequence is longer than a pack can hold. `index` is absent when only a histogram is known.
    Overlong {
        /// Index of the first such sequence.
        index: Option<u64>,
        /// Its length in tokens.
        length: u32,
        /// The capacity it exceeds.
        capacity: u32,
        /// The alignment that leaves `floor(capacity / alignment) * alignment` usable tokens.
        alignment: u32,
    },
    /// A sequence has no tokens. `index` is absent when only a histogram is known.
    Empty {
        /// Index of the first such sequence.
        index: Option<u64>,
    },
    /// More sequences, or pieces after a split, than 32-bit indices can name.
    TooManySequences {
        /// How many there would be.
        count: u64,
    },
    /// The lengths given are not the ones that were planned.
    HistogramMismatch {
        /// The first (smallest) length whose count differs.
        length: u32,
        /// How many sequences of it the plan has.
        planned: u64,
        /// How many were given.
        given: u64,
    },
    /// A packing breaks a promise.
    InvalidPacking {
        /// The offending sequence, where there is one.
        index: Option<u64>,
        /// The first fault, in words with numbers.
        detail: String,
    },
    /// A plan breaks a promise, or its certificate does not prove its bound.
    InvalidPlan {
        /// The offending length, where there is one.
        length: Option<u32>,
        /// The first fault, in words with numbers.
        detail: String,
    },
    /// A length that cannot be one.
    Length {
        /// Index of the offending sequence, where there is one.
        index: Option<u64>,
        /// What is wrong with it.
        detail: String,
    },
    /// The strategy can't do what is asked.
    Strategy {
        /// What, and which strategies can.
        detail: String,
    },
    /// An option has a value that can't be met.
    Option {
        /// Which, the numbers, and what to change.
        detail: String,
    },
    /// Bytes that are not what they should be.
    Format {
        /// What is wrong with them.
        detail: String,
    },
    /// Memory that the system refused.
    Memory {
        /// How many bytes were asked for.
        bytes: u64,
    },
    /// The watch asked for an end.
    Cancelled,
}

impl Fault {
    /// What a program branches on; stable across releases.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Overlong { .. } => "ERR_OVERLONG",
            Self::Empty { .. } => "ERR_EMPTY_SEQUENCE",
            Self::TooManySequences { .. } => "ERR_TOO_MANY_SEQUENCES",
            Self::HistogramMismatch { .. } => "ERR_HISTOGRAM_MISMATCH",
            Self::InvalidPacking { .. } => "ERR_INVALID_PACKING",
            Self::InvalidPlan { .. } => "ERR_INVALID_PLAN",
            Self::Length { .. } => "ERR_LENGTH",
            Self::Strategy { .. } => "ERR_STRATEGY",
            Self::Option { .. } => "ERR_OPTION",
            Self::Format { .. } => "ERR_FORMAT",
            Self::Memory { .. } => "ERR_MEMORY",
            Self::Cancelled => "ERR_CANCELLED",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overlong { index, length, capacity, alignment } => {
                match index {
                    Some(index) => write!(f, "sequence {index} has {length} tokens, ")?,
                    None => write!(f, "a sequence has {length} tokens, ")?,
                }
                if *alignment > 1 {
                    let usable = capacity / alignment * alignment;
                    write!(f, "a pack of {capacity} at alignment {alignment} holds {usable}")?;
                } else {
                    write!(f, "a pack holds {capacity}")?;
                }
                f.write_str("; set overlong to 'drop', 'truncate' or 'split'")
            }
            Self::Empty { index } => {
                match index {
                    Some(index) => write!(f, "sequence {index} has no tokens")?,
                    None => f.write_str("there are sequences without tokens")?,
                }
                f.write_str(
                    ", which mostly means a fault in tokenisation; set empty to 'drop' to leave them out",
                )
            }
            Self::TooManySequences { count } => write!(
                f,
                "{count} sequences or pieces are more than the 4294967295 that one packing can hold; \
                 pack in parts, or plan from a LengthHistogram"
            ),
            Self::HistogramMismatch { length, planned, given } => write!(
                f,
                "these are not the planned lengths: the plan has {planned} sequences of length {length}, \
                 {given} were given"
            ),
            Self::InvalidPacking { detail, .. }
            | Self::InvalidPlan { detail, .. }
            | Self::Length { detail, .. }
            | Self::Strategy { detail }
            | Self::Option { detail }
            | Self::Format { detail } => f.write_str(detail),
            Self::Memory { bytes } => write!(f, "the system refused {bytes} bytes of memory"),
            Self::Cancelled => f.write_str("the job was cancelled"),
        }
    }
}

impl std::error::Error for Fault {}
