//! What is left of the true lengths of each class of an image, as bitmaps that pair in words.
//!
//! Per span one bit per length upwards from its shortest and one downwards from its longest: a pair
//! of two spans takes exactly `sum` tokens where a bit of the one meets the bit of the other, shifted;
//! so a word tells of 64 pairs at once. Memory: two bits per length between the shortest and the
//! longest of each span. For spans of some thousands of lengths at most.

/// The lengths of one class of an image.
struct Span {
    /// Its true classes, longest first.
    classes: (usize, usize),
    low: u32,
    high: u32,
    /// First word in both maps, and the one after the last.
    words: (usize, usize),
}

/// Live lengths by span.
pub(super) struct Spans {
    all: Vec<Span>,
    lengths: Vec<u32>,
    counts: Vec<u64>,
    /// Bit l - low.
    up: Vec<u64>,
    /// Bit high - l.
    down: Vec<u64>,
}

impl Spans {
    /// `ranges` of true `classes` (longest first) that form a span each.
    pub fn new(ranges: &[(usize, usize)], classes: &[(u32, u64)]) -> Self {
        let mut made = Self {
            all: Vec::with_capacity(ranges.len()),
            lengths: classes.iter().map(|class| class.0).collect(),
            counts: vec![0; classes.len()],
            up: Vec::new(),
            down: Vec::new(),
        };
        for &(from, end) in ranges {
            let (high, low) = (classes[from].0, classes[end - 1].0);
            let first = made.up.len();
            let after = first + (high - low) as usize / 64 + 1;
            made.up.resize(after, 0);
            made.down.resize(after, 0);
            made.all.push(Span { classes: (from, end), low, high, words: (first, after) });
            for &(length, count) in &classes[from..end] {
                made.put(made.all.len() - 1, length, count);
            }
        }
        for (class, &(_, count)) in classes.iter().enumerate() {
            // What no span holds is left over as it is.
            made.counts[class] = count;
        }
        made
    }

    /// What is left, longest first.
    pub fn into_rest(self) -> Vec<(u32, u64)> {
        let all = self.lengths.into_iter().zip(self.counts);
        all.filter(|class| class.1 > 0).collect()
    }

    /// Words of a span: what looking through it costs.
    pub fn words(&self, span: usize) -> u64 {
        let (first, after) = self.all[span].words;
        (after - first) as u64
    }

    fn class(&self, span: usize, length: u32) -> usize {
        let (from, end) = self.all[span].classes;
        from + self.lengths[from..end].partition_point(|&other| other > length)
    }

    pub fn count(&self, span: usize, length: u32) -> u64 {
        self.counts[self.class(span, length)]
    }

    pub fn take(&mut self, span: usize, length: u32, times: u64) {
        let class = self.class(span, length);
        self.counts[class] -= times;
        if self.counts[class] == 0 {
            self.flip(span, length);
        }
    }

    pub fn put(&mut self, span: usize, length: u32, times: u64) {
        let class = self.class(span, length);
        if self.counts[class] == 0 && times > 0 {
            self.flip(span, length);
        }
        self.counts[class] += times;
    }

    fn flip(&mut self, span: usize, length: u32) {
        let Span { low, high, words: (first, _), .. } = self.all[span];
        let (up, down) = ((length - low) as usize, (high - length) as usize);
        self.up[first + up / 64] ^= 1 << (up % 64);
        self.down[first + down / 64] ^= 1 << (down % 64);
    }

    /// The longest live length of a span of at most `most`.
    pub fn at_most(&self, span: usize, most: u32) -> Option<u32> {
        let Span { low, high, words: (first, after), .. } = self.all[span];
        if most < low {
            return None;
        }
        let bit = first_bit(&self.down[first..after], high.saturating_sub(most) as usize)?;
        Some(high - bit as u32)
    }

    /// The shortest live length of a span of at least `least`.
    pub fn at_least(&self, span: usize, least: u32) -> Option<u32> {
        let Span { low, high, words: (first, after), .. } = self.all[span];
        if least > high {
            return None;
        }
        let bit = first_bit(&self.up[first..after], least.saturating_sub(low) as usize)?;
        Some(low + bit as u32)
    }

    /// Lengths of the spans `s` and `t` that take exactly `sum`: those with the longest of `s`, or
    /// with the shortest.
    pub fn pair(&self, s: usize, t: usize, sum: u32, longest: bool) -> Option<(u32, u32)> {
        let (first, after) = self.all[s].words;
        let words = after - first;
        let at = |word: usize, bit: u32| {
            let a = self.all[s].low + (word * 64) as u32 + bit;
            (a, sum - a)
        };
        let find = |word: usize| {
            let both = self.pairs(s, t, sum, word);
            let bit = if longest {
                63_u32.wrapping_sub(both.leading_zeros())
            } else {
                both.trailing_zeros()
            };
            (both != 0).then(|| at(word, bit))
        };
        if longest { (0..words).rev().find_map(find) } else { (0..words).find_map(find) }
    }

    /// Of the 64 lengths of `s` in a word those beside which a length of `t` takes exactly `sum`.
    fn pairs(&self, s: usize, t: usize, sum: u32, word: usize) -> u64 {
        let (one, other) = (&self.all[s], &self.all[t]);
        let down = &self.down[other.words.0..other.words.1];
        // Bit i of the one, a = low + i, meets bit high + low - sum + i of the other's map downwards.
        let shift = i64::from(other.high) + i64::from(one.low) - i64::from(sum) + 64 * word as i64;
        let (index, bits) = (shift.div_euclid(64), shift.rem_euclid(64));
        let get = |index: i64| {
            usize::try_from(index).ok().and_then(|index| down.get(index)).copied().unwrap_or(0)
        };
        let mut met = get(index) >> bits;
        if bits > 0 {
            met |= get(index + 1) << (64 - bits);
        }
        let mut both = self.up[one.words.0 + word] & met;
        // Twice the same length takes two of it.
        let half = sum / 2;
        if s == t && sum.is_multiple_of(2) && (one.low..=one.high).contains(&half) {
            let bit = (half - one.low) as usize;
            if bit / 64 == word && both >> (bit % 64) & 1 == 1 && self.count(s, half) < 2 {
                both ^= 1 << (bit % 64);
            }
        }
        both
    }
}

/// The first bit set from `from` on.
fn first_bit(words: &[u64], from: usize) -> Option<usize> {
    let mut at = from / 64;
    let mut word = *words.get(at)? & (!0 << (from % 64));
    while word == 0 {
        at += 1;
        word = *words.get(at)?;
    }
    Some(at * 64 + word.trailing_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seeded::Generator;

    /// Two spans of `size` lengths each, side by side, some of them live.
    fn draw(generator: &mut Generator, size: u32) -> (Spans, [Vec<(u32, u64)>; 2]) {
        let low = 1 + generator.below(300) as u32;
        let mut span = |from: u32| -> Vec<(u32, u64)> {
            let mut lengths: Vec<(u32, u64)> =
                (from..from + size).rev().map(|l| (l, generator.below(3))).collect();
            lengths.first_mut().expect("a length").1 = 1;
            lengths.last_mut().expect("a length").1 = 1;
            lengths.retain(|class| class.1 > 0);
            lengths
        };
        let (upper, lower) = (span(low + size), span(low));
        let classes: Vec<(u32, u64)> = upper.iter().chain(&lower).copied().collect();
        let ranges = [(0, upper.len()), (upper.len(), classes.len())];
        (Spans::new(&ranges, &classes), [upper, lower])
    }

    #[test]
    fn pairs_by_words_are_those_of_trying_all_whatever_the_word_borders() {
        let mut generator = Generator::new(51);
        for size in [1, 2, 63, 64, 65, 127, 128, 129] {
            for _ in 0..40 {
                let (spans, classes) = draw(&mut generator, size);
                for (s, t) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                    let least =
                        classes[s].last().expect("one").0 + classes[t].last().expect("one").0;
                    // Below and above what any pair takes too.
                    for sum in least.saturating_sub(70)..least + 2 * size + 70 {
                        let fits = |a: &&(u32, u64)| {
                            classes[t]
                                .iter()
                                .any(|b| a.0 + b.0 == sum && (s != t || a.0 != b.0 || a.1 > 1))
                        };
                        let longest = classes[s].iter().find(fits).map(|a| (a.0, sum - a.0));
                        let shortest = classes[s].iter().rev().find(fits).map(|a| (a.0, sum - a.0));
                        assert_eq!(
                            spans.pair(s, t, sum, true),
                            longest,
                            "{classes:?} {s} {t} {sum}"
                        );
                        assert_eq!(
                            spans.pair(s, t, sum, false),
                            shortest,
                            "{classes:?} {s} {t} {sum}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn the_nearest_live_lengths_are_those_of_a_scan_while_lengths_come_and_go() {
        let mut generator = Generator::new(52);
        for size in [1, 64, 65, 200] {
            let (mut spans, mut classes) = draw(&mut generator, size);
            for _ in 0..2000 {
                let span = generator.below(2) as usize;
                let at = generator.below(classes[span].len() as u64) as usize;
                let (length, count) = &mut classes[span][at];
                if *count == 0 {
                    spans.put(span, *length, 2);
                    *count = 2;
                } else {
                    spans.take(span, *length, 1);
                    *count -= 1;
                }
                assert_eq!(spans.count(span, *length), *count);
                let x = generator.below(u64::from(3 * size + 310)) as u32;
                let live = || classes[span].iter().filter(|class| class.1 > 0).map(|class| class.0);
                assert_eq!(spans.at_most(span, x), live().filter(|&l| l <= x).max());
                assert_eq!(spans.at_least(span, x), live().filter(|&l| l >= x).min());
            }
        }
    }
}
