//! What a caller asks for: lengths, a packed data set, a proof of one.

mod carried;
mod decide;
mod left_out;
pub(crate) mod lengths;
mod listed;
mod manifest;
pub(crate) mod open;
pub(crate) mod pack;
mod places;
mod prepare;
pub(crate) mod report;
pub(crate) mod scale;
pub(crate) mod sketch;
pub(crate) mod spool;
pub(crate) mod tokenize;
pub(crate) mod verify;
mod write;
