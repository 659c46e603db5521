//! Format `megatron`: the token file and index of Megatron-LM's `IndexedDataset`, a document of exactly
//! `capacity` tokens per pack.

mod read;
mod write;

use super::facts::Facts;
use super::reader::Reader;
use super::row::{RowFormat, SinkOptions};
use super::sink::AnySink;
use crate::Fault;
use crate::options::DatasetOptions;
use crate::output::Manifest;
use read::MegatronReader;
use std::path::{Path, PathBuf};
use write::MegatronSink;

/// The format `megatron`.
pub(super) struct Megatron;

impl RowFormat for Megatron {
    fn facts(&self) -> &'static Facts {
        const FACTS: Facts = Facts {
            name: "megatron",
            masks: false,
            weights: false,
            carries: false,
            cuts: false,
            vocabulary: true,
            shard_bytes: None,
            ..Facts::TABLE
        };
        &FACTS
    }

    fn refuse(&self, options: &DatasetOptions) -> Result<(), Fault> {
        if options.eos_token_id.is_none() {
            return Err(Fault::option(
                "format 'megatron' needs eosTokenId: it ends each sequence and pads each pack",
            ));
        }
        if options.pad_token_id.is_some() && options.pad_token_id != options.eos_token_id {
            let detail = "format 'megatron' pads with eosTokenId; leave padTokenId out";
            return Err(Fault::option(detail));
        }
        Ok(())
    }

    fn sink(&self, given: &SinkOptions<'_>) -> Result<Box<dyn AnySink>, Fault> {
        let SinkOptions { content, options, .. } = *given;
        let narrow = narrow_tokens(options, given.narrow);
        Ok(Box::new(MegatronSink::new(content, options.pack.capacity, options.pad(), narrow)))
    }

    fn open(
        &self,
        folder: &Path,
        _paths: &[PathBuf],
        manifest: &Manifest,
    ) -> Result<Box<dyn Reader>, Fault> {
        Ok(Box::new(MegatronReader::open(folder, manifest)?))
    }
}

/// Whether tokens of 16 bits are written: if the sources have no more, or the vocabulary fits, as
/// Megatron-LM decides it.
fn narrow_tokens(options: &DatasetOptions, narrow_sources: bool) -> bool {
    let end_fits = options.eos_token_id.is_none_or(|id| id <= i32::from(u16::MAX));
    (narrow_sources && end_fits) || options.vocab_size.is_some_and(|size| size < 65_500)
}
