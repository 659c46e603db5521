//! Which columns of the sources a job reads, and which it asks about.

use crate::Fault;
use std::path::Path;

/// Names of the source columns that a job reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Tokens: a list of integers. Where only lengths are read, an integer column too.
    pub tokens: String,
    /// Own labels, shaped like the tokens.
    pub labels: Option<String>,
    /// Loss mask or weights, shaped like the tokens.
    pub loss_mask: Option<String>,
    /// 0 where a token is padding, which is left out; shaped like the tokens.
    pub attention_mask: Option<String>,
    /// Columns taken along, a value per sequence.
    pub carry: Vec<String>,
    /// Columns that are known to be there and aren't wanted.
    pub ignore: Vec<String>,
    /// Lengths, for a format without tokens.
    pub lengths: Option<String>,
    /// The caller's ids of sequences, for a format without tokens.
    pub ids: Option<String>,
    /// Lengths are enough.
    pub(crate) lengths_only: bool,
    /// What is done about columns that matter and that nobody named.
    pub(crate) asks: Asks,
}

/// Whether columns that matter must be named or ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Asks {
    /// They are passed over.
    #[default]
    No,
    /// They are a fault.
    Yes {
        /// The format has room for labels.
        labels: bool,
    },
}

/// Columns that decide what is trained on: as a label, or as a loss mask.
const MATTER: [&str; 4] = ["labels", "assistant_masks", "completion_mask", "loss_mask"];
/// The column by which tokenizers mark padding.
const ATTENTION: &str = "attention_mask";

impl Default for Columns {
    fn default() -> Self {
        Self {
            tokens: "input_ids".to_string(),
            labels: None,
            loss_mask: None,
            attention_mask: None,
            carry: Vec::new(),
            ignore: Vec::new(),
            lengths: None,
            ids: None,
            lengths_only: false,
            asks: Asks::No,
        }
    }
}

impl Columns {
    /// These columns.
    #[must_use]
    pub fn new(
        tokens: String,
        labels: Option<String>,
        loss_mask: Option<String>,
        carry: Vec<String>,
    ) -> Self {
        Self { tokens, labels, loss_mask, carry, ..Self::default() }
    }

    /// Every column named, tokens first.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let tokens = std::iter::once(self.tokens.as_str());
        let others = self.labels.iter().chain(&self.loss_mask).chain(&self.attention_mask);
        tokens.chain(others.chain(&self.carry).map(String::as_str))
    }

    /// Columns that matter, that nobody named, and that must not be there.
    pub(crate) fn asked(&self) -> Vec<&'static str> {
        MATTER.into_iter().filter(|name| self.asks_for(name)).collect()
    }

    /// The column that marks padding, if nobody said what it is for: it must not have a zero.
    pub(crate) fn checked_for_padding(&self) -> Option<&'static str> {
        Some(ATTENTION).filter(|name| self.asks_for(name))
    }

    fn asks_for(&self, name: &str) -> bool {
        let known = self.names().any(|named| named == name)
            || self.ignore.iter().any(|ignored| ignored == name);
        self.asks != Asks::No && !self.lengths_only && !known
    }

    /// The fault of a column that matters and that nobody named.
    pub(crate) fn unasked(&self, path: &Path, row: impl Into<Option<u64>>, name: &str) -> Fault {
        let option = if name == "labels" { "labels" } else { "lossMask" };
        let way = if self.asks == (Asks::Yes { labels: true }) {
            format!(
                "set columns.{option} to '{name}', or columns.ignore to ['{name}'] to train on \
                 every token"
            )
        } else {
            format!("set columns.ignore to ['{name}']: this format has no room for it")
        };
        let detail = format!(
            "there is a column '{name}', which says what is trained on, and no option names it; {way}"
        );
        Fault::column(path, row, detail)
    }

    /// The fault of padding that nobody spoke of.
    pub(crate) fn padding(path: &Path, row: u64, place: usize) -> Fault {
        let detail = format!(
            "column '{ATTENTION}' has 0 at position {place}: padding would be packed as tokens; \
             set columns.attentionMask to '{ATTENTION}' to leave padding out, or columns.ignore to \
             ['{ATTENTION}'] to keep it"
        );
        Fault::column(path, row, detail)
    }
}
