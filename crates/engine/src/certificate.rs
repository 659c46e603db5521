//! The proof of a lower bound: weights of which no feasible pack can hold more than `pack_weight`.

/// Which table of weights a certificate uses; see `spec` in DESIGN.md, "Bounds".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateKind {
    /// Tokens (capacity).
    L1,
    /// Martello and Toth 1990, by a threshold.
    L2,
    /// The dual feasible function u of Fekete and Schepers 2001.
    U,
    /// The dual feasible function of Carlier, Clautiaux and Moukrim 2007.
    Ccm,
    /// At most k sequences in a pack, by a threshold.
    Count,
    /// Rounded duals of a linear program.
    Lp,
}

impl CertificateKind {
    /// The name used in JSON and in the public surface.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::L1 => "L1",
            Self::L2 => "L2",
            Self::U => "u",
            Self::Ccm => "ccm",
            Self::Count => "count",
            Self::Lp => "LP",
        }
    }
}

/// `packs >= ceil(sum of weight * count / pack_weight)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The table that made the weights.
    pub kind: CertificateKind,
    /// Its parameter: the threshold a, p, or lambda; absent for L1 and LP.
    pub parameter: Option<u64>,
    /// No feasible pack weighs more than this; 1 ..< 2^53.
    pub pack_weight: u64,
    /// (length, weight), strictly descending lengths in units of the alignment; absent ones weigh 0.
    pub weights: Vec<(u32, u64)>,
}
