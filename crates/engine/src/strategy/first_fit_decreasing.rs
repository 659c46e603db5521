//! First-fit-decreasing: each sequence, longest first, goes to the pack opened earliest that fits.
//!
//! O(D log C) runs of packs touched for D length classes, O(log D) each, whatever the number of
//! sequences. At most 11/9 OPT + 6/9 packs, and no better (Dosa 2007). Needs about as many packs as
//! best-fit-decreasing, at several times its cost.

use super::groups::Groups;
use super::opening_order::OpeningOrder;
use super::problem::Problem;
use crate::template::Templates;

/// The templates, in plan order.
#[must_use]
pub fn plan(problem: &Problem<'_>) -> Templates {
    let units = problem.in_units();
    let mut groups = Groups::for_problem(units);
    let mut open = OpeningOrder::new(units.capacity, units.limit);
    for (length, need, count) in units.classes() {
        open.place(&mut groups, length, need, count);
    }
    groups.into_templates()
}
