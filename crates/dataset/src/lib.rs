//! Files: source columns in, packed data sets out.
//!
//! Sources are read in parts and spilled uncompressed beside the output; packs are gathered from
//! there, encoded in parallel and written in order under a temporary name. The result depends on
//! the inputs and options alone, never on the number of threads.
#![forbid(unsafe_code)]

mod block;
mod decide;
mod dremel;
mod fault;
mod formats;
mod gather;
mod ingest;
mod lanes;
mod manifest;
mod options;
mod output;
mod pack;
mod parallel;
mod progress;
mod read;
mod report;
mod sink;
mod source;
mod store;
mod verify;

pub use fault::{Fault, Place};
pub use options::DatasetOptions;
pub use output::DataFile;
pub use pack::pack_dataset;
pub use read::read_lengths;
pub use report::{DatasetReport, Times};
pub use sink::Compression;
pub use source::Columns;
pub use verify::{VerifyOptions, verify_dataset};
