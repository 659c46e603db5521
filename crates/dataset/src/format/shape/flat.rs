//! Packs that lie in arrays: what `npy`, `safetensors` and `megatron` share.
//!
//! `cu_seqlens` holds the ends of segments, `pack_offsets` the segments of each pack; both start
//! with 0, rise, and end with what there is. A stretch of packs is read at a time: a few MiB, or
//! one pack.

use crate::Fault;
use crate::format::found::{Found, List};
use crate::format::shape::array::{Array, Extent, OpenArray};
use arrow_buffer::{ArrowNativeType, OffsetBuffer};
use std::ops::Range;
use std::path::Path;

/// Packs that one thread takes at a time.
pub(crate) const PACKS_AT_ONCE: u64 = 4096;
/// Packs, segments and places in a stretch, unless one pack has more.
const STRETCH: (usize, i64, u64) = (1024, 1 << 16, 1 << 20);

/// Arrays that belong together.
pub(crate) struct Flat {
    pub arrays: Vec<Array>,
    pub packs: u64,
    pub segments: u64,
    /// Places of each row; none: places stand in one line, as `cu_seqlens` counts them.
    pub width: Option<u64>,
    pub capacity: u32,
}

/// Packs that are read together.
struct Stretch {
    packs: Range<u64>,
    /// Segments of each pack, and places.
    segments: Vec<usize>,
    places: Vec<usize>,
    first_segment: u64,
    first_place: u64,
    /// Places of each segment.
    lengths: Vec<i32>,
}

impl Flat {
    /// Arrays whose sizes fit each other.
    ///
    /// # Errors
    /// [`Fault::Invalid`] for an array that is missing or has another size than its boundaries say.
    pub(crate) fn new(
        arrays: Vec<(Array, Extent)>,
        width: Option<u64>,
        capacity: u32,
        folder: &Path,
    ) -> Result<Self, Fault> {
        let count = |name: &str| {
            let array = arrays.iter().find(|(array, _)| array.name == name);
            array
                .map(|(array, _)| array.count)
                .ok_or_else(|| Fault::invalid(folder, None, format!("the array {name} is missing")))
        };
        let less_one = |name: &str| {
            let detail = || Fault::invalid(folder, None, format!("{name} doesn't start with 0"));
            count(name)?.checked_sub(1).ok_or_else(detail)
        };
        let (packs, segments) = (less_one("pack_offsets")?, less_one("cu_seqlens")?);
        count("sequence_ids")?;
        let places = match width {
            Some(width) => packs * width,
            None => count("input_ids")?,
        };
        for (Array { name, path, count, .. }, extent) in &arrays {
            let wanted = match extent {
                Extent::Places => places,
                Extent::Segments => segments,
                Extent::SegmentEnds => segments + 1,
                Extent::PackEnds => packs + 1,
            };
            if *count != wanted {
                let detail = format!(
                    "{name} has {count} values, not {wanted}, for {packs} packs of {segments} \
                     sequences and {places} places"
                );
                return Err(Fault::invalid(path, None, detail));
            }
        }
        let arrays = arrays.into_iter().map(|(array, _)| array).collect();
        Ok(Self { arrays, packs, segments, width, capacity })
    }

    /// Ranges of packs, each for one thread.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = Range<u64>> + use<> {
        let packs = self.packs;
        let starts = (0..packs.div_ceil(PACKS_AT_ONCE)).map(|k| k * PACKS_AT_ONCE);
        starts.map(move |start| start..packs.min(start + PACKS_AT_ONCE))
    }

    /// Hands on `packs`; the row of a pack is its number.
    ///
    /// # Errors
    /// [`Fault::Format`] for arrays that can't be read, [`Fault::Invalid`] for boundaries that
    /// don't rise, and whatever `take` returns.
    pub(crate) fn read(
        &self,
        packs: Range<u64>,
        take: &mut dyn FnMut(Found) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut open = Vec::new();
        for array in &self.arrays {
            open.push(array.open(&open)?);
        }
        let open = Open { flat: self, arrays: open };
        let offsets = open.pack_offsets(packs.clone())?;
        let mut first = 0;
        while first + 1 < offsets.len() {
            let stretch = open.stretch(packs.start + first as u64, &offsets[first..])?;
            first += stretch.segments.len();
            take(open.found(&stretch)?)?;
        }
        Ok(())
    }
}

struct Open<'a> {
    flat: &'a Flat,
    arrays: Vec<OpenArray<'a>>,
}

impl Open<'_> {
    fn array(&self, name: &str) -> Option<&OpenArray<'_>> {
        self.arrays.iter().find(|array| array.name() == name)
    }

    fn needed(&self, name: &str) -> &OpenArray<'_> {
        self.array(name).expect("arrays without it are refused when they are opened")
    }

    fn pack_offsets(&self, packs: Range<u64>) -> Result<Vec<i64>, Fault> {
        let array = self.needed("pack_offsets");
        let offsets = array.i64s(packs.start..packs.end + 1)?;
        let last = packs.end == self.flat.packs;
        let bounds = ((packs.start == 0).then_some(0), last.then_some(self.flat.segments as i64));
        check(array, &offsets, packs.start, bounds, &|k| k)?;
        Ok(offsets)
    }

    /// The packs from `first` on that are read together; `offsets` are theirs and those behind.
    fn stretch(&self, first: u64, offsets: &[i64]) -> Result<Stretch, Fault> {
        let (most_packs, most_segments, most_places) = STRETCH;
        let near = |end: &&i64| **end - offsets[0] <= most_segments;
        let count = offsets[1..].iter().take(most_packs).take_while(near).count().max(1);
        let offsets = &offsets[..=count];
        let first_segment = offsets[0] as u64;
        let array = self.needed("cu_seqlens");
        let ends = array.i64s(first_segment..offsets[count] as u64 + 1)?;
        let pack_of = |k: u64| first + offsets[1..].partition_point(|&end| end as u64 <= k) as u64;
        let last = offsets[count] as u64 == self.flat.segments;
        let all = self.flat.width.is_none().then(|| self.needed("input_ids").count() as i64);
        let bounds = ((first_segment == 0).then_some(0), all.filter(|_| last));
        check(array, &ends, first_segment, bounds, &pack_of)?;
        let mut stretch = Stretch {
            packs: first..first,
            segments: Vec::new(),
            places: Vec::new(),
            first_segment,
            first_place: self.flat.width.map_or(ends[0] as u64, |width| first * width),
            lengths: Vec::new(),
        };
        let mut total = 0;
        for pack in offsets.windows(2) {
            let [from, to] = [pack[0], pack[1]].map(|end| (end - offsets[0]) as usize);
            let filled = ends[to] - ends[from];
            if filled > self.flat.capacity.into() {
                let capacity = self.flat.capacity;
                let detail = format!("{filled} tokens in a pack of capacity {capacity}");
                return Err(Fault::invalid(array.path(), stretch.packs.end, detail));
            }
            let places = self.flat.width.unwrap_or(filled as u64);
            total += places;
            if total > most_places && !stretch.segments.is_empty() {
                break;
            }
            stretch.packs.end += 1;
            stretch.segments.push(to - from);
            stretch.places.push(places as usize);
            stretch.lengths.extend(ends[from..=to].windows(2).map(|end| (end[1] - end[0]) as i32));
        }
        Ok(stretch)
    }

    fn found(&self, stretch: &Stretch) -> Result<Found, Fault> {
        let places: usize = stretch.places.iter().sum();
        let places = stretch.first_place..stretch.first_place + places as u64;
        let segments = stretch.lengths.len() as u64;
        let segments = stretch.first_segment..stretch.first_segment + segments;
        let i32s = |name| self.array(name).map(|array| array.i32s(places.clone())).transpose();
        let weights = self.array("loss_weights").map(|array| array.f32s(places.clone()));
        let ids = |name| self.array(name).map(|array| array.i64s(segments.clone())).transpose();
        let counts = self.array("token_counts").map(|array| array.i32s(segments.clone()));
        let by_place = |values| list(&stretch.places, values);
        let by_segment = |values| list(&stretch.segments, values);
        let tokens = by_place(self.needed("input_ids").i32s(places.clone())?);
        let lengths = list(&stretch.segments, stretch.lengths.clone());
        Ok(Found {
            sequences: ids("sequence_ids")?.map(by_segment),
            labels: i32s("labels")?.map(by_place),
            weights: weights.transpose()?.map(|values| list(&stretch.places, values)),
            positions: i32s("position_ids")?.map(by_place),
            attention_mask: i32s("attention_mask")?.map(by_place),
            starts: ids("piece_starts")?.map(by_segment),
            counts: counts.transpose()?.map(|values| list(&stretch.segments, values)),
            ..Found::new(stretch.packs.start, tokens, lengths)
        })
    }
}

fn list<T: ArrowNativeType>(counts: &[usize], values: Vec<T>) -> List<T> {
    List::new(OffsetBuffer::from_lengths(counts.iter().copied()), values.into())
}

/// Boundaries rise; those from `first` on are `values`, and the ends are what `bounds` says, as far
/// as they are known. `row` gives the pack behind a boundary.
fn check(
    array: &OpenArray<'_>,
    values: &[i64],
    first: u64,
    bounds: (Option<i64>, Option<i64>),
    row: &dyn Fn(u64) -> u64,
) -> Result<(), Fault> {
    let name = array.name();
    let fault = |k: usize, detail| Err(Fault::invalid(array.path(), row(first + k as u64), detail));
    let fall = values.windows(2).position(|pair| pair[0] >= pair[1] || pair[0] < 0);
    if let Some(k) = fall {
        let (from, to) = (values[k], values[k + 1]);
        return fault(
            k,
            format!("{name} goes from {from} to {to}; each pack and sequence has some"),
        );
    }
    let (start, end) = (values[0], values[values.len() - 1]);
    if let Some(wanted) = bounds.0.filter(|&wanted| wanted != start) {
        return fault(0, format!("{name} starts with {start}, not {wanted}"));
    }
    if let Some(wanted) = bounds.1.filter(|&wanted| wanted != end) {
        return fault(values.len() - 2, format!("{name} ends with {end}, not {wanted}"));
    }
    Ok(())
}
