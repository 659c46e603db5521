//! Shapes that several formats share.

pub(crate) mod array;
pub(crate) mod flat;
pub(crate) mod folder;
pub(crate) mod json;
pub(crate) mod npy;
pub(crate) mod padded;
pub(crate) mod table;
