//! `stowage_engine::packing` for JavaScript, in two steps: decide, then fill arrays of known size.

use crate::decided::{Arrays, Decided, Written};
use crate::fault::{self, Report};
use crate::job::{self, JobControl};
use crate::options::{EngineOptions, join};
use crate::output::{self, Output};
use crate::pool;
use crate::stats::{Figures, SearchOutcome};
use napi::bindgen_prelude::{Env, Object, ObjectFinalize, Result, Uint32ArraySlice};
use napi_derive::napi;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use stowage_engine::seeded::{label, shuffle};
use stowage_engine::stats::Context;
use stowage_engine::{Fault, PackOptions, Unwatched, Watch};

/// A packing that is decided; once its arrays are filled, what its figures need.
#[napi(custom_finalize)]
pub struct Prepared {
    state: Arc<Mutex<State>>,
    facts: Facts,
    weight: i64,
}

/// What the wrapper asks for before there are arrays.
#[derive(Clone, Copy)]
struct Facts {
    context: Context,
    pack_count: u32,
    entry_count: u32,
    dropped_count: u32,
    cut: bool,
}

enum State {
    Decided(Box<Decided>),
    Written(Written),
    /// Its one writing failed or was cancelled.
    Gone,
}

impl Prepared {
    /// Tells the garbage collector what the small JavaScript object will weigh for as long as its
    /// packing lives: how many packs are filled how far. What is only needed for writing is gone
    /// within the same call.
    pub fn new(env: Env, decided: Decided) -> Result<Self> {
        let (packing, context) = (decided.packing(), decided.context());
        let facts = Facts {
            context,
            pack_count: packing.pack_count(),
            entry_count: packing.entry_count() as u32,
            dropped_count: packing.dropped_count() as u32,
            cut: packing.cut(),
        };
        let weight = 16 * i64::from(packing.pack_count().min(context.capacity));
        env.adjust_external_memory(weight)?;
        Ok(Self { state: Arc::new(Mutex::new(State::Decided(Box::new(decided)))), facts, weight })
    }
}

impl ObjectFinalize for Prepared {
    fn finalize(self, env: Env) -> Result<()> {
        env.adjust_external_memory(-self.weight).map(|_| ())
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes what is decided and keeps what its figures need.
fn write(
    state: &Mutex<State>,
    given: &[u32],
    out: Arrays<'_>,
    threads: usize,
    watch: &dyn Watch,
) -> std::result::Result<(), Fault> {
    let State::Decided(decided) = std::mem::replace(&mut *lock(state), State::Gone) else {
        panic!("a packing is written once");
    };
    let written = decided.write(given, out, threads, watch)?;
    *lock(state) = State::Written(written);
    Ok(())
}

#[napi]
impl Prepared {
    /// Number of packs: `offsets` needs one entry more.
    #[napi(getter, catch_unwind)]
    #[must_use]
    pub fn pack_count(&self) -> u32 {
        self.facts.pack_count
    }

    /// Entries: the size of `sequences`.
    #[napi(getter, catch_unwind)]
    #[must_use]
    pub fn entry_count(&self) -> u32 {
        self.facts.entry_count
    }

    /// Sequences left out: the size of `dropped`.
    #[napi(getter, catch_unwind)]
    #[must_use]
    pub fn dropped_count(&self) -> u32 {
        self.facts.dropped_count
    }

    /// True if entries are pieces: then `starts` and `lengths` are as long as `sequences`.
    #[napi(getter, catch_unwind)]
    #[must_use]
    pub fn cut(&self) -> bool {
        self.facts.cut
    }

    /// No packing has fewer packs.
    #[napi(getter, catch_unwind)]
    #[must_use]
    pub fn lower_bound(&self) -> f64 {
        self.facts.context.lower_bound as f64
    }

    /// Tokens that a pack holds.
    #[napi(getter, catch_unwind)]
    #[must_use]
    pub fn capacity(&self) -> u32 {
        self.facts.context.capacity
    }

    /// What the search tells of itself.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn outcome(&self) -> SearchOutcome {
        self.facts.context.outcome.into()
    }

    /// Tokens that stand in packs.
    #[napi(getter, catch_unwind)]
    #[must_use]
    pub fn token_count(&self) -> f64 {
        self.facts.context.ledger.tokens_packed as f64
    }

    /// Fills all arrays at once, in so many parts at most. `given` are the lengths it was prepared with;
    /// empty if they were copied then.
    ///
    /// # Errors
    /// As the engine's `bind_into`.
    #[napi(catch_unwind)]
    pub fn bind_into(
        &self,
        env: Env,
        given: &[u32],
        mut offsets: Uint32ArraySlice<'_>,
        mut sequences: Uint32ArraySlice<'_>,
        mut starts: Uint32ArraySlice<'_>,
        mut lengths: Uint32ArraySlice<'_>,
        mut dropped: Uint32ArraySlice<'_>,
        threads: u32,
    ) -> Result<()> {
        let out = Arrays {
            offsets: output::borrow(&mut offsets),
            sequences: output::borrow(&mut sequences),
            starts: output::borrow(&mut starts),
            lengths: output::borrow(&mut lengths),
            dropped: output::borrow(&mut dropped),
        };
        let size = self.facts.entry_count as usize;
        let work = |parts| write(&self.state, given, out, parts, &Unwatched);
        pool::in_parts(size, threads as usize, work).map_err(|reason| fault::to_js(env, reason))
    }

    /// Fills all arrays on the pool; for a packing prepared by a job.
    ///
    /// # Errors
    /// If no thread can be had.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn bind_into_async<'env>(
        &self,
        env: &'env Env,
        offsets: Uint32ArraySlice<'_>,
        sequences: Uint32ArraySlice<'_>,
        starts: Uint32ArraySlice<'_>,
        lengths: Uint32ArraySlice<'_>,
        dropped: Uint32ArraySlice<'_>,
        threads: u32,
        control: &JobControl,
    ) -> Result<Object<'env>> {
        let arrays = [offsets, sequences, starts, lengths, dropped];
        let mut outputs = arrays.map(Output::new);
        let state = Arc::clone(&self.state);
        job::spawn(
            env,
            control,
            threads,
            move |watch, parts| {
                let [offsets, sequences, starts, lengths, dropped] =
                    outputs.each_mut().map(Output::as_mut_slice);
                let out = Arrays { offsets, sequences, starts, lengths, dropped };
                write(&state, &[], out, parts, watch)
            },
            |_env, ()| Ok(()),
        )
    }

    /// The figures of the packing.
    ///
    /// # Panics
    /// If it isn't written.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn stats(&self) -> Figures {
        let state = lock(&self.state);
        let State::Written(Written { fills, times }) = &*state else {
            panic!("a packing has figures once it is written");
        };
        let stats = fills.stats(&self.facts.context);
        Figures::new(&stats, *times)
    }
}

/// Decides at once, in so many parts at most; borrowing is sound, since JavaScript waits.
///
/// # Errors
/// As the engine's `prepare`.
#[napi(catch_unwind)]
pub fn prepare(
    env: Env,
    lengths: &[u32],
    options: EngineOptions,
    threads: u32,
) -> Result<Prepared> {
    let options = options.into();
    let work = |parts| Decided::borrowed(lengths, &options, parts);
    let decided = pool::in_parts(lengths.len(), threads as usize, work);
    Prepared::new(env, decided.map_err(|reason| fault::to_js(env, reason))?)
}

/// Decides on the pool.
///
/// # Errors
/// If memory for a copy or a thread can't be had.
#[napi(catch_unwind, ts_return_type = "Promise<Prepared>")]
pub fn prepare_async<'env>(
    env: &'env Env,
    lengths: &[u32],
    options: EngineOptions,
    threads: u32,
    control: &JobControl,
) -> Result<Object<'env>> {
    let copy = copied(*env, lengths)?;
    let options = PackOptions::from(options);
    job::spawn(
        env,
        control,
        threads,
        move |watch, parts| Decided::owned(copy, &options, parts, watch).map_err(Report::from),
        Prepared::new,
    )
}

/// Fills `order` with the seeded order of as many packs: place j gets pack `order[j]`.
#[napi(catch_unwind)]
pub fn pack_order(mut order: Uint32ArraySlice<'_>, seed_high: u32, seed_low: u32) {
    let order = output::borrow(&mut order);
    for (place, pack) in (0..).zip(order.iter_mut()) {
        *pack = place;
    }
    shuffle(order, join(seed_high, seed_low), label::PACKS);
}

/// A job's own copy of its input: 4 bytes per sequence buy freedom from races with JavaScript.
///
/// # Errors
/// `ERR_MEMORY`.
pub fn copied(env: Env, lengths: &[u32]) -> Result<Vec<u32>> {
    let reserved = stowage_engine::memory::reserved(lengths.len());
    let mut copy = reserved.map_err(|reason| fault::to_js(env, reason))?;
    copy.extend_from_slice(lengths);
    Ok(copy)
}
