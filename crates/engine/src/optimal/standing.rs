//! How a search stands: the best packs and the best bound of a problem so far.

use super::task::Task;
use super::work::Work;
use crate::bound::Bound;
use crate::template::Templates;

/// The value of a relaxation.
#[derive(Clone, Copy)]
pub(super) struct Value {
    pub packs: f64,
    /// Steps per pack of the lengths that it is of; `u32::MAX` for true lengths.
    pub steps: u32,
}

impl Value {
    /// How far the value for true lengths may lie from this one: at 256 steps 4e-5 of it and at 512
    /// steps 1e-5 in all problems measured.
    pub fn error(self) -> f64 {
        let coarse = 256.0 / f64::from(self.steps);
        4e-5 * coarse * coarse * self.packs
    }
}

/// The best of a problem so far, and when to be content.
pub(super) struct Standing<'a> {
    pub task: Task<'a>,
    pub best: Templates,
    pub packs: u64,
    pub lower_bound: u64,
    pub proof: Option<Bound>,
    /// A gap up to packs / enough will do …
    pub enough: u64,
    /// … once no more than this is left of the work.
    pub content_left: u64,
    /// This is the true problem, not a part or an image of it.
    pub whole: bool,
    /// It is a part in true lengths, not an image.
    pub part: bool,
    /// Packs of the relaxation, as far as an image or the relaxation itself has told.
    pub value: Option<Value>,
    /// Duals of the relaxation, or those of an image, interpolated: close to the true ones, but no
    /// proof.
    pub duals: Option<Vec<f64>>,
}

impl<'a> Standing<'a> {
    pub fn new(task: Task<'a>, start: Templates, lower_bound: u64) -> Self {
        let packs = start.pack_count();
        Self {
            task,
            best: start,
            packs,
            lower_bound,
            proof: None,
            enough: u64::MAX,
            content_left: u64::MAX,
            whole: true,
            part: false,
            value: None,
            duals: None,
        }
    }

    pub fn gap(&self) -> u64 {
        self.packs.saturating_sub(self.lower_bound)
    }

    /// The gap is small enough for the work that is spent.
    pub fn content(&self, work: &Work) -> bool {
        self.gap() == 0
            || (self.gap() <= self.packs / self.enough && work.left() <= self.content_left)
    }

    pub fn done(&self, work: &Work) -> bool {
        self.content(work) || work.exhausted()
    }

    pub fn offer(&mut self, templates: Templates, work: &Work) {
        let packs = templates.pack_count();
        if packs < self.packs {
            (self.best, self.packs) = (templates, packs);
            self.report(work);
        }
    }

    /// As many packs as before are welcome too.
    pub fn offer_equal(&mut self, templates: Templates, work: &Work) {
        let packs = templates.pack_count();
        if packs <= self.packs {
            (self.best, self.packs) = (templates, packs);
            self.report(work);
        }
    }

    pub fn offer_bound(&mut self, bound: Bound, work: &Work) {
        if bound.packs > self.lower_bound {
            self.lower_bound = bound.packs;
            self.proof = Some(bound);
            self.report(work);
        }
    }

    fn report(&self, work: &Work) {
        if self.whole {
            work.report(self.gap());
        }
    }
}
