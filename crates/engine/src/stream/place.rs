//! What the three strategies have in common.

use super::closed::Closed;
use super::entry::Entry;
use super::leeway::Leeway;
use super::open_pack::OpenPack;
use super::options::StreamOptions;

/// A way to find packs for entries as they come.
pub(super) trait Place {
    /// Takes a sequence of 1 ..= capacity tokens; hands out the packs that this closes.
    fn place(&mut self, entry: Entry, options: &StreamOptions, closed: &mut Closed);

    /// Hands out everything, open packs in the order of opening.
    fn finish(&mut self, options: &StreamOptions, closed: &mut Closed);

    /// What may come in class `class` of 0 .. classes before a pack can close.
    fn leeway(&self, class: usize, options: &StreamOptions) -> Leeway;

    /// The number that the next pack will get.
    fn next_number(&self) -> u64;

    /// Sequences that wait, in order of arrival.
    fn waiting(&self) -> &[Entry] {
        &[]
    }

    /// Open packs in the order of opening, with their class where there are classes, else 0.
    fn open(&self) -> Vec<(u32, &OpenPack)>;

    /// How many packs are open.
    fn open_count(&self) -> usize;
}
