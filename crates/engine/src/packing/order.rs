//! How a packing by plan finds its sequences by length.

use crate::binding::counting::Tables;
use crate::binding::sorting::ByLength;

/// How the sequences of each length are found when templates are bound to them.
#[derive(Debug)]
pub(super) enum Order {
    /// Counted; sorted when the packing is written.
    Counted(Tables),
    /// Sorted already.
    Sorted(ByLength),
}
