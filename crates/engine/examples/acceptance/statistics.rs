//! What a family of permutations must not show: chi-square tests over many keys.
//!
//! Each test takes a family, `family(key, n)` giving the images of 0 .. n, so that the same test
//! runs on a Fisher-Yates shuffle: a test that rejects shuffles is wrong itself.

/// The images of 0 .. n under one key.
pub type Family<'a> = &'a dyn Fn(u64, u64) -> Vec<u32>;

/// One test's outcome.
#[derive(Debug)]
pub struct Outcome {
    /// What was tested.
    pub name: String,
    /// The statistic.
    pub chi_square: f64,
    /// Its degrees of freedom.
    pub freedom: f64,
    /// How likely a value as far out is for random permutations.
    pub p: f64,
}

impl Outcome {
    fn new(name: String, chi_square: f64, freedom: f64) -> Self {
        Self { name, chi_square, freedom, p: tail(chi_square, freedom) }
    }
}

/// All tests of one domain over `keys` keys.
pub fn all(family: Family, n: u64, keys: u64) -> Vec<Outcome> {
    let half = 1 << (u64::BITS - (n - 1).leading_zeros()).div_ceil(2);
    let mut outcomes = vec![positions(family, n, keys), epochs(family, n, keys)];
    if n > 2 {
        outcomes.push(pairs(family, n, keys, 1));
    }
    if half < n && half > 1 {
        outcomes.push(pairs(family, n, keys, half)); // two points that share the lower half
    }
    outcomes.push(fixed_points(family, n, keys));
    outcomes
}

/// Position x value. Of random permutation matrices `(n - 1) / n` times the plain statistic has
/// `(n - 1)^2` degrees of freedom, because rows and columns both have fixed sums.
pub fn positions(family: Family, n: u64, keys: u64) -> Outcome {
    let mut counts = vec![0_u64; (n * n) as usize];
    for key in 0..keys {
        for (row, value) in counts.chunks_exact_mut(n as usize).zip(family(key, n)) {
            row[value as usize] += 1;
        }
    }
    let points = n as f64;
    let plain = against_even(&counts, keys as f64 / points);
    let freedom = (points - 1.0).powi(2);
    Outcome::new(format!("position x value, n {n}"), plain * (points - 1.0) / points, freedom)
}

/// Values of two positions `distance` apart; as many pairs per key as stay nearly independent.
pub fn pairs(family: Family, n: u64, keys: u64, distance: u64) -> Outcome {
    let mut counts = vec![0_u64; (n * n) as usize];
    let (starts, each) = (n - distance, (n / 100).max(1));
    for key in 0..keys {
        let images = family(key, n);
        for pair in 0..each {
            let x = (key + pair * (starts / each).max(1)) % starts;
            let (a, b) = (images[x as usize], images[(x + distance) as usize]);
            counts[u64::from(a) as usize * n as usize + b as usize] += 1;
        }
    }
    let cells = n * (n - 1);
    let expected = (keys * each) as f64 / cells as f64;
    // The diagonal is impossible: its n empty cells are taken out again.
    let statistic = against_even(&counts, expected) - n as f64 * expected;
    Outcome::new(format!("pairs {distance} apart, n {n}"), statistic, cells as f64 - 1.0)
}

/// Values of one position under two consecutive keys.
pub fn epochs(family: Family, n: u64, keys: u64) -> Outcome {
    let mut counts = vec![0_u64; (n * n) as usize];
    let each = (n / 100).max(1);
    let mut before = family(0, n);
    for key in 1..=keys {
        let after = family(key, n);
        for pair in 0..each {
            let x = ((key / 2 + pair * (n / each)) % n) as usize;
            // Every other key alone, so that no value is counted twice.
            if key % 2 == 1 {
                counts[before[x] as usize * n as usize + after[x] as usize] += 1;
            }
        }
        before = after;
    }
    let expected = (keys.div_ceil(2) * each) as f64 / (n * n) as f64;
    let statistic = against_even(&counts, expected);
    Outcome::new(format!("consecutive epochs, n {n}"), statistic, (n * n) as f64 - 1.0)
}

/// How many points stay where they are, against the rencontres numbers.
pub fn fixed_points(family: Family, n: u64, keys: u64) -> Outcome {
    let mut counts = vec![0_u64; n as usize + 1];
    for key in 0..keys {
        let fixed = (0_u32..).zip(family(key, n)).filter(|(x, y)| x == y).count();
        counts[fixed] += 1;
    }
    let (mut statistic, mut cells) = (0.0, 0.0);
    let (mut rest, mut left) = (0, keys as f64);
    for (fixed, &count) in (0..).zip(&counts) {
        let expected = keys as f64 * rencontres(n, fixed);
        if expected >= 20.0 {
            statistic += (count as f64 - expected).powi(2) / expected;
            cells += 1.0;
            left -= expected;
        } else {
            rest += count;
        }
    }
    if left >= 1.0 {
        statistic += (rest as f64 - left).powi(2) / left;
        cells += 1.0;
    }
    Outcome::new(format!("fixed points, n {n}"), statistic, cells - 1.0)
}

/// Neighbours of one large permutation on a grid of `g x g` cells. Pairs don't overlap, and each
/// value is in one pair, which fixes the sum of row and column for each of the g bands.
pub fn neighbours(family: Family, n: u64, key: u64, g: u64) -> Outcome {
    let images = family(key, n);
    let mut counts = vec![0_u64; (g * g) as usize];
    for pair in images.chunks_exact(2) {
        let band = |value: u32| u64::from(value) * g / n;
        counts[(band(pair[0]) * g + band(pair[1])) as usize] += 1;
    }
    let expected = (n / 2) as f64 / (g * g) as f64;
    let name = format!("neighbours, n {n}, key {key}");
    Outcome::new(name, against_even(&counts, expected), (g * g - g) as f64)
}

fn against_even(counts: &[u64], expected: f64) -> f64 {
    counts.iter().map(|&count| (count as f64 - expected).powi(2) / expected).sum()
}

/// The share of permutations of n points with exactly k fixed points: D(n - k) / (k! (n - k)!).
fn rencontres(n: u64, k: u64) -> f64 {
    let factorial = |k: u64| (1..=k).map(|i| i as f64).product::<f64>();
    // D(m) / m! = sum of (-1)^i / i!; it has converged long before 30 terms.
    let derangements: f64 =
        (0..=(n - k).min(30)).map(|i| (-1.0_f64).powi(i as i32) / factorial(i)).sum();
    if k > 100 { 0.0 } else { derangements / factorial(k) }
}

/// How likely a chi-square value at least as far from the middle is, on either side.
fn tail(chi_square: f64, freedom: f64) -> f64 {
    if freedom < 0.5 {
        return 1.0;
    }
    let upper = upper_gamma(freedom / 2.0, chi_square / 2.0);
    (2.0 * upper.min(1.0 - upper)).min(1.0)
}

/// Q(a, x), by the series below a + 1 and Lentz's continued fraction above (Numerical Recipes 6.2).
fn upper_gamma(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let scale = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let (mut sum, mut term, mut at) = (1.0 / a, 1.0 / a, a);
        while term > sum * 1e-15 {
            at += 1.0;
            term *= x / at;
            sum += term;
        }
        return 1.0 - scale * sum;
    }
    let tiny = 1e-300;
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1.0 / tiny, 1.0 / b);
    let mut h = d;
    for i in 1..100_000 {
        let i = f64::from(i);
        let an = -i * (i - a);
        b += 2.0;
        d = 1.0 / guarded(an * d + b, tiny);
        c = guarded(b + an / c, tiny);
        h *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    scale * h
}

fn guarded(value: f64, tiny: f64) -> f64 {
    if value.abs() < tiny { tiny } else { value }
}

/// Stirling's series, after shifting the argument above 10.
fn ln_gamma(mut a: f64) -> f64 {
    let mut shift = 0.0;
    while a < 10.0 {
        shift -= a.ln();
        a += 1.0;
    }
    let i = 1.0 / a;
    let series = i / 12.0 - i.powi(3) / 360.0 + i.powi(5) / 1260.0 - i.powi(7) / 1680.0;
    shift + (a - 0.5) * a.ln() - a + 0.5 * (2.0 * std::f64::consts::PI).ln() + series
}
