//! Packs that cost the same should run side by side: ranks wait for the slowest of them.
//!
//! O(D log D) for D templates. Costs are two products of exact integers and one addition, so that
//! every platform orders templates alike.

use crate::template::{Run, Templates, sequences, tokens};

/// Cost of a pack: linear x sum of lengths + quadratic x sum of squared lengths (attention).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Weight of a token; finite, at least 0.
    pub linear: f64,
    /// Weight of a squared length; finite, at least 0.
    pub quadratic: f64,
}

impl Default for Cost {
    /// Attention alone.
    fn default() -> Self {
        Self { linear: 0.0, quadratic: 1.0 }
    }
}

impl Cost {
    /// The cost of one pack of these runs.
    #[must_use]
    pub fn of(self, runs: &[Run]) -> f64 {
        let squares: u128 = runs
            .iter()
            .map(|run| u128::from(run.length) * u128::from(run.length) * u128::from(run.times))
            .sum();
        self.linear * tokens(runs) as f64 + self.quadratic * squares as f64
    }
}

/// Template numbers, costliest first; equal costs in the order of the templates.
#[must_use]
pub fn cost_order(templates: &Templates, cost: Cost) -> Vec<usize> {
    let costs: Vec<f64> = templates.iter().map(|(runs, _)| cost.of(runs)).collect();
    let mut order: Vec<usize> = (0..templates.len()).collect();
    order.sort_unstable_by(|&a, &b| costs[b].total_cmp(&costs[a]).then(a.cmp(&b)));
    order
}

/// Share of the time in which ranks work instead of waiting, when packs run in groups of `ranks` in
/// cost order: sum of group means / sum of group maxima. A short last group waits for nobody's pack:
/// missing packs cost nothing. 1 without packs.
///
/// # Panics
/// If there are no ranks.
#[must_use]
pub fn useful_share(templates: &Templates, cost: Cost, ranks: u64) -> f64 {
    let (mut useful, mut spent, mut at) = (0.0, 0.0, 0_u64);
    for t in cost_order(templates, cost) {
        let (runs, multiplicity) = templates.get(t);
        let each = cost.of(runs);
        // Groups opened by this template have it as their maximum.
        let opened = (at + multiplicity).div_ceil(ranks) - at.div_ceil(ranks);
        at += multiplicity;
        useful += each * multiplicity as f64;
        spent += each * (opened * ranks) as f64;
    }
    if spent == 0.0 { 1.0 } else { useful / spent }
}

/// As [`useful_share`], expected when packs run in random order: the slowest of a group costs `c` or
/// less where all of its draws do. O(D (log D + ranks)), at most 4096 ranks counted, however many packs
/// there are.
///
/// # Panics
/// If there are no ranks.
#[must_use]
pub fn expected_share(templates: &Templates, cost: Cost, ranks: u64) -> f64 {
    let packs = templates.pack_count();
    let (full, rest) = (packs / ranks, packs % ranks);
    // Mean of all packs, expected cost of a full group's slowest, and of the short last group's.
    let (mut useful, mut slowest, mut last) = (0.0, 0.0, 0.0);
    let (mut seen, mut before, mut before_last) = (0, 0.0, 0.0);
    for t in cost_order(templates, cost).into_iter().rev() {
        let (runs, multiplicity) = templates.get(t);
        let each = cost.of(runs);
        seen += multiplicity;
        let (now, now_last) = (all_among(seen, packs, ranks), all_among(seen, packs, rest));
        useful += each * multiplicity as f64;
        slowest += each * (now - before);
        last += each * (now_last - before_last);
        (before, before_last) = (now, now_last);
    }
    let short = if rest == 0 { 0.0 } else { last };
    let spent = (slowest * full as f64 + short) * ranks as f64;
    if spent == 0.0 { 1.0 } else { useful / spent }
}

/// More draws than these are taken as if each were put back.
const COUNTED: u64 = 4096;

/// The probability that `draws` of `packs` packs are all among the first `seen`.
fn all_among(seen: u64, packs: u64, draws: u64) -> f64 {
    if draws > seen {
        return 0.0;
    }
    if draws > COUNTED {
        return power(seen as f64 / packs as f64, draws);
    }
    (0..draws).map(|taken| (seen - taken) as f64 / (packs - taken) as f64).product()
}

/// `base` to the power of `exponent` by squaring: multiplications only, alike on every platform.
fn power(mut base: f64, mut exponent: u64) -> f64 {
    let mut result = 1.0;
    while exponent > 0 {
        if exponent % 2 == 1 {
            result *= base;
        }
        base *= base;
        exponent /= 2;
    }
    result
}

/// What an order of packs means for ranks that run side by side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Balance {
    /// As [`useful_share`], of this order.
    pub useful_share: f64,
    /// Correlation (Pearson) between the number of a step and the mean length of its sequences:
    /// far from 0, training would see long sequences first or last. 0 where nothing varies.
    pub correlation: f64,
}

/// The figures of an order: `template_at(k)` is the template of its k-th pack. O(packs).
#[must_use]
pub fn measure(
    templates: &Templates,
    cost: Cost,
    ranks: u64,
    template_at: impl Fn(u64) -> usize,
) -> Balance {
    let each: Vec<(f64, u64, u64)> =
        templates.iter().map(|(runs, _)| (cost.of(runs), tokens(runs), sequences(runs))).collect();
    let packs = templates.pack_count();
    let (mut useful, mut spent) = (0.0, 0.0);
    let mut correlation = Correlation::default();
    for step in 0..packs.div_ceil(ranks) {
        let (mut slowest, mut total_tokens, mut total_sequences) = (0.0_f64, 0, 0);
        for k in step * ranks..((step + 1) * ranks).min(packs) {
            let (pack_cost, pack_tokens, pack_sequences) = each[template_at(k)];
            useful += pack_cost;
            slowest = slowest.max(pack_cost);
            total_tokens += pack_tokens;
            total_sequences += pack_sequences;
        }
        spent += slowest * ranks as f64;
        correlation.add(step as f64, total_tokens as f64 / total_sequences as f64);
    }
    let useful_share = if spent == 0.0 { 1.0 } else { useful / spent };
    Balance { useful_share, correlation: correlation.value() }
}

/// Running means and moments (Welford 1962), which lose no digits over many steps.
#[derive(Default)]
struct Correlation {
    count: f64,
    mean: (f64, f64),
    squares: (f64, f64),
    product: f64,
}

impl Correlation {
    fn add(&mut self, x: f64, y: f64) {
        self.count += 1.0;
        let before = (x - self.mean.0, y - self.mean.1);
        self.mean.0 += before.0 / self.count;
        self.mean.1 += before.1 / self.count;
        let after = (x - self.mean.0, y - self.mean.1);
        self.squares.0 += before.0 * after.0;
        self.squares.1 += before.1 * after.1;
        self.product += before.0 * after.1;
    }

    fn value(&self) -> f64 {
        let spread = (self.squares.0 * self.squares.1).sqrt();
        // Rounding may pass the ends by a digit.
        if spread == 0.0 { 0.0 } else { (self.product / spread).clamp(-1.0, 1.0) }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact integers and one division: every digit counts")]
mod tests {
    use super::{Cost, cost_order, expected_share, measure, useful_share};
    use crate::template::{Run, Templates};

    /// [4 4] x 2, [8] x 1, [2 1] x 3: costs of squares 32, 64, 5.
    fn three() -> Templates {
        let mut templates = Templates::new();
        templates.push(&[Run { length: 8, times: 1 }], 1);
        templates.push(&[Run { length: 4, times: 2 }], 2);
        templates.push(&[Run { length: 2, times: 1 }, Run { length: 1, times: 1 }], 3);
        templates
    }

    #[test]
    fn the_cost_of_a_pack_is_its_weighted_sums() {
        let cost = Cost { linear: 3.0, quadratic: 2.0 };
        assert_eq!(cost.of(&[Run { length: 4, times: 2 }]), 3.0 * 8.0 + 2.0 * 32.0);
        assert_eq!(cost_order(&three(), Cost::default()), [0, 1, 2]);
        // By tokens alone 8 and 4 + 4 cost the same, and keep their order.
        assert_eq!(cost_order(&three(), Cost { linear: 1.0, quadratic: 0.0 }), [0, 1, 2]);
    }

    #[test]
    fn the_useful_share_is_means_over_maxima() {
        // Groups of two: (64 32) (32 5) (5 5): 143 useful of 2 x (64 + 32 + 5).
        assert_eq!(useful_share(&three(), Cost::default(), 2), 143.0 / 202.0);
        // Groups of four: (64 32 32 5) (5 5): the missing two count as spent, not as useful.
        assert_eq!(useful_share(&three(), Cost::default(), 4), 143.0 / (4.0 * 69.0));
        assert_eq!(useful_share(&three(), Cost::default(), 1), 1.0);
        assert_eq!(useful_share(&Templates::new(), Cost::default(), 4), 1.0);
    }

    #[test]
    fn the_expected_share_is_the_mean_over_all_orders() {
        // Of 15 pairs of 5 5 5 32 32 64: 5 is the greatest of 3, 32 of 7, 64 of 5.
        let pair = (3.0 * 5.0 + 7.0 * 32.0 + 5.0 * 64.0) / 15.0;
        let found = expected_share(&three(), Cost::default(), 2);
        assert!((found - 143.0 / (6.0 * pair)).abs() < 1e-15, "{found}");
        // Of 15 fours, 32 is the greatest of 5 and 64 of 10; the two that are left are any pair.
        let four = (5.0 * 32.0 + 10.0 * 64.0) / 15.0;
        let found = expected_share(&three(), Cost::default(), 4);
        assert!((found - 143.0 / (4.0 * (four + pair))).abs() < 1e-15, "{found}");
        assert!((expected_share(&three(), Cost::default(), 1) - 1.0).abs() < 1e-15);
        // One short group of all six.
        assert!((expected_share(&three(), Cost::default(), 9) - 143.0 / 576.0).abs() < 1e-15);
        assert_eq!(expected_share(&Templates::new(), Cost::default(), 4), 1.0);
    }

    #[test]
    fn many_ranks_are_counted_as_if_packs_were_put_back() {
        let mut templates = Templates::new();
        templates.push(&[Run { length: 2, times: 1 }], 1 << 20);
        templates.push(&[Run { length: 1, times: 1 }], 1 << 20);
        // Nearly every group of so many has a slow pack.
        let found = expected_share(&templates, Cost::default(), 8192);
        assert!((found - 2.5 / 4.0).abs() < 1e-12, "{found}");
    }

    #[test]
    fn an_order_is_measured_step_by_step() {
        let templates = three();
        let falling = [0, 1, 1, 2, 2, 2];
        let balance = measure(&templates, Cost::default(), 2, |k| falling[k as usize]);
        assert_eq!(balance.useful_share, 143.0 / 202.0);
        // Mean lengths 16/3, 11/4, 3/2: -23/6 over the root of 2 x (16/3 - 115/36)^2 + ...
        let mean = 115.0 / 36.0;
        let squares = [16.0 / 3.0, 11.0 / 4.0, 3.0 / 2.0].map(|y: f64| (y - mean).powi(2));
        let expected = (-23.0 / 6.0) / (2.0 * squares.iter().sum::<f64>()).sqrt();
        assert!((balance.correlation - expected).abs() < 1e-12, "{}", balance.correlation);
        let mixed = [2, 0, 1, 2, 1, 2];
        let balance = measure(&templates, Cost::default(), 2, |k| mixed[k as usize]);
        assert_eq!(balance.useful_share, 143.0 / (2.0 * (64.0 + 32.0 + 32.0)));
    }
}
