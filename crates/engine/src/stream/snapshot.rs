//! A stream as bytes: little-endian, checked by CRC-32 (IEEE 802.3).
//!
//! The layout is in `docs/epochs.md`.

use super::checksum::crc32;
use super::entry::Entry;
use super::ledger::Ledger;
use super::options::StreamStrategy;
use super::packer::{Pending, StreamPacker};
use crate::Fault;
use crate::options::{Empty, Overlong};
use std::num::NonZeroU32;

pub(super) const MAGIC: &[u8; 8] = b"STWSNAP1";
/// Everything but packs and entries: magic, six options, policies, five sums, two counts, checksum.
const FRAME_BYTES: usize = 8 + 6 * 4 + 4 + 5 * 8 + 2 * 4 + 4;
pub(super) const ENTRY_BYTES: usize = 16;
pub(super) const PACK_BYTES: usize = 16;

impl StreamPacker {
    /// Bytes of a [`snapshot`](Self::snapshot).
    #[must_use]
    pub fn snapshot_size(&self) -> usize {
        let Pending { sequences, open_packs, .. } = self.pending();
        FRAME_BYTES + sequences as usize * ENTRY_BYTES + open_packs as usize * PACK_BYTES
    }

    /// The exact state.
    ///
    /// # Errors
    /// [`Fault::Memory`].
    pub fn snapshot(&self) -> Result<Vec<u8>, Fault> {
        let (options, ledger, state) = (self.options(), self.ledger(), self.state());
        let open = state.open();
        let size = self.snapshot_size();
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(size).map_err(|_| Fault::Memory { bytes: size as u64 })?;
        bytes.extend(MAGIC);
        let strategy = match options.strategy {
            StreamStrategy::NextFit => 1,
            StreamStrategy::Harmonic => 2,
            StreamStrategy::BestFit => 3,
        };
        let limit = options.max_sequences_per_pack.map_or(0, NonZeroU32::get);
        let (open_packs, lookahead) = (options.max_open_packs, options.lookahead);
        let classes = options.harmonic_classes;
        for value in [strategy, options.capacity, open_packs, lookahead, limit, classes] {
            bytes.extend(value.to_le_bytes());
        }
        let overlong = match options.overlong {
            Overlong::Error => 0,
            Overlong::Drop => 1,
            Overlong::Truncate => 2,
            Overlong::Split => 3,
            Overlong::TruncateStart => 4,
        };
        bytes.extend([overlong, u8::from(options.empty == Empty::Drop), 0, 0]);
        let Ledger { tokens_in, tokens_packed, tokens_truncated, tokens_dropped } = ledger;
        let number = state.next_number();
        for value in [number, tokens_in, tokens_packed, tokens_truncated, tokens_dropped] {
            bytes.extend(value.to_le_bytes());
        }
        write_entries(state.waiting(), &mut bytes);
        bytes.extend((open.len() as u32).to_le_bytes());
        for (class, pack) in open {
            bytes.extend(pack.number.to_le_bytes());
            bytes.extend(class.to_le_bytes());
            write_entries(&pack.entries, &mut bytes);
        }
        bytes.extend(crc32(&bytes).to_le_bytes());
        Ok(bytes)
    }
}

fn write_entries(entries: &[Entry], bytes: &mut Vec<u8>) {
    bytes.extend((entries.len() as u32).to_le_bytes());
    for entry in entries {
        bytes.extend(entry.id.to_le_bytes());
        bytes.extend(entry.length().to_le_bytes());
        bytes.extend(entry.start.to_le_bytes());
    }
}
