//! An output folder: its files, its manifest, and how it appears complete or not at all.

mod aside;
mod digest;
mod fields;
mod file;
mod folder;
mod leftover;
mod manifest;
mod replace;
mod source;
mod writer;

pub(crate) use aside::{beside, within};
pub use digest::Digest;
pub(crate) use digest::{Digesting, of_file as digest_of_file};
pub use file::DataFile;
pub(crate) use file::DataWriter;
pub(crate) use folder::Output;
pub use leftover::{Leftover, clean};
pub(crate) use manifest::{Labels, MANIFEST, Manifest, PartitionGroup, empty_name, overlong_name};
pub(crate) use source::SourceNotes;
pub use writer::{Life, Writer};
