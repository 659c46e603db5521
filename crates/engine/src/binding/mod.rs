//! Binding: which sequence fills which slot of a plan's packs.
//!
//! Three steps, each O(n): count the lengths, order the sequences by length, copy them template by
//! template. A pure function of plan and lengths: the sequences of each length, in input order,
//! fill that length's slots from the first pack to the last. A direct scatter of every sequence to
//! its slot saves the second step and is slower, since its writes jump over the whole output.

pub(crate) mod counting;
pub(crate) mod gathering;
pub(crate) mod sorting;
