//! Small numbers in runs: the hybrid of run-length and bit-packing that Parquet stores levels and
//! indices in.

/// Numbers as runs of equal ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Runs {
    runs: Vec<(u8, usize)>,
    count: usize,
}

impl Runs {
    /// Appends `count` times `value`.
    pub(crate) fn push(&mut self, value: u8, count: usize) {
        self.count += count;
        match self.runs.last_mut() {
            Some((last, run)) if *last == value => *run += count,
            _ if count > 0 => self.runs.push((value, count)),
            _ => {}
        }
    }

    /// How many numbers.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Appends the runs as data pages of version 1 have them: their bytes, and before that how
    /// many. Nothing if the numbers can only be 0.
    pub(crate) fn encode(&self, most: i16, out: &mut Vec<u8>) {
        if most == 0 {
            return;
        }
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        for &(value, count) in &self.runs {
            let mut header = (count as u64) << 1;
            while header >= 0x80 {
                out.push(header as u8 | 0x80);
                header >>= 7;
            }
            out.push(header as u8);
            out.push(value);
        }
        let length = (out.len() - start - 4) as u32;
        out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    }
}
