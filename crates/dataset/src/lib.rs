//! Files: source columns in, packed data sets out.
#![forbid(unsafe_code)]
