//! A data set made by many processes, on any number of machines: pure steps over a job folder.
//!
//! Each step is a function of its files, so that it may run twice, anywhere, and at once. Count the
//! lengths of each partition of the inputs → plan → in mode *local*, write each group of partitions
//! (planned by itself); in mode *shuffle*, assign each sequence its place in the one plan, and write
//! each shard from the rows that belong there → finalize. What passes between them lies in the folder:
//! `job.json`, `counts/`, `plan.json` or `plans/`, `layout.json`, `offsets/`, `runs/`, `assign/`,
//! `written/`.

mod assign;
mod carried;
mod count;
mod counts;
mod digest;
mod feed;
mod fields;
mod finalize;
mod folder;
mod given;
mod group;
mod layout;
mod partition;
mod partitions;
mod plan;
mod plans;
mod rows;
mod runs;
mod shard;
mod standard;
mod stream;
mod verify;
mod written;

pub use assign::assign_partition;
pub use count::count_partition;
pub use finalize::{Finalize, finalize_job};
pub use given::check_job;
pub use group::write_group;
pub use partitions::{PartitionOptions, find_partitions};
pub use plan::plan_job;
pub use shard::write_shards;
pub use stream::stream_schema;
pub use verify::verify_shard;
