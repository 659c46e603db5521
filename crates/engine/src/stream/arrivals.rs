//! What a call adds to a stream under its policies, found before anything changes.

use super::ledger::Ledger;
use super::options::StreamOptions;
use crate::Fault;
use crate::options::{Empty, Overlong};

/// Pieces of split sequences that a call may make: what it hands out stays in proportion to what it
/// was given, and one length of 2^32 - 1 at a small capacity doesn't ask for gigabytes.
const MOST_PIECES: u64 = 1 << 20;

/// What a call would add.
#[derive(Default)]
pub(super) struct Arrivals {
    pub ledger: Ledger,
    pub entries: u64,
    /// True if each sequence is placed as it is.
    pub plain: bool,
}

/// What `lengths` come to under the policies.
pub(super) fn arrivals(lengths: &[u32], options: &StreamOptions) -> Result<Arrivals, Fault> {
    let (capacity, count) = (options.capacity, lengths.len() as u64);
    let tokens_in = lengths.iter().map(|&length| u64::from(length)).sum();
    let ledger = Ledger { tokens_in, tokens_packed: tokens_in, ..Ledger::default() };
    // One pass that the compiler vectorises; below 1 wraps around to the top.
    let highest = lengths.iter().map(|&length| length.wrapping_sub(1)).max().unwrap_or(0);
    if highest < options.uncut() {
        return Ok(Arrivals { ledger, entries: count, plain: true });
    }
    let mut arrivals = Arrivals { ledger, entries: count, plain: false };
    let mut pieces = 0;
    for (index, &length) in (0..).zip(lengths) {
        if length == 0 {
            if options.empty == Empty::Error {
                return Err(Fault::Empty { index: Some(index) });
            }
            arrivals.entries -= 1;
        } else if length > capacity {
            let over = u64::from(length - capacity);
            match options.overlong {
                Overlong::Error => {
                    let index = Some(index);
                    return Err(Fault::Overlong { index, length, capacity, alignment: 1 });
                }
                Overlong::Drop => {
                    arrivals.entries -= 1;
                    arrivals.ledger.tokens_dropped += u64::from(length);
                    arrivals.ledger.tokens_packed -= u64::from(length);
                }
                Overlong::Truncate | Overlong::TruncateStart => {
                    arrivals.ledger.tokens_truncated += over;
                    arrivals.ledger.tokens_packed -= over;
                }
                Overlong::Split => {
                    let more = over.div_ceil(u64::from(capacity));
                    arrivals.entries += more;
                    pieces += 1 + more;
                    if pieces > MOST_PIECES {
                        return Err(Fault::TooManyPieces {
                            index,
                            length,
                            pieces,
                            most: MOST_PIECES,
                        });
                    }
                }
            }
        }
    }
    if arrivals.entries > u64::from(u32::MAX) {
        return Err(Fault::TooManySequences { count: arrivals.entries });
    }
    Ok(arrivals)
}
