//! The N-API boundary: arguments in, results and errors out, nothing else.
//!
//! Everything here is private to the package. `ts/` validates, allocates every output array and
//! is the only caller, so a broken contract is a bug and may panic: each entry catches it, and the
//! wrapper turns it into `ERR_INTERNAL`.
//!
//! Objects cross with every property there, null at least (`use_nullable`, which the types demand):
//! one that is absent would be looked up in `Object.prototype`, which is the host's.

#![allow(
    clippy::needless_pass_by_value,
    clippy::too_many_arguments,
    reason = "napi hands objects over by value, and each array crosses as a slice of its own"
)]

mod clock;
mod dataset;
mod decided;
mod epoch;
mod fault;
mod gate;
mod histogram;
mod huge_pages;
mod job;
mod opened;
mod options;
mod output;
mod packing;
mod plan;
mod plan_parts;
mod pool;
mod rows;
mod scale;
mod sketch;
mod small;
mod spool;
mod stats;
mod stream;
mod text;
mod validate;

use napi::bindgen_prelude::{Env, Object, Result};
use napi_derive::napi;

#[global_allocator]
static ALLOCATOR: huge_pages::HugePages = huge_pages::HugePages;

/// Runs once per JavaScript environment: the main thread and each worker.
///
/// # Errors
/// If the environment is already going away.
#[napi(module_exports)]
pub fn init(_exports: Object<'_>, env: Env) -> Result<()> {
    gate::install(env)
}

/// What this binary is: its version and the platform it was built for.
#[napi(object, object_from_js = false)]
pub struct Build {
    /// Version of the crate, which is the package's.
    pub version: &'static str,
    /// Architecture, system and C library, in the words of Rust's targets.
    pub target: String,
}

/// Version and target of this binary.
#[napi(catch_unwind)]
#[must_use]
pub fn build() -> Build {
    Build { version: env!("CARGO_PKG_VERSION"), target: env!("STOWAGE_TARGET").to_owned() }
}
