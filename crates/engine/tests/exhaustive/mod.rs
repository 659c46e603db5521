//! Tiny problems and their optimum by exhaustive search, for laws that compare with it.

use stowage_engine::seeded::Generator;

/// A problem small enough to solve by trying everything.
#[derive(Debug)]
pub struct Tiny {
    pub classes: Vec<(u32, u64)>,
    pub capacity: u32,
    /// `u32::MAX` for none.
    pub limit: u32,
}

impl Tiny {
    /// At most 9 sequences at a capacity of at most 40, in one of a few shapes.
    pub fn draw(generator: &mut Generator) -> Self {
        let capacity = 1 + below(generator, 40);
        let (low, high) = match below(generator, 4) {
            0 => (1, capacity),
            1 => ((capacity / 5).max(1), capacity.div_ceil(2)),
            2 => ((capacity / 3).max(1), (2 * capacity / 3).max(1)),
            _ => (capacity / 4 + 1, capacity / 2 + 1),
        };
        let lengths: Vec<u32> = (0..=below(generator, 9))
            .map(|_| (low + below(generator, high.max(low) - low + 1)).min(capacity))
            .collect();
        let limit = if below(generator, 2) == 0 { u32::MAX } else { 1 + below(generator, 4) };
        Self { classes: classes_of(&lengths), capacity, limit }
    }

    /// The fewest packs: depth first over sequences, longest first, equal packs tried once.
    pub fn optimum(&self) -> u64 {
        let lengths: Vec<u32> = self
            .classes
            .iter()
            .flat_map(|&(length, count)| std::iter::repeat_n(length, count as usize))
            .collect();
        let mut best = lengths.len();
        self.place(&lengths, &mut Vec::new(), &mut best);
        best as u64
    }

    fn place(&self, lengths: &[u32], packs: &mut Vec<(u32, u32)>, best: &mut usize) {
        let Some((&length, rest)) = lengths.split_first() else {
            *best = packs.len().min(*best);
            return;
        };
        if packs.len() >= *best {
            return;
        }
        for p in 0..packs.len() {
            let (room, held) = packs[p];
            if room >= length && held < self.limit && !packs[..p].contains(&packs[p]) {
                packs[p] = (room - length, held + 1);
                self.place(rest, packs, best);
                packs[p] = (room, held);
            }
        }
        packs.push((self.capacity - length, 1));
        self.place(rest, packs, best);
        packs.pop();
    }
}

/// (length, count), longest first.
pub fn classes_of(lengths: &[u32]) -> Vec<(u32, u64)> {
    let mut sorted = lengths.to_vec();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    sorted.chunk_by(|a, b| a == b).map(|equal| (equal[0], equal.len() as u64)).collect()
}

/// A number below `n`.
pub fn below(generator: &mut Generator, n: u32) -> u32 {
    ((u128::from(generator.next_u64()) * u128::from(n)) >> 64) as u32
}
