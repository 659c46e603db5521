//! `stowage_engine::rows` for JavaScript, in two steps: measure, then fill arrays of known size. Each
//! lays the packs out: an object that would keep the layout between them costs a small call more.

use crate::{fault, output, pool};
use napi::bindgen_prelude::{
    BigInt64ArraySlice, BigUint64ArraySlice, Either, Either3, Either7, Env, Float32ArraySlice,
    Float64ArraySlice, Int16ArraySlice, Int32ArraySlice, Result, Uint8ArraySlice, Uint16ArraySlice,
    Uint32ArraySlice,
};
use napi_derive::napi;
use stowage_engine::rows::boundaries::Boundaries;
use stowage_engine::rows::labels::Labels;
use stowage_engine::rows::mask::block_diagonal;
use stowage_engine::rows::places::{Content, Places};
use stowage_engine::rows::unpad::Unpadded;
use stowage_engine::rows::{
    Layout, Offsets, Packs, RowOptions, Shape, Tokens, Values, WeightValues, Weights, fill,
};

/// Places from which on all threads fill while no job uses them: below it they cost more than they
/// save.
pub(crate) const PARALLEL: usize = 1 << 20;

type AnyValues<'a> = Either7<
    Uint8ArraySlice<'a>,
    Int16ArraySlice<'a>,
    Uint16ArraySlice<'a>,
    Int32ArraySlice<'a>,
    Uint32ArraySlice<'a>,
    BigInt64ArraySlice<'a>,
    BigUint64ArraySlice<'a>,
>;
type AnyOffsets<'a> = Either3<Uint32ArraySlice<'a>, Int32ArraySlice<'a>, BigInt64ArraySlice<'a>>;
type AnyWeights<'a> = Either<Uint8ArraySlice<'a>, Float32ArraySlice<'a>>;

/// How packs become rows; ranges are checked by the wrapper.
#[napi(object, object_to_js = false, use_nullable = true)]
pub struct RowShape {
    /// Places of a padded row; absent for one flat line.
    pub width: Option<u32>,
    /// A flat line is padded to a multiple of this.
    pub multiple: u32,
    /// Each segment takes a multiple of this many places.
    pub alignment: u32,
    /// Tail padding becomes a segment of the padded boundaries.
    pub padding_segment: bool,
}

/// What fills the places besides tokens.
#[napi(object, object_to_js = false, use_nullable = true)]
pub struct RowContent {
    /// The id at padding.
    pub pad_token_id: i32,
    /// Labels stand at the token before.
    pub shifted: bool,
    /// The attention mask is 1 inside a segment instead of its number.
    pub binary_mask: bool,
}

/// Lays out packs and says how large they become: `offsets` are those of the packs wanted, the other
/// arrays those of the packing. `sizes` gets the width of a row, the number of places, of segments and
/// of boundaries, and the longest segment.
#[napi(catch_unwind)]
#[allow(clippy::too_many_arguments, reason = "arrays cross the boundary one by one")]
pub fn measure_rows(
    env: Env,
    offsets: &[u32],
    sequences: &[u32],
    starts: Option<Uint32ArraySlice<'_>>,
    lengths: Option<Uint32ArraySlice<'_>>,
    #[napi(ts_arg_type = "ArrayBufferView")] values: AnyValues<'_>,
    #[napi(ts_arg_type = "ArrayBufferView")] value_offsets: AnyOffsets<'_>,
    shape: RowShape,
    mut sizes: Float64ArraySlice<'_>,
) -> Result<()> {
    let pieces = starts.as_deref().zip(lengths.as_deref());
    let tokens = column("tokens", &values, &value_offsets);
    let layout = lay_out(env, Packs { offsets, sequences, pieces }, &tokens, &shape)?;
    output::borrow(&mut sizes).copy_from_slice(&[
        layout.width() as f64,
        layout.place_count() as f64,
        layout.segment_count() as f64,
        layout.boundary_count() as f64,
        f64::from(layout.max_seqlen()),
    ]);
    Ok(())
}

/// Fills arrays of the sizes that [`measure_rows`] gave for the same packs, tokens and shape.
#[napi(catch_unwind)]
#[allow(clippy::too_many_arguments, reason = "arrays cross the boundary one by one")]
pub fn fill_rows(
    env: Env,
    offsets: &[u32],
    sequences: &[u32],
    starts: Option<Uint32ArraySlice<'_>>,
    lengths: Option<Uint32ArraySlice<'_>>,
    #[napi(ts_arg_type = "ArrayBufferView")] values: AnyValues<'_>,
    #[napi(ts_arg_type = "ArrayBufferView")] value_offsets: AnyOffsets<'_>,
    shape: RowShape,
    #[napi(ts_arg_type = "ArrayBufferView | undefined")] label_values: Option<AnyValues<'_>>,
    #[napi(ts_arg_type = "ArrayBufferView | undefined")] label_offsets: Option<AnyOffsets<'_>>,
    #[napi(ts_arg_type = "ArrayBufferView | undefined")] mask_values: Option<AnyWeights<'_>>,
    #[napi(ts_arg_type = "ArrayBufferView | undefined")] mask_offsets: Option<AnyOffsets<'_>>,
    content: RowContent,
    mut input_ids: Int32ArraySlice<'_>,
    mut position_ids: Int32ArraySlice<'_>,
    mut segment_ids: Int32ArraySlice<'_>,
    mut labels: Option<Int32ArraySlice<'_>>,
    mut attention_mask: Option<Int32ArraySlice<'_>>,
    mut loss_weights: Option<Float32ArraySlice<'_>>,
    mut cu_seqlens: Int32ArraySlice<'_>,
    mut cu_seqlens_padded: Int32ArraySlice<'_>,
    mut cu_seqlens_offsets: Int32ArraySlice<'_>,
    mut segment_sequences: Uint32ArraySlice<'_>,
) -> Result<()> {
    let pieces = starts.as_deref().zip(lengths.as_deref());
    let tokens = column("tokens", &values, &value_offsets);
    let layout = lay_out(env, Packs { offsets, sequences, pieces }, &tokens, &shape)?;
    let content = Content {
        tokens,
        own_labels: label_values
            .as_ref()
            .zip(label_offsets.as_ref())
            .map(|(values, offsets)| column("ownLabels", values, offsets)),
        loss_mask: mask_values
            .as_ref()
            .zip(mask_offsets.as_ref())
            .map(|(values, offsets)| weights(values, offsets)),
        labels: if content.shifted { Labels::Shifted } else { Labels::Unshifted },
        pad_token_id: content.pad_token_id,
        binary_mask: content.binary_mask,
    };
    let places = Places {
        input_ids: output::borrow(&mut input_ids),
        position_ids: output::borrow(&mut position_ids),
        segment_ids: output::borrow(&mut segment_ids),
        labels: labels.as_mut().map(output::borrow),
        attention_mask: attention_mask.as_mut().map(output::borrow),
        loss_weights: loss_weights.as_mut().map(output::borrow),
    };
    let boundaries = Boundaries {
        cu_seqlens: output::borrow(&mut cu_seqlens),
        cu_seqlens_padded: output::borrow(&mut cu_seqlens_padded),
        cu_seqlens_offsets: output::borrow(&mut cu_seqlens_offsets),
        sequences: output::borrow(&mut segment_sequences),
    };
    let filled = if layout.place_count() < PARALLEL {
        fill(&layout, &content, places, boundaries, 1)
    } else {
        pool::with_all(|threads| fill(&layout, &content, places, boundaries, threads))?
    };
    filled.map_err(|reason| fault::to_js(env, reason))
}

fn lay_out(env: Env, packs: Packs<'_>, tokens: &Tokens<'_>, shape: &RowShape) -> Result<Layout> {
    let layout = Layout::new(packs, tokens, options_of(shape));
    layout.map_err(|reason| fault::to_js(env, reason))
}

/// The shape in the engine's words.
pub(crate) fn options_of(shape: &RowShape) -> RowOptions {
    RowOptions {
        shape: match shape.width {
            Some(width) => Shape::Padded { width },
            None => Shape::Flat { multiple: shape.multiple },
        },
        alignment: shape.alignment,
        padding_segment: shape.padding_segment,
    }
}

fn column<'a>(
    name: &'static str,
    values: &'a AnyValues<'_>,
    offsets: &'a AnyOffsets<'_>,
) -> Tokens<'a> {
    let values = match values {
        Either7::A(values) => Values::U8(values),
        Either7::B(values) => Values::I16(values),
        Either7::C(values) => Values::U16(values),
        Either7::D(values) => Values::I32(values),
        Either7::E(values) => Values::U32(values),
        Either7::F(values) => Values::I64(values),
        Either7::G(values) => Values::U64(values),
    };
    Tokens { name, values, offsets: any_offsets(offsets) }
}

fn weights<'a>(values: &'a AnyWeights<'_>, offsets: &'a AnyOffsets<'_>) -> Weights<'a> {
    let values = match values {
        Either::A(values) => WeightValues::U8(values),
        Either::B(values) => WeightValues::F32(values),
    };
    Weights { name: "lossMask", values, offsets: any_offsets(offsets) }
}

fn any_offsets<'a>(offsets: &'a AnyOffsets<'_>) -> Offsets<'a> {
    match offsets {
        Either3::A(offsets) => Offsets::U32(offsets),
        Either3::B(offsets) => Offsets::I32(offsets),
        Either3::C(offsets) => Offsets::I64(offsets),
    }
}

/// Writes a mask of 1 and 0.
#[napi(catch_unwind)]
pub fn boolean_mask_into(segment_ids: &[i32], causal: bool, mut out: Uint8ArraySlice<'_>) {
    block_diagonal(segment_ids, causal, 1, 0, output::borrow(&mut out));
}

/// Writes a mask of 0 and -infinity.
#[napi(catch_unwind)]
pub fn additive_mask_into(segment_ids: &[i32], causal: bool, mut out: Float32ArraySlice<'_>) {
    block_diagonal(segment_ids, causal, 0.0, f32::NEG_INFINITY, output::borrow(&mut out));
}

/// What a mask of 1 .. k holds; sizes first.
#[napi]
pub struct UnpaddedMask(Unpadded);

/// Counts the segments of a mask.
#[napi(catch_unwind)]
pub fn count_segments(env: Env, mask: &[i32], width: u32) -> Result<UnpaddedMask> {
    let unpadded = Unpadded::new(mask, width as usize);
    unpadded.map(UnpaddedMask).map_err(|reason| fault::to_js(env, reason))
}

#[napi]
impl UnpaddedMask {
    /// Entries of `seqlens`; `cuSeqlens` has one more.
    #[napi(getter, catch_unwind)]
    pub fn segment_count(&self) -> u32 {
        self.0.segment_count() as u32
    }

    /// Entries of `indices`.
    #[napi(getter, catch_unwind)]
    pub fn token_count(&self) -> u32 {
        self.0.token_count() as u32
    }

    /// The longest segment.
    #[napi(getter, catch_unwind)]
    pub fn max_seqlen(&self) -> u32 {
        self.0.max_seqlen()
    }

    /// Fills the arrays; `mask` is the one that was counted.
    #[napi(catch_unwind)]
    pub fn fill_into(
        &self,
        mask: &[i32],
        mut seqlens: Int32ArraySlice<'_>,
        mut indices: Int32ArraySlice<'_>,
        mut cu_seqlens: Int32ArraySlice<'_>,
    ) {
        let (seqlens, indices) = (output::borrow(&mut seqlens), output::borrow(&mut indices));
        self.0.fill(mask, seqlens, indices, output::borrow(&mut cu_seqlens));
    }
}
