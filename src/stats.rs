//! Figures across the boundary.

use crate::clock::Times;
use napi_derive::napi;
use stowage_engine::optimal::Stopped;
use stowage_engine::policy::Ledger;
use stowage_engine::stats::{Fill, LoadFigures, Outcome, Stats};

/// Where all tokens went.
#[napi(object)]
#[derive(Clone, Copy)]
pub struct TokenLedger {
    /// Tokens of all sequences given.
    pub tokens_in: f64,
    /// Tokens that stand in packs.
    pub tokens_packed: f64,
    /// Tokens cut off.
    pub tokens_truncated: f64,
    /// Tokens of sequences left out.
    pub tokens_dropped: f64,
    /// Sequences left out.
    pub dropped_count: f64,
}

impl From<Ledger> for TokenLedger {
    fn from(ledger: Ledger) -> Self {
        Self {
            tokens_in: ledger.tokens_in as f64,
            tokens_packed: ledger.tokens_packed as f64,
            tokens_truncated: ledger.tokens_truncated as f64,
            tokens_dropped: ledger.tokens_dropped as f64,
            dropped_count: ledger.dropped_count as f64,
        }
    }
}

impl From<TokenLedger> for Ledger {
    fn from(ledger: TokenLedger) -> Self {
        Self {
            tokens_in: ledger.tokens_in as u64,
            tokens_packed: ledger.tokens_packed as u64,
            tokens_truncated: ledger.tokens_truncated as u64,
            tokens_dropped: ledger.tokens_dropped as u64,
            dropped_count: ledger.dropped_count as u64,
        }
    }
}

/// Sequences in a pack.
#[napi(object, object_from_js = false)]
pub struct PerPack {
    /// Entries over packs.
    pub mean: f64,
    /// The most in one pack.
    pub max: f64,
}

/// Fill of a pack, 0 to 1.
#[napi(object, object_from_js = false)]
pub struct PackFill {
    /// Tokens over places.
    pub mean: f64,
    /// The emptiest pack.
    pub min: f64,
    /// The fullest pack.
    pub max: f64,
    /// Of the population.
    pub standard_deviation: f64,
    /// Nearest-rank percentiles.
    pub p1: f64,
    /// As above.
    pub p10: f64,
    /// As above.
    pub p50: f64,
    /// As above.
    pub p90: f64,
    /// As above.
    pub p99: f64,
}

impl From<Fill> for PackFill {
    fn from(fill: Fill) -> Self {
        let Fill { mean, min, max, standard_deviation, p1, p10, p50, p90, p99 } = fill;
        Self { mean, min, max, standard_deviation, p1, p10, p50, p90, p99 }
    }
}

/// Milliseconds per stage.
#[napi(object, object_from_js = false)]
pub struct StageTimes {
    /// Counting.
    pub count: f64,
    /// Planning.
    pub plan: f64,
    /// Binding.
    pub bind: f64,
}

/// What a search tells of itself; null parts where none ran.
#[napi(object, use_nullable = true)]
#[derive(Clone)]
pub struct SearchOutcome {
    /// Why it ended.
    #[napi(ts_type = "'bound' | 'content' | 'spent'")]
    pub stopped: Option<String>,
    /// The load of the heaviest pack.
    pub max_load: Option<f64>,
    /// The load of the lightest pack.
    pub min_load: Option<f64>,
    /// No plan of as many packs has a smaller largest load.
    pub load_bound: Option<f64>,
}

impl From<Outcome> for SearchOutcome {
    fn from(outcome: Outcome) -> Self {
        let stopped = outcome.stopped.map(|stopped| match stopped {
            Stopped::Bound => "bound",
            Stopped::Content => "content",
            Stopped::Spent => "spent",
        });
        let load = |of: fn(&LoadFigures) -> u64| outcome.loads.map(|loads| of(&loads) as f64);
        Self {
            stopped: stopped.map(str::to_owned),
            max_load: load(|loads| loads.most),
            min_load: load(|loads| loads.least),
            load_bound: load(|loads| loads.bound),
        }
    }
}

impl SearchOutcome {
    /// Loads as a file tells them.
    pub fn of_loads(self) -> Outcome {
        let loads = self.max_load.zip(self.min_load).zip(self.load_bound);
        let loads = loads.map(|((most, least), bound)| LoadFigures {
            most: most as u64,
            least: least as u64,
            bound: bound as u64,
        });
        Outcome { stopped: None, loads }
    }
}

/// The figures of a packing or a plan, as the surface documents them.
#[napi(object, object_from_js = false)]
pub struct Figures {
    /// Sequences given.
    pub sequence_count: f64,
    /// Packs.
    pub pack_count: f64,
    /// Tokens that a pack holds.
    pub capacity: u32,
    /// Tokens of all sequences given.
    pub tokens_in: f64,
    /// Tokens that stand in packs.
    pub tokens_packed: f64,
    /// Tokens cut off.
    pub tokens_truncated: f64,
    /// Tokens of sequences left out.
    pub tokens_dropped: f64,
    /// Places without a token.
    pub padding_tokens: f64,
    /// Tokens over places.
    pub efficiency: f64,
    /// No packing has fewer packs.
    pub lower_bound: f64,
    /// Packs above the bound.
    pub gap: f64,
    /// Packed sequences over packs.
    pub compression: f64,
    /// Entries of a pack.
    pub sequences_per_pack: PerPack,
    /// Fill of a pack.
    pub fill: PackFill,
    /// Time of each stage.
    pub time: StageTimes,
    /// Why the search ended.
    #[napi(ts_type = "'bound' | 'content' | 'spent'")]
    pub stopped: Option<String>,
    /// The load of the heaviest pack.
    pub max_load: Option<f64>,
    /// The load of the lightest pack.
    pub min_load: Option<f64>,
    /// No plan of as many packs has a smaller largest load.
    pub load_bound: Option<f64>,
}

impl Figures {
    /// The engine's figures, with the times that only the boundary knows.
    pub fn new(stats: &Stats, times: Times) -> Self {
        let SearchOutcome { stopped, max_load, min_load, load_bound } = stats.outcome.into();
        Self {
            sequence_count: stats.sequence_count as f64,
            pack_count: stats.pack_count as f64,
            capacity: stats.capacity,
            tokens_in: stats.ledger.tokens_in as f64,
            tokens_packed: stats.ledger.tokens_packed as f64,
            tokens_truncated: stats.ledger.tokens_truncated as f64,
            tokens_dropped: stats.ledger.tokens_dropped as f64,
            padding_tokens: stats.padding_tokens as f64,
            efficiency: stats.efficiency,
            lower_bound: stats.lower_bound as f64,
            gap: stats.gap as f64,
            compression: stats.compression,
            sequences_per_pack: PerPack {
                mean: stats.sequences_per_pack_mean,
                max: stats.sequences_per_pack_max as f64,
            },
            fill: stats.fill.into(),
            time: StageTimes { count: times.count, plan: times.plan, bind: times.bind },
            stopped,
            max_load,
            min_load,
            load_bound,
        }
    }
}
