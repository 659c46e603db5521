//! Assembly of a lattice's packs by pair closing: all slots of a pack but two get true lengths by the
//! running deviation, the last two a pair that fills the pack to the token, found by words of bitmaps.
//!
//! Lengths furthest from their class's centre go first, each beside lengths from the other end: what
//! is left lies ever closer to the centres and fits ever more easily. Some ten operations per try,
//! where a depth-first search of the same packs takes a thousand.

use super::lattice::Image;
use super::spans::Spans;
use super::work::Work;
use crate::template::{Run, Templates, tokens};

/// Lengths of the last single slot that are tried for an exact pair.
const TRIES: u32 = 64;
/// Sums below an exact fit that are tried one by one.
const SCAN: u32 = 24;

/// Chooses true lengths for `packs` of the image: packs that are full to the token, or leave at most
/// `allowance` and the room that the image's pack leaves itself. The packs, and what is left of
/// `classes`.
pub(super) fn assemble(
    image: &Image,
    packs: &Templates,
    classes: &[(u32, u64)],
    allowance: u32,
    work: &mut Work,
) -> (Templates, Vec<(u32, u64)>) {
    let mut spans = Spans::new(&image.spans, classes);
    let mut found = Templates::new();
    let mut runs = Vec::new();
    // The fullest have the least choice.
    for t in packs.largest_first(tokens) {
        let (template, mut left) = packs.get(t);
        let own = u64::from(image.steps) - tokens(template);
        let own = own * u64::from(image.capacity) / u64::from(image.steps);
        let mut closing = Closing::new(image, template, allowance.saturating_add(own as u32));
        while left > 0 && !work.exhausted() {
            let full = closing.close(&mut spans);
            work.charge(std::mem::take(&mut closing.cost));
            if !full {
                break;
            }
            closing.path.sort_unstable_by(|a, b| b.cmp(a));
            runs.clear();
            let mut times = left;
            for same in closing.path.chunk_by(|a, b| a == b) {
                let ((length, span), copies) = (same[0], same.len() as u32);
                times = times.min(spans.count(span, length) / u64::from(copies));
                runs.push(Run { length, times: copies });
            }
            for &(length, span) in &closing.path {
                spans.take(span, length, times);
            }
            work.charge(8 * closing.path.len() as u64);
            found.push(&runs, times);
            left -= times;
        }
    }
    (found, spans.into_rest())
}

/// The search for one pack of a template.
struct Closing {
    /// The image class of each slot, and twice what its centre takes.
    slots: Vec<(usize, u64)>,
    capacity: u32,
    allowance: u32,
    /// The pack: lengths and their spans.
    path: Vec<(u32, usize)>,
    cost: u64,
}

impl Closing {
    fn new(image: &Image, template: &[Run], allowance: u32) -> Self {
        let slots = template.iter().flat_map(|run| {
            let span = super::task::row_of(&image.classes, run.length);
            let centre =
                2 * u64::from(run.length) * u64::from(image.capacity) / u64::from(image.steps);
            std::iter::repeat_n((span, centre), run.times as usize)
        });
        let (slots, capacity) = (slots.collect(), image.capacity);
        Self { slots, capacity, allowance, path: Vec::new(), cost: 0 }
    }

    /// Leaves a pack in `path`; false if none is found. Spans are as before.
    fn close(&mut self, spans: &mut Spans) -> bool {
        self.path.clear();
        self.cost += 8;
        if let [(span, _)] = self.slots[..] {
            self.cost += spans.words(span);
            self.path.extend(spans.at_most(span, self.capacity).map(|length| (length, span)));
            return !self.path.is_empty();
        }
        let pair = self.open(spans).and_then(|room| self.find_pair(spans, room));
        for &(length, span) in &self.path {
            spans.put(span, length, 1);
        }
        let [.., (s, _), (t, _)] = self.slots[..] else { return false };
        self.path.extend(pair.into_iter().flat_map(|(a, b)| [(a, s), (b, t)]));
        pair.is_some()
    }

    /// Takes lengths for all slots but the last two: the first from the end of its span that lies
    /// further from the centre, others from the end opposite to the deviation so far. The room left.
    fn open(&mut self, spans: &mut Spans) -> Option<u32> {
        let mut room = self.capacity;
        let mut centres: u64 = self.slots.iter().map(|slot| slot.1).sum();
        for at in 0..self.slots.len() - 2 {
            let (span, centre) = self.slots[at];
            self.cost += 6 + spans.words(span);
            let (longest, shortest) = (spans.at_most(span, u32::MAX)?, spans.at_least(span, 0)?);
            let long = if at == 0 {
                u64::from(longest) + u64::from(shortest) >= centre
            } else {
                2 * u64::from(room) > centres
            };
            centres -= centre;
            let length = if long { spans.at_most(span, room)? } else { shortest };
            room = room.checked_sub(length)?;
            spans.take(span, length, 1);
            self.path.push((length, span));
        }
        Some(room)
    }

    /// A pair for the last two slots that fills the room; the last single slot moves towards one that
    /// does. Failing that, a pair that leaves no more than is allowed.
    fn find_pair(&mut self, spans: &mut Spans, mut room: u32) -> Option<(u32, u32)> {
        let [.., (s, one), (t, other)] = self.slots[..] else { return None };
        let first_room = room;
        let first = self.path.last().copied();
        let step = 6 + 2 * spans.words(s);
        let longest = |room: u32| 2 * u64::from(room) > one + other;
        let outwards = longest(room);
        for tried in 1.. {
            self.cost += step;
            let pair = spans.pair(s, t, room, longest(room));
            if pair.is_some() {
                return pair;
            }
            let Some(&(length, span)) = self.path.last().filter(|_| tried < TRIES) else { break };
            // A longer one where the pair has too much room, else a shorter one; on through the
            // centre and never back.
            let next = if outwards {
                spans.at_least(span, length + 1)
            } else {
                length.checked_sub(1).and_then(|most| spans.at_most(span, most))
            };
            self.cost += 8;
            let Some(next) = next.filter(|&next| next <= room + length) else { break };
            self.replace_last(spans, next);
            room = room + length - next;
        }
        // The first choice again, for the fullest pair within reach.
        if let Some((length, _)) = first {
            self.replace_last(spans, length);
        }
        self.near_pair(spans, first_room)
    }

    fn replace_last(&mut self, spans: &mut Spans, length: u32) {
        if let Some(last) = self.path.last_mut() {
            spans.put(last.1, last.0, 1);
            spans.take(last.1, length, 1);
            last.0 = length;
        }
    }

    fn near_pair(&mut self, spans: &mut Spans, room: u32) -> Option<(u32, u32)> {
        let [.., (s, one), (t, other)] = self.slots[..] else { return None };
        let shortest = spans.at_least(s, 0)?.checked_add(spans.at_least(t, 0)?)?;
        let most = room.checked_sub(shortest)?.min(self.allowance);
        for short in 1..=most.min(SCAN - 1) {
            self.cost += 4 + 2 * spans.words(s);
            let sum = room - short;
            let pair = spans.pair(s, t, sum, 2 * u64::from(room) > one + other);
            if pair.is_some() {
                return pair;
            }
        }
        if most < SCAN {
            return None;
        }
        // Too far from exact for a scan: the longest of the one, and what fits beside it.
        self.cost += 8 + 2 * spans.words(s);
        let a = spans.at_most(s, room - spans.at_least(t, 0)?)?;
        spans.take(s, a, 1);
        let b = spans.at_most(t, room - a);
        spans.put(s, a, 1);
        b.filter(|&b| room - a - b <= self.allowance).map(|b| (a, b))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unwatched;
    use crate::seeded::Generator;
    use std::collections::BTreeMap;

    /// Packs of the image, first fit over its classes, and the problem.
    fn draw(generator: &mut Generator) -> (Image, Templates, Vec<(u32, u64)>) {
        let capacity = 500 + generator.below(4000) as u32;
        let steps = 20 + generator.below(u64::from(capacity / 4)) as u32;
        let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
        for _ in 0..400 {
            let length = capacity / 9 + generator.below(u64::from(capacity / 2)) as u32;
            *counts.entry(length).or_default() += 1 + generator.below(3);
        }
        let classes: Vec<(u32, u64)> = counts.into_iter().rev().collect();
        let image = Image::nearest(&classes, capacity, steps);
        let mut left = image.classes.clone();
        let mut packs = Templates::new();
        while let Some(first) = left.iter().position(|class| class.1 > 0) {
            let (mut room, mut runs) = (image.steps, Vec::new());
            for class in &mut left[first..] {
                let times = class.1.min((room / class.0).into()) as u32;
                if times > 0 {
                    runs.push(Run { length: class.0, times });
                    (class.1, room) = (class.1 - u64::from(times), room - times * class.0);
                }
            }
            packs.push(&runs, 1);
        }
        (image, packs, classes)
    }

    #[test]
    fn packs_hold_what_there_is_keep_to_the_capacity_and_to_what_they_may_waste() {
        let mut generator = Generator::new(61);
        let (mut made, mut exact) = (0, 0);
        for case in 0..300 {
            let (image, packs, classes) = draw(&mut generator);
            let allowance = if case % 2 == 0 { 0 } else { generator.below(60) as u32 };
            let mut work = Work::new(u64::MAX, &Unwatched);
            let (found, rest) = assemble(&image, &packs, &classes, allowance, &mut work);
            let mut all: BTreeMap<u32, u64> = rest.into_iter().collect();
            for (runs, multiplicity) in found.iter() {
                let held = tokens(runs);
                assert!(held <= image.capacity.into(), "case {case}");
                let image_of = |length| {
                    Image::nearest(&[(length, 1)], image.capacity, image.steps).classes[0].0
                };
                let steps: u32 = runs.iter().map(|run| image_of(run.length) * run.times).sum();
                let own = u64::from(image.steps - steps) * u64::from(image.capacity)
                    / u64::from(image.steps);
                if runs.len() > 1 || runs[0].times > 1 {
                    let room = u64::from(image.capacity) - held;
                    assert!(
                        room <= own + u64::from(allowance),
                        "case {case}: {runs:?} leaves {room}"
                    );
                    made += multiplicity;
                    exact += if room == 0 { multiplicity } else { 0 };
                }
                for run in runs {
                    *all.entry(run.length).or_default() += u64::from(run.times) * multiplicity;
                }
            }
            let expected: BTreeMap<u32, u64> = classes.iter().copied().collect();
            assert_eq!(all, expected, "case {case}");
        }
        assert!(exact > made / 3, "{exact} of {made} packs are full");
    }
}
