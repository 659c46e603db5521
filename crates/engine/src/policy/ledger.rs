//! The account of tokens.

/// Where all tokens went: `tokens_in = tokens_packed + tokens_truncated + tokens_dropped`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Tokens of all sequences given.
    pub tokens_in: u64,
    /// Tokens that stand in packs.
    pub tokens_packed: u64,
    /// Tokens cut off by `overlong: 'truncate'` or `'truncate-start'`.
    pub tokens_truncated: u64,
    /// Tokens of sequences left out by `overlong: 'drop'`.
    pub tokens_dropped: u64,
    /// Sequences left out, with or without tokens.
    pub dropped_count: u64,
}

impl Ledger {
    /// True if every token is accounted for once.
    #[must_use]
    pub fn balances(&self) -> bool {
        let out = self.tokens_packed.checked_add(self.tokens_truncated);
        out.and_then(|out| out.checked_add(self.tokens_dropped)) == Some(self.tokens_in)
    }

    /// Accounts for `count` sequences of `length`, of which `packed` tokens each are packed.
    pub(super) fn enter(&mut self, length: u32, packed: u32, count: u64) {
        self.tokens_in += u64::from(length) * count;
        self.tokens_packed += u64::from(packed) * count;
    }
}
