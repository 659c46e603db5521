//! A small packing in one call: decided and written at once, into arrays that the wrapper keeps.
//!
//! The two calls of `packing.rs`, with an object between them that the collector must free and a getter
//! for each of its numbers, cost as much as packing a thousand sequences. Here options come as one
//! array of numbers, and the result goes into another, in the order of `ts/packing/small.ts`.

use crate::clock::Times;
use crate::decided::{Arrays, Decided};
use crate::options::{EMPTY, LoadOptions, OVERLONG, join};
use crate::stats::Figures;
use crate::{fault, output};
use napi::bindgen_prelude::{Env, Float64ArraySlice, Result, Uint32ArraySlice};
use napi_derive::napi;
use std::num::NonZeroU32;
use stowage_engine::PackOptions;
use stowage_engine::optimal::Stopped;
use stowage_engine::options::Objective;
use stowage_engine::policy::Ledger;
use stowage_engine::stats::{Context, Fills, LoadFigures, Outcome};
use stowage_engine::strategy::STRATEGIES;

/// Numbers that stand for options, in the order of `ts/packing/small.ts`; below 0 where there is none.
const OPTIONS: usize = 17;
/// Numbers that tell of a result, in the order of [`write_facts`].
const FACTS: usize = 18;

/// Why a search ended crosses as its place in this list plus one.
const STOPPED: [Stopped; 3] = [Stopped::Bound, Stopped::Content, Stopped::Spent];

/// Packs `lengths` by `options`. Fills `facts`, and `out` with offsets, sequences, starts and lengths of
/// pieces where sequences were cut, indices of dropped sequences, and the tokens of each pack, one after
/// another. False if `out` is too small for all that: then both hold nothing of use.
///
/// # Errors
/// As the engine's `prepare` and `bind_into`.
#[napi(catch_unwind)]
pub fn pack_small(
    env: Env,
    lengths: &[u32],
    options: &[f64],
    mut facts: Float64ArraySlice<'_>,
    mut out: Uint32ArraySlice<'_>,
) -> Result<bool> {
    let options = options_of(options);
    let (facts, out) = (output::borrow(&mut facts), output::borrow(&mut out));
    pack(lengths, &options, facts, out).map_err(|reason| fault::to_js(env, reason))
}

/// The figures of a packing from the `facts` that were told of it and the tokens of its packs.
#[napi(catch_unwind)]
#[must_use]
pub fn figures_of(facts: &[f64], sequence_count: u32, fills: &[u32]) -> Figures {
    let facts: &[f64; FACTS] = facts.try_into().expect("the wrapper kept what it was told");
    let [packs, entries, _, _, lower_bound, capacity, ..] = *facts;
    let [.., count, plan, bind, most] = *facts;
    let [_, _, dropped_count, _, _, _, tokens_in, tokens_packed, ..] = *facts;
    let [tokens_truncated, tokens_dropped, stopped, most_load, least, bound] =
        facts[8..14].try_into().expect("six numbers");
    debug_assert_eq!(packs as usize, fills.len(), "a fill per pack");
    let context = Context {
        capacity: capacity as u32,
        sequence_count: sequence_count.into(),
        lower_bound: lower_bound as u64,
        ledger: Ledger {
            tokens_in: tokens_in as u64,
            tokens_packed: tokens_packed as u64,
            tokens_truncated: tokens_truncated as u64,
            tokens_dropped: tokens_dropped as u64,
            dropped_count: dropped_count as u64,
        },
        outcome: Outcome {
            stopped: (stopped as usize).checked_sub(1).map(|place| STOPPED[place]),
            loads: (most_load >= 0.0).then_some(LoadFigures {
                most: most_load as u64,
                least: least as u64,
                bound: bound as u64,
            }),
        },
    };
    let fills = Fills::of_packs(fills, entries as u64, most as u64);
    Figures::new(&fills.stats(&context), Times { count, plan, bind })
}

fn pack(
    lengths: &[u32],
    options: &PackOptions,
    facts: &mut [f64],
    out: &mut [u32],
) -> std::result::Result<bool, stowage_engine::Fault> {
    let decided = Decided::borrowed(lengths, options, 1)?;
    let packing = decided.packing();
    let (packs, entries) = (packing.pack_count() as usize, packing.entry_count());
    let (dropped, cut) = (packing.dropped_count(), packing.cut());
    let pieces = if cut { entries } else { 0 };
    if 2 * packs + 1 + entries + 2 * pieces + dropped > out.len() {
        return Ok(false);
    }
    let context = decided.context();
    let (offsets, rest) = out.split_at_mut(packs + 1);
    let (sequences, rest) = rest.split_at_mut(entries);
    let (starts, rest) = rest.split_at_mut(pieces);
    let (piece_lengths, rest) = rest.split_at_mut(pieces);
    let (dropped_ids, rest) = rest.split_at_mut(dropped);
    let arrays = Arrays {
        offsets: &mut *offsets,
        sequences,
        starts,
        lengths: piece_lengths,
        dropped: dropped_ids,
    };
    let times = decided.write_small(lengths, arrays, &mut rest[..packs])?;
    let most = offsets.windows(2).map(|pack| pack[1] - pack[0]).max().unwrap_or(0);
    let counts = [packs as f64, entries as f64, dropped as f64, f64::from(u8::from(cut))];
    write_facts(facts, counts, &context, times, most);
    Ok(true)
}

fn write_facts(facts: &mut [f64], counts: [f64; 4], context: &Context, times: Times, most: u32) {
    let Context { capacity, lower_bound, ledger, outcome, .. } = *context;
    let stopped = outcome.stopped.and_then(|why| STOPPED.iter().position(|&each| each == why));
    let load = |of: fn(&LoadFigures) -> u64| outcome.loads.map_or(-1.0, |loads| of(&loads) as f64);
    let [packs, entries, dropped, cut] = counts;
    let told: [f64; FACTS] = [
        packs,
        entries,
        dropped,
        cut,
        lower_bound as f64,
        capacity.into(),
        ledger.tokens_in as f64,
        ledger.tokens_packed as f64,
        ledger.tokens_truncated as f64,
        ledger.tokens_dropped as f64,
        stopped.map_or(0.0, |place| place as f64 + 1.0),
        load(|loads| loads.most),
        load(|loads| loads.least),
        load(|loads| loads.bound),
        times.count,
        times.plan,
        times.bind,
        most.into(),
    ];
    facts[..FACTS].copy_from_slice(&told);
}

fn options_of(numbers: &[f64]) -> PackOptions {
    let numbers: [f64; OPTIONS] = numbers.try_into().expect("the wrapper knows how many there are");
    let [capacity, strategy, limit, alignment, multiple, pack_count, overlong, empty, ..] = numbers;
    let [.., seed_high, seed_low, tolerance, classes, effort, linear, quadratic, equal, free] =
        numbers;
    let loads = LoadOptions {
        linear: linear as u32,
        quadratic: quadratic as u32,
        equal_counts: equal > 0.0,
        free: free > 0.0,
    };
    PackOptions {
        capacity: capacity as u32,
        strategy: STRATEGIES[strategy as usize].strategy,
        max_sequences_per_pack: NonZeroU32::new(limit as u32), // 0 from below 0: none
        sequence_alignment: alignment as u32,
        pack_count_multiple_of: multiple as u64,
        pack_count: (pack_count >= 0.0).then_some(pack_count as u64),
        overlong: OVERLONG[overlong as usize],
        empty: EMPTY[empty as usize],
        seed: join(seed_high as u32, seed_low as u32),
        tolerance: tolerance as u32,
        harmonic_classes: classes as u32,
        effort,
        objective: if linear >= 0.0 { loads.objective() } else { Objective::Packs },
    }
}
