//! The strategies by name, with what a reader needs to choose among them.
//!
//! Costs: n sequences, P packs, D different lengths or rooms, G groups of identical packs.
//! Guarantees hold without a limit on sequences per pack; OPT is the least possible number of packs.

use crate::PackOptions;
use crate::options::Strategy;

/// A strategy as menus and help texts show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StrategyInfo {
    /// What it is called in code.
    pub strategy: Strategy,
    /// Its full name.
    pub name: &'static str,
    /// Other names for it.
    pub aliases: &'static [&'static str],
    /// What it does, in a line.
    pub summary: &'static str,
    /// Its reachable cost.
    pub cost: &'static str,
    /// The most packs it can need, with the source.
    pub guarantee: &'static str,
    /// True if it plans from a histogram.
    pub plans: bool,
    /// True if a stream can be packed by it.
    pub streams: bool,
    /// True if its result always depends on the seed. With a tolerance the decreasing ones do too.
    pub seeded: bool,
}

/// All strategies, in the order of the public surface.
pub const STRATEGIES: &[StrategyInfo] = &[
    StrategyInfo {
        strategy: Strategy::Auto,
        name: "auto",
        aliases: &[],
        summary: "best-fit-decreasing, then as much search as its lower bound shows worth while",
        cost: "O(n + D) to count and bind; search in counted units, see effort",
        guarantee: "never more packs than best-fit-decreasing; gap says how far from optimal",
        plans: true,
        streams: false,
        seeded: false,
    },
    StrategyInfo {
        strategy: Strategy::Optimal,
        name: "optimal",
        aliases: &[],
        summary: "search until the plan is proved optimal or the effort is spent",
        cost: "O(n + D) to count and bind; search in counted units, see effort",
        guarantee: "never more packs than best-fit-decreasing; optimal where gap is 0",
        plans: true,
        streams: false,
        seeded: false,
    },
    StrategyInfo {
        strategy: Strategy::NextFit,
        name: "next-fit",
        aliases: &["nf"],
        summary: "the last opened pack if the sequence fits, else a new one; keeps input order",
        cost: "O(n)",
        guarantee: "at most 2 OPT (Johnson 1973)",
        plans: false,
        streams: true,
        seeded: false,
    },
    StrategyInfo {
        strategy: Strategy::FirstFit,
        name: "first-fit",
        aliases: &["ff"],
        summary: "the earliest opened pack with room",
        cost: "O(n log P)",
        guarantee: "at most 1.7 OPT (Dosa and Sgall 2013)",
        plans: false,
        streams: false,
        seeded: false,
    },
    StrategyInfo {
        strategy: Strategy::BestFit,
        name: "best-fit",
        aliases: &["bf"],
        summary: "the pack with the least room that suffices",
        cost: "O(n log D)",
        guarantee: "at most 1.7 OPT (Dosa and Sgall 2014)",
        plans: false,
        streams: true,
        seeded: false,
    },
    StrategyInfo {
        strategy: Strategy::WorstFit,
        name: "worst-fit",
        aliases: &["wf"],
        summary: "the open pack with the most room; evens out how full packs are",
        cost: "O(n log D)",
        guarantee: "at most 2 OPT (Johnson 1974)",
        plans: false,
        streams: false,
        seeded: false,
    },
    StrategyInfo {
        strategy: Strategy::Harmonic,
        name: "harmonic",
        aliases: &["hk"],
        summary: "sequences of similar length share packs of their own",
        cost: "O(n log P)",
        guarantee: "at most 1.7 OPT plus a constant, with 6 classes or more (Lee and Lee 1985)",
        plans: false,
        streams: true,
        seeded: false,
    },
    StrategyInfo {
        strategy: Strategy::FirstFitShuffle,
        name: "first-fit-shuffle",
        aliases: &["ffs"],
        summary: "first-fit over a seeded random order",
        cost: "O(n log P)",
        guarantee: "at most 1.7 OPT (Dosa and Sgall 2013)",
        plans: false,
        streams: false,
        seeded: true,
    },
    StrategyInfo {
        strategy: Strategy::FirstFitDecreasing,
        name: "first-fit-decreasing",
        aliases: &["ffd"],
        summary: "longest first, each to the earliest opened pack with room",
        cost: "O(n) to count and bind, O(D + G log G) to plan",
        guarantee: "at most 11/9 OPT + 6/9 (Dosa 2007)",
        plans: true,
        streams: false,
        seeded: false,
    },
    StrategyInfo {
        strategy: Strategy::BestFitDecreasing,
        name: "best-fit-decreasing",
        aliases: &["bfd", "obfd", "obfdp"],
        summary: "longest first, each to the pack with the least room that suffices",
        cost: "O(n) to count and bind, O(D + G log G) to plan",
        guarantee: "at most 11/9 OPT + 4 (Johnson, Demers, Ullman, Garey and Graham 1974)",
        plans: true,
        streams: false,
        seeded: false,
    },
    StrategyInfo {
        strategy: Strategy::WorstFitDecreasing,
        name: "worst-fit-decreasing",
        aliases: &["wfd"],
        summary: "longest first, each to the pack with the most room",
        cost: "O(n) to count and bind, O(D + G log G) to plan",
        guarantee: "at most 5/4 OPT plus a constant (Johnson 1974)",
        plans: true,
        streams: false,
        seeded: false,
    },
    StrategyInfo {
        strategy: Strategy::ModifiedFirstFitDecreasing,
        name: "modified-first-fit-decreasing",
        aliases: &["mffd"],
        summary: "first-fit-decreasing with the gaps beside long sequences filled first",
        cost: "O(n) to count and bind, O(D + G log G) to plan",
        guarantee: "at most 71/60 OPT plus a constant (Johnson and Garey 1985)",
        plans: true,
        streams: false,
        seeded: false,
    },
];

/// The row of a strategy.
///
/// # Panics
/// Never: every strategy has a row.
#[must_use]
pub fn info(strategy: Strategy) -> &'static StrategyInfo {
    STRATEGIES
        .iter()
        .find(|row| row.strategy == strategy)
        .expect("every strategy has a row, as a test proves")
}

/// True if these options are met by a plan: a strategy that plans, and lengths in exact order.
#[must_use]
pub fn plans(options: &PackOptions) -> bool {
    info(options.strategy).plans && options.tolerance == 1
}

/// The strategy of a name or alias; letter case, `-`, `_` and spaces don't count.
#[must_use]
pub fn parse(name: &str) -> Option<Strategy> {
    let plain = |name: &str| -> String {
        name.chars().filter(|c| !"-_ ".contains(*c)).flat_map(char::to_lowercase).collect()
    };
    let asked = plain(name);
    let named = |row: &&StrategyInfo| {
        std::iter::once(&row.name).chain(row.aliases).any(|name| plain(name) == asked)
    };
    STRATEGIES.iter().find(named).map(|row| row.strategy)
}

#[cfg(test)]
mod tests {
    use super::{STRATEGIES, info, parse};
    use crate::options::Strategy;

    #[test]
    fn every_strategy_answers_to_its_names_and_to_no_other() {
        for row in STRATEGIES {
            assert_eq!(info(row.strategy), row);
            for name in std::iter::once(&row.name).chain(row.aliases) {
                assert_eq!(parse(name), Some(row.strategy));
                assert_eq!(parse(&name.to_uppercase()), Some(row.strategy));
            }
        }
    }

    /// The next variant, so that the compiler asks for one that is new.
    fn after(strategy: Strategy) -> Option<Strategy> {
        use Strategy::*;
        match strategy {
            Auto => Some(Optimal),
            Optimal => Some(NextFit),
            NextFit => Some(FirstFit),
            FirstFit => Some(BestFit),
            BestFit => Some(WorstFit),
            WorstFit => Some(Harmonic),
            Harmonic => Some(FirstFitShuffle),
            FirstFitShuffle => Some(FirstFitDecreasing),
            FirstFitDecreasing => Some(BestFitDecreasing),
            BestFitDecreasing => Some(WorstFitDecreasing),
            WorstFitDecreasing => Some(ModifiedFirstFitDecreasing),
            ModifiedFirstFitDecreasing => None,
        }
    }

    #[test]
    fn every_strategy_has_one_row() {
        let all: Vec<Strategy> =
            std::iter::successors(Some(Strategy::Auto), |&strategy| after(strategy)).collect();
        for &strategy in &all {
            assert_eq!(info(strategy).strategy, strategy);
        }
        assert_eq!(STRATEGIES.len(), all.len());
    }

    #[test]
    fn names_are_compared_without_case_hyphens_and_spaces() {
        for name in ["bestfit", "Best-Fit", "best_fit", "BEST FIT", "bf"] {
            assert_eq!(parse(name), Some(Strategy::BestFit));
        }
        for name in ["", "best-fit-decr", "bestfits", "auto!"] {
            assert_eq!(parse(name), None);
        }
    }
}
