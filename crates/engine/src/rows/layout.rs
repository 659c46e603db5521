//! Where every segment of a row stands, and how large every array is.
//!
//! One pass over the segments, O(segments); no token is read. Padded rows are [rows, width], a flat
//! layout is one line of all packs. A segment takes a multiple of the alignment; places behind the
//! last segment are padding and belong to none, or, if asked for, to a segment of their own.

use crate::Fault;
use crate::memory::reserved;
use crate::rows::column::{Column, Tokens};
use crate::rows::values::Extent;

/// Packs to lay out: pack k holds entries `offsets[k] .. offsets[k + 1]` of `sequences`.
#[derive(Clone, Copy, Debug)]
pub struct Packs<'a> {
    /// One entry more than there are packs to lay out.
    pub offsets: &'a [u32],
    /// Sequence indices of the whole packing.
    pub sequences: &'a [u32],
    /// First token and length of each entry, if any sequence was cut.
    pub pieces: Option<(&'a [u32], &'a [u32])>,
}

/// How packs become rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One row of this many places per pack.
    Padded {
        /// Places of a row.
        width: u32,
    },
    /// All packs in one line, padded at its end to a multiple of this.
    Flat {
        /// 1 for no padding at all.
        multiple: u32,
    },
}

/// What decides a layout besides packs and tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowOptions {
    /// Padded or flat.
    pub shape: Shape,
    /// Each segment takes a multiple of this many places; at least 1.
    pub alignment: u32,
    /// Tail padding becomes a segment of the padded boundaries.
    pub padding_segment: bool,
}

/// A segment: a piece of a sequence and where its tokens lie in the column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) sequence: u32,
    pub(crate) start: u32,
    pub(crate) length: u32,
    pub(crate) source: usize,
}

/// The places of all segments. Sizes are known from here on; nothing is written yet.
#[derive(Clone, Debug)]
pub struct Layout {
    pub(crate) options: RowOptions,
    pub(crate) segments: Vec<Segment>,
    /// First segment of each row, and one past the last.
    pub(crate) rows: Vec<usize>,
    /// First place of each row, and the number of places.
    pub(crate) places: Vec<usize>,
    max_seqlen: u32,
    padding_segments: usize,
}

/// Places that one call may fill: what an int32 boundary can name.
const MOST_PLACES: u64 = i32::MAX as u64;

impl Layout {
    /// Lays out `packs` of `tokens`.
    ///
    /// # Errors
    /// [`Fault::Column`] for a sequence that `tokens` lacks or a piece outside it, [`Fault::Empty`]
    /// for a segment without tokens, [`Fault::Option`] for a pack wider than a row or more than
    /// 2^31 - 1 places, [`Fault::InvalidPacking`] for arrays that can't be a packing's,
    /// [`Fault::Memory`].
    pub fn new(packs: Packs<'_>, tokens: &Tokens<'_>, options: RowOptions) -> Result<Self, Fault> {
        let (first, last) = match packs.offsets {
            [] => (0, 0),
            [first, .., last] => (*first as usize, *last as usize),
            [only] => (*only as usize, *only as usize),
        };
        check(packs)?;
        let row_count = packs.offsets.len().saturating_sub(1);
        let mut layout = Self {
            options,
            segments: reserved(last - first)?,
            rows: reserved(row_count + 1)?,
            places: reserved(row_count + 1)?,
            max_seqlen: 0,
            padding_segments: 0,
        };
        let mut place = 0;
        for (row, pack) in packs.offsets.windows(2).enumerate() {
            layout.rows.push(layout.segments.len());
            layout.places.push(place as usize);
            let mut taken = 0;
            for entry in pack[0] as usize..pack[1] as usize {
                let segment = locate(packs, tokens, entry)?;
                taken += layout.need(segment.length);
                layout.segments.push(segment);
                layout.note(segment.length, layout.need(segment.length));
            }
            place += layout.row_places(row, taken)?;
        }
        place = layout.end_of_line(place);
        if place > MOST_PLACES {
            let detail = format!(
                "{row_count} packs make {place} places, more than the 2147483647 of one call: \
                 collate a range of packs"
            );
            return Err(Fault::Option { detail });
        }
        layout.rows.push(layout.segments.len());
        layout.places.push(place as usize);
        Ok(layout)
    }

    /// Packs.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.rows.len() - 1
    }

    /// Places of a row, or of the whole line.
    #[must_use]
    pub fn width(&self) -> usize {
        match self.options.shape {
            Shape::Padded { width } => width as usize,
            Shape::Flat { .. } => self.place_count(),
        }
    }

    /// Entries of each array that has one per place.
    #[must_use]
    pub fn place_count(&self) -> usize {
        self.places[self.row_count()]
    }

    /// Entries of `sequences`.
    #[must_use]
    pub fn segment_count(&self) -> usize {
        self.segments.len()
    }

    /// Entries of the boundary arrays.
    #[must_use]
    pub fn boundary_count(&self) -> usize {
        self.segments.len() + self.padding_segments + 1
    }

    /// Whether boundaries in places differ in kind from boundaries in tokens.
    #[must_use]
    pub fn has_padded_boundaries(&self) -> bool {
        self.options.padding_segment || self.options.alignment > 1
    }

    /// The longest segment; in places where boundaries in places exist, else in tokens.
    #[must_use]
    pub fn max_seqlen(&self) -> u32 {
        self.max_seqlen
    }

    /// Places that a segment of `length` tokens takes.
    #[inline]
    pub(crate) fn need(&self, length: u32) -> u64 {
        u64::from(length).next_multiple_of(u64::from(self.options.alignment))
    }

    /// Places of one row, after checking that the pack fits.
    fn row_places(&mut self, row: usize, taken: u64) -> Result<u64, Fault> {
        let Shape::Padded { width } = self.options.shape else { return Ok(taken) };
        if taken > u64::from(width) {
            let detail = format!(
                "pack {row} of those asked for takes {taken} places, a row is {width} wide: \
                 raise width, or pack with the same capacity and sequenceAlignment"
            );
            return Err(Fault::Option { detail });
        }
        self.note_tail(u64::from(width) - taken);
        Ok(u64::from(width))
    }

    /// The length of a line of `taken` places.
    fn end_of_line(&mut self, taken: u64) -> u64 {
        let Shape::Flat { multiple } = self.options.shape else { return taken };
        let end = taken.next_multiple_of(u64::from(multiple));
        self.note_tail(end - taken);
        end
    }

    fn note(&mut self, tokens: u32, places: u64) {
        let span = if self.has_padded_boundaries() { places } else { u64::from(tokens) };
        // A span above 2^32 makes a line of too many places, which is refused at the end.
        self.max_seqlen = self.max_seqlen.max(u32::try_from(span).unwrap_or(u32::MAX));
    }

    fn note_tail(&mut self, tail: u64) {
        if self.options.padding_segment && tail > 0 {
            self.padding_segments += 1;
            self.note(0, tail);
        }
    }
}

/// Refuses arrays that would lead outside each other: their owner may have changed them.
fn check(packs: Packs<'_>) -> Result<(), Fault> {
    let entries = packs.sequences.len();
    let pieces = packs
        .pieces
        .is_none_or(|(starts, lengths)| starts.len() == entries && lengths.len() == entries);
    let rises = packs.offsets.is_sorted();
    if pieces && rises && packs.offsets.last().is_none_or(|&end| end as usize <= entries) {
        return Ok(());
    }
    let detail =
        format!("offsets must never fall and must end within the {entries} entries of the packing");
    Err(Fault::InvalidPacking { index: None, detail })
}

/// The piece that one entry of a packing stands for.
fn locate(packs: Packs<'_>, tokens: &Tokens<'_>, entry: usize) -> Result<Segment, Fault> {
    let sequence = packs.sequences[entry];
    let span = tokens.span(sequence)?;
    let (start, length) = match packs.pieces {
        Some((starts, lengths)) => (starts[entry], lengths[entry]),
        None => (0, whole(tokens, sequence, span.len())?),
    };
    if start as usize + length as usize > span.len() {
        let detail = format!(
            "{} sequence {sequence} has {} tokens, its piece goes from {start} to {}",
            tokens.name,
            span.len(),
            u64::from(start) + u64::from(length)
        );
        return Err(Fault::Column { row: Some(u64::from(sequence)), detail });
    }
    if length == 0 {
        return Err(Fault::Empty { index: Some(u64::from(sequence)) });
    }
    Ok(Segment { sequence, start, length, source: span.start + start as usize })
}

fn whole<V: Extent>(column: &Column<'_, V>, sequence: u32, length: usize) -> Result<u32, Fault> {
    u32::try_from(length).map_err(|_| Fault::Column {
        row: Some(u64::from(sequence)),
        detail: format!(
            "{} sequence {sequence} has {length} tokens, more than 2^32 - 1",
            column.name
        ),
    })
}
