//! The order of files: that of the bytes of their names.

use std::cmp::Ordering;
use std::path::Path;

pub(super) fn in_byte_order(a: &Path, b: &Path) -> Ordering {
    a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes())
}
