//! Numbers of any width that lie packed, lowest bits first.

/// The bits from one on, 57 at least; eight bytes must be there.
#[inline]
pub(super) fn bits(bytes: &[u8], bit: usize) -> u64 {
    let bytes = bytes[bit / 8..].first_chunk().expect("eight bytes");
    u64::from_le_bytes(*bytes) >> (bit % 8)
}
