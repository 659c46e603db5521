//! Lattice levels: the lengths rounded to a lattice are solved, true lengths put into its packs, and
//! what finds no pack is the next, smaller problem, with other borders between its classes.
//!
//! As soon as the rest is small enough for a relaxation in true lengths it is solved as a problem of
//! its own, which is what closes gaps. Between levels the plan is completed by best-fit-decreasing.

use super::assembly;
use super::heuristic::{decreasing, pack_rest};
use super::lattice::Image;
use super::pairing;
use super::standing::{Standing, Value};
use super::task::{Task, extend};
use super::work::{Work, relaxation};
use crate::template::Templates;

const LEVELS: usize = 8;
/// Times that few sequences go through the levels: a pass is cheap, and ends elsewhere each time.
const PASSES: usize = 8;
/// The steps of a level as sixteenths, in turn: what one lattice cannot join, the next one can.
const BORDERS: [u32; 4] = [16, 13, 15, 11];
/// Steps per pack; for few sequences, whose neighbours lie far apart, finer ones.
const FINEST: u32 = 1024;
const FINEST_FOR_FEW: u32 = 16_384;
const COARSEST: u32 = 128;
/// Lengths of a span at least.
const NARROWEST: u32 = 4;
const FEW: u64 = 20_000;
/// Spans of more lengths than this are assembled depth first.
const WIDEST: u32 = 4096;
/// Share of the work for the image of a level, in percent; the assembly may take the rest.
const IMAGE: u64 = 45;
/// Share for the bound by the duals of the first image, in percent.
const BOUND: u64 = 50;
/// Share for the rest in true lengths, and for the last fill.
const REST: u64 = 70;
const LAST: u64 = 15;
/// Units of an assembly by depth-first search, per pack.
const BY_DEPTH: u64 = 3000;

/// What solving a problem, an image or a part has told.
pub(super) struct Solved {
    pub packs: Templates,
    /// Of the relaxation, where it was solved.
    pub value: Option<f64>,
    pub duals: Option<Vec<f64>>,
}

type Classes = Vec<(u32, u64)>;

fn sequences(classes: &[(u32, u64)]) -> u64 {
    classes.iter().fold(0, |sum, class| sum.saturating_add(class.1))
}

/// Solves by levels, and offers what comes out. `solve` solves an image or a part, `bound` improves
/// the bound once the first image has told how far off it may be.
pub(super) fn by_levels(
    standing: &mut Standing,
    solve: impl Fn(&Task, &mut Work) -> Solved,
    bound: impl Fn(&mut Standing, &mut Work),
    work: &mut Work,
) {
    let few = sequences(standing.task.classes) <= FEW;
    for pass in 0..if few { PASSES } else { 1 } {
        if standing.gap() == 0 || work.exhausted() {
            return;
        }
        pass_from(standing, pass, &solve, &bound, work);
    }
}

/// One pass of levels; each pass begins with other borders.
fn pass_from(
    standing: &mut Standing,
    pass: usize,
    solve: &impl Fn(&Task, &mut Work) -> Solved,
    bound: &impl Fn(&mut Standing, &mut Work),
    work: &mut Work,
) {
    let task = standing.task;
    let (mut packs, mut rest) = (Templates::new(), task.classes.to_vec());
    for level in 0..LEVELS {
        if standing.gap() == 0 || work.exhausted() {
            return;
        }
        let finest =
            if standing.whole && sequences(&rest) <= FEW { FINEST_FOR_FEW } else { FINEST };
        // Spans of few lengths hold few pairs.
        let finest = finest.min((task.capacity / NARROWEST).max(COARSEST));
        let third = work.left() / 3;
        let steps = affordable_steps(&task, &rest, finest, third);
        let whole = relaxation(rest.len(), task.capacity, task.limit) < third;
        if steps >= task.capacity || (level > 0 && whole) {
            let part = Task { classes: &rest, ..task };
            let found = work.share(REST, |work| solve(&part, work));
            extend(&mut packs, &found.packs);
            standing.offer(packs, work);
            return;
        }
        let steps =
            if level + pass == 0 { steps } else { steps * BORDERS[(level + pass) % 4] / 16 };
        let image = Image::nearest(&rest, task.capacity, steps);
        let part = Task { classes: &image.classes, capacity: image.steps, limit: task.limit };
        let found = work.share(IMAGE, |work| solve(&part, work));
        if level + pass == 0 && standing.whole {
            standing.value = found.value.map(|value| Value { packs: value, steps: image.steps });
            standing.duals = found.duals.map(|duals| image.interpolate(&duals, task.classes));
            work.share(BOUND, |work| bound(standing, work));
        }
        let (assembled, over) = assemble(&task, &image, &found.packs, &rest, level, work);
        extend(&mut packs, &assembled);
        let last = level + 1 == LEVELS
            || sequences(&over) < 6
            || 8 * u128::from(sequences(&over)) > 7 * u128::from(sequences(&rest))
            || work.exhausted();
        let part = Task { classes: &over, ..task };
        let completion = if last {
            work.share(LAST, |work| pack_rest(&part, work))
        } else {
            work.charge(16 * over.len() as u64);
            decreasing(&part)
        };
        let mut all = packs.clone();
        extend(&mut all, &completion);
        standing.offer(all, work);
        if last {
            return;
        }
        rest = over;
    }
}

/// The finest lattice whose relaxation takes about `units` at most.
fn affordable_steps(task: &Task, classes: &[(u32, u64)], finest: u32, units: u64) -> u32 {
    let mut steps = finest;
    while steps > COARSEST {
        let image = Image::nearest(classes, task.capacity, steps);
        if relaxation(image.classes.len(), image.steps, task.limit) <= units {
            break;
        }
        steps /= 2;
    }
    steps
}

/// True lengths for the packs of an image, and what is left over.
fn assemble(
    task: &Task,
    image: &Image,
    found: &Templates,
    rest: &[(u32, u64)],
    level: usize,
    work: &mut Work,
) -> (Templates, Classes) {
    let span = task.capacity / image.steps;
    if span > WIDEST {
        return assembly::assemble(image, found, rest, work);
    }
    // Where there are many sequences a pack is filled exactly on the first level, or its sequences go
    // on to the next one; few lie too far apart for that.
    let level = level as u32;
    let few = sequences(rest) <= FEW;
    let allowance = level * level * span / 16 + if few { span * (level + 1) / 4 } else { 0 };
    let paired = pairing::assemble(image, found, rest, allowance, work);
    if !few || found.pack_count().saturating_mul(BY_DEPTH) >= work.left() {
        return paired;
    }
    let searched = assembly::assemble(image, found, rest, work);
    let total = |(packs, over): &(Templates, Classes)| {
        packs.pack_count() + decreasing(&Task { classes: over, ..*task }).pack_count()
    };
    if total(&searched) < total(&paired) { searched } else { paired }
}
