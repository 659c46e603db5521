//! Folders for `datasets.load_from_disk`: what `hf`, `trl` and `llamafactory` share.

mod read;
mod write;

pub(crate) use read::{check, check_splits};
pub(crate) use write::FolderSink;
