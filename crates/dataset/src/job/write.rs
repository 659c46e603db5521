//! From packs to files: cuts the packs into blocks and shards, encodes blocks in parallel, appends
//! them in order. Memory: two blocks per thread at most, gathered or encoded.

use crate::Fault;
use crate::format::sink::{AnySink, Finished, Shards, Sizes};
use crate::output::Output;
use crate::progress::Meter;
use crate::store::{Block, Span};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Blocks and the shards they make up.
pub(super) struct Spans {
    pub blocks: Vec<Span>,
    /// Column bytes of each block.
    pub bytes: Vec<u64>,
    pub shards: Vec<Sizes>,
}

/// Where shards end: a new one begins when the next pack would pass the limit.
pub(super) struct ShardCut {
    most: Option<u64>,
    bytes: u64,
}

impl ShardCut {
    pub(super) fn new(sink: &dyn AnySink) -> Self {
        Self { most: sink.cut().shard_bytes, bytes: 0 }
    }

    /// Whether a pack of so many bytes, the next, begins a shard besides the first.
    pub(super) fn begins(&mut self, bytes: u64) -> bool {
        let full = self.most.is_some_and(|most| self.bytes + bytes > most) && self.bytes > 0;
        self.bytes = if full { bytes } else { self.bytes + bytes };
        full
    }
}

/// Cuts packs into blocks and shards: a new one begins when the next pack would pass the limit.
/// `packs` gives places and segments of each, in the order of writing.
pub(super) fn spans(sink: &dyn AnySink, packs: impl Iterator<Item = (u64, u64)>) -> Spans {
    let cut = sink.cut();
    let mut spans = Spans { blocks: Vec::new(), bytes: Vec::new(), shards: vec![Sizes::default()] };
    let mut block_bytes = 0;
    let mut shards = ShardCut::new(sink);
    for (index, (places, segments)) in (0..).zip(packs) {
        let bytes = sink.pack_bytes(places, segments);
        if shards.begins(bytes) {
            spans.shards.push(Sizes::default());
        }
        let shard = spans.shards.len() - 1;
        let begin = spans.blocks.last().is_none_or(|block: &Span| {
            block.shard != shard
                || block.packs.end - block.packs.start == cut.rows
                || block_bytes + bytes > cut.bytes
        });
        if begin {
            let (segment, place) =
                spans.blocks.last().map_or((0, 0), |last| (last.segments.end, last.places.end));
            spans.blocks.push(Span {
                shard,
                packs: index..index,
                segments: segment..segment,
                places: place..place,
            });
            spans.bytes.push(0);
            block_bytes = 0;
        }
        let block = spans.blocks.last_mut().expect("one was pushed");
        block.packs.end += 1;
        block.segments.end += segments;
        block.places.end += places;
        block_bytes += bytes;
        *spans.bytes.last_mut().expect("as many as blocks") += bytes;
        let sizes = &mut spans.shards[shard];
        sizes.packs += 1;
        sizes.segments += segments;
        sizes.places += places;
    }
    spans
}

/// Writes all blocks, which lie in `shards`; `gather` makes one from its span.
pub(super) fn write(
    sink: &dyn AnySink,
    output: &Output,
    shards: &Shards,
    spans: &Spans,
    gather: impl Fn(&Span, &dyn Fn() -> Result<(), Fault>) -> Result<Block, Fault> + Sync,
    threads: usize,
    meter: &Meter<'_>,
) -> Result<Vec<Finished>, Fault> {
    let files = sink.begin(output, shards)?;
    let go_on = || meter.add(0);
    let line = Line {
        state: Mutex::new(State { files, parts: BTreeMap::new(), written: 0, fault: None }),
        moved: Condvar::new(),
        next: AtomicUsize::new(0),
        most_ahead: threads,
    };
    let work = || {
        while let Some(index) = line.take(spans.blocks.len()) {
            let span = &spans.blocks[index];
            let part = gather(span, &go_on).and_then(|block| sink.encode(block, &go_on));
            line.put(index, part, |files, index, part| {
                sink.append(files, output, &spans.blocks[index], part)?;
                meter.add(spans.bytes[index])
            });
        }
    };
    if threads <= 1 || spans.blocks.len() <= 1 {
        work();
    } else {
        rayon::scope(|scope| {
            for _ in 1..threads.min(spans.blocks.len()) {
                scope.spawn(|_| work());
            }
            work();
        });
    }
    let state = line.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    match state.fault {
        Some((_, fault)) => Err(fault),
        None => sink.finish(state.files, output),
    }
}

/// Blocks handed out in order, taken back in any order, appended in order.
struct Line<F, P> {
    state: Mutex<State<F, P>>,
    moved: Condvar,
    next: AtomicUsize,
    /// Encoded blocks that may wait for an earlier one.
    most_ahead: usize,
}

struct State<F, P> {
    files: F,
    parts: BTreeMap<usize, P>,
    written: usize,
    fault: Option<(usize, Fault)>,
}

impl<F, P> Line<F, P> {
    /// The next block to make; none when all are taken or one has failed. Waits while too many
    /// stand in front of an unfinished one. That one is being worked on by a thread that waits for
    /// nobody, so the wait ends.
    fn take(&self, count: usize) -> Option<usize> {
        let index = self.next.fetch_add(1, Relaxed);
        let mut state = self.lock();
        while state.fault.is_none() && index < count && index > state.written + self.most_ahead {
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        (index < count && state.fault.is_none()).then_some(index)
    }

    /// Takes a made block in and appends every block that is next.
    fn put(
        &self,
        index: usize,
        part: Result<P, Fault>,
        append: impl Fn(&mut F, usize, P) -> Result<(), Fault>,
    ) {
        let mut guard = self.lock();
        let state = &mut *guard;
        match part {
            Ok(part) => {
                state.parts.insert(index, part);
            }
            Err(fault) => state.fail(index, fault),
        }
        while state.fault.is_none() {
            let Some(part) = state.parts.remove(&state.written) else { break };
            match append(&mut state.files, state.written, part) {
                Ok(()) => state.written += 1,
                Err(fault) => state.fail(state.written, fault),
            }
        }
        self.moved.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<F, P>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F, P> State<F, P> {
    /// Keeps the fault of the earliest block.
    fn fail(&mut self, index: usize, fault: Fault) {
        if self.fault.as_ref().is_none_or(|(first, _)| index < *first) {
            self.fault = Some((index, fault));
        }
    }
}
