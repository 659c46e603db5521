//! From lengths and options to what is decided: by plan, or one sequence after another.

use super::counted::Counted;
use super::output::Packing;
use super::prepared::{Prepared, Source};
use crate::binding::counting;
use crate::plan::quick_bound;
use crate::stats::Outcome;
use crate::{Fault, PackOptions, Watch, policy, strategy};

/// Packs `lengths`.
///
/// # Errors
/// As [`prepare`].
pub fn pack(
    lengths: &[u32],
    options: &PackOptions,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Packing, Fault> {
    let prepared = prepare(lengths, options, threads, watch)?;
    let capacity = prepared.capacity();
    prepared.into_packing(lengths, capacity, threads, watch)
}

/// Decides the packing of `lengths`, in `threads` parts at once; the same for any number of them.
///
/// # Errors
/// [`Fault::Overlong`] and [`Fault::Empty`] for the first sequence that its policy refuses;
/// [`Fault::Option`] for options that don't go together; [`Fault::TooManySequences`];
/// [`Fault::Memory`]; [`Fault::Cancelled`].
pub fn prepare(
    lengths: &[u32],
    options: &PackOptions,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Prepared, Fault> {
    check(options)?;
    if strategy::plans(options) {
        let counted = Counted::new(lengths, options, threads, watch)?;
        let solved = counted.solve(options, threads, watch)?;
        return Ok(counted.prepared(solved));
    }
    let admitted = policy::admit(lengths, options, watch)?;
    let placed = admitted.lengths(lengths);
    let mut classes = counting::classes(placed, threads, watch)?;
    classes.reverse();
    let bound = quick_bound(&classes, options);
    let assignment = strategy::assign(placed, options, watch)?;
    Ok(Prepared {
        pack_count: assignment.pack_count,
        entry_count: placed.len(),
        source: Source::Placed(assignment),
        admitted,
        lower_bound: bound.packs,
        certificate: bound.certificate,
        capacity: options.capacity,
        outcome: Outcome::default(),
    })
}

/// As [`prepare`], with lengths that are given away: they are freed as soon as the sequences are in
/// order, before there are arrays for the result. [`Prepared::bind_into`] needs no lengths then.
///
/// # Errors
/// As [`prepare`].
pub fn prepare_owned(
    lengths: Vec<u32>,
    options: &PackOptions,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Prepared, Fault> {
    prepare(&lengths, options, threads, watch)?.give_up(lengths, threads, watch)
}

/// Options that don't go together.
fn check(options: &PackOptions) -> Result<(), Fault> {
    if options.loads().is_some() && !strategy::plans(options) {
        let detail = "objective 'maxLoad' works with the strategies auto and optimal".to_owned();
        return Err(Fault::Strategy { detail });
    }
    let counted = options.pack_count.is_some() || options.pack_count_multiple_of > 1;
    if counted && !strategy::plans(options) {
        let detail =
            "packCount and packCountMultipleOf need a strategy that plans, and tolerance 1";
        return Err(Fault::Option { detail: detail.to_owned() });
    }
    Ok(())
}
