//! Source files of any bytes, with tokens, masks, labels and carried columns, into any format: a data
//! set that proves against its source, or a fault.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stowage_fuzz::{hold, source};

fuzz_target!(|data: &[u8]| hold(|| {
    source::run(data);
}));
