//! The arrays with one entry per segment or row: too little work to divide.

use crate::rows::layout::{Layout, Shape};

/// The arrays with one entry per segment or row.
#[derive(Debug)]
pub struct Boundaries<'a> {
    /// Ends of segments in tokens, from 0; [`Layout::boundary_count`] entries.
    pub cu_seqlens: &'a mut [i32],
    /// The same in places; empty if not wanted.
    pub cu_seqlens_padded: &'a mut [i32],
    /// Row r owns entries `offsets[r] ..= offsets[r + 1]` of the two above.
    pub cu_seqlens_offsets: &'a mut [i32],
    /// The sequence of each segment.
    pub sequences: &'a mut [u32],
}

/// Fills all of them.
pub(super) fn bound(layout: &Layout, out: &mut Boundaries<'_>) {
    let end = |count: u64| i32::try_from(count).expect("places fit in an int32");
    let padding = layout.options.padding_segment;
    let (mut tokens, mut places, mut entry) = (0, 0, 1);
    out.cu_seqlens[0] = 0;
    out.cu_seqlens_offsets[0] = 0;
    if let Some(first) = out.cu_seqlens_padded.first_mut() {
        *first = 0;
    }
    let mut mark = |tokens, places| {
        out.cu_seqlens[entry] = end(tokens);
        if let Some(padded) = out.cu_seqlens_padded.get_mut(entry) {
            *padded = end(places);
        }
        entry += 1;
        entry
    };
    let mut marked = 1;
    for row in 0..layout.row_count() {
        for segment in &layout.segments[layout.rows[row]..layout.rows[row + 1]] {
            tokens += u64::from(segment.length);
            places += layout.need(segment.length);
            marked = mark(tokens, places);
        }
        // In padded rows the tail stands behind each row; a flat line has one, behind the last row.
        let ends_here =
            matches!(layout.options.shape, Shape::Padded { .. }) || row + 1 == layout.row_count();
        if ends_here && padding && layout.places[row + 1] as u64 > places {
            places = layout.places[row + 1] as u64;
            marked = mark(tokens, places);
        }
        out.cu_seqlens_offsets[row + 1] = end(marked as u64 - 1);
    }
    for (out, segment) in out.sequences.iter_mut().zip(&layout.segments) {
        *out = segment.sequence;
    }
}
