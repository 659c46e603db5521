//! The rule: what the policies make of one length.

use crate::options::{Empty, Overlong};
use crate::{Fault, PackOptions};

/// What becomes of one sequence.
pub(super) enum Fate {
    Dropped,
    /// It is packed in this many pieces, at least 1.
    Pieces(u32),
}

/// What becomes of a sequence of `length`.
///
/// # Errors
/// [`Fault::Empty`] and [`Fault::Overlong`], without an index.
pub(super) fn fate(length: u32, usable: u32, options: &PackOptions) -> Result<Fate, Fault> {
    if length == 0 {
        return match options.empty {
            Empty::Error => Err(Fault::Empty { index: None }),
            Empty::Drop => Ok(Fate::Dropped),
        };
    }
    if length <= usable {
        return Ok(Fate::Pieces(1));
    }
    match options.overlong {
        Overlong::Error => Err(Fault::Overlong {
            index: None,
            length,
            capacity: options.capacity,
            alignment: options.sequence_alignment,
        }),
        Overlong::Drop => Ok(Fate::Dropped),
        Overlong::Truncate | Overlong::TruncateStart => Ok(Fate::Pieces(1)),
        Overlong::Split => Ok(Fate::Pieces(length.div_ceil(usable))),
    }
}
