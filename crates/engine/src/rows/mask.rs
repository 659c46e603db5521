//! Block-diagonal attention masks: a token sees the tokens of its own segment.
//!
//! O(L²) for a row of L places, as the result is. For kernels that take a dense mask; variable-
//! length kernels take `cu_seqlens` instead, which is L times smaller. The diagonal is allowed
//! everywhere: a query at padding with nothing to see would make a row of -infinity, and NaN.

/// Writes the [L, L] mask of one row: `allowed` where query (row) may see key (column).
///
/// # Panics
/// If `out` hasn't the square of `segment_ids` in entries.
pub fn block_diagonal<T: Copy + Send>(
    segment_ids: &[i32],
    causal: bool,
    allowed: T,
    forbidden: T,
    out: &mut [T],
) {
    let width = segment_ids.len();
    assert_eq!(out.len(), width * width, "a mask has one entry per pair of places");
    if width == 0 {
        return;
    }
    for (query, row) in out.chunks_exact_mut(width).enumerate() {
        let segment = segment_ids[query];
        let end = if causal { query + 1 } else { width };
        let (seen, later) = row.split_at_mut(end);
        later.fill(forbidden);
        if segment == 0 {
            seen.fill(forbidden);
        } else {
            for (out, &key) in seen.iter_mut().zip(segment_ids) {
                *out = if key == segment { allowed } else { forbidden };
            }
        }
        row[query] = allowed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_padding_query_sees_itself_alone() {
        let mut out = [9; 16];
        block_diagonal(&[1, 0, 0, 2], true, 1, 0, &mut out);
        assert_eq!(out, [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn without_causality_a_segment_sees_all_of_itself() {
        let mut out = [9; 9];
        block_diagonal(&[1, 1, 2], false, 1, 0, &mut out);
        assert_eq!(out, [1, 1, 0, 1, 1, 0, 0, 0, 1]);
    }
}
