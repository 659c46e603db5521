//! A stream from the bytes of its snapshot.
//!
//! Trusts nothing: it never passes the end, takes memory only for entries that are there, and refuses
//! states that no stream can be in.

use super::checksum::crc32;
use super::entry::Entry;
use super::harmonic::{class_of, limit_of};
use super::ledger::{Ledger, MOST_TOKENS};
use super::open_pack::OpenPack;
use super::options::{StreamOptions, StreamStrategy};
use super::packer::StreamPacker;
use super::snapshot::{ENTRY_BYTES, MAGIC, PACK_BYTES};
use crate::Fault;
use crate::options::{Empty, Overlong};
use std::num::NonZeroU32;

/// Ids and numbers of packs are safe integers.
const MOST_NUMBER: u64 = (1 << 53) - 1;

impl StreamPacker {
    /// The stream whose [`snapshot`](Self::snapshot) these bytes are; it goes on as that one would.
    ///
    /// # Errors
    /// [`Fault::Format`] with the first thing that is wrong, [`Fault::Memory`].
    pub fn restore(bytes: &[u8]) -> Result<Self, Fault> {
        if !bytes.starts_with(MAGIC) {
            return Err(wrong("it doesn't begin with STWSNAP1"));
        }
        let Some((body, sum)) = bytes.split_last_chunk::<4>() else {
            return Err(wrong("it ends too soon"));
        };
        if crc32(body) != u32::from_le_bytes(*sum) {
            return Err(wrong("its checksum differs: bytes are missing or changed"));
        }
        let mut reader = Reader(&body[MAGIC.len().min(body.len())..]);
        let options = reader.options()?;
        let number = reader.below("the next pack number", MOST_NUMBER)?;
        let ledger = reader.ledger()?;
        let mut waiting = reader.entries(&options, "waiting")?;
        let most_waiting = match options.strategy {
            StreamStrategy::BestFit => options.window() - 1,
            StreamStrategy::NextFit | StreamStrategy::Harmonic => 0,
        };
        if waiting.len() > most_waiting {
            return Err(wrong(format!("{} wait, at most {most_waiting} can", waiting.len())));
        }
        mark_cut(&mut waiting, &options);
        let open = reader.packs(&options, number)?;
        if !reader.0.is_empty() {
            return Err(wrong(format!("{} bytes are left over", reader.0.len())));
        }
        let packer = Self::restored(options, ledger, number, waiting, open);
        let held = packer.pending().tokens;
        if held > ledger.tokens_packed {
            let packed = ledger.tokens_packed;
            return Err(wrong(format!("it holds {held} tokens of {packed} packed")));
        }
        Ok(packer)
    }
}

/// First pieces look like whole sequences; what follows them, or the policy, tells. Only waiting
/// ones matter: a piece of full length closes its pack at once.
fn mark_cut(waiting: &mut [Entry], options: &StreamOptions) {
    for at in 0..waiting.len() {
        let entry = waiting[at];
        let follows = waiting.get(at + 1).is_some_and(|next| {
            options.overlong == Overlong::Split
                && next.id == entry.id
                && next.start == options.capacity
        });
        let fills = entry.length() == options.capacity && entry.start == 0;
        let truncates = matches!(options.overlong, Overlong::Truncate | Overlong::TruncateStart);
        if fills && (follows || truncates) {
            waiting[at] = Entry::piece(entry.id, entry.length(), 0);
        }
    }
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let Some((taken, rest)) = self.0.split_first_chunk() else {
            return Err(wrong("it ends too soon"));
        };
        self.0 = rest;
        Ok(*taken)
    }

    fn u32(&mut self) -> Result<u32, Fault> {
        self.take().map(u32::from_le_bytes)
    }

    fn between(&mut self, name: &str, least: u32, most: u32) -> Result<u32, Fault> {
        let value = self.u32()?;
        if (least..=most).contains(&value) {
            return Ok(value);
        }
        Err(wrong(format!("{name} is {value}, not {least} to {most}")))
    }

    fn below(&mut self, name: &str, most: u64) -> Result<u64, Fault> {
        let value = self.take().map(u64::from_le_bytes)?;
        if value <= most {
            return Ok(value);
        }
        Err(wrong(format!("{name} is {value}, above {most}")))
    }

    fn options(&mut self) -> Result<StreamOptions, Fault> {
        let strategy = match self.between("the strategy", 1, 3)? {
            1 => StreamStrategy::NextFit,
            2 => StreamStrategy::Harmonic,
            _ => StreamStrategy::BestFit,
        };
        let capacity = self.between("the capacity", 1, (1 << 31) - 1)?;
        let max_open_packs = self.between("maxOpenPacks", 1, u32::MAX)?;
        let lookahead = self.u32()?;
        let max_sequences_per_pack = NonZeroU32::new(self.u32()?);
        let harmonic_classes = self.between("harmonicClasses", 2, 64)?;
        let [overlong, empty, zeros @ ..] = self.take::<4>()?;
        let overlong = match overlong {
            0 => Overlong::Error,
            1 => Overlong::Drop,
            2 => Overlong::Truncate,
            3 => Overlong::Split,
            4 => Overlong::TruncateStart,
            other => return Err(wrong(format!("the overlong policy is {other}, not 0 to 4"))),
        };
        let empty = match empty {
            0 => Empty::Error,
            1 => Empty::Drop,
            other => return Err(wrong(format!("the empty policy is {other}, not 0 or 1"))),
        };
        if zeros != [0, 0] {
            return Err(wrong("two bytes kept for later aren't 0"));
        }
        Ok(StreamOptions {
            capacity,
            strategy,
            max_open_packs,
            lookahead,
            max_sequences_per_pack,
            harmonic_classes,
            overlong,
            empty,
        })
    }

    fn ledger(&mut self) -> Result<Ledger, Fault> {
        let ledger = Ledger {
            tokens_in: self.below("tokensIn", MOST_TOKENS)?,
            tokens_packed: self.below("tokensPacked", MOST_TOKENS)?,
            tokens_truncated: self.below("tokensTruncated", MOST_TOKENS)?,
            tokens_dropped: self.below("tokensDropped", MOST_TOKENS)?,
        };
        let parts = ledger.tokens_packed + ledger.tokens_truncated + ledger.tokens_dropped;
        if parts != ledger.tokens_in {
            return Err(wrong(format!("{} tokens came in, {parts} went out", ledger.tokens_in)));
        }
        Ok(ledger)
    }

    fn entries(&mut self, options: &StreamOptions, which: &str) -> Result<Vec<Entry>, Fault> {
        let count = self.u32()? as usize;
        if count > self.0.len() / ENTRY_BYTES {
            return Err(wrong(format!("{count} entries ({which}) don't fit into what is left")));
        }
        let bytes = (count * ENTRY_BYTES) as u64;
        let mut entries = Vec::new();
        entries.try_reserve_exact(count).map_err(|_| Fault::Memory { bytes })?;
        for _ in 0..count {
            let id = self.take().map(i64::from_le_bytes)?;
            if id.unsigned_abs() > MOST_NUMBER {
                return Err(wrong(format!("the id {id} is no safe integer")));
            }
            let length = self.between("a length", 1, options.capacity)?;
            let start = self.u32()?;
            let is_piece = start.checked_add(length).is_some()
                && match options.overlong {
                    Overlong::Split => start.is_multiple_of(options.capacity),
                    Overlong::TruncateStart => length == options.capacity,
                    _ => false,
                };
            entries.push(match start {
                0 => Entry::whole(id, length),
                _ if is_piece => Entry::piece(id, length, start),
                _ => return Err(wrong(format!("no piece begins at token {start}"))),
            });
        }
        Ok(entries)
    }

    fn packs(
        &mut self,
        options: &StreamOptions,
        next_number: u64,
    ) -> Result<Vec<(u32, OpenPack)>, Fault> {
        let (count, classes) = (self.u32()?, options.harmonic_classes);
        let most = match options.strategy {
            StreamStrategy::NextFit => 1,
            StreamStrategy::Harmonic => classes,
            StreamStrategy::BestFit => options.max_open_packs,
        };
        if count > most || count as usize > self.0.len() / (PACK_BYTES + ENTRY_BYTES) {
            return Err(wrong(format!("{count} open packs: {most} may be open, or bytes miss")));
        }
        let mut packs: Vec<(u32, OpenPack)> = Vec::with_capacity(count as usize);
        for _ in 0..count {
            let number = self.below("a pack number", MOST_NUMBER)?;
            if number >= next_number || packs.last().is_some_and(|last| number <= last.1.number) {
                return Err(wrong(format!("pack number {number} is out of order")));
            }
            let class = self.u32()?;
            let entries = self.entries(options, "of a pack")?;
            let harmonic = options.strategy == StreamStrategy::Harmonic;
            let is_of_class = |entry: &Entry| class == class_of(entry.length(), options);
            let (class_is_right, limit) = if harmonic {
                let is_new = packs.iter().all(|(other, _)| *other != class);
                (is_new && entries.iter().all(is_of_class), limit_of(class, options))
            } else {
                (class == 0, options.limit())
            };
            if !class_is_right {
                return Err(wrong(format!("pack {number} can't be of class {class}")));
            }
            let tokens: u64 = entries.iter().map(|entry| u64::from(entry.length())).sum();
            if entries.is_empty() || entries.len() >= limit || tokens >= options.capacity.into() {
                let held = entries.len();
                let detail = format!("pack {number} isn't open: {tokens} tokens in {held} entries");
                return Err(wrong(detail));
            }
            let room = options.capacity - tokens as u32;
            packs.push((class, OpenPack { number, room, entries }));
        }
        Ok(packs)
    }
}

fn wrong(detail: impl std::fmt::Display) -> Fault {
    Fault::Format { detail: format!("this is no snapshot of a StreamPacker: {detail}") }
}
