//! Laws of rows: the worked example by hand, faults by name, and parts that don't matter.

use proptest::prelude::*;
use stowage_engine::Fault;
use stowage_engine::rows::boundaries::Boundaries;
use stowage_engine::rows::labels::Labels;
use stowage_engine::rows::places::{Content, Places};
use stowage_engine::rows::{
    IGNORE, Layout, Offsets, Packs, RowOptions, Shape, Tokens, Values, WeightValues, Weights, fill,
};

const PLAIN: RowOptions =
    RowOptions { shape: Shape::Padded { width: 8 }, alignment: 1, padding_segment: false };

/// Everything `fill` writes.
#[derive(Debug, Default, PartialEq)]
struct Rows {
    input_ids: Vec<i32>,
    position_ids: Vec<i32>,
    segment_ids: Vec<i32>,
    labels: Vec<i32>,
    attention_mask: Vec<i32>,
    loss_weights: Vec<f32>,
    cu_seqlens: Vec<i32>,
    cu_seqlens_padded: Vec<i32>,
    cu_seqlens_offsets: Vec<i32>,
    sequences: Vec<u32>,
}

fn rows(
    packs: Packs<'_>,
    content: &Content<'_>,
    options: RowOptions,
    threads: usize,
) -> Result<Rows, Fault> {
    let layout = Layout::new(packs, &content.tokens, options)?;
    let n = layout.place_count();
    let ints = || vec![9; n];
    let mut rows = Rows {
        input_ids: ints(),
        position_ids: ints(),
        segment_ids: ints(),
        labels: ints(),
        attention_mask: ints(),
        loss_weights: vec![9.0; n],
        cu_seqlens: vec![9; layout.boundary_count()],
        cu_seqlens_padded: vec![
            9;
            if layout.has_padded_boundaries() {
                layout.boundary_count()
            } else {
                0
            }
        ],
        cu_seqlens_offsets: vec![9; layout.row_count() + 1],
        sequences: vec![9; layout.segment_count()],
    };
    let places = Places {
        input_ids: &mut rows.input_ids,
        position_ids: &mut rows.position_ids,
        segment_ids: &mut rows.segment_ids,
        labels: Some(&mut rows.labels),
        attention_mask: Some(&mut rows.attention_mask),
        loss_weights: content.loss_mask.is_some().then_some(&mut rows.loss_weights),
    };
    let boundaries = Boundaries {
        cu_seqlens: &mut rows.cu_seqlens,
        cu_seqlens_padded: &mut rows.cu_seqlens_padded,
        cu_seqlens_offsets: &mut rows.cu_seqlens_offsets,
        sequences: &mut rows.sequences,
    };
    fill(&layout, content, places, boundaries, threads)?;
    Ok(rows)
}

fn content<'a>(values: Values<'a>, offsets: &'a [u32]) -> Content<'a> {
    Content {
        tokens: Tokens { name: "tokens", values, offsets: Offsets::U32(offsets) },
        own_labels: None,
        loss_mask: None,
        labels: Labels::Unshifted,
        pad_token_id: 0,
        binary_mask: false,
    }
}

const TOKENS: &[i32] = &[11, 12, 13, 21, 22, 31, 32, 33, 34];
const OFFSETS: &[u32] = &[0, 3, 5, 9];
const PACKS: Packs<'_> = Packs { offsets: &[0, 2, 3], sequences: &[0, 1, 2], pieces: None };

#[test]
fn the_worked_example_comes_out_as_by_hand() {
    let all = rows(PACKS, &content(Values::I32(TOKENS), OFFSETS), PLAIN, 1).expect("rows");
    assert_eq!(all.input_ids, [11, 12, 13, 21, 22, 0, 0, 0, 31, 32, 33, 34, 0, 0, 0, 0]);
    assert_eq!(all.position_ids, [0, 1, 2, 0, 1, 0, 0, 0, 0, 1, 2, 3, 0, 0, 0, 0]);
    assert_eq!(all.segment_ids, [1, 1, 1, 2, 2, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0]);
    assert_eq!(all.labels[..8], [IGNORE, 12, 13, IGNORE, 22, IGNORE, IGNORE, IGNORE]);
    assert_eq!((all.cu_seqlens, all.cu_seqlens_offsets), (vec![0, 3, 5, 9], vec![0, 2, 3]));
    assert_eq!(all.sequences, [0, 1, 2]);
}

#[test]
fn alignment_filler_belongs_to_attention_and_never_to_the_loss() {
    let options = RowOptions { alignment: 4, padding_segment: true, ..PLAIN };
    let all = rows(PACKS, &content(Values::I32(TOKENS), OFFSETS), options, 1).expect("rows");
    assert_eq!(all.input_ids[..8], [11, 12, 13, 0, 21, 22, 0, 0]);
    assert_eq!(all.position_ids[..8], [0, 1, 2, 3, 0, 1, 2, 3]);
    assert_eq!(all.segment_ids[..8], [1, 1, 1, 1, 2, 2, 2, 2]);
    assert_eq!(all.labels[..8], [IGNORE, 12, 13, IGNORE, IGNORE, 22, IGNORE, IGNORE]);
    assert_eq!(all.cu_seqlens, [0, 3, 5, 9, 9]);
    assert_eq!(all.cu_seqlens_padded, [0, 4, 8, 12, 16]);
    assert_eq!(all.cu_seqlens_offsets, [0, 2, 4]);
}

fn refused(content: &Content<'_>, packs: Packs<'_>, options: RowOptions) -> (&'static str, String) {
    let fault = rows(packs, content, options, 1).expect_err("a fault");
    (fault.code(), fault.to_string())
}

#[test]
fn an_id_out_of_range_is_named_with_sequence_position_and_value() {
    let values = [11_i64, 12, 13, 21, 1 << 31, 31, 32, 33, -1];
    let (code, text) = refused(&content(Values::I64(&values), OFFSETS), PACKS, PLAIN);
    assert_eq!(code, "ERR_COLUMN");
    assert!(text.contains("sequence 1, position 1: 2147483648"), "{text}");
}

#[test]
fn columns_beside_the_tokens_must_be_as_long() {
    let mut content = content(Values::I32(TOKENS), OFFSETS);
    content.own_labels = Some(Tokens {
        name: "ownLabels",
        values: Values::I32(TOKENS),
        offsets: Offsets::U32(&[0, 3, 6, 9]),
    });
    let (code, text) = refused(&content, PACKS, PLAIN);
    assert_eq!(code, "ERR_COLUMN");
    assert!(text.contains("3 values for sequence 1, which has 2 tokens"), "{text}");
}

#[test]
fn labels_and_weights_out_of_range_are_refused_even_at_a_first_token() {
    for labels in [Labels::Unshifted, Labels::Shifted] {
        let plain = Content { labels, ..content(Values::I32(TOKENS), OFFSETS) };
        let own = [-99, 12, 13, 21, 22, 31, 32, 33, 34];
        let own =
            Tokens { name: "ownLabels", values: Values::I32(&own), offsets: Offsets::U32(OFFSETS) };
        let (code, text) = refused(&Content { own_labels: Some(own), ..plain }, PACKS, PLAIN);
        assert_eq!(code, "ERR_COLUMN");
        assert!(text.contains("ownLabels sequence 0, position 0: -99"), "{text}");
        let mask = [1.0, 1.0, 1.0, -0.5, 1.0, 1.0, 1.0, 1.0, 1.0];
        let values = WeightValues::F32(&mask);
        let mask = Weights { name: "lossMask", values, offsets: Offsets::U32(OFFSETS) };
        let (_, text) = refused(&Content { loss_mask: Some(mask), ..plain }, PACKS, PLAIN);
        assert!(text.contains("lossMask sequence 1, position 0: -0.5"), "{text}");
    }
}

#[test]
fn packs_that_cannot_be_rows_are_refused() {
    let content = content(Values::I32(TOKENS), OFFSETS);
    let narrow = RowOptions { shape: Shape::Padded { width: 4 }, ..PLAIN };
    assert_eq!(refused(&content, PACKS, narrow).0, "ERR_OPTION");
    let wide = RowOptions { shape: Shape::Padded { width: i32::MAX as u32 }, ..PLAIN };
    assert_eq!(refused(&content, PACKS, wide).0, "ERR_OPTION");
    let other = Packs { sequences: &[0, 1, 3], ..PACKS };
    assert_eq!(refused(&content, other, PLAIN).0, "ERR_COLUMN");
    let outside = Packs { pieces: Some((&[0, 0, 2], &[3, 2, 3])), ..PACKS };
    assert_eq!(refused(&content, outside, PLAIN).0, "ERR_COLUMN");
    let nothing = Packs { pieces: Some((&[0, 0, 2], &[3, 0, 2])), ..PACKS };
    assert_eq!(refused(&content, nothing, PLAIN).0, "ERR_EMPTY_SEQUENCE");
}

proptest! {
    #[test]
    fn rows_do_not_depend_on_the_number_of_parts_or_the_width_of_values(
        lengths in prop::collection::vec(1_u32..20, 0..60),
        cuts in prop::collection::vec(any::<bool>(), 60),
        flat in any::<bool>(),
        alignment in 1_u32..4,
        padding_segment in any::<bool>(),
        shifted in any::<bool>(),
    ) {
        let mut offsets = vec![0];
        for length in &lengths {
            offsets.push(offsets[offsets.len() - 1] + length);
        }
        let narrow: Vec<u16> = (0..offsets[lengths.len()]).map(|i| i as u16 * 7).collect();
        let wide: Vec<u64> = narrow.iter().map(|&id| u64::from(id)).collect();
        let weights: Vec<f32> = narrow.iter().map(|&id| f32::from(id % 3) / 2.0).collect();
        let sequences: Vec<u32> = (0..lengths.len() as u32).rev().collect();
        let mut ends = vec![0];
        for entry in 1..=sequences.len() {
            if cuts[entry - 1] || entry == sequences.len() {
                ends.push(entry as u32);
            }
        }
        let packs = Packs { offsets: &ends, sequences: &sequences, pieces: None };
        let shape = if flat { Shape::Flat { multiple: 5 } } else { Shape::Padded { width: 60 * 21 } };
        let options = RowOptions { shape, alignment, padding_segment };
        let mut content = content(Values::U16(&narrow), &offsets);
        content.labels = if shifted { Labels::Shifted } else { Labels::Unshifted };
        content.loss_mask = Some(Weights { name: "lossMask", values: WeightValues::F32(&weights), offsets: Offsets::U32(&offsets) });
        let one = rows(packs, &content, options, 1).expect("rows");
        content.tokens.values = Values::U64(&wide);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("threads");
        for threads in [2, 3, 7] {
            prop_assert_eq!(&pool.install(|| rows(packs, &content, options, threads)).expect("rows"), &one);
        }
    }
}
