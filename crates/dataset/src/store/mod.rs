//! Tokens of all sources, put away uncompressed; and packs gathered from there.

mod block;
mod builder;
mod content;
mod gather;
mod ingest;
mod lanes;
mod spill;
mod targets;

pub(crate) use block::{Block, Span};
pub(crate) use builder::{BlockBuilder, Lane, Recipe, Segment};
pub(crate) use content::Content;
pub(crate) use gather::{Gatherer, Ids, Packs};
pub(crate) use ingest::{Ingested, Keep, Rules, ingest};
pub use targets::Targetless;
pub(crate) use targets::{Tally, trains};
