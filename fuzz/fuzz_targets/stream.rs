//! Streams: how arrivals are cut into calls changes nothing, snapshots go on to the byte, and
//! foreign bytes are refused.
#![no_main]

use std::num::NonZeroU32;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use stowage_engine::options::{Empty, Overlong};
use stowage_engine::stream::{Closed, StreamOptions, StreamPacker, StreamStrategy};

#[derive(Arbitrary, Debug)]
struct Case {
    strategy: u8,
    capacity: u16,
    open_packs: u8,
    lookahead: u8,
    limit: Option<u8>,
    classes: u8,
    overlong: u8,
    lengths: Vec<u16>,
    /// Where the stream is saved and restored.
    saved: u8,
    /// A byte of the snapshot that is changed.
    changed: u16,
    foreign: Vec<u8>,
}

type Packs = Vec<(Vec<i64>, Vec<u32>, Vec<u32>)>;

/// Adds the closed packs to `packs`.
fn collect(closed: &Closed, packs: &mut Packs) {
    let mut start = 0;
    for &end in &closed.ends {
        packs.push((
            closed.ids[start..end].to_vec(),
            closed.lengths[start..end].to_vec(),
            closed.starts[start..end].to_vec(),
        ));
        start = end;
    }
}

fuzz_target!(|case: Case| {
    let _ = StreamPacker::restore(&case.foreign);
    let options = StreamOptions {
        strategy: [StreamStrategy::NextFit, StreamStrategy::Harmonic, StreamStrategy::BestFit]
            [usize::from(case.strategy % 3)],
        max_open_packs: 1 + u32::from(case.open_packs % 20),
        lookahead: u32::from(case.lookahead % 40),
        max_sequences_per_pack: case.limit.and_then(|limit| NonZeroU32::new(limit.into())),
        harmonic_classes: 2 + u32::from(case.classes % 63),
        overlong: [Overlong::Drop, Overlong::Truncate, Overlong::Split, Overlong::TruncateStart]
            [usize::from(case.overlong % 4)],
        empty: Empty::Drop,
        ..StreamOptions::new(1 + u32::from(case.capacity))
    };
    let lengths: Vec<u32> = case.lengths.iter().map(|&length| length.into()).collect();
    let ids: Vec<i64> = (0..lengths.len() as i64).collect();
    let mut closed = Closed::default();

    let mut whole = StreamPacker::new(options);
    let mut at_once = Packs::new();
    whole.add(&ids, &lengths, &mut closed).expect("all policies drop or cut");
    collect(&closed, &mut at_once);
    whole.finish(&mut closed);
    collect(&closed, &mut at_once);

    let mut single = StreamPacker::new(options);
    let mut one_by_one = Packs::new();
    for at in 0..lengths.len() {
        if at == usize::from(case.saved) {
            let mut bytes = single.snapshot().expect("little memory");
            single = StreamPacker::restore(&bytes).expect("a snapshot restores");
            assert_eq!(single.snapshot().as_ref(), Ok(&bytes));
            let place = usize::from(case.changed) % bytes.len();
            bytes[place] ^= 1;
            assert!(StreamPacker::restore(&bytes).is_err());
        }
        single.add(&ids[at..=at], &lengths[at..=at], &mut closed).expect("as above");
        collect(&closed, &mut one_by_one);
    }
    single.finish(&mut closed);
    collect(&closed, &mut one_by_one);
    assert_eq!(one_by_one, at_once);
    assert_eq!(single.ledger(), whole.ledger());
});
