//! Which optional columns a data set has.

use arrow_schema::FieldRef;

/// The optional columns that a data set has.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent columns, each there or not")]
pub(crate) struct Content {
    /// Labels (`labels`).
    pub labels: bool,
    /// Loss weights (`loss_weights`).
    pub weights: bool,
    /// Sequences may be cut (`piece_starts`).
    pub starts: bool,
    /// Sequences are aligned (`token_counts`).
    pub counts: bool,
    /// Columns taken along: name and type of one value.
    pub carried: Vec<FieldRef>,
}
