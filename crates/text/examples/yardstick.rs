//! The limit of `npm run bench:text`: the crate `tokenizers` alone on texts that lie in memory.
//!
//! `yardstick TOKENIZER.json THREADS ROUNDS < texts.jsonl`, a string of JSON a line. Encodes each text
//! with offsets, each thread taking the next block of texts, and prints the seconds of the fastest round.

use std::io::{BufRead, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tokenizers::Tokenizer;

/// Texts that a thread takes at once.
const BLOCK: usize = 64;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, threads, rounds] = &arguments[..] else {
        panic!("yardstick TOKENIZER.json THREADS ROUNDS < texts.jsonl");
    };
    let [threads, rounds] = [threads, rounds].map(|text| text.parse::<usize>().expect("a number"));
    let texts: Vec<String> = (std::io::stdin().lock().lines())
        .map(|line| serde_json::from_str(&line.expect("UTF-8")).expect("a string"))
        .collect();
    let mut fastest = f64::INFINITY;
    let tokens = AtomicUsize::new(0);
    for _ in 0..rounds {
        // A fresh one: it remembers the words that it has met.
        let tokenizer = Tokenizer::from_file(path).expect("a tokenizer");
        let next = AtomicUsize::new(0);
        tokens.store(0, Ordering::Relaxed);
        let start = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    let mut own = 0;
                    loop {
                        let from = next.fetch_add(BLOCK, Ordering::Relaxed);
                        if from >= texts.len() {
                            break;
                        }
                        for text in &texts[from..(from + BLOCK).min(texts.len())] {
                            own +=
                                tokenizer.encode(text.as_str(), false).expect("it encodes").len();
                        }
                    }
                    tokens.fetch_add(own, Ordering::Relaxed);
                });
            }
        });
        fastest = fastest.min(start.elapsed().as_secs_f64());
    }
    let tokens = tokens.load(Ordering::Relaxed);
    writeln!(std::io::stdout(), "{{\"seconds\":{fastest},\"tokens\":{tokens}}}")
        .expect("it can be written");
}
