//! What stands in packs: a sequence, or a piece of one, in 16 bytes.

/// A sequence or a piece of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) id: i64,
    /// Tokens, and in the top bit, free because a capacity has 31 bits, whether it was cut.
    marked_length: u32,
    pub(super) start: u32,
}

const CUT: u32 = 1 << 31;

impl Entry {
    pub(super) fn whole(id: i64, length: u32) -> Self {
        Self { id, marked_length: length, start: 0 }
    }

    pub(super) fn piece(id: i64, length: u32, start: u32) -> Self {
        Self { id, marked_length: length | CUT, start }
    }

    pub(super) fn length(self) -> u32 {
        self.marked_length & !CUT
    }

    pub(super) fn is_cut(self) -> bool {
        self.marked_length & CUT != 0
    }
}
