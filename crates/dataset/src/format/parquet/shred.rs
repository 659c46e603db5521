//! Arrow arrays as levels and plain values: Dremel's column striping.
//!
//! Lists of numbers without nulls, which tokens are, cost two runs of levels per row and not even
//! a copy; everything else O(entries × depth).

use super::cells::{Cells, cells, number_bytes};
use super::runs::Runs;
use crate::Fault;
use crate::source::parquet::node::{Kind, Node};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_schema::DataType;
use std::ops::Range;

/// Entries of one column.
pub(crate) struct Entries {
    pub rep: Runs,
    pub def: Runs,
    /// Values one behind another, as encoding PLAIN has them; booleans have a byte each.
    pub values: Buffer,
}

/// The same in the making.
#[derive(Default)]
struct Leaf {
    rep: Runs,
    def: Runs,
    values: Vec<u8>,
}

impl Leaf {
    fn push(&mut self, rep: i16, def: i16) {
        self.rep.push(rep as u8, 1);
        self.def.push(def as u8, 1);
    }
}

/// Some rows of a top-level column, as entries of the columns that it is stored in.
///
/// # Errors
/// Of the options, for a type that can't be written.
pub(crate) fn shred(
    node: &Node,
    array: &ArrayRef,
    rows: Range<usize>,
) -> Result<Vec<Entries>, Fault> {
    if let Some(entries) = lists_of_numbers(node, array, rows.clone()) {
        return Ok(vec![entries]);
    }
    let mut count = 0;
    let part = part(node, array, &mut count)?;
    let mut leaves = Vec::new();
    leaves.resize_with(count, Leaf::default);
    for row in rows {
        part.put(row, 0, &mut leaves);
    }
    let entries = |Leaf { rep, def, values }| Entries { rep, def, values: values.into() };
    Ok(leaves.into_iter().map(entries).collect())
}

/// The common case: nothing is null, and the values lie as they are stored.
fn lists_of_numbers(node: &Node, array: &ArrayRef, rows: Range<usize>) -> Option<Entries> {
    let Kind::List(element) = &node.kind else { return None };
    let list = array.as_list_opt::<i32>().filter(|list| list.null_count() == 0)?;
    let offsets = list.value_offsets();
    let (start, end) = (offsets[rows.start] as usize, offsets[rows.end] as usize);
    let values = number_bytes(list.values(), start..end)?;
    let (mut rep, mut def) = (Runs::default(), Runs::default());
    for row in rows {
        let length = (offsets[row + 1] - offsets[row]) as usize;
        rep.push(0, 1);
        rep.push(1, length.saturating_sub(1));
        def.push(node.def as u8, usize::from(length == 0));
        def.push(element.def as u8, length);
    }
    Some(Entries { rep, def, values })
}

/// An array with what is known of it once for all rows.
struct Part<'a> {
    nulls: Option<NullBuffer>,
    def: i16,
    /// Its columns, from the first of the top-level column on.
    leaves: Range<usize>,
    kind: PartKind<'a>,
}

enum PartKind<'a> {
    Values(Cells<'a>),
    Struct(Vec<Part<'a>>),
    List { rep: i16, bounds: Box<dyn Fn(usize) -> Range<usize> + 'a>, element: Box<Part<'a>> },
}

impl Part<'_> {
    fn put(&self, at: usize, rep: i16, leaves: &mut [Leaf]) {
        let without = |def: i16, leaves: &mut [Leaf]| {
            leaves[self.leaves.clone()].iter_mut().for_each(|leaf| leaf.push(rep, def));
        };
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(at)) {
            return without(self.def - 1, leaves);
        }
        match &self.kind {
            PartKind::Values(cells) => {
                let leaf = &mut leaves[self.leaves.start];
                leaf.push(rep, self.def);
                cells(at, &mut leaf.values);
            }
            PartKind::Struct(children) => {
                for child in children {
                    child.put(at, rep, leaves);
                }
            }
            PartKind::List { rep: inside, bounds, element } => {
                let bounds = bounds(at);
                if bounds.is_empty() {
                    return without(self.def, leaves);
                }
                for k in bounds.clone() {
                    element.put(k, if k == bounds.start { rep } else { *inside }, leaves);
                }
            }
        }
    }
}

fn part<'a>(node: &Node, array: &'a dyn Array, count: &mut usize) -> Result<Part<'a>, Fault> {
    let start = *count;
    let kind = match &node.kind {
        Kind::Leaf(_) => {
            *count += 1;
            PartKind::Values(cells(array)?)
        }
        Kind::Struct(children) => {
            let columns = array.as_struct().columns().iter();
            let parts =
                children.iter().zip(columns).map(|(child, array)| part(child, array, count));
            PartKind::Struct(parts.collect::<Result<_, _>>()?)
        }
        Kind::List(element) => {
            let (bounds, values) = lists(array)?;
            let element = Box::new(part(element, values, count)?);
            PartKind::List { rep: node.rep + 1, bounds, element }
        }
    };
    Ok(Part { nulls: array.logical_nulls(), def: node.def, leaves: start..*count, kind })
}

type Bounds<'a> = Box<dyn Fn(usize) -> Range<usize> + 'a>;

/// Where each list lies, and in which values.
fn lists(array: &dyn Array) -> Result<(Bounds<'_>, &dyn Array), Fault> {
    fn between<T: arrow_buffer::ArrowNativeType>(offsets: &[T]) -> Bounds<'_> {
        Box::new(|row| offsets[row].as_usize()..offsets[row + 1].as_usize())
    }
    Ok(match array.data_type() {
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            (between(list.value_offsets()), list.values().as_ref())
        }
        DataType::LargeList(_) => {
            let list = array.as_list::<i64>();
            (between(list.value_offsets()), list.values().as_ref())
        }
        DataType::FixedSizeList(_, width) => {
            let list = array.as_fixed_size_list();
            let width = *width as usize;
            (Box::new(move |row| row * width..(row + 1) * width), list.values().as_ref())
        }
        DataType::Map(..) => {
            let map = array.as_map();
            (between(map.value_offsets()), map.entries())
        }
        other => {
            return Err(Fault::option(format!("a column of {other} can't be written as Parquet")));
        }
    })
}
