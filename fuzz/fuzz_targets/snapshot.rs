//! Snapshots of any bytes whose checksum is right: refused, or a stream that goes on, saves itself and
//! goes on from there alike.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stowage_engine::stream::{Closed, StreamPacker};

/// Two streams that must go on alike.
fn both(
    a: &mut StreamPacker,
    b: &mut StreamPacker,
    go: impl Fn(&mut StreamPacker) -> Option<Closed>,
) {
    let same = |a: Option<Closed>, b: Option<Closed>| match (a, b) {
        (Some(a), Some(b)) => {
            assert_eq!((a.ids, a.lengths), (b.ids, b.lengths));
            assert_eq!((a.starts, a.ends), (b.starts, b.ends));
        }
        (a, b) => assert_eq!(a.is_none(), b.is_none()),
    };
    same(go(a), go(b));
    assert_eq!(a.ledger(), b.ledger());
    assert_eq!(a.pending(), b.pending());
}

fuzz_target!(|data: &[u8]| {
    let checksum = crc32fast::hash(data).to_le_bytes();
    let bytes = [data, &checksum].concat();
    let Ok(mut stream) = StreamPacker::restore(&bytes) else { return };
    let saved = stream.snapshot().expect("little memory");
    let mut again = StreamPacker::restore(&saved).expect("a stream restores itself");
    assert_eq!(again.snapshot(), Ok(saved));
    let capacity = stream.options().capacity;
    let lengths: Vec<u32> = (1..20_u32).map(|k| (k * 7).min(capacity)).chain([capacity]).collect();
    let ids: Vec<i64> = (0..lengths.len() as i64).collect();
    both(&mut stream, &mut again, |stream| {
        let mut closed = Closed::default();
        stream.add(&ids, &lengths, &mut closed).ok().map(|()| closed)
    });
    both(&mut stream, &mut again, |stream| {
        let mut closed = Closed::default();
        stream.finish(&mut closed);
        Some(closed)
    });
    assert_eq!(stream.pending(), StreamPacker::new(*stream.options()).pending());
});
