//! Primal revised simplex for the master problem of column generation.
//!
//! Rows are length classes, longest first: patterns less surplus = demand. Columns are a surplus
//! per row, an exchange per row (a slot of a class may hold the next shorter one, which makes duals
//! fall with length and calms them), then the patterns, each of cost 1. A pivot costs O(entries of
//! the factors and rows). Every choice breaks ties by index and every sum has a fixed order, so
//! that all platforms take the same pivots. Ratio test after Harris 1973.

use super::factors::{Factors, Sparse};
use super::work::Work;

/// Product-form updates before the basis is factored anew.
const UPDATES: usize = 40;
/// Candidates kept between pricings, and the number at which a pricing stops looking for more.
const KEEP: usize = 24;
const ENOUGH: usize = 400;
/// Columns priced at a time.
const SCAN: usize = 2048;

/// How a run of pivots ended.
#[derive(PartialEq, Eq, Clone, Copy, Debug)]
pub(super) enum End {
    /// No known column improves.
    Optimal,
    /// Pivots or work are spent.
    Spent,
    /// The basis became singular or infeasible in floating point: the search must stop, bounds from
    /// earlier duals stay valid.
    Trouble,
}

/// The master problem.
pub(super) struct Master {
    rows: usize,
    demand: Vec<f64>,
    /// Patterns as repeated row indices, flat.
    pattern_rows: Vec<u32>,
    pattern_ends: Vec<usize>,
    basis: Vec<u32>,
    in_basis: Vec<bool>,
    level: Vec<f64>,
    dual: Vec<f64>,
    factors: Option<Factors>,
    scan: usize,
    exchanges: bool,
}

impl Master {
    /// Without `exchanges` a slot of a class holds that class alone.
    pub fn new(demand: Vec<f64>, exchanges: bool) -> Self {
        let rows = demand.len();
        Self {
            rows,
            demand,
            pattern_rows: Vec::new(),
            pattern_ends: vec![0],
            basis: Vec::new(),
            in_basis: vec![false; 2 * rows],
            level: vec![0.0; rows],
            dual: vec![0.0; rows],
            factors: None,
            scan: 0,
            exchanges,
        }
    }

    pub fn columns(&self) -> usize {
        2 * self.rows + self.pattern_ends.len() - 1
    }

    /// Adds a pattern (row, times), rows ascending, and returns its column.
    pub fn add(&mut self, pattern: &[(u32, u32)]) -> u32 {
        for &(row, times) in pattern {
            self.pattern_rows.extend(std::iter::repeat_n(row, times as usize));
        }
        self.pattern_ends.push(self.pattern_rows.len());
        self.in_basis.push(false);
        self.columns() as u32 - 1
    }

    /// Starts from a basis: the column that each row is basic with.
    pub fn start(&mut self, basis: Vec<u32>, work: &mut Work) -> End {
        for &column in &basis {
            self.in_basis[column as usize] = true;
        }
        self.basis = basis;
        self.refactor(work)
    }

    /// Value of each row, as the last pivots left it.
    pub fn duals(&self) -> &[f64] {
        &self.dual
    }

    pub fn objective(&self) -> f64 {
        self.levels().map(|(_, level)| level).sum()
    }

    /// The basic patterns' columns and levels, in basis order.
    pub fn levels(&self) -> impl Iterator<Item = (u32, f64)> {
        let basic = self.basis.iter().copied().zip(self.level.iter().copied());
        basic.filter(|basic| self.is_pattern(basic.0))
    }

    /// The pattern of a column as (row, times).
    pub fn pattern(&self, column: u32) -> Vec<(u32, u32)> {
        let same = self.rows_of(column as usize).chunk_by(|a, b| a == b);
        same.map(|rows| (rows[0], rows.len() as u32)).collect()
    }

    fn rows_of(&self, column: usize) -> &[u32] {
        let p = column - 2 * self.rows;
        &self.pattern_rows[self.pattern_ends[p]..self.pattern_ends[p + 1]]
    }

    fn is_pattern(&self, column: u32) -> bool {
        column as usize >= 2 * self.rows
    }

    fn column(&self, column: u32) -> Sparse {
        let (j, m) = (column as usize, self.rows);
        if j < m || j == 2 * m - 1 {
            return vec![((j % m) as u32, -1.0)];
        }
        if j < 2 * m {
            return vec![((j - m) as u32, -1.0), ((j - m + 1) as u32, 1.0)];
        }
        let same = self.rows_of(j).chunk_by(|a, b| a == b);
        same.map(|rows| (rows[0], rows.len() as f64)).collect()
    }

    fn reduced_cost(&self, j: usize) -> f64 {
        let m = self.rows;
        if j < m || j == 2 * m - 1 {
            return self.dual[j % m];
        }
        if j < 2 * m {
            if !self.exchanges {
                return 1.0; // never enters
            }
            return self.dual[j - m] - self.dual[j - m + 1];
        }
        self.rows_of(j).iter().fold(1.0, |cost, &row| cost - self.dual[row as usize])
    }

    fn refactor(&mut self, work: &mut Work) -> End {
        let columns = self.basis.iter().map(|&j| self.column(j)).collect();
        let Some(factors) = Factors::of(self.rows, columns) else { return End::Trouble };
        #[cfg(test)]
        if tests::sabotage() {
            return End::Trouble;
        }
        work.charge(20 * factors.entries() + 80 * self.rows as u64);
        factors.solve(&mut self.demand.clone(), &mut self.level);
        let mut cost: Vec<f64> =
            self.basis.iter().map(|&j| f64::from(u8::from(self.is_pattern(j)))).collect();
        factors.solve_transposed(&mut cost, &mut self.dual);
        self.factors = Some(factors);
        let most = self.demand.iter().fold(0.0, |most: f64, demand| most.max(*demand));
        let tolerance = 1e-6 + 1e-10 * most;
        let feasible = self.level.iter().all(|&level| level >= -tolerance);
        for level in &mut self.level {
            *level = level.max(0.0);
        }
        if feasible { End::Optimal } else { End::Trouble }
    }

    /// Pivots until no known column improves by `tolerance`, or the pivots or the work are spent.
    pub fn solve(&mut self, most_pivots: u64, tolerance: f64, work: &mut Work) -> End {
        let m = self.rows;
        let mut scratch = [vec![0.0; m], vec![0.0; m], vec![0.0; m], vec![0.0; m]];
        let mut candidates: Vec<u32> = Vec::new();
        for _ in 0..most_pivots {
            if work.exhausted() {
                return End::Spent;
            }
            let updates = self.factors.as_ref().map_or(UPDATES, Factors::updates);
            if updates >= UPDATES && self.refactor(work) == End::Trouble {
                return End::Trouble;
            }
            if let Some(entering) = self.choose(&mut candidates, tolerance, work) {
                if !self.pivot(entering, &mut scratch, work) {
                    return End::Trouble;
                }
                continue;
            }
            // Optimal by updated duals; make sure with fresh ones.
            if self.factors.as_ref().is_some_and(|factors| factors.updates() == 0) {
                return End::Optimal;
            }
            if self.refactor(work) == End::Trouble {
                return End::Trouble;
            }
        }
        End::Spent
    }

    /// Brings a column into the basis; false if no row blocks it.
    fn pivot(&mut self, entering: u32, scratch: &mut [Vec<f64>; 4], work: &mut Work) -> bool {
        let [right, change, unit, row] = scratch;
        let cost = self.reduced_cost(entering as usize);
        right.fill(0.0);
        for (i, v) in self.column(entering) {
            right[i as usize] = v;
        }
        let Some(factors) = &mut self.factors else { return false };
        factors.solve(right, change);
        let Some(leaving) = ratio_test(&self.level, change) else { return false };
        unit.fill(0.0);
        unit[leaving] = 1.0;
        factors.solve_transposed(unit, row);
        work.charge(300 + 2 * factors.entries() + 8 * self.rows as u64);

        let step = self.level[leaving] / change[leaving];
        let dual_step = cost / change[leaving];
        for (dual, r) in self.dual.iter_mut().zip(&*row) {
            *dual += dual_step * r;
        }
        for (level, w) in self.level.iter_mut().zip(&*change) {
            *level = (*level - step * w).max(0.0);
        }
        self.level[leaving] = step;
        self.in_basis[self.basis[leaving] as usize] = false;
        self.in_basis[entering as usize] = true;
        self.basis[leaving] = entering;
        factors.replace(leaving, change);
        true
    }

    /// The most negative reduced cost among the candidates; a partial pricing that goes round the
    /// columns refills the list when it runs dry.
    fn choose(&mut self, candidates: &mut Vec<u32>, least: f64, work: &mut Work) -> Option<u32> {
        let mut priced: Vec<(f64, u32)> = candidates
            .iter()
            .filter(|&&j| !self.in_basis[j as usize])
            .map(|&j| (self.reduced_cost(j as usize), j))
            .filter(|priced| priced.0 < -least)
            .collect();
        if priced.is_empty() {
            let all = self.columns();
            let (mut at, mut seen) = (self.scan % all, 0);
            while seen < all && priced.len() < ENOUGH {
                let end = (at + SCAN).min(all);
                for j in (at..end).filter(|&j| !self.in_basis[j]) {
                    let cost = self.reduced_cost(j);
                    if cost < -least {
                        priced.push((cost, j as u32));
                    }
                }
                seen += end - at;
                at = if end == all { 0 } else { end };
            }
            self.scan = at;
            work.charge(4 * seen as u64);
            priced.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            priced.truncate(KEEP);
        }
        candidates.clear();
        candidates.extend(priced.iter().map(|priced| priced.1));
        let best = priced.into_iter().min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        best.map(|priced| priced.1)
    }

    /// Drops patterns that are neither basic nor have a reduced cost below `most`.
    pub fn forget(&mut self, most: f64) {
        let first = 2 * self.rows;
        let mut moved: Vec<u32> = (0..first as u32).collect();
        let (mut rows, mut ends) = (Vec::new(), vec![0]);
        let mut in_basis = self.in_basis[..first].to_vec();
        for j in first..self.columns() {
            moved.push((first + ends.len() - 1) as u32);
            if self.in_basis[j] || self.reduced_cost(j) < most {
                rows.extend_from_slice(self.rows_of(j));
                ends.push(rows.len());
                in_basis.push(self.in_basis[j]);
            }
        }
        for column in &mut self.basis {
            *column = moved[*column as usize];
        }
        (self.pattern_rows, self.pattern_ends, self.in_basis, self.scan) =
            (rows, ends, in_basis, 0);
    }
}

/// Harris' two passes: among rows that block within the tolerance, the largest pivot.
fn ratio_test(level: &[f64], change: &[f64]) -> Option<usize> {
    let blocking = || (0..level.len()).filter(|&p| change[p] > 1e-8);
    let ratios = blocking().map(|p| (level[p] + 1e-9) / change[p]);
    let limit = ratios.fold(f64::INFINITY, f64::min);
    let mut best: Option<usize> = None;
    for p in blocking() {
        if level[p] / change[p] <= limit && best.is_none_or(|b| change[p] > change[b]) {
            best = Some(p);
        }
    }
    best
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::Unwatched;
    use std::cell::Cell;

    thread_local! {
        /// Factorisations of this thread until all fail.
        static SOUND: Cell<u64> = const { Cell::new(u64::MAX) };
    }

    /// From now on, only this many factorisations of this thread succeed.
    pub(crate) fn fail_after(sound: u64) {
        SOUND.set(sound);
    }

    pub(super) fn sabotage() -> bool {
        let left = SOUND.get();
        SOUND.set(left.saturating_sub(1));
        left == 0
    }

    #[test]
    fn three_classes_reach_the_value_known_by_hand() {
        // Capacity 10: 6 + 4, 5 + 5, 4 + 4 for demands 2, 3, 5: 2 + 1.5 + 1.5 packs.
        let mut master = Master::new(vec![2.0, 3.0, 5.0], true);
        let start = (0..3).map(|row| master.add(&[(row, 1)])).collect();
        let mut work = Work::new(u64::MAX, &Unwatched);
        assert!(master.start(start, &mut work) == End::Optimal);
        assert!((master.objective() - 10.0).abs() < 1e-9);
        for pattern in [&[(0, 1), (2, 1)][..], &[(1, 2)], &[(1, 1), (2, 1)], &[(2, 2)]] {
            master.add(pattern);
        }
        assert!(master.solve(100, 1e-9, &mut work) == End::Optimal);
        assert!((master.objective() - 5.0).abs() < 1e-9);
        let bound: f64 = master.duals().iter().zip([2.0, 3.0, 5.0]).map(|(d, n)| d * n).sum();
        assert!((bound - 5.0).abs() < 1e-9);
    }

    #[test]
    fn an_infeasible_start_is_trouble_not_a_panic() {
        let mut master = Master::new(vec![1.0, 1.0], true);
        let both = master.add(&[(0, 1), (1, 2)]);
        let mut work = Work::new(u64::MAX, &Unwatched);
        // Row 1 would get a surplus of -1 from the pattern that row 0 needs once.
        let lone = master.add(&[(1, 1)]);
        assert!(master.start(vec![both, lone], &mut work) == End::Trouble);
        let mut singular = Master::new(vec![1.0, 1.0], true);
        let twin = singular.add(&[(0, 1), (1, 1)]);
        assert!(singular.start(vec![twin, twin], &mut work) == End::Trouble);
    }
}
