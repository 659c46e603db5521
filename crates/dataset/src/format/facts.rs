//! What a format has room for. Options without meaning for a format are refused, because a caller
//! who gives them expects an effect.

use crate::Fault;
use crate::options::{Compression, DatasetOptions};
use crate::source::{Columns, all_trained};
use stowage_engine::options::Overlong;

/// Whether a policy cuts sequences.
pub(crate) fn cuts(overlong: Overlong) -> bool {
    matches!(overlong, Overlong::Truncate | Overlong::TruncateStart | Overlong::Split)
}

/// Facts about a format.
#[expect(clippy::struct_excessive_bools, reason = "independent facts, a column each in the guide")]
pub(crate) struct Facts {
    pub name: &'static str,
    /// It has labels, or a mask made of them, whether or not the sources have.
    pub labels: bool,
    /// Source columns of labels and masks mean something to it.
    pub masks: bool,
    /// It has room for weights of targets.
    pub weights: bool,
    /// Columns can be taken along.
    pub carries: bool,
    /// Sequences may be aligned: elsewhere filler would count as content, or as a document.
    pub aligns: bool,
    /// Sequences may be cut.
    pub cuts: bool,
    /// Its pages can be compressed in several ways.
    pub compresses: bool,
    /// Its tokens are narrower where the vocabulary is small.
    pub vocabulary: bool,
    /// Default bytes of a shard; none: it isn't sharded.
    pub shard_bytes: Option<u64>,
}

impl Facts {
    /// Those of a table of unpadded rows, which has room for everything but compression.
    pub(crate) const TABLE: Self = Self {
        name: "",
        labels: false,
        masks: true,
        weights: true,
        carries: true,
        aligns: true,
        cuts: true,
        compresses: false,
        vocabulary: false,
        shard_bytes: Some(512 << 20),
    };

    /// # Errors
    /// `ERR_OPTION` for a weight besides 0 and 1, which labels express, where there are no weights.
    pub(crate) fn check_weights(&self, weights: &[f32]) -> Result<(), Fault> {
        let plain = [0.0_f32, 1.0].map(f32::to_bits);
        if self.weights {
            return Ok(());
        }
        let Some(weight) = weights.iter().find(|weight| !plain.contains(&weight.to_bits())) else {
            return Ok(());
        };
        Err(Fault::option(format!(
            "format '{}' has a loss mask of 0 and 1 and can't hold the weight {weight}; name a \
             column of integers as the loss mask, or use another format",
            self.name
        )))
    }

    /// # Errors
    /// `ERR_OPTION` for source columns that mean nothing to the format.
    pub(crate) fn check_columns(&self, columns: &Columns) -> Result<(), Fault> {
        let named = columns.labels.is_some() || columns.loss_mask.is_some();
        if self.masks || !named {
            return Ok(());
        }
        let name = self.name;
        let detail =
            format!("format '{name}' has no labels and no loss mask; leave these columns out");
        Err(Fault::option(detail))
    }

    /// Bytes of column data in a shard.
    pub(crate) fn shard_bytes(&self, options: &DatasetOptions) -> u64 {
        options.shard_size.or(self.shard_bytes).unwrap_or(u64::MAX)
    }

    /// # Errors
    /// `ERR_OPTION` for an option that there is no room for.
    pub(crate) fn check(&self, options: &DatasetOptions) -> Result<(), Fault> {
        let Self { name, .. } = self;
        let cut = cuts(options.pack.overlong);
        if options.compression != Compression::default() && !self.compresses {
            return Err(Fault::option("compression is for format 'parquet'"));
        }
        self.check_columns(&options.columns)?;
        if let Some(text) = &options.text
            && !self.masks
            && !all_trained(text)
        {
            return Err(Fault::option(format!(
                "format '{name}' has no labels and no loss mask, so everything is trained on: set \
                 trainOn to 'all', or use another format"
            )));
        }
        let refused = [
            (
                !self.carries && !options.columns.carry.is_empty(),
                format!(
                    "format '{name}' has no room for carried columns; 'parquet' and 'arrow' have"
                ),
            ),
            (
                !self.aligns && options.pack.sequence_alignment > 1,
                format!(
                    "format '{name}' can't tell filler from tokens, so sequenceAlignment must be 1; \
                     'parquet', 'hf', 'trl' and 'nemo' can"
                ),
            ),
            (
                !self.cuts && cut,
                format!(
                    "format '{name}' needs whole sequences: overlong must be 'error' or 'drop'"
                ),
            ),
            (
                !self.vocabulary && options.vocab_size.is_some(),
                "vocabSize is for format 'megatron'".to_string(),
            ),
            (
                self.shard_bytes.is_none() && options.shard_size.is_some(),
                format!("format '{name}' isn't sharded; leave shardSize out"),
            ),
        ];
        let first = refused.into_iter().find(|(wrong, _)| *wrong);
        first.map_or(Ok(()), |(_, detail)| Err(Fault::option(detail)))
    }
}
