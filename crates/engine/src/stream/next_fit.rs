//! Next fit over a stream: one open pack, which the first sequence that doesn't fit closes.
//!
//! O(1) a sequence; packs keep the order of arrival. At most twice the optimum; on web text a few
//! per cent more than best fit. A full pack closes at once. Johnson 1973.

use super::closed::Closed;
use super::entry::Entry;
use super::leeway::Leeway;
use super::open_pack::OpenPack;
use super::options::StreamOptions;
use super::place::Place;

/// The one open pack; without entries there is none.
#[derive(Clone, Debug, Default)]
pub struct NextFit {
    next_number: u64,
    pack: OpenPack,
}

impl NextFit {
    pub fn restored(next_number: u64, pack: Option<OpenPack>) -> Self {
        Self { next_number, pack: pack.unwrap_or_default() }
    }
}

impl Place for NextFit {
    fn place(&mut self, entry: Entry, options: &StreamOptions, closed: &mut Closed) {
        let (limit, capacity) = (options.limit(), options.capacity);
        self.pack.take(entry, limit, capacity, &mut self.next_number, closed);
    }

    fn finish(&mut self, _options: &StreamOptions, closed: &mut Closed) {
        if !self.pack.entries.is_empty() {
            closed.push(&mut self.pack.entries);
        }
    }

    fn leeway(&self, _class: usize, options: &StreamOptions) -> Leeway {
        self.pack.leeway(options.limit(), options.capacity)
    }

    fn next_number(&self) -> u64 {
        self.next_number
    }

    fn open(&self) -> Vec<(u32, &OpenPack)> {
        if self.pack.entries.is_empty() { Vec::new() } else { vec![(0, &self.pack)] }
    }

    fn open_count(&self) -> usize {
        usize::from(!self.pack.entries.is_empty())
    }
}
