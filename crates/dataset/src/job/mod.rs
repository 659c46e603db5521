//! What a caller asks for: lengths, a packed data set, a proof of one.

mod decide;
mod left_out;
pub(crate) mod lengths;
mod manifest;
pub(crate) mod pack;
mod places;
mod prepare;
pub(crate) mod report;
pub(crate) mod tokenize;
pub(crate) mod verify;
mod write;
