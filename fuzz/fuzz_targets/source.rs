//! Files of any bytes: lengths or a fault, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stowage_dataset::{LengthsOptions, read_lengths};
use stowage_engine::Unwatched;

const NAMES: [&str; 5] = ["jsonl", "npy", "parquet", "arrow", "json"];

fuzz_target!(|data: &[u8]| {
    let Some((&kind, bytes)) = data.split_first() else { return };
    let name = NAMES[usize::from(kind) % NAMES.len()];
    let path = std::env::temp_dir().join(format!("stowage-fuzz-{}.{name}", std::process::id()));
    std::fs::write(&path, bytes).expect("the temporary folder can be written");
    let input = path.to_str().expect("a plain path").to_owned();
    let column = "input_ids".to_owned();
    let options = LengthsOptions { inputs: vec![input], column, split: None, text: None };
    let _ = read_lengths(&options, 1, &Unwatched);
    std::fs::remove_file(&path).expect("it was written just now");
});
