//! How much may come before a pack closes: what a caller may keep back.

/// What may come before a pack can close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leeway {
    /// A sequence of so many tokens or more may close one; `u32::MAX`: length alone closes none.
    pub room: u32,
    /// The so many-th sequence may close one; `u32::MAX` and more: number alone closes none.
    pub sequences: u32,
}
