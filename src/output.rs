//! Arrays that JavaScript allocated for us to fill: with `huge_pages.rs` all hand-written `unsafe`.
//!
//! Memory comes from JavaScript because runtimes with a memory cage (Electron) refuse foreign
//! buffers, and because an array filled in place is never copied.
//!
//! The wrapper's side of the contract (`ts/packing/packing.ts`): each output is an array of its own, which
//! nobody else sees, and which a closure on the job's promise keeps until the promise settles.

use crate::huge_pages;
use napi::bindgen_prelude::{
    Float32ArraySlice, Float64ArraySlice, Int32ArraySlice, Uint8ArraySlice, Uint32ArraySlice,
};

/// A typed array that can be lent for filling.
pub trait Array {
    /// Its elements.
    type Element: 'static;

    /// The elements, for as long as the array is lent.
    fn elements(&mut self) -> &mut [Self::Element];
}

macro_rules! array {
    ($($array:ident of $element:ty),*) => {$(
        impl Array for $array<'_> {
            type Element = $element;

            fn elements(&mut self) -> &mut [$element] {
                // SAFETY: JavaScript waits for this call, and no other array of it covers the same
                // memory, since the wrapper allocates each output by itself.
                unsafe { self.as_mut() }
            }
        }
    )*};
}

array!(Uint32ArraySlice of u32, Int32ArraySlice of i32, Float32ArraySlice of f32, Float64ArraySlice of f64, Uint8ArraySlice of u8);

/// An array lent to one asynchronous job.
///
/// No `napi_ref` inside: a reference must be released on the JavaScript thread, and a job may end
/// when that thread is gone.
pub struct Output<T> {
    start: *mut T,
    length: usize,
}

// SAFETY: only the job that owns the value uses the pointer, on one thread at a time.
unsafe impl<T: Send> Send for Output<T> {}

impl<T: 'static> Output<T> {
    /// Takes over `array` under the contract of this module.
    pub fn new(mut array: impl Array<Element = T>) -> Self {
        let elements = array.elements();
        huge_pages::ask_for(elements);
        Self { start: elements.as_mut_ptr(), length: elements.len() }
    }

    /// The elements. Only inside a job, which holds a [`Pass`](crate::gate::Pass).
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        // SAFETY: the memory stays, since the promise keeps the array and the pass keeps the
        // environment; it is ours alone, since the wrapper shows the array to nobody.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.length) }
    }
}

/// The elements of an array lent for one synchronous call.
pub fn borrow<A: Array>(array: &mut A) -> &mut [A::Element] {
    let elements = array.elements();
    huge_pages::ask_for(elements);
    elements
}
