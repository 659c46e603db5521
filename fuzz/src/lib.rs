//! What the targets share: a folder of this process, panics as the product sees them, and the data
//! sets whose files are changed.

pub mod json;
pub mod outputs;
pub mod source;
pub mod table;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

/// A folder of this process in `TMPDIR`, which is best one in memory.
pub fn scratch() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("stowage-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("the temporary folder can be written");
        folder
    })
}

/// Runs one input. A panic that comes out ends the process, as libFuzzer wants it; one that the
/// product catches does not, which libFuzzer's own hook would not let happen.
pub fn hold(target: impl FnOnce()) {
    static LAST: Mutex<String> = Mutex::new(String::new());
    static HOOK: OnceLock<()> = OnceLock::new();
    HOOK.get_or_init(|| {
        std::panic::set_hook(Box::new(|panic| {
            let trace = std::backtrace::Backtrace::force_capture();
            let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
            *last = format!("{panic}\n{trace}");
        }));
    });
    if catch_unwind(AssertUnwindSafe(target)).is_err() {
        eprintln!("{}", LAST.lock().unwrap_or_else(PoisonError::into_inner));
        std::process::abort();
    }
}
