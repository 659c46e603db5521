//! Packing algorithms over sequence lengths.
//!
//! Functions take slices and return values: no I/O, no global state, no threads of their own (they
//! run inside the rayon pool of the caller, in as many parts as told), no N-API type. Results
//! depend on the arguments alone, never on the number of threads. Long loops report to a
//! [`Watch`], which is how a caller cancels them and shows progress.
#![forbid(unsafe_code)]

mod binding;
pub mod bound;
pub mod certificate;
pub mod epoch;
mod fault;
pub mod histogram;
pub mod loads;
pub mod memory;
pub mod optimal;
pub mod options;
pub mod packing;
pub mod plan;
pub mod policy;
pub mod rows;
pub mod seeded;
pub mod split;
pub mod stats;
pub mod strategy;
pub mod stream;
pub mod template;
pub mod validate;
mod watch;

pub use fault::Fault;
pub use histogram::Histogram;
pub use options::PackOptions;
pub use packing::{Packing, Prepared, pack, prepare};
pub use plan::{Plan, plan};
pub use watch::{STRIDE, Stage, Unwatched, Watch};
