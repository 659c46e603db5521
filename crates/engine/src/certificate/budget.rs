//! The work that a proof may take, in cells and sums: what a certificate claims costs no more to
//! refute, whoever wrote it.

/// Work of a whole proof: some ten seconds of one core. A knapsack of
/// the search has a quarter at most: coarser tables and one without the limit come before its own.
pub(crate) const MOST_WORK: u64 = 1 << 33;

/// What is left of it.
pub(super) struct Budget {
    left: u64,
}

impl Budget {
    /// All of [`MOST_WORK`].
    pub(super) fn new() -> Self {
        Self::of(MOST_WORK)
    }

    pub(super) fn of(left: u64) -> Self {
        Self { left }
    }

    /// Takes some work; false if there isn't as much left.
    pub(super) fn take(&mut self, work: u64) -> bool {
        let enough = work <= self.left;
        self.left = self.left.saturating_sub(work);
        enough
    }
}
