//! Packings of any shape: the proof never panics, and what it passes is a packing.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use stowage_engine::Unwatched;
use stowage_engine::validate::{Claim, verify};

#[derive(Arbitrary, Debug)]
struct Case {
    capacity: u16,
    alignment: u8,
    limit: Option<u8>,
    offsets: Vec<u8>,
    sequences: Vec<u8>,
    pieces: Option<(Vec<u8>, Vec<u8>)>,
    dropped: Vec<u8>,
    tokens_packed: Option<u16>,
    lengths: Vec<u8>,
    /// Added to the last of each list, for numbers beyond a byte.
    far: u32,
}

impl Case {
    fn wide(&self, list: &[u8]) -> Vec<u32> {
        let mut wide: Vec<u32> = list.iter().map(|&value| value.into()).collect();
        if let Some(last) = wide.last_mut() {
            *last = last.wrapping_add(self.far);
        }
        wide
    }
}

fuzz_target!(|case: Case| {
    let capacity = 1 + u32::from(case.capacity);
    let (offsets, sequences) = (case.wide(&case.offsets), case.wide(&case.sequences));
    let (dropped, lengths) = (case.wide(&case.dropped), case.wide(&case.lengths));
    let pieces = case.pieces.as_ref().map(|(a, b)| (case.wide(a), case.wide(b)));
    let claim = Claim {
        capacity,
        alignment: 1 + u32::from(case.alignment).min(capacity - 1),
        limit: case.limit.map_or(u32::MAX, |limit| u32::from(limit).max(1)),
        offsets: &offsets,
        sequences: &sequences,
        pieces: pieces.as_ref().map(|(starts, lengths)| (&starts[..], &lengths[..])),
        dropped: &dropped,
        tokens_packed: case.tokens_packed.map(u64::from),
    };
    if verify(&claim, &lengths, &Unwatched).is_err() {
        return;
    }
    let entry = |at: usize| match claim.pieces {
        Some((_, lengths)) => lengths[at],
        None => lengths[sequences[at] as usize],
    };
    for pack in offsets.windows(2) {
        let tokens: u64 = (pack[0] as usize..pack[1] as usize).map(|at| u64::from(entry(at))).sum();
        assert!((1..=u64::from(capacity)).contains(&tokens));
    }
    for sequence in 0..lengths.len() as u32 {
        let standing = sequences.iter().filter(|&&other| other == sequence).count();
        let out = dropped.iter().filter(|&&other| other == sequence).count();
        assert!(out <= 1 && (standing > 0) != (out == 1));
        assert!(standing <= 1 || claim.pieces.is_some());
    }
});
