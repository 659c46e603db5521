//! An output folder: its files, its manifest, and how it appears complete or not at all.

mod file;
mod folder;
mod manifest;

pub use file::DataFile;
pub(crate) use file::DataWriter;
pub(crate) use folder::Output;
pub(crate) use manifest::{MANIFEST, Manifest};
