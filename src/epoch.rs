//! `stowage_engine::epoch` for JavaScript.
//!
//! Ids stay in JavaScript's arrays, which worker threads may share: native code gives positions in
//! them, and the wrapper reads the ids. Only a whole range of packs is bound here, from an array
//! that nobody else writes to.

use crate::options::join;
use crate::plan::Plan;
use crate::{fault, output, pool};
use napi::bindgen_prelude::{Env, ObjectFinalize, Result, Uint32ArraySlice};
use napi_derive::napi;
use stowage_engine::epoch::balance::{Balance, Cost};
use stowage_engine::epoch::{self, Entry, LengthIndexView, Order, PackingRange};
use stowage_engine::{Fault, Unwatched};

/// Runs `work` here in one part, or with all threads if there is much to do and no job uses them.
fn in_parts<T: Send>(
    env: Env,
    size: usize,
    work: impl FnOnce(usize) -> std::result::Result<T, Fault> + Send,
) -> Result<T> {
    pool::in_parts(size, usize::MAX, work).map_err(|reason| fault::to_js(env, reason))
}

/// How the ids of some lengths will be grouped.
#[napi]
pub struct Outline(epoch::Outline);

#[napi]
impl Outline {
    /// Number of distinct lengths.
    #[napi(getter, catch_unwind)]
    #[must_use]
    pub fn class_count(&self) -> f64 {
        self.0.lengths.len() as f64
    }

    /// Fills all parts of the index of `given`, the lengths that this is the outline of.
    ///
    /// # Errors
    /// As the engine's `fill`.
    #[napi(catch_unwind)]
    pub fn fill(
        &self,
        env: Env,
        given: &[u32],
        mut lengths: Uint32ArraySlice<'_>,
        mut starts: Uint32ArraySlice<'_>,
        mut sequences: Uint32ArraySlice<'_>,
    ) -> Result<()> {
        output::borrow(&mut lengths).copy_from_slice(&self.0.lengths);
        output::borrow(&mut starts).copy_from_slice(&self.0.starts);
        let out = output::borrow(&mut sequences);
        in_parts(env, given.len(), |parts| self.0.fill(given, out, parts, &Unwatched))
    }
}

/// Counts the classes of lengths.
///
/// # Errors
/// As the engine's `Outline::new`.
#[napi(catch_unwind)]
pub fn outline(env: Env, lengths: &[u32]) -> Result<Outline> {
    in_parts(env, lengths.len(), |parts| epoch::Outline::new(lengths, parts, &Unwatched))
        .map(Outline)
}

/// Checked options, as numbers.
#[napi(object, object_to_js = false, use_nullable = true)]
pub struct EpochOptions {
    /// Upper half of the seed.
    pub seed_high: u32,
    /// Lower half of the seed.
    pub seed_low: u32,
    /// Number of the epoch.
    pub epoch: f64,
    /// shuffled, plan, balanced.
    pub order: u32,
    /// Cost of a token.
    pub linear: f64,
    /// Cost of a squared length.
    pub quadratic: f64,
    /// Packs that run side by side; read for 'balanced' only.
    pub world_size: u32,
}

impl From<EpochOptions> for epoch::EpochOptions {
    fn from(options: EpochOptions) -> Self {
        let cost = Cost { linear: options.linear, quadratic: options.quadratic };
        Self {
            seed: join(options.seed_high, options.seed_low),
            epoch: options.epoch as u64,
            order: match options.order {
                0 => Order::Shuffled,
                1 => Order::Plan,
                _ => Order::Balanced { cost, world_size: options.world_size.into() },
            },
        }
    }
}

/// An epoch in native memory.
#[napi(custom_finalize)]
pub struct Epoch {
    epoch: epoch::Epoch,
    weight: i64,
}

impl ObjectFinalize for Epoch {
    fn finalize(self, env: Env) -> Result<()> {
        env.adjust_external_memory(-self.weight).map(|_| ())
    }
}

/// The epoch of a plan over an index, whose ids are read only if the plan cuts sequences.
///
/// # Errors
/// As the engine's `Plan::epoch`.
#[napi(catch_unwind)]
pub fn epoch(
    env: Env,
    plan: &Plan,
    lengths: &[u32],
    starts: &[u32],
    sequences: &[u32],
    options: EpochOptions,
) -> Result<Epoch> {
    let index = LengthIndexView { lengths, starts, sequences };
    let epoch = plan.plan.epoch(index, &options.into());
    let epoch = epoch.map_err(|reason| fault::to_js(env, reason))?;
    let weight = i64::try_from(epoch.memory()).expect("no allocation exceeds i64::MAX");
    env.adjust_external_memory(weight)?;
    Ok(Epoch { epoch, weight })
}

#[napi]
impl Epoch {
    /// Number of packs.
    #[napi(getter, catch_unwind)]
    #[must_use]
    pub fn pack_count(&self) -> f64 {
        self.epoch.pack_count() as f64
    }

    /// Entries of the largest pack.
    #[napi(getter, catch_unwind)]
    #[must_use]
    pub fn most_entries(&self) -> u32 {
        self.epoch.most_entries()
    }

    /// True if a sequence was truncated or split.
    #[napi(getter, catch_unwind)]
    #[must_use]
    pub fn cut(&self) -> bool {
        self.epoch.cut()
    }

    /// Entries of packs `start .. end`.
    ///
    /// # Panics
    /// If there are no such packs.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn entries(&self, start: f64, end: f64) -> f64 {
        self.epoch.entries_in(start as u64..end as u64) as f64
    }

    /// Writes the positions of packs `k`, `k + step`, `k + 2 step` and so on, one pack after another, and
    /// where each ends, and returns how many packs there were: as many as `ends` has room for, fewer
    /// where the epoch ends.
    ///
    /// # Panics
    /// If there is no pack `k`, or `positions` is too short.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn several_into(
        &self,
        k: f64,
        step: f64,
        mut positions: Uint32ArraySlice<'_>,
        mut ends: Uint32ArraySlice<'_>,
    ) -> u32 {
        let (positions, ends) = (output::borrow(&mut positions), output::borrow(&mut ends));
        let packs = (k as u64..self.epoch.pack_count()).step_by(step as usize);
        let (mut count, mut packs_read) = (0, 0);
        for (pack, end) in packs.zip(ends) {
            self.epoch.visit(pack, |entry, _| {
                if let Entry::At(position) = entry {
                    positions[count] = position;
                    count += 1;
                }
            });
            *end = count as u32;
            packs_read += 1;
        }
        packs_read
    }

    /// Writes pack `k` of a plan that cuts sequences and returns how many entries there are: a
    /// position for a start of 2^32 - 1, which no piece has, else an id.
    ///
    /// # Panics
    /// If there is no such pack, or an array is too short.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn pieces_into(
        &self,
        k: f64,
        mut positions: Uint32ArraySlice<'_>,
        mut starts: Uint32ArraySlice<'_>,
        mut lengths: Uint32ArraySlice<'_>,
    ) -> u32 {
        let (positions, starts) = (output::borrow(&mut positions), output::borrow(&mut starts));
        let lengths = output::borrow(&mut lengths);
        let mut count = 0;
        self.epoch.visit(k as u64, |entry, length| {
            (positions[count], starts[count]) = match entry {
                Entry::At(position) => (position, u32::MAX),
                Entry::Piece { sequence, start } => (sequence, start),
            };
            lengths[count] = length;
            count += 1;
        });
        count as u32
    }

    /// Fills the parts of a packing with packs from `start` on; `ids` are the index's.
    ///
    /// # Errors
    /// As the engine's `bind_into`.
    #[napi(catch_unwind)]
    pub fn bind_into(
        &self,
        env: Env,
        start: f64,
        ids: &[u32],
        mut offsets: Uint32ArraySlice<'_>,
        mut sequences: Uint32ArraySlice<'_>,
        mut starts: Uint32ArraySlice<'_>,
        mut lengths: Uint32ArraySlice<'_>,
    ) -> Result<()> {
        let (offsets, sequences) = (output::borrow(&mut offsets), output::borrow(&mut sequences));
        let (starts, lengths) = (output::borrow(&mut starts), output::borrow(&mut lengths));
        let packs = start as u64..start as u64 + offsets.len() as u64 - 1;
        in_parts(env, sequences.len(), |parts| {
            let pieces = self.epoch.cut().then_some((starts, lengths));
            let out = PackingRange { offsets, sequences, pieces };
            self.epoch.bind_into(packs, ids, out, parts, &Unwatched)
        })
    }
}

/// The figures of one order of packs.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct OrderBalance {
    /// Share of the time in which ranks work.
    pub useful_share: f64,
    /// Between step and mean length.
    pub correlation: f64,
}

impl From<Balance> for OrderBalance {
    fn from(Balance { useful_share, correlation }: Balance) -> Self {
        Self { useful_share, correlation }
    }
}

/// The figures of two orders of packs.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct PlanBalance {
    /// In a seeded order.
    pub shuffled: OrderBalance,
    /// In groups of equal cost.
    pub balanced: OrderBalance,
}

/// How well ranks are in balance over a plan.
///
/// # Panics
/// If there are no ranks.
#[napi(catch_unwind)]
#[must_use]
pub fn plan_balance(plan: &Plan, options: EpochOptions) -> PlanBalance {
    let cost = Cost { linear: options.linear, quadratic: options.quadratic };
    let seed = join(options.seed_high, options.seed_low);
    let found = plan.plan.balance(cost, options.world_size.into(), seed);
    PlanBalance { shuffled: found.shuffled.into(), balanced: found.balanced.into() }
}

/// Shares of the time in which ranks work, from the templates of a plan.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct UsefulShares {
    /// Expected of a seeded order.
    pub shuffled: f64,
    /// In groups of equal cost.
    pub balanced: f64,
}

/// How well ranks are in balance over a plan, in time that doesn't depend on the number of packs.
///
/// # Panics
/// If there are no ranks.
#[napi(catch_unwind)]
#[must_use]
pub fn plan_shares(plan: &Plan, options: EpochOptions) -> UsefulShares {
    let cost = Cost { linear: options.linear, quadratic: options.quadratic };
    let (shuffled, balanced) = plan.plan.useful_shares(cost, options.world_size.into());
    UsefulShares { shuffled, balanced }
}
