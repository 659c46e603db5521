//! `stowage_dataset::Dataset` for JavaScript: packs are read on a native thread, and what was read
//! fills arrays of known size, as `rows.rs` does with packs in memory.

use crate::dataset::DatasetFile;
use crate::job::{self, JobControl};
use crate::rows::{PARALLEL, RowContent, RowShape, options_of};
use crate::stats::TokenLedger;
use crate::{fault, output, pool};
use napi::bindgen_prelude::{
    BigInt, BufferSlice, Env, Float32ArraySlice, Float64ArraySlice, Int32ArraySlice, JsObjectValue,
    Null, Object, Result, ToNapiValue, Uint32ArraySlice, Unknown,
};
use napi_derive::napi;
use std::ops::Range;
use std::sync::Arc;
use stowage_dataset::{Dataset, Fault, Loaded, Request, Value, Written};
use stowage_engine::rows::Layout;
use stowage_engine::rows::boundaries::Boundaries;
use stowage_engine::rows::labels::Labels;
use stowage_engine::rows::places::Places;

/// A data set that is open for reading.
#[napi]
pub struct OpenedDataset(Arc<Dataset>);

/// What a data set says of itself.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct DatasetSummary {
    /// Name of the format.
    pub format: String,
    /// Tokens that a pack holds.
    pub capacity: u32,
    /// Packs.
    pub pack_count: f64,
    /// Sequences of the sources.
    pub sequence_count: f64,
    /// Where their tokens went.
    pub ledger: TokenLedger,
    /// No packing has fewer packs.
    pub lower_bound: f64,
    /// Hash of the plan.
    pub plan_id: Option<String>,
    /// The id at padding.
    pub pad_token_id: i32,
    /// The id appended to sequences.
    pub eos_token_id: Option<i32>,
    /// Each segment takes a multiple of this many places.
    pub sequence_alignment: u32,
    /// Seed of the binding.
    pub seed: BigInt,
    /// Number of the epoch.
    pub epoch: f64,
    /// The data files.
    pub files: Vec<DatasetFile>,
    /// Sequences without any target.
    pub sequences_without_targets: Option<f64>,
    /// Packs without any.
    pub packs_without_targets: Option<f64>,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Those that were taken along.
    pub carried: Vec<String>,
}

/// Opens a data set.
///
/// # Errors
/// As `stowage_dataset::Dataset::open`.
#[napi(catch_unwind, ts_return_type = "Promise<OpenedDataset>")]
pub fn open_dataset<'env>(
    env: &'env Env,
    folder: String,
    control: &JobControl,
) -> Result<Object<'env>> {
    let work = move |_: &job::Monitor, _| Dataset::open(folder.as_ref());
    job::spawn(env, control, 1, work, |_, dataset| Ok(OpenedDataset(Arc::new(dataset))))
}

#[napi]
impl OpenedDataset {
    /// What it says of itself.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn summary(&self) -> DatasetSummary {
        let summary = self.0.summary();
        let file = |file: stowage_dataset::DataFile| DatasetFile {
            path: file.path,
            rows: file.rows as f64,
            bytes: file.bytes as f64,
        };
        DatasetSummary {
            format: summary.format,
            capacity: summary.capacity,
            pack_count: summary.pack_count as f64,
            sequence_count: summary.sequence_count as f64,
            ledger: summary.ledger.into(),
            lower_bound: summary.lower_bound as f64,
            plan_id: summary.plan_id,
            pad_token_id: summary.pad_token_id,
            eos_token_id: summary.eos_token_id,
            sequence_alignment: summary.sequence_alignment,
            seed: summary.seed.into(),
            epoch: summary.epoch as f64,
            files: summary.files.into_iter().map(file).collect(),
            sequences_without_targets: summary.without_targets.map(|it| it.sequences as f64),
            packs_without_targets: summary.without_targets.map(|it| it.packs as f64),
            columns: summary.columns,
            carried: summary.carried,
        }
    }

    /// Lets go of parts that were decoded and kept for who reads on.
    #[napi(catch_unwind)]
    pub fn forget(&self) {
        self.0.forget();
    }

    /// Reads packs by their numbers, which were checked, on a native thread.
    ///
    /// # Errors
    /// As `stowage_dataset::Dataset::load`.
    #[napi(catch_unwind, ts_return_type = "Promise<LoadedPacks>")]
    pub fn load<'env>(
        &self,
        env: &'env Env,
        packs: &[f64],
        in_order: bool,
        carried: bool,
        threads: u32,
        control: &JobControl,
    ) -> Result<Object<'env>> {
        let dataset = Arc::clone(&self.0);
        let packs = packs.iter().map(|&pack| pack as u64).collect();
        let request = Request { packs, in_order, carried };
        let work = move |watch: &job::Monitor, threads| dataset.load(&request, threads, watch);
        job::spawn(env, control, threads, work, |_, loaded| Ok(LoadedPacks(Some(loaded))))
    }
}

/// Packs that were read, until their rows are filled.
#[napi]
pub struct LoadedPacks(Option<Loaded>);

#[napi]
impl LoadedPacks {
    fn loaded(&self) -> &Loaded {
        self.0.as_ref().expect("the wrapper asks for nothing once it has released the packs")
    }

    /// Gives the memory back, which the collector can't see.
    #[napi(catch_unwind)]
    pub fn release(&mut self) {
        self.0 = None;
    }

    /// Lays out packs `first .. first + count` of these and says how large they become: `sizes` gets the
    /// width of a row, the number of places, of segments and of boundaries, the longest segment,
    /// and whether there are ids, starts of pieces, and weights.
    ///
    /// # Errors
    /// As `stowage_dataset::Loaded::lay_out`.
    #[napi(catch_unwind)]
    pub fn measure(
        &self,
        env: Env,
        first: u32,
        count: u32,
        shape: RowShape,
        mut sizes: Float64ArraySlice<'_>,
    ) -> Result<()> {
        let loaded = self.loaded();
        let layout = self.lay_out(env, &range(first, count), &shape)?;
        let (ids, starts) = loaded.ids();
        let flag = |is: bool| f64::from(u8::from(is));
        output::borrow(&mut sizes).copy_from_slice(&[
            layout.width() as f64,
            layout.place_count() as f64,
            layout.segment_count() as f64,
            layout.boundary_count() as f64,
            f64::from(layout.max_seqlen()),
            flag(ids),
            flag(starts),
            flag(loaded.has_weights()),
        ]);
        Ok(())
    }

    /// Fills arrays of the sizes that `measure` gave for the same packs and shape.
    ///
    /// # Errors
    /// As `stowage_dataset::Loaded::fill`.
    #[napi(catch_unwind)]
    #[allow(clippy::too_many_arguments, reason = "arrays cross the boundary one by one")]
    pub fn fill(
        &self,
        env: Env,
        first: u32,
        count: u32,
        shape: RowShape,
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
        mut sequences: Option<Uint32ArraySlice<'_>>,
        mut piece_starts: Option<Uint32ArraySlice<'_>>,
    ) -> Result<()> {
        let (loaded, packs) = (self.loaded(), range(first, count));
        let layout = self.lay_out(env, &packs, &shape)?;
        let written = Written {
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
            sequences: &mut [],
        };
        let filled = if layout.place_count() < PARALLEL {
            loaded.fill(&layout, &written, places, boundaries, 1)
        } else {
            let fill = |threads| loaded.fill(&layout, &written, places, boundaries, threads);
            pool::with_all(fill)?
        };
        filled.map_err(|reason| fault::to_js(env, reason))?;
        if let Some(sequences) = &mut sequences {
            loaded.sequences_into(&packs, output::borrow(sequences));
        }
        if let Some(starts) = &mut piece_starts {
            loaded.piece_starts_into(&packs, output::borrow(starts));
        }
        Ok(())
    }

    fn lay_out(&self, env: Env, packs: &Range<usize>, shape: &RowShape) -> Result<Layout> {
        let layout = self.loaded().lay_out(packs, options_of(shape));
        layout.map_err(|reason: Fault| fault::to_js(env, reason))
    }

    /// Carried columns of packs `first .. first + count`: by name, a value per segment.
    ///
    /// # Errors
    /// If the environment is going away.
    #[napi(catch_unwind, ts_return_type = "Record<string, unknown[]>")]
    pub fn carried<'env>(&self, env: &'env Env, first: u32, count: u32) -> Result<Object<'env>> {
        let mut columns = Object::new(env)?;
        for (name, values) in self.loaded().carried(&range(first, count)) {
            columns.set_named_property(name, list(env, values)?)?;
        }
        Ok(columns)
    }
}

fn range(first: u32, count: u32) -> Range<usize> {
    first as usize..first as usize + count as usize
}

fn list<'env>(env: &'env Env, values: &[Value]) -> Result<Unknown<'env>> {
    let mut array = env.create_array(values.len() as u32)?;
    for (at, value) in (0..).zip(values) {
        array.set(at, js_value(env, value)?)?;
    }
    array.into_unknown(env)
}

/// A value in memory that JavaScript owns.
fn js_value<'env>(env: &'env Env, value: &Value) -> Result<Unknown<'env>> {
    match value {
        Value::Null => Null.into_unknown(env),
        Value::Bool(value) => value.into_unknown(env),
        Value::Number(value) => value.into_unknown(env),
        Value::Integer(value) => BigInt::from(*value).into_unknown(env),
        Value::Unsigned(value) => BigInt::from(*value).into_unknown(env),
        Value::Text(value) => value.as_str().into_unknown(env),
        Value::Bytes(value) => BufferSlice::copy_from(env, value)?.into_unknown(env),
        Value::List(values) => list(env, values),
        Value::Fields(fields) => {
            let mut object = Object::new(env)?;
            for (name, value) in fields {
                object.set_named_property(name, js_value(env, value)?)?;
            }
            object.into_unknown(env)
        }
    }
}
