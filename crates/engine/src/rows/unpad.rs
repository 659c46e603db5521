//! From masks of 1 .. k to what variable-length attention wants.
//!
//! One pass to count, one to write: O(places), and O(width log width) for a row whose ids don't
//! rise. Lengths come row by row, id by id; ids that don't occur are skipped. The result equals
//! LLaMA-Factory's `get_unpad_data`.

use crate::Fault;
use crate::memory::reserved;

/// What a set of masks holds; sizes first, arrays on demand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpadded {
    seqlens: Vec<u32>,
    token_count: usize,
}

impl Unpadded {
    /// Counts the segments of `mask`, rows of `width` behind one another.
    ///
    /// # Errors
    /// [`Fault::Option`] for a negative entry, a mask that isn't whole rows, or one of more than
    /// 2^31 - 1 places; [`Fault::Memory`].
    pub fn new(mask: &[i32], width: usize) -> Result<Self, Fault> {
        if !mask.len().is_multiple_of(width) {
            let detail =
                format!("attentionMask has {} entries, no multiple of width {width}", mask.len());
            return Err(Fault::Option { detail });
        }
        if mask.len() > i32::MAX as usize {
            let detail = format!("attentionMask has {} entries, more than 2147483647", mask.len());
            return Err(Fault::Option { detail });
        }
        if let Some((at, id)) = (0_usize..).zip(mask).find(|(_, id)| **id < 0) {
            let detail = format!("attentionMask[{at}] is {id}: segment ids are 0 or more");
            return Err(Fault::Option { detail });
        }
        let mut unpadded = Self { seqlens: Vec::new(), token_count: 0 };
        let mut sorted = reserved(width)?;
        for row in mask.chunks_exact(width.max(1)) {
            unpadded.count(row, &mut sorted)?;
        }
        Ok(unpadded)
    }

    /// Segments.
    #[must_use]
    pub fn segment_count(&self) -> usize {
        self.seqlens.len()
    }

    /// Places with an id other than 0.
    #[must_use]
    pub fn token_count(&self) -> usize {
        self.token_count
    }

    /// The longest segment.
    #[must_use]
    pub fn max_seqlen(&self) -> u32 {
        self.seqlens.iter().copied().max().unwrap_or(0)
    }

    /// Writes lengths, the places of tokens, and cumulative lengths from 0.
    ///
    /// # Panics
    /// If an array has another size than the counts say, or `mask` isn't what was counted.
    pub fn fill(
        &self,
        mask: &[i32],
        seqlens: &mut [i32],
        indices: &mut [i32],
        cu_seqlens: &mut [i32],
    ) {
        let as_i32 = |count: u32| i32::try_from(count).expect("a mask has at most 2^31 - 1 places");
        cu_seqlens[0] = 0;
        let mut end = 0;
        for ((seqlen, cu), &length) in
            seqlens.iter_mut().zip(&mut cu_seqlens[1..]).zip(&self.seqlens)
        {
            end += length;
            *seqlen = as_i32(length);
            *cu = as_i32(end);
        }
        let tokens = (0..).zip(mask).filter(|(_, id)| **id != 0);
        for (out, (place, _)) in indices.iter_mut().zip(tokens) {
            *out = place;
        }
    }

    fn count(&mut self, row: &[i32], sorted: &mut Vec<i32>) -> Result<(), Fault> {
        let rises = row.windows(2).all(|pair| pair[0] <= pair[1] || pair[1] == 0);
        // Rising ids with padding inside may still return to an earlier id behind the padding.
        let simple = rises && !row.windows(2).any(|pair| pair[0] == 0 && pair[1] != 0);
        let ids = if simple {
            row
        } else {
            sorted.clear();
            sorted.extend_from_slice(row);
            sorted.sort_unstable();
            sorted
        };
        for run in ids.chunk_by(|a, b| a == b).filter(|run| run[0] != 0) {
            self.seqlens.try_reserve(1).map_err(|_| Fault::Memory { bytes: 4 })?;
            self.seqlens.push(run.len() as u32);
            self.token_count += run.len();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mask: &[i32], width: usize) -> (Vec<i32>, Vec<i32>, Vec<i32>, u32) {
        let unpadded = Unpadded::new(mask, width).expect("a mask");
        let mut seqlens = vec![0; unpadded.segment_count()];
        let (mut indices, mut cu) = (vec![0; unpadded.token_count()], vec![0; seqlens.len() + 1]);
        unpadded.fill(mask, &mut seqlens, &mut indices, &mut cu);
        (seqlens, indices, cu, unpadded.max_seqlen())
    }

    #[test]
    fn segments_are_counted_row_by_row() {
        let mask = [1, 1, 2, 2, 2, 0, 1, 2, 2, 3, 3, 3];
        let indices = vec![0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11];
        assert_eq!(all(&mask, 6), (vec![2, 3, 1, 2, 3], indices, vec![0, 2, 5, 6, 8, 11], 3));
    }

    #[test]
    fn masks_without_tokens_have_no_segments() {
        assert_eq!(all(&[0, 0, 0], 3), (vec![], vec![], vec![0], 0));
        assert_eq!(all(&[], 0), (vec![], vec![], vec![0], 0));
    }

    #[test]
    fn ids_out_of_order_are_counted_by_id() {
        assert_eq!(all(&[2, 1, 2, 0, 1], 5).0, [2, 2]);
        assert_eq!(all(&[1, 0, 1, 5], 4).0, [2, 1]);
        assert_eq!(all(&[i32::MAX, 1], 2).0, [1, 1]);
    }

    #[test]
    fn what_is_no_mask_is_refused() {
        for (mask, width) in [(&[1, -1][..], 2), (&[1, 1, 1], 2), (&[1], 0)] {
            assert_eq!(Unpadded::new(mask, width).map_err(|fault| fault.code()), Err("ERR_OPTION"));
        }
    }
}
