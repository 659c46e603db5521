//! Which sequence fills which slot: plan and lengths to packs.

pub(crate) mod counting;
