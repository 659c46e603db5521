//! Which sequences stand in which pack, and in which order packs are written.
//!
//! A plan's packs are those of one of its epochs: (seed, epoch) pairs ids with places and orders
//! packs. A strategy without a plan has one packing, in a seeded order of packs.

use super::report::Times;
use crate::Fault;
use crate::options::DatasetOptions;
use crate::store::Packs;
use std::time::Instant;
use stowage_engine::certificate::Certificate;
use stowage_engine::epoch::{Epoch, EpochOptions, LengthIndex, Order, PackingRange};
use stowage_engine::packing::{self, Packing};
use stowage_engine::plan::{self, Plan};
use stowage_engine::policy::{self, Ledger};
use stowage_engine::stats::Outcome;
use stowage_engine::{Fault as EngineFault, Histogram, PackOptions, Watch, memory, seeded};

/// The packs of a data set, with what the report says about them.
pub(crate) struct Decided {
    pub packs: Packs,
    pub lower_bound: u64,
    pub certificate: Certificate,
    pub ledger: Ledger,
    pub outcome: Outcome,
    pub plan_id: Option<String>,
    pub times: Times,
}

/// Packs `lengths`.
///
/// # Errors
/// Those of the policies, with the first sequence that breaks one; of the options; a cancel.
pub(crate) fn decide(
    lengths: &[u32],
    options: &DatasetOptions,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Decided, Fault> {
    if !options.plans() {
        return placed(lengths, options, threads, watch);
    }
    let start = Instant::now();
    let histogram = Histogram::from_lengths(lengths, threads, watch)?;
    let count = milliseconds(start);
    let start = Instant::now();
    let plan = planned(&histogram, lengths, &options.pack, threads, watch)?;
    let times = Times { count, plan: milliseconds(start), ..Times::default() };
    let start = Instant::now();
    let packs = epoch(&plan, lengths, options, threads, watch)?;
    let times = Times { bind: milliseconds(start), ..times };
    let plan_id = Some(plan.id());
    let Plan { lower_bound, certificate, ledger, outcome, .. } = plan;
    Ok(Decided { packs, lower_bound, certificate, ledger, outcome, plan_id, times })
}

/// The plan of `lengths`, whose histogram this is.
///
/// # Errors
/// Those of the policies, with the first sequence that breaks one; a cancel.
pub(super) fn planned(
    histogram: &Histogram,
    lengths: &[u32],
    options: &PackOptions,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Plan, Fault> {
    let plan = plan::plan(histogram, options, threads, watch).map_err(|fault| match fault {
        // A histogram doesn't know which sequence it was; the policies do.
        EngineFault::Overlong { .. } | EngineFault::Empty { .. } => {
            policy::admit(lengths, options, watch).err().unwrap_or(fault)
        }
        other => other,
    });
    Ok(plan?)
}

/// The packs of the epoch that the options name.
///
/// # Errors
/// Lengths that weren't planned; a cancel.
pub(super) fn epoch(
    plan: &Plan,
    lengths: &[u32],
    options: &DatasetOptions,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Packs, Fault> {
    let index = LengthIndex::new(lengths, threads, watch)?;
    let which =
        EpochOptions { seed: options.pack.seed, epoch: options.epoch, order: options.order };
    let epoch = Epoch::new(&plan.templates, &plan.options, (&index).into(), &which)?;
    let (packs, entries) = (epoch.pack_count(), epoch.entry_count());
    let too_many = |count| Fault::from(EngineFault::TooManySequences { count });
    let entries = u32::try_from(entries).map_err(|_| too_many(entries))? as usize;
    let pieces = if epoch.cut() { entries } else { 0 };
    let mut offsets = memory::filled(0, packs as usize + 1)?;
    let mut sequences = memory::filled(0, entries)?;
    let mut starts = memory::filled(0, pieces)?;
    let mut tokens = memory::filled(0, pieces)?;
    let out = PackingRange {
        offsets: &mut offsets,
        sequences: &mut sequences,
        pieces: epoch.cut().then_some((&mut starts[..], &mut tokens[..])),
    };
    epoch.bind_into(0..packs, &index.sequences, out, threads, watch)?;
    let pieces = epoch.cut().then_some((starts, tokens));
    Ok(Packs { offsets, sequences, pieces, order: None })
}

fn placed(
    lengths: &[u32],
    options: &DatasetOptions,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Decided, Fault> {
    let start = Instant::now();
    let packing = packing::pack(lengths, &options.pack, threads, watch)?;
    let times = Times { plan: milliseconds(start), ..Times::default() };
    let order = match options.order {
        Order::Plan => None,
        _ => Some(shuffled(packing.offsets.len() - 1, options.pack.seed)?),
    };
    let packs = Packs {
        order,
        offsets: packing.offsets,
        sequences: packing.sequences,
        pieces: packing.pieces.map(|pieces| (pieces.starts, pieces.lengths)),
    };
    let Packing { lower_bound, certificate, ledger, .. } = packing;
    let outcome = Outcome::default();
    Ok(Decided { packs, lower_bound, certificate, ledger, outcome, plan_id: None, times })
}

/// As `Packing.shuffled`.
fn shuffled(packs: usize, seed: u64) -> Result<Vec<u32>, Fault> {
    let mut order = memory::reserved(packs)?;
    order.extend(0..packs as u32);
    seeded::shuffle(&mut order, seed, seeded::label::PACKS);
    Ok(order)
}

pub(super) fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}
