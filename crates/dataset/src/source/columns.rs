//! Which columns of the sources a job reads.

/// Names of the source columns that a job reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Tokens: a list of integers. Where only lengths are read, an integer column too.
    pub tokens: String,
    /// Own labels, shaped like the tokens.
    pub labels: Option<String>,
    /// Loss mask or weights, shaped like the tokens.
    pub loss_mask: Option<String>,
    /// Columns taken along, a value per sequence.
    pub carry: Vec<String>,
    /// Lengths, for a format without tokens.
    pub lengths: Option<String>,
    /// The caller's ids of sequences, for a format without tokens.
    pub ids: Option<String>,
    /// Lengths are enough.
    pub(crate) lengths_only: bool,
}

impl Default for Columns {
    fn default() -> Self {
        Self {
            tokens: "input_ids".to_string(),
            labels: None,
            loss_mask: None,
            carry: Vec::new(),
            lengths: None,
            ids: None,
            lengths_only: false,
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
        let others = self.labels.iter().chain(&self.loss_mask).chain(&self.carry);
        tokens.chain(others.map(String::as_str))
    }
}
