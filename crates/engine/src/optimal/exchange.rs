//! What two packs may give each other: one sequence for one, one for none, two for one.
//!
//! O(a b (a + b)) for packs of a and b sequences, O(a b) where that is too much; sums of sequences in
//! full packs are found in sorted lists of them.

use super::work::Work;

/// Two sequences for one only where the packs have no more ways than this.
const WAYS: usize = 2048;
/// Pairs of a pack with more sequences than this aren't listed.
const FEW: usize = 16;

/// A pack, its sequences in any order.
pub(super) struct Pack {
    pub lengths: Vec<u32>,
    pub room: u32,
}

/// Up to two places of a pack.
type Chosen = [Option<usize>; 2];

/// What two packs give each other.
pub(super) struct Exchange {
    /// Half of what the sum of squares of the rooms grows by.
    pub gain: i128,
    from: Chosen,
    to: Chosen,
}

/// Tries what two packs may give each other: one for one, one for none, two for one. `each` is given
/// the places and by how much the room of `a` grows.
fn ways(a: &Pack, b: &Pack, work: &mut Work, mut each: impl FnMut(Chosen, Chosen, i64)) {
    let (la, lb) = (&a.lengths, &b.lengths);
    let signed = |length: u32| i64::from(length);
    for (i, &x) in la.iter().enumerate() {
        each([Some(i), None], [None; 2], signed(x));
        for (j, &y) in lb.iter().enumerate() {
            each([Some(i), None], [Some(j), None], signed(x) - signed(y));
        }
    }
    for (j, &y) in lb.iter().enumerate() {
        each([None; 2], [Some(j), None], -signed(y));
    }
    work.charge((la.len() * lb.len() + la.len() + lb.len()) as u64);
    if la.len() * lb.len() * (la.len() + lb.len()) > 2 * WAYS {
        return;
    }
    for (i, &x) in la.iter().enumerate() {
        for (j, &y) in lb.iter().enumerate() {
            let d = signed(x) - signed(y);
            for (k, &z) in la.iter().enumerate().skip(i + 1) {
                each([Some(i), Some(k)], [Some(j), None], d + signed(z));
            }
            for (k, &z) in lb.iter().enumerate().skip(j + 1) {
                each([Some(i), None], [Some(j), Some(k)], d - signed(z));
            }
        }
    }
    work.charge((la.len() * lb.len() * (la.len() + lb.len()) / 2) as u64);
}

/// The exchange that lets the sum of squares of the rooms grow most, if by more than `least`.
pub(super) fn better(a: &Pack, b: &Pack, least: i128, work: &mut Work) -> Option<Exchange> {
    let (room_a, room_b) = (i64::from(a.room), i64::from(b.room));
    let mut best: Option<Exchange> = None;
    let mut most = least;
    ways(a, b, work, |from, to, d| {
        if room_a + d < 0 || room_b < d {
            return;
        }
        // (a + d)^2 + (b - d)^2 - a^2 - b^2, halved.
        let gain = i128::from(d) * i128::from(room_a - room_b + d);
        if gain > most {
            most = gain;
            best = Some(Exchange { gain, from, to });
        }
    });
    best
}

/// Entries that a pack of so many sequences has in the lists.
pub(super) fn listed(sequences: usize) -> usize {
    sequences + if sequences <= FEW { sequences * sequences / 2 } else { 0 }
}

/// Sequences of full packs, and pairs of them, by their sum.
#[derive(Default)]
pub(super) struct Sums {
    one: Vec<(u32, u32)>,
    two: Vec<(u32, u32)>,
}

impl Sums {
    /// Those of `full`.
    pub fn of(full: &[Pack]) -> Self {
        let mut sums = Self::default();
        for (at, pack) in full.iter().enumerate() {
            for (i, &x) in pack.lengths.iter().enumerate() {
                sums.one.push((x, at as u32));
                if pack.lengths.len() <= FEW {
                    let pairs = pack.lengths[i + 1..].iter().map(|&y| (x + y, at as u32));
                    sums.two.extend(pairs);
                }
            }
        }
        sums.one.sort_unstable();
        sums.two.sort_unstable();
        sums
    }

    /// Exchanges two sequences of `pack` for one of their sum, or one for two; which, turns with
    /// `turn`.
    pub fn exchange(
        &self,
        pack: &mut Pack,
        full: &mut [Pack],
        turn: usize,
        work: &mut Work,
    ) -> bool {
        let count = pack.lengths.len();
        for step in 0..count {
            let i = (turn + step) % count;
            let x = pack.lengths[i];
            work.charge(64);
            // The room moves on to another pack as a whole.
            if let Some((at, to)) = found(&self.one, x + pack.room, full, turn, single) {
                apply(pack, &mut full[at], &Exchange { gain: 0, from: [Some(i), None], to });
                std::mem::swap(pack, &mut full[at]);
                return true;
            }
            if let Some((at, places)) = found(&self.two, x, full, turn, pair) {
                apply(
                    pack,
                    &mut full[at],
                    &Exchange { gain: 0, from: [Some(i), None], to: places },
                );
                return true;
            }
            let j = (i + 1) % count;
            if j == i {
                continue;
            }
            let from = [Some(i.min(j)), Some(i.max(j))];
            let sum = x + pack.lengths[j];
            if let Some((at, places)) = found(&self.one, sum, full, turn, single) {
                apply(pack, &mut full[at], &Exchange { gain: 0, from, to: places });
                return true;
            }
        }
        false
    }
}

/// A full pack that still has `sum` as a list says, and where.
fn found(
    list: &[(u32, u32)],
    sum: u32,
    full: &[Pack],
    turn: usize,
    places: impl Fn(&[u32], u32) -> Option<Chosen>,
) -> Option<(usize, Chosen)> {
    let start = list.partition_point(|entry| entry.0 < sum);
    let count = list[start..].partition_point(|entry| entry.0 == sum);
    (0..count.min(4)).find_map(|step| {
        let at = list[start + (turn + step) % count].1 as usize;
        places(&full[at].lengths, sum).map(|places| (at, places))
    })
}

fn single(lengths: &[u32], sum: u32) -> Option<Chosen> {
    lengths.iter().position(|&length| length == sum).map(|at| [Some(at), None])
}

fn pair(lengths: &[u32], sum: u32) -> Option<Chosen> {
    lengths.iter().enumerate().find_map(|(i, &x)| {
        let other = lengths[i + 1..].iter().position(|&y| x + y == sum)?;
        Some([Some(i), Some(i + 1 + other)])
    })
}

pub(super) fn apply(a: &mut Pack, b: &mut Pack, exchange: &Exchange) {
    let given = take(a, exchange.from);
    let taken = take(b, exchange.to);
    put(a, taken);
    put(b, given);
}

/// Takes sequences out of a pack.
fn take(pack: &mut Pack, chosen: Chosen) -> [u32; 2] {
    let mut lengths = [0; 2];
    // The later place first, so that the earlier one stays where it is.
    for slot in [1, 0] {
        if let Some(at) = chosen[slot] {
            lengths[slot] = pack.lengths.swap_remove(at);
            pack.room += lengths[slot];
        }
    }
    lengths
}

fn put(pack: &mut Pack, lengths: [u32; 2]) {
    for length in lengths.into_iter().filter(|&length| length > 0) {
        pack.lengths.push(length);
        pack.room -= length;
    }
}
