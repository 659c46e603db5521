//! Bytes of input ids per second that one core lays out: ids, positions and segments, then with
//! labels. `cargo run --profile fast -p stowage-engine --example rows_speed`
#![allow(clippy::print_stdout, reason = "a program that reports to its terminal")]

use std::hint::black_box;
use std::time::Instant;
use stowage_engine::rows::boundaries::Boundaries;
use stowage_engine::rows::labels::Labels;
use stowage_engine::rows::places::{Content, Places};
use stowage_engine::rows::{Layout, Offsets, Packs, RowOptions, Shape, Tokens, Values, fill};

const TOKENS: usize = 1 << 24;
const WIDTH: u32 = 2048;

fn main() {
    for mean in [32_u32, 128, 512, 2048] {
        let offsets: Vec<u32> = (0..=TOKENS as u32).step_by(mean as usize).collect();
        let tokens: Vec<i32> = (0..32_000).cycle().take(TOKENS).collect();
        // A stride that is prime to the count visits sequences far from each other, as packs do.
        let count = offsets.len() as u64 - 1;
        let sequences: Vec<u32> = (0..count).map(|i| (i * 7_919 % count) as u32).collect();
        let ends: Vec<u32> = (0..=count as u32).step_by((WIDTH / mean) as usize).collect();
        let content = Content {
            tokens: Tokens {
                name: "tokens",
                values: Values::I32(&tokens),
                offsets: Offsets::U32(&offsets),
            },
            own_labels: None,
            loss_mask: None,
            labels: Labels::Unshifted,
            pad_token_id: 0,
            binary_mask: false,
        };
        let options = RowOptions {
            shape: Shape::Padded { width: WIDTH },
            alignment: 1,
            padding_segment: false,
        };
        let packs = Packs { offsets: &ends, sequences: &sequences, pieces: None };
        for with_labels in [false, true] {
            let speed = best_of_five(packs, &content, options, with_labels);
            println!("length {mean:>5}, labels {with_labels:>5}: {speed:.2} GB/s of input ids");
        }
    }
}

fn best_of_five(
    packs: Packs<'_>,
    content: &Content<'_>,
    options: RowOptions,
    with_labels: bool,
) -> f64 {
    let mut arrays = vec![vec![1; TOKENS]; 4];
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        let layout = Layout::new(packs, &content.tokens, options).expect("the packs fit");
        let mut small = [vec![0; layout.boundary_count()], vec![0; layout.row_count() + 1]];
        let mut sequences = vec![0; layout.segment_count()];
        let [cu, rows] = &mut small;
        let [ids, positions, segments, labels] = &mut arrays[..] else {
            unreachable!("four arrays")
        };
        let places = Places {
            input_ids: ids,
            position_ids: positions,
            segment_ids: segments,
            labels: with_labels.then_some(labels.as_mut_slice()),
            ..Places::default()
        };
        let boundaries = Boundaries {
            cu_seqlens: cu,
            cu_seqlens_padded: &mut [],
            cu_seqlens_offsets: rows,
            sequences: &mut sequences,
        };
        fill(&layout, content, places, boundaries, 1).expect("the ids are ids");
        best = best.min(start.elapsed().as_secs_f64());
        black_box(&arrays);
    }
    (TOKENS * 4) as f64 / best / 1e9
}
