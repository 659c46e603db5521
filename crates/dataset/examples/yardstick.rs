//! Speed of a packed data set: `yardstick INPUT OUTPUT FORMAT CAPACITY THREADS [COMPRESSION]`.
//!
//! Prints seconds and MB/s of token bytes (4 per token) for reading lengths and for the whole job.

#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::error::Error;
use std::time::Instant;
use stowage_dataset::{Compression, DatasetOptions, LengthsOptions, pack_dataset, read_lengths};
use stowage_engine::{PackOptions, Unwatched};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, output, format, capacity, threads, rest @ ..] = &arguments[..] else {
        return Err("INPUT OUTPUT FORMAT CAPACITY THREADS [COMPRESSION]".into());
    };
    let threads: usize = threads.parse()?;
    let inputs = vec![input.clone()];
    let start = Instant::now();
    let column = "input_ids".to_string();
    let options = LengthsOptions { inputs: inputs.clone(), column, split: None, text: None };
    let lengths = read_lengths(&options, threads, &Unwatched)?.lengths;
    let tokens: u64 = lengths.iter().map(|&length| u64::from(length)).sum();
    show("lengths", start, tokens);
    let mut options =
        DatasetOptions::new(inputs, output.into(), format, PackOptions::new(capacity.parse()?));
    options.overwrite = true;
    options.compression = match rest.first().map(String::as_str) {
        Some("none") => Compression::None,
        Some("snappy") => Compression::Snappy,
        _ => Compression::Zstd,
    };
    let start = Instant::now();
    let report = pack_dataset(&options, threads, &Unwatched)?;
    show("packed", start, tokens);
    let (stats, times) = (report.stats, report.times);
    println!(
        "{} packs, lower bound {}, efficiency {:.4}, {} files; count {:.1} plan {:.1} bind {:.1} ms",
        stats.pack_count,
        stats.lower_bound,
        stats.efficiency,
        report.files.len(),
        times.count,
        times.plan,
        times.bind
    );
    Ok(())
}

fn show(what: &str, start: Instant, tokens: u64) {
    let seconds = start.elapsed().as_secs_f64();
    println!("{what}: {seconds:.3} s, {:.0} MB/s", 4e-6 * tokens as f64 / seconds);
}
