//! Arrow arrays as token ids, labels, loss masks and lengths, with every element checked.
//!
//! O(elements), one pass; the common case (no nulls, 32-bit ids) is a check and a copy.

use super::rows::IGNORE;
use crate::Fault;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use std::fmt::Display;
use std::path::Path;

/// Which column of which file, and the row its first element has: for messages.
#[derive(Clone, Copy)]
pub(crate) struct Origin<'a> {
    pub path: &'a Path,
    pub column: &'a str,
    pub first_row: u64,
}

/// What a token id, a label and an element of a loss mask can be.
pub(crate) const TOKEN: &str = "a token id is 0 .. 2147483647";
pub(crate) const LABEL: &str = "a label is -100 or 0 .. 2147483647";
pub(crate) const MASK: &str = "a mask of integers is 0 or 1; weights are floats";
const ATTENTION: &str = "an attention mask is 0 or 1";

/// An element that can't be taken, by its place in the values.
struct Bad {
    at: usize,
    detail: String,
}

/// A list column taken apart.
struct Ragged<'a> {
    offsets: Offsets<'a>,
    array: &'a dyn Array,
    values: &'a ArrayRef,
}

enum Offsets<'a> {
    Small(&'a [i32]),
    Large(&'a [i64]),
    Fixed(usize),
}

impl<'a> Ragged<'a> {
    fn new(array: &'a dyn Array) -> Option<Self> {
        match array.data_type() {
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                let offsets = Offsets::Small(list.value_offsets());
                Some(Self { offsets, array, values: list.values() })
            }
            DataType::LargeList(_) => {
                let list = array.as_list::<i64>();
                let offsets = Offsets::Large(list.value_offsets());
                Some(Self { offsets, array, values: list.values() })
            }
            DataType::FixedSizeList(_, width) => {
                let offsets = Offsets::Fixed(usize::try_from(*width).ok()?);
                Some(Self { offsets, array, values: array.as_fixed_size_list().values() })
            }
            _ => None,
        }
    }

    fn offset(&self, row: usize) -> usize {
        match self.offsets {
            Offsets::Small(offsets) => offsets[row] as usize,
            Offsets::Large(offsets) => offsets[row] as usize,
            Offsets::Fixed(width) => row * width,
        }
    }

    /// Where the elements of `row` lie; a null row has none, whatever its offsets say.
    fn bounds(&self, row: usize) -> (usize, usize) {
        let start = self.offset(row);
        if self.array.is_null(row) { (start, start) } else { (start, self.offset(row + 1)) }
    }

    fn push_lengths(&self, origin: Origin<'_>, lengths: &mut Vec<u32>) -> Result<(), Fault> {
        lengths.reserve(self.array.len());
        for row in 0..self.array.len() {
            let (start, end) = self.bounds(row);
            let length = u32::try_from(end - start).map_err(|_| {
                let detail = format!(
                    "column '{}' has a sequence of {} tokens; 4294967295 is the most",
                    origin.column,
                    end - start
                );
                Fault::column(origin.path, origin.first_row + row as u64, detail)
            })?;
            lengths.push(length);
        }
        Ok(())
    }

    /// Hands on the ranges of values that belong to rows: all at once unless a row is null.
    fn each_range(
        &self,
        origin: Origin<'_>,
        mut take: impl FnMut(usize, usize) -> Result<(), Bad>,
    ) -> Result<(), Fault> {
        let rows = self.array.len();
        let taken = if self.array.null_count() == 0 {
            take(self.offset(0), self.offset(rows))
        } else {
            (0..rows).try_for_each(|row| {
                let (start, end) = self.bounds(row);
                take(start, end)
            })
        };
        taken.map_err(|bad| {
            let holds = |&row: &usize| {
                let (start, end) = self.bounds(row);
                (start..end).contains(&bad.at)
            };
            let row = (0..rows).find(holds).unwrap_or(0);
            let position = bad.at - self.offset(row);
            let detail =
                format!("column '{}' has {} at position {position}", origin.column, bad.detail);
            Fault::column(origin.path, origin.first_row + row as u64, detail)
        })
    }
}

/// Appends the sequences of a token column: lists of integers, 0 .. 2^31 - 1 each.
pub(crate) fn push_tokens(
    array: &dyn Array,
    origin: Origin<'_>,
    lengths: &mut Vec<u32>,
    tokens: &mut Vec<i32>,
) -> Result<(), Fault> {
    let list = list_of_integers(array, origin)?;
    list.push_lengths(origin, lengths)?;
    list.each_range(origin, |start, end| {
        push_integers(list.values, start, end, |id| id >= 0, TOKEN, tokens)
    })
}

/// Appends the lengths of a list column, or the values of an integer column.
pub(crate) fn push_lengths(
    array: &dyn Array,
    origin: Origin<'_>,
    lengths: &mut Vec<u32>,
) -> Result<(), Fault> {
    if let Some(list) = Ragged::new(array) {
        integers_or_fault(list.values.data_type(), array.data_type(), origin)?;
        return list.push_lengths(origin, lengths);
    }
    if !is_integer(array.data_type()) {
        return Err(wrong_type(array.data_type(), origin));
    }
    push_counts(array, lengths).map_err(|bad| {
        let detail = format!("column '{}' has {}", origin.column, bad.detail);
        Fault::column(origin.path, origin.first_row + bad.at as u64, detail)
    })
}

/// Appends labels: lists shaped like the tokens, -100 or 0 .. 2^31 - 1 each.
pub(crate) fn push_labels(
    array: &dyn Array,
    origin: Origin<'_>,
    lengths: &[u32],
    labels: &mut Vec<i32>,
) -> Result<(), Fault> {
    let list = list_of_integers(array, origin)?;
    same_shape(&list, origin, lengths)?;
    list.each_range(origin, |start, end| {
        push_integers(list.values, start, end, |id| id >= 0 || id == IGNORE, LABEL, labels)
    })
}

/// Appends a loss mask as weights: lists shaped like the tokens, of integers, booleans or floats.
pub(crate) fn push_weights(
    array: &dyn Array,
    origin: Origin<'_>,
    lengths: &[u32],
    weights: &mut Vec<f32>,
) -> Result<(), Fault> {
    let list = Ragged::new(array).ok_or_else(|| wrong_type(array.data_type(), origin))?;
    let element = list.values.data_type();
    if !is_mask(element) {
        return Err(wrong_type(array.data_type(), origin));
    }
    same_shape(&list, origin, lengths)?;
    list.each_range(origin, |start, end| push_mask(list.values, start, end, weights))
}

/// Appends an attention mask as which tokens to keep: lists shaped like the tokens, of 0 and 1.
pub(crate) fn push_attention(
    array: &dyn Array,
    origin: Origin<'_>,
    lengths: &[u32],
    keep: &mut Vec<bool>,
) -> Result<(), Fault> {
    let list = Ragged::new(array).filter(|list| is_mask(list.values.data_type()));
    let list = list.ok_or_else(|| wrong_type(array.data_type(), origin))?;
    same_shape(&list, origin, lengths)?;
    list.each_range(origin, |start, end| {
        let mut weights = Vec::new();
        push_mask(list.values, start, end, &mut weights)?;
        for (at, weight) in weights.into_iter().enumerate() {
            if weight != 0.0 && (weight - 1.0) != 0.0 {
                return Err(Bad { at: start + at, detail: format!("{weight} ({ATTENTION})") });
            }
            keep.push(weight != 0.0);
        }
        Ok(())
    })
}

/// Row and position of the first zero in a list of numbers.
pub(crate) fn first_zero(array: &dyn Array) -> Option<(usize, usize)> {
    let list = Ragged::new(array)?;
    let zeros = zeros_of(list.values)?;
    (0..array.len()).find_map(|row| {
        let (start, end) = list.bounds(row);
        (start..end).find(|&at| zeros(at)).map(|at| (row, at - start))
    })
}

/// Says of each element whether it is 0; none if all are plainly something else.
fn zeros_of(values: &ArrayRef) -> Option<Box<dyn Fn(usize) -> bool + '_>> {
    macro_rules! by_type {
        ($($name:ident: $of:ty = $zero:expr),*) => {
            match values.data_type() {
                $(DataType::$name => {
                    let all = values.as_primitive::<$of>();
                    if !all.values().contains(&$zero) {
                        return None;
                    }
                    Some(Box::new(move |at| all.is_valid(at) && all.value(at) == $zero))
                })*
                DataType::Boolean => {
                    let all = values.as_boolean();
                    Some(Box::new(move |at| all.is_valid(at) && !all.value(at)))
                }
                _ => None,
            }
        };
    }
    by_type!(
        Int8: Int8Type = 0, Int16: Int16Type = 0, Int32: Int32Type = 0, Int64: Int64Type = 0,
        UInt8: UInt8Type = 0, UInt16: UInt16Type = 0, UInt32: UInt32Type = 0,
        UInt64: UInt64Type = 0, Float32: Float32Type = 0.0, Float64: Float64Type = 0.0
    )
}

/// Whether a column is of lists of numbers or booleans.
pub(crate) fn is_numbers(column: &DataType) -> bool {
    matches!(column, DataType::List(field) | DataType::LargeList(field)
        | DataType::FixedSizeList(field, _) | DataType::ListView(field)
        | DataType::LargeListView(field) if is_mask(field.data_type()))
}

/// Whether the elements of a loss-mask column are weights rather than yes or no.
pub(crate) fn is_weighted(column: &DataType) -> bool {
    matches!(column, DataType::List(field) | DataType::LargeList(field)
        | DataType::FixedSizeList(field, _)
        if matches!(field.data_type(), DataType::Float32 | DataType::Float64))
}

fn is_mask(element: &DataType) -> bool {
    is_integer(element)
        || matches!(element, DataType::Boolean | DataType::Float32 | DataType::Float64)
}

fn is_integer(data_type: &DataType) -> bool {
    data_type.is_integer()
}

fn list_of_integers<'a>(array: &'a dyn Array, origin: Origin<'_>) -> Result<Ragged<'a>, Fault> {
    let list = Ragged::new(array).ok_or_else(|| wrong_type(array.data_type(), origin))?;
    integers_or_fault(list.values.data_type(), array.data_type(), origin)?;
    Ok(list)
}

fn integers_or_fault(
    element: &DataType,
    column: &DataType,
    origin: Origin<'_>,
) -> Result<(), Fault> {
    // A list column without any element may be typed as a list of nulls.
    if is_integer(element) || *element == DataType::Null {
        Ok(())
    } else {
        Err(wrong_type(column, origin))
    }
}

fn wrong_type(found: &DataType, origin: Origin<'_>) -> Fault {
    let detail = format!(
        "column '{}' is {found}; a list of integers is needed (for lengths: or integers)",
        origin.column
    );
    Fault::column(origin.path, None, detail)
}

fn same_shape(list: &Ragged<'_>, origin: Origin<'_>, lengths: &[u32]) -> Result<(), Fault> {
    for (row, &length) in lengths.iter().enumerate() {
        let (start, end) = list.bounds(row);
        if end - start != length as usize {
            let detail = format!(
                "column '{}' has {} elements for {length} tokens",
                origin.column,
                end - start
            );
            return Err(Fault::column(origin.path, origin.first_row + row as u64, detail));
        }
    }
    Ok(())
}

fn null_in(values: &dyn Array, start: usize, end: usize) -> Result<(), Bad> {
    let at = match values.data_type() {
        DataType::Null => (start < end).then_some(start),
        _ if values.null_count() == 0 => None,
        _ => (start..end).find(|&at| values.is_null(at)),
    };
    at.map_or(Ok(()), |at| Err(Bad { at, detail: "a null".to_string() }))
}

fn push_integers(
    values: &ArrayRef,
    start: usize,
    end: usize,
    allowed: impl Fn(i32) -> bool,
    range: &str,
    out: &mut Vec<i32>,
) -> Result<(), Bad> {
    null_in(values, start, end)?;
    match values.data_type() {
        DataType::Int32 => {
            let values = &values.as_primitive::<Int32Type>().values()[start..end];
            // A fold has no early exit, so it runs several elements at a time.
            if !values.iter().fold(true, |all, &value| all & allowed(value)) {
                let at = values.iter().position(|&value| !allowed(value)).unwrap_or(0);
                return Err(Bad { at: start + at, detail: format!("{} ({range})", values[at]) });
            }
            out.extend_from_slice(values);
            Ok(())
        }
        DataType::Int8 => narrow::<Int8Type>(values, start, end, allowed, range, out),
        DataType::Int16 => narrow::<Int16Type>(values, start, end, allowed, range, out),
        DataType::Int64 => narrow::<Int64Type>(values, start, end, allowed, range, out),
        DataType::UInt8 => narrow::<UInt8Type>(values, start, end, allowed, range, out),
        DataType::UInt16 => narrow::<UInt16Type>(values, start, end, allowed, range, out),
        DataType::UInt32 => narrow::<UInt32Type>(values, start, end, allowed, range, out),
        DataType::UInt64 => narrow::<UInt64Type>(values, start, end, allowed, range, out),
        _ => Ok(()), // a list of nulls, of which `null_in` has found none
    }
}

fn narrow<T: ArrowPrimitiveType>(
    values: &ArrayRef,
    start: usize,
    end: usize,
    allowed: impl Fn(i32) -> bool,
    range: &str,
    out: &mut Vec<i32>,
) -> Result<(), Bad>
where
    T::Native: TryInto<i32> + Display,
{
    let values = &values.as_primitive::<T>().values()[start..end];
    out.reserve(values.len());
    for (at, &value) in values.iter().enumerate() {
        match value.try_into() {
            Ok(id) if allowed(id) => out.push(id),
            _ => return Err(Bad { at: start + at, detail: format!("{value} ({range})") }),
        }
    }
    Ok(())
}

fn push_mask(values: &ArrayRef, start: usize, end: usize, out: &mut Vec<f32>) -> Result<(), Bad> {
    null_in(values, start, end)?;
    let mut push = |at: usize, weight: f64| {
        if weight.is_finite() && weight >= 0.0 {
            out.push(weight as f32);
            return Ok(());
        }
        Err(Bad { at, detail: format!("{weight} (a loss weight is finite and at least 0)") })
    };
    match values.data_type() {
        DataType::Boolean => {
            let values = values.as_boolean();
            (start..end).try_for_each(|at| push(at, f64::from(u8::from(values.value(at)))))
        }
        DataType::Float32 => {
            let values = values.as_primitive::<Float32Type>();
            (start..end).try_for_each(|at| push(at, f64::from(values.value(at))))
        }
        DataType::Float64 => {
            let values = values.as_primitive::<Float64Type>();
            (start..end).try_for_each(|at| push(at, values.value(at)))
        }
        _ => {
            let mut integers = Vec::with_capacity(end - start);
            let allowed = |mask| mask == 0 || mask == 1;
            push_integers(values, start, end, allowed, MASK, &mut integers)?;
            integers
                .iter()
                .enumerate()
                .try_for_each(|(at, &mask)| push(start + at, f64::from(mask)))
        }
    }
}

fn push_counts(values: &dyn Array, out: &mut Vec<u32>) -> Result<(), Bad> {
    fn push<T: ArrowPrimitiveType>(values: &dyn Array, out: &mut Vec<u32>) -> Result<(), Bad>
    where
        T::Native: TryInto<u32> + Display,
    {
        let values = values.as_primitive::<T>().values();
        out.reserve(values.len());
        for (at, &value) in values.iter().enumerate() {
            let length = value.try_into().map_err(|_| Bad {
                at,
                detail: format!("{value} (a length is 0 .. 4294967295)"),
            })?;
            out.push(length);
        }
        Ok(())
    }
    null_in(values, 0, values.len())?;
    match values.data_type() {
        DataType::Int8 => push::<Int8Type>(values, out),
        DataType::Int16 => push::<Int16Type>(values, out),
        DataType::Int32 => push::<Int32Type>(values, out),
        DataType::Int64 => push::<Int64Type>(values, out),
        DataType::UInt8 => push::<UInt8Type>(values, out),
        DataType::UInt16 => push::<UInt16Type>(values, out),
        DataType::UInt32 => push::<UInt32Type>(values, out),
        _ => push::<UInt64Type>(values, out),
    }
}
