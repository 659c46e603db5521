//! The account of a stream's tokens.

use crate::Fault;

/// Tokens up to which sums stay exact in JavaScript.
pub(super) const MOST_TOKENS: u64 = (1 << 53) - 1;

/// Everything added so far: `tokens_in = tokens_packed + tokens_truncated + tokens_dropped`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// All tokens added.
    pub tokens_in: u64,
    /// Those in packs, open ones and waiting sequences included.
    pub tokens_packed: u64,
    /// Those cut off.
    pub tokens_truncated: u64,
    /// Those of sequences left out.
    pub tokens_dropped: u64,
}

/// The accounts of two stretches together.
///
/// # Errors
/// [`Fault::Length`] above 2^53 - 1 tokens.
pub(super) fn sum(a: Ledger, b: Ledger) -> Result<Ledger, Fault> {
    let tokens_in = a.tokens_in + b.tokens_in;
    if tokens_in > MOST_TOKENS {
        let detail =
            format!("{tokens_in} tokens in one stream; 2^53 - 1 can be counted: begin anew");
        return Err(Fault::Length { index: None, detail });
    }
    Ok(Ledger {
        tokens_in,
        tokens_packed: a.tokens_packed + b.tokens_packed,
        tokens_truncated: a.tokens_truncated + b.tokens_truncated,
        tokens_dropped: a.tokens_dropped + b.tokens_dropped,
    })
}
