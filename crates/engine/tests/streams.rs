//! Laws of streams, against a model that places one sequence at a time by plain search.

use proptest::prelude::*;
use std::num::NonZeroU32;
use stowage_engine::Fault;
use stowage_engine::options::{Empty, Overlong};
use stowage_engine::stream::{
    Closed, Ledger, Pending, StreamOptions, StreamPacker, StreamStrategy,
};

type Pack = Vec<(i64, u32, u32)>;

fn packs(closed: &Closed) -> Vec<Pack> {
    let starts = [0].into_iter().chain(closed.ends.iter().copied());
    let range = |(start, &end)| -> Pack {
        (start..end).map(|at| (closed.ids[at], closed.lengths[at], closed.starts[at])).collect()
    };
    starts.zip(&closed.ends).map(range).collect()
}

/// The rules, one sequence after another, in the words of the specification.
struct Model {
    options: StreamOptions,
    waiting: Pack,
    /// (number, class, entries)
    open: Vec<(u64, u32, Pack)>,
    next: u64,
}

impl Model {
    fn new(options: StreamOptions) -> Self {
        Self { options, waiting: Vec::new(), open: Vec::new(), next: 0 }
    }

    fn room(&self, at: usize) -> u32 {
        self.options.capacity - self.open[at].2.iter().map(|entry| entry.1).sum::<u32>()
    }

    fn put(&mut self, at: Option<usize>, class: u32, entry: (i64, u32, u32)) -> Vec<Pack> {
        let at = at.unwrap_or_else(|| {
            self.open.push((self.next, class, Vec::new()));
            self.next += 1;
            self.open.len() - 1
        });
        self.open[at].2.push(entry);
        let held = self.open[at].2.len() as u32;
        let limit = self.options.max_sequences_per_pack.map_or(u32::MAX, NonZeroU32::get);
        let class_full = class > 0 && class < self.options.harmonic_classes && held == class;
        if self.room(at) == 0 || held == limit || class_full {
            return vec![self.open.remove(at).2];
        }
        Vec::new()
    }

    fn add(&mut self, id: i64, length: u32) -> Vec<Pack> {
        let capacity = self.options.capacity;
        let mut closed = Vec::new();
        if self.options.overlong == Overlong::TruncateStart && length > capacity {
            return self.arrive((id, capacity, length - capacity));
        }
        for start in (0..length).step_by(capacity as usize) {
            let entry = (id, capacity.min(length - start), start);
            match self.options.overlong {
                Overlong::Drop | Overlong::Error if length > capacity => {}
                Overlong::Truncate if start > 0 => {}
                _ => closed.extend(self.arrive(entry)),
            }
        }
        closed
    }

    fn arrive(&mut self, entry: (i64, u32, u32)) -> Vec<Pack> {
        let (capacity, classes) = (self.options.capacity, self.options.harmonic_classes);
        let class = match self.options.strategy {
            StreamStrategy::BestFit => {
                self.waiting.push(entry);
                let enough = self.waiting.len() >= self.options.lookahead.max(1) as usize;
                return if enough { self.place() } else { Vec::new() };
            }
            StreamStrategy::NextFit => 0,
            StreamStrategy::Harmonic => (capacity / entry.1).min(classes),
        };
        let mut at = self.open.iter().position(|pack| pack.1 == class);
        let mut closed = Vec::new();
        if let Some(full) = at.filter(|&at| self.room(at) < entry.1) {
            closed.push(self.open.remove(full).2);
            at = None;
        }
        closed.extend(self.put(at, class, entry));
        closed
    }

    fn place(&mut self) -> Vec<Pack> {
        let mut closed = Vec::new();
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.sort_by_key(|entry| std::cmp::Reverse(entry.1));
        for entry in waiting {
            let fitting = (0..self.open.len()).filter(|&at| self.room(at) >= entry.1);
            let best = fitting.min_by_key(|&at| (self.room(at), self.open[at].0));
            closed.extend(self.put(best, 0, entry));
        }
        while self.open.len() > self.options.max_open_packs as usize {
            let fullest = (0..self.open.len()).min_by_key(|&at| (self.room(at), self.open[at].0));
            closed.push(self.open.remove(fullest.expect("some are open")).2);
        }
        closed
    }

    fn finish(&mut self) -> Vec<Pack> {
        let mut closed = if self.waiting.is_empty() { Vec::new() } else { self.place() };
        self.open.sort();
        closed.extend(self.open.drain(..).map(|pack| pack.2));
        closed
    }
}

fn any_options() -> impl Strategy<Value = StreamOptions> {
    let strategy = prop_oneof![
        1 => Just(StreamStrategy::NextFit),
        1 => Just(StreamStrategy::Harmonic),
        3 => Just(StreamStrategy::BestFit)
    ];
    let overlong = prop_oneof![
        Just(Overlong::Drop),
        Just(Overlong::Truncate),
        Just(Overlong::TruncateStart),
        Just(Overlong::Split)
    ];
    (strategy, 1..60_u32, 1..8_u32, 0..12_u32, 0..6_u32, 2..12_u32, overlong).prop_map(
        |(strategy, capacity, max_open_packs, lookahead, limit, harmonic_classes, overlong)| {
            StreamOptions {
                strategy,
                max_open_packs,
                lookahead,
                max_sequences_per_pack: NonZeroU32::new(limit),
                harmonic_classes,
                overlong,
                empty: Empty::Drop,
                ..StreamOptions::new(capacity)
            }
        },
    )
}

/// Ids repeat, and some are negative.
fn any_stream() -> impl Strategy<Value = Vec<(i64, u32)>> {
    let length = prop_oneof![1 => Just(0), 9 => 1..40_u32, 2 => 30..130_u32];
    prop::collection::vec((-20..20_i64, length), 0..120)
}

fn add(packer: &mut StreamPacker, part: &[(i64, u32)]) -> Vec<Pack> {
    let (ids, lengths): (Vec<i64>, Vec<u32>) = part.iter().copied().unzip();
    let mut closed = Closed::default();
    packer.add(&ids, &lengths, &mut closed).expect("the policies take everything");
    packs(&closed)
}

fn finish(packer: &mut StreamPacker) -> Vec<Pack> {
    let mut closed = Closed::default();
    packer.finish(&mut closed);
    packs(&closed)
}

proptest! {
    #[test]
    fn a_stream_returns_what_the_rules_say_however_it_is_cut_into_calls(
        options in any_options(), stream in any_stream(), step in 1..30_usize,
    ) {
        let (mut packer, mut model) = (StreamPacker::new(options), Model::new(options));
        for _ in 0..2 { // the second time after a finish
            for part in stream.chunks(step) {
                let expected: Vec<Pack> =
                    part.iter().flat_map(|&(id, length)| model.add(id, length)).collect();
                prop_assert_eq!(add(&mut packer, part), expected);
                prop_assert_eq!(packer.pending().open_packs, model.open.len() as u64);
            }
            prop_assert_eq!(finish(&mut packer), model.finish());
            prop_assert_eq!(packer.pending(), Pending::default());
            prop_assert_eq!(finish(&mut packer), Vec::<Pack>::new());
        }
    }

    #[test]
    fn packs_keep_the_capacity_and_the_stream_its_bounds(
        options in any_options(), stream in any_stream(),
    ) {
        let mut packer = StreamPacker::new(options);
        let mut out = Vec::new();
        let mut sequences = 0;
        for (at, part) in stream.chunks(1).enumerate() {
            out.extend(add(&mut packer, part));
            let pending = packer.pending();
            let held: u64 = out.iter().flatten().map(|entry| u64::from(entry.1)).sum();
            prop_assert_eq!(held + pending.tokens, packer.ledger().tokens_packed, "after {}", at);
            let most_open = match options.strategy {
                StreamStrategy::NextFit => 1,
                StreamStrategy::Harmonic => options.harmonic_classes,
                StreamStrategy::BestFit => options.max_open_packs,
            };
            prop_assert!(pending.open_packs <= u64::from(most_open));
            let limit = options.max_sequences_per_pack.map_or(u32::MAX, NonZeroU32::get);
            let per_pack = u64::from(limit.min(options.capacity));
            let waiting = u64::from(options.lookahead.max(1)) - 1;
            prop_assert!(pending.sequences <= waiting + u64::from(most_open) * per_pack);
            sequences = pending.sequences;
        }
        let last = finish(&mut packer);
        prop_assert_eq!(last.iter().map(Vec::len).sum::<usize>() as u64, sequences);
        out.extend(last);
        let limit = options.max_sequences_per_pack.map_or(u32::MAX, NonZeroU32::get) as usize;
        for pack in &out {
            prop_assert!(pack.iter().map(|entry| entry.1).sum::<u32>() <= options.capacity);
            prop_assert!(!pack.is_empty() && pack.len() <= limit);
        }
        let Ledger { tokens_in, tokens_packed, tokens_truncated, tokens_dropped } = packer.ledger();
        prop_assert_eq!(tokens_in, tokens_packed + tokens_truncated + tokens_dropped);
        prop_assert_eq!(tokens_in, stream.iter().map(|&(_, length)| u64::from(length)).sum::<u64>());
    }

    #[test]
    fn a_restored_stream_goes_on_as_the_uninterrupted_one(
        options in any_options(), stream in any_stream(),
    ) {
        let mut whole = StreamPacker::new(options);
        let mut restored = StreamPacker::new(options);
        let (mut expected, mut found) = (Closed::default(), Closed::default());
        for &(id, length) in &stream {
            whole.add(&[id], &[length], &mut expected).expect("the policies take everything");
            restored.add(&[id], &[length], &mut found).expect("the policies take everything");
            prop_assert_eq!(&found, &expected);
            let bytes = restored.snapshot().expect("it fits");
            restored = StreamPacker::restore(&bytes).expect("its own snapshot");
            prop_assert_eq!(restored.snapshot(), Ok(bytes));
            prop_assert_eq!((restored.ledger(), restored.pending()), (whole.ledger(), whole.pending()));
        }
        whole.finish(&mut expected);
        restored.finish(&mut found);
        prop_assert_eq!(&found, &expected);
    }

    #[test]
    fn changed_snapshots_are_refused_or_describe_a_possible_stream(
        options in any_options(), stream in any_stream(), at: prop::sample::Index, bits in 1..=255_u8,
        mend_checksum: bool,
    ) {
        let mut packer = StreamPacker::new(options);
        add(&mut packer, &stream);
        let mut bytes = packer.snapshot().expect("it fits");
        let changed = at.index(bytes.len());
        bytes[changed] ^= bits;
        if !mend_checksum {
            prop_assert!(is_refused(&bytes));
            return Ok(());
        }
        let end = bytes.len() - 4;
        let sum = crc32(&bytes[..end]);
        bytes[end..].copy_from_slice(&sum.to_le_bytes());
        if let Ok(mut other) = StreamPacker::restore(&bytes) {
            prop_assert_eq!(other.snapshot(), Ok(bytes));
            finish(&mut other);
            prop_assert_eq!(other.pending(), Pending::default());
        }
    }

    #[test]
    fn other_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(is_refused(&bytes));
        let mut signed = b"STWSNAP1".to_vec();
        signed.extend(&bytes);
        signed.extend(crc32(&signed).to_le_bytes());
        prop_assert!(StreamPacker::restore(&signed).is_err());
    }
}

fn is_refused(bytes: &[u8]) -> bool {
    matches!(StreamPacker::restore(bytes), Err(Fault::Format { .. }))
}

/// Bit by bit, so that it shares nothing with the one under test.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 * (crc & 1));
        }
    }
    !crc
}

const EIGHT: [u32; 8] = [1000, 800, 600, 500, 400, 300, 200, 100];

fn ids(packs: &[Pack]) -> Vec<Vec<i64>> {
    packs.iter().map(|pack| pack.iter().map(|entry| entry.0).collect()).collect()
}

#[test]
fn the_trace_of_the_specification_comes_out() {
    let options = StreamOptions { lookahead: 4, max_open_packs: 2, ..StreamOptions::new(1024) };
    let mut packer = StreamPacker::new(options);
    let mut returned = Vec::new();
    for (id, length) in (0..).zip(EIGHT) {
        let packs = add(&mut packer, &[(id, length)]);
        if !packs.is_empty() {
            returned.push((id, ids(&packs)));
        }
    }
    assert_eq!(returned, [(3, vec![vec![0], vec![1]]), (7, vec![vec![2, 4]])]);
    assert_eq!(ids(&finish(&mut packer)), [vec![3, 5, 6], vec![7]]);
}

#[test]
fn pieces_arrive_one_after_another_and_say_where_they_begin() {
    let options = StreamOptions {
        overlong: Overlong::Split,
        strategy: StreamStrategy::NextFit,
        ..StreamOptions::new(10)
    };
    let mut packer = StreamPacker::new(options);
    let mut closed = Closed::default();
    packer.add(&[7, 8], &[25, 4], &mut closed).expect("it is split");
    assert_eq!(packs(&closed), [[(7, 10, 0)], [(7, 10, 10)]]);
    assert_eq!(closed.cut, [true, true]);
    packer.finish(&mut closed);
    assert_eq!(packs(&closed), [[(7, 5, 20), (8, 4, 0)]]);
    let expected = Ledger { tokens_in: 29, tokens_packed: 29, ..Ledger::default() };
    assert_eq!(packer.ledger(), expected);
}

#[test]
fn a_refused_call_changes_nothing_and_names_the_first_fault() {
    let mut packer = StreamPacker::new(StreamOptions { lookahead: 2, ..StreamOptions::new(10) });
    add(&mut packer, &[(1, 4)]);
    let before = packer.snapshot();
    let mut closed = Closed::default();
    let fault = packer.add(&[2, 3, 4], &[5, 11, 0], &mut closed);
    let expected = Fault::Overlong { index: Some(1), length: 11, capacity: 10, alignment: 1 };
    assert_eq!(fault, Err(expected));
    assert_eq!(packer.add(&[2, 3], &[0, 11], &mut closed), Err(Fault::Empty { index: Some(0) }));
    assert_eq!(packer.snapshot(), before);
}

#[test]
fn the_snapshot_has_the_stated_layout() {
    let options = StreamOptions { lookahead: 2, max_open_packs: 3, ..StreamOptions::new(10) };
    let mut packer = StreamPacker::new(options);
    add(&mut packer, &[(-1, 6), (5, 3), (6, 2)]);
    let mut expected = b"STWSNAP1".to_vec();
    for value in [3_u32, 10, 3, 2, 0, 10, 0] {
        expected.extend(value.to_le_bytes());
    }
    for value in [1_u64, 11, 11, 0, 0] {
        expected.extend(value.to_le_bytes());
    }
    let entry = |id: i64, length: u32| {
        [&id.to_le_bytes()[..], &length.to_le_bytes(), &0_u32.to_le_bytes()].concat()
    };
    expected.extend(1_u32.to_le_bytes());
    expected.extend(entry(6, 2));
    expected.extend(1_u32.to_le_bytes());
    expected
        .extend([&0_u64.to_le_bytes()[..], &0_u32.to_le_bytes(), &2_u32.to_le_bytes()].concat());
    expected.extend(entry(-1, 6));
    expected.extend(entry(5, 3));
    expected.extend(crc32(&expected).to_le_bytes());
    assert_eq!(packer.snapshot(), Ok(expected));
}

#[test]
fn a_huge_capacity_costs_nothing_by_itself() {
    for strategy in [StreamStrategy::NextFit, StreamStrategy::Harmonic, StreamStrategy::BestFit] {
        let options = StreamOptions { strategy, ..StreamOptions::new((1 << 31) - 1) };
        let mut packer = StreamPacker::new(options);
        assert_eq!(
            add(&mut packer, &[(0, (1 << 31) - 1), (1, 5)]).len(),
            usize::from(strategy != StreamStrategy::BestFit)
        );
        assert_eq!(finish(&mut packer).len(), 1 + usize::from(strategy == StreamStrategy::BestFit));
    }
}

#[test]
fn a_call_makes_a_million_pieces_at_most_and_says_so_before_anything_has_changed() {
    let refused = |lengths: &[u32], capacity| {
        for strategy in [StreamStrategy::NextFit, StreamStrategy::Harmonic, StreamStrategy::BestFit]
        {
            let overlong = Overlong::Split;
            let options = StreamOptions { strategy, overlong, ..StreamOptions::new(capacity) };
            let mut packer = StreamPacker::new(options);
            add(&mut packer, &[(-1, 3)]);
            let (before, held) = (packer.snapshot(), packer.pending().sequences);
            let ids: Vec<i64> = (0..).take(lengths.len()).collect();
            let mut closed = Closed::default();
            let outcome = packer.add(&ids, lengths, &mut closed);
            if outcome.is_err() {
                assert_eq!((packer.snapshot(), closed.len()), (before, 0));
            } else {
                let pieces = closed.ids.len() as u64 + packer.pending().sequences - held;
                let expected = lengths.iter().map(|length| u64::from(length.div_ceil(capacity)));
                assert_eq!(pieces, expected.sum::<u64>());
            }
            if strategy == StreamStrategy::BestFit {
                return outcome;
            }
        }
        Ok(())
    };
    let most = 1 << 20;
    let too_many =
        |index, length, pieces| Err(Fault::TooManyPieces { index, length, pieces, most });
    assert_eq!(refused(&[u32::MAX], 10), too_many(0, u32::MAX, 429_496_730));
    assert_eq!(refused(&[4 << 20], 4), Ok(()), "exactly so many");
    assert_eq!(refused(&[(4 << 20) + 1], 4), too_many(0, (4 << 20) + 1, most + 1));
    // Whole sequences aren't pieces; those of several sequences add up.
    let half = 2 << 20;
    assert_eq!(refused(&[4, half, 4, half], 4), Ok(()));
    assert_eq!(refused(&[4, half, 4, half, 4, 5], 4), too_many(5, 5, most + 2));
}
