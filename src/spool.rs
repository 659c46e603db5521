//! Sources that JavaScript gives piece by piece: a folder for them, and record batches written there.
//! Buffers are copied on entry, because JavaScript may change them while a job writes.

use crate::dataset::PackDataset;
use crate::job::{self, JobControl};
use napi::bindgen_prelude::{Env, Object, Result, Uint8Array};
use napi_derive::napi;
use std::sync::{Arc, Mutex, PoisonError};
use stowage_dataset::{BatchFile, Fault, GivenColumn};

/// Makes a folder for what is to be packed with these options, whose inputs don't count.
///
/// # Errors
/// As `stowage_dataset::spool_for_packing`.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn spool_for_packing<'env>(
    env: &'env Env,
    options: PackDataset,
    control: &JobControl,
) -> Result<Object<'env>> {
    let options = options.into();
    let work = move |_: &job::Monitor, _| stowage_dataset::spool_for_packing(&options);
    job::spawn(env, control, 1, work, |_, folder| Ok(folder.to_string_lossy().into_owned()))
}

/// Makes a folder for what the data set in `output` is to be proved against.
///
/// # Errors
/// As `stowage_dataset::spool_for_proof`.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn spool_for_proof<'env>(
    env: &'env Env,
    output: String,
    control: &JobControl,
) -> Result<Object<'env>> {
    let work = move |_: &job::Monitor, _| stowage_dataset::spool_for_proof(output.as_ref());
    job::spawn(env, control, 1, work, |_, folder| Ok(folder.to_string_lossy().into_owned()))
}

/// A column of a record batch, or what lies below one.
#[napi(object, object_to_js = false, use_nullable = true)]
pub struct BatchColumn {
    /// Its name.
    pub name: String,
    /// Its type in words.
    pub kind: String,
    /// Values.
    pub length: u32,
    /// The first bit of bitmaps.
    pub bit: u32,
    /// Bits of values that are there.
    pub nulls: Option<Uint8Array>,
    /// Bytes of the offsets.
    pub offsets: Option<Uint8Array>,
    /// Bytes of the values.
    pub values: Option<Uint8Array>,
    /// What lies below.
    pub children: Vec<BatchColumn>,
}

impl From<BatchColumn> for GivenColumn {
    fn from(column: BatchColumn) -> Self {
        let copied = |bytes: Option<Uint8Array>| bytes.map(|bytes| bytes.to_vec());
        Self {
            name: column.name,
            kind: column.kind,
            length: column.length as usize,
            bit: column.bit as usize,
            nulls: copied(column.nulls),
            offsets: copied(column.offsets),
            values: copied(column.values),
            children: column.children.into_iter().map(Self::from).collect(),
        }
    }
}

/// An Arrow stream that grows by record batches; one call at a time.
#[napi]
pub struct BatchSpool(Arc<Mutex<Option<BatchFile>>>);

#[napi]
impl BatchSpool {
    /// A file at `path`, made with the first batch.
    #[napi(constructor)]
    #[must_use]
    pub fn new(path: String) -> Self {
        Self(Arc::new(Mutex::new(Some(BatchFile::new(path.into())))))
    }

    /// Appends a batch of `rows` rows.
    ///
    /// # Errors
    /// As `stowage_dataset::BatchFile::write`.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn write<'env>(
        &self,
        env: &'env Env,
        rows: u32,
        columns: Vec<BatchColumn>,
        control: &JobControl,
    ) -> Result<Object<'env>> {
        let columns = columns.into_iter().map(GivenColumn::from).collect();
        let file = Arc::clone(&self.0);
        let work = move |_: &job::Monitor, _| {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            let file = file.as_mut().expect("the wrapper writes nothing behind the end");
            file.write(rows as usize, columns)
        };
        job::spawn(env, control, 1, work, |_, ()| Ok(()))
    }

    /// Completes the file.
    ///
    /// # Errors
    /// As `stowage_dataset::BatchFile::finish`.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn finish<'env>(&self, env: &'env Env, control: &JobControl) -> Result<Object<'env>> {
        let file = Arc::clone(&self.0);
        let work = move |_: &job::Monitor, _| {
            let file = file.lock().unwrap_or_else(PoisonError::into_inner).take();
            file.map_or(Ok::<_, Fault>(()), BatchFile::finish)
        };
        job::spawn(env, control, 1, work, |_, ()| Ok(()))
    }
}
