//! What each format has room for. Options without meaning for a format are refused, because a
//! caller who gives them expects an effect.

use crate::options::DatasetOptions;
use crate::source::Columns;
use crate::{Compression, Fault};
use stowage_engine::options::Overlong;

/// Facts about a format.
#[expect(clippy::struct_excessive_bools, reason = "independent facts, a column each in the guide")]
struct Format {
    name: &'static str,
    /// It has labels, or a mask made of them, whether or not the sources have.
    labels: bool,
    /// Source columns of labels and masks mean something to it.
    masks: bool,
    /// Columns can be taken along.
    carries: bool,
    /// Sequences may be aligned: elsewhere filler would count as content, or as a document.
    aligns: bool,
    /// Sequences may be cut.
    cuts: bool,
    /// Default bytes of a shard; none: it isn't sharded.
    shard_bytes: Option<u64>,
}

const PLAIN: Format = Format {
    name: "parquet",
    labels: false,
    masks: true,
    carries: true,
    aligns: true,
    cuts: true,
    shard_bytes: Some(512 << 20),
};
const OTHER: Format = Format { carries: false, ..PLAIN };

const FORMATS: [Format; 11] = [
    PLAIN,
    Format { name: "arrow", ..PLAIN },
    Format { name: "hf", labels: true, ..OTHER },
    Format { name: "trl", labels: true, aligns: false, ..OTHER },
    Format { name: "llamafactory", labels: true, aligns: false, ..OTHER },
    Format { name: "nemo", labels: true, aligns: false, ..OTHER },
    Format {
        name: "megatron",
        masks: false,
        aligns: false,
        cuts: false,
        shard_bytes: None,
        ..OTHER
    },
    Format { name: "mds", shard_bytes: Some(64 << 20), ..OTHER },
    Format { name: "npy", shard_bytes: None, ..OTHER },
    Format { name: "safetensors", labels: true, ..OTHER },
    Format { name: "seqpack", masks: false, cuts: false, shard_bytes: None, ..OTHER },
];

fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// Whether the format has labels, or a mask made of them, whatever the sources have.
pub(crate) fn has_labels(format: &str) -> bool {
    find(format).is_some_and(|format| format.labels)
}

/// Whether the format has room for weights of targets.
pub(crate) fn has_weights(format: &str) -> bool {
    let without = ["trl", "llamafactory", "nemo", "megatron", "seqpack"];
    find(format).is_some_and(|format| !without.contains(&format.name))
}

/// # Errors
/// `ERR_OPTION` for a weight besides 0 and 1, which labels express, where a format has no weights.
pub(crate) fn check_weights(name: &str, weights: &[f32]) -> Result<(), Fault> {
    let plain = [0.0_f32, 1.0].map(f32::to_bits);
    if has_weights(name) {
        return Ok(());
    }
    let Some(weight) = weights.iter().find(|weight| !plain.contains(&weight.to_bits())) else {
        return Ok(());
    };
    Err(Fault::option(format!(
        "format '{name}' has a loss mask of 0 and 1 and can't hold the weight {weight}; name a \
         column of integers as the loss mask, or use another format"
    )))
}

/// # Errors
/// `ERR_OPTION` for source columns that mean nothing to a format that is there already.
pub(crate) fn check_columns(name: &str, columns: &Columns) -> Result<(), Fault> {
    let named = columns.labels.is_some() || columns.loss_mask.is_some();
    if named && find(name).is_some_and(|format| !format.masks) {
        return Err(Fault::option(without_masks(name)));
    }
    Ok(())
}

fn without_masks(name: &str) -> String {
    format!("format '{name}' has no labels and no loss mask; leave these columns out")
}

/// Bytes of column data in a shard.
pub(crate) fn shard_bytes(options: &DatasetOptions) -> u64 {
    let default = find(&options.format).and_then(|format| format.shard_bytes);
    options.shard_size.or(default).unwrap_or(u64::MAX)
}

/// Whether tokens of 16 bits are written where a format has them: if the sources have no more, or
/// the vocabulary fits, as Megatron-LM decides it.
pub(crate) fn narrow_tokens(options: &DatasetOptions, narrow_sources: bool) -> bool {
    let end_fits = options.eos_token_id.is_none_or(|id| id <= i32::from(u16::MAX));
    (narrow_sources && end_fits) || options.vocab_size.is_some_and(|size| size < 65_500)
}

/// # Errors
/// `ERR_OPTION` for a format that doesn't exist, or an option that means nothing to it.
pub(crate) fn check(options: &DatasetOptions) -> Result<(), Fault> {
    let name = &options.format;
    let Some(format) = find(name) else {
        let names = FORMATS.map(|format| format.name).join(", ");
        return Err(Fault::option(format!("format '{name}' is unknown; known are {names}")));
    };
    let columns = &options.columns;
    let cut = matches!(options.pack.overlong, Overlong::Truncate | Overlong::Split);
    let refused = [
        (
            options.compression != Compression::default() && name != "parquet",
            "compression is for format 'parquet'".to_string(),
        ),
        (
            !format.masks && (columns.labels.is_some() || columns.loss_mask.is_some()),
            without_masks(name),
        ),
        (
            !format.carries && !columns.carry.is_empty(),
            format!("format '{name}' has no room for carried columns; 'parquet' and 'arrow' have"),
        ),
        (
            !format.aligns && options.pack.sequence_alignment > 1,
            format!(
                "format '{name}' can't tell filler from tokens, so sequenceAlignment must be 1; \
                 'parquet', 'hf' and 'safetensors' can"
            ),
        ),
        (
            !format.cuts && cut,
            format!("format '{name}' needs whole sequences: overlong must be 'error' or 'drop'"),
        ),
        (
            format.shard_bytes.is_none() && options.shard_size.is_some(),
            format!("format '{name}' isn't sharded; leave shardSize out"),
        ),
        (
            name != "megatron" && options.vocab_size.is_some(),
            "vocabSize is for format 'megatron'".to_string(),
        ),
        (
            name == "megatron" && options.eos_token_id.is_none(),
            "format 'megatron' needs eosTokenId: it ends each sequence and pads each pack"
                .to_string(),
        ),
        (
            name == "megatron"
                && options.pad_token_id.is_some()
                && options.pad_token_id != options.eos_token_id,
            "format 'megatron' pads with eosTokenId; leave padTokenId out".to_string(),
        ),
        (
            name == "seqpack" && (options.eos_token_id.is_some() || options.epoch > 0),
            "format 'seqpack' holds lengths and ids alone, for every epoch; leave eosTokenId and \
             epoch out"
                .to_string(),
        ),
        (
            name != "seqpack" && (columns.lengths.is_some() || columns.ids.is_some()),
            "the columns lengths and ids are for format 'seqpack'".to_string(),
        ),
        (
            name == "mds" && options.shard_size.is_some_and(|bytes| bytes >= 1 << 32),
            "shardSize must be below 4 GiB for format 'mds', whose offsets have 32 bits"
                .to_string(),
        ),
    ];
    let first = refused.into_iter().find(|(wrong, _)| *wrong);
    first.map_or(Ok(()), |(_, detail)| Err(Fault::option(detail)))
}
