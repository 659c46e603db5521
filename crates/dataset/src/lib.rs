//! Files: source columns in, packed data sets out.
//!
//! Sources are read in parts and spilled uncompressed beside the output; packs are gathered from
//! there, encoded in parallel and written in order under a temporary name. The result depends on
//! the inputs and options alone, never on the number of threads.
//!
//! The rooms, in the order in which data passes and each may use those before it: `source` (files
//! to columns) → `store` (tokens put away, packs gathered) → `output` (a folder that appears whole) →
//! `format` (a folder per format, what it writes and reads) → `job` (what a caller asks for).
#![forbid(unsafe_code)]

mod bits;
mod fault;
mod format;
mod job;
mod options;
mod output;
mod parallel;
mod progress;
mod source;
mod store;
mod warnings;

pub use fault::{Fault, Place};
pub use format::names as formats;
pub use job::lengths::{Lengths, LengthsOptions, read_lengths};
pub use job::open::{Dataset, Loaded, Request, Summary, Value, Written};
pub use job::pack::pack_dataset;
pub use job::report::{DatasetReport, Times};
pub use job::scale::{
    Finalize, PartitionOptions, assign_partition, check_job, count_partition, finalize_job,
    find_partitions, plan_job, stream_schema, verify_shard, write_group, write_shards,
};
pub use job::sketch::{
    Sketch, SketchOptions, SketchedPack, SketchedSource, SketchedTemplate, sketch_dataset,
};
pub use job::spool::{BatchFile, GivenColumn, spool_for_packing, spool_for_proof};
pub use job::tokenize::{Rows, tokenize};
pub use job::verify::{VerifyOptions, verify_dataset};
pub use options::{Compression, DatasetOptions, WithoutTargets};
pub use output::{DataFile, Digest, Leftover, Life, Writer, clean};
pub use source::{Columns, TextColumns, TextSource};
pub use store::Targetless;
pub use stowage_text::{Encoded, Shape, TextOptions, TrainOn};
