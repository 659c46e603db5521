// Counts in classes that grow by doubling. O(distinct values), at most 200 classes.

import type { LengthBin, PackBin } from "./data.js";

/** Lengths with their counts, ascending. */
export interface Counted {
  readonly lengths: Float64Array;
  readonly counts: Float64Array;
}

/** Below this, every length is a bin of its own. */
const FIRST = 8;

/** Bins per doubling of length: 8, 32 where lengths span less than 3 doublings, 4 where more than 22. */
export function perDoublingOf({ lengths }: Counted): number {
  const [shortest = 1, longest = 1] = [lengths.find((length) => length > 0), lengths.at(-1)];
  const doublings = Math.log2(longest / shortest);
  return doublings < 3 ? 32 : doublings > 22 ? 4 : 8;
}

/** So many bins per doubling, cut at `limit + 1`, so that what is overlong is exact. */
export function lengthBins(
  { lengths, counts }: Counted,
  limit: number,
  perDoubling: number,
): LengthBin[] {
  const edge = (k: number): number => Math.ceil(FIRST * 2 ** (k / perDoubling) - 1e-9);
  const bins = new Map<number, LengthBin>();
  for (const [at, length] of lengths.entries()) {
    if (length === 0) continue;
    // The small addition keeps edges themselves, whose logarithm may be a digit short.
    const k = Math.floor(Math.log2(length / FIRST) * perDoubling + 1e-9);
    const [low, high] = length < FIRST ? [length, length + 1] : [edge(k), edge(k + 1)];
    const over = length > limit;
    const from = over ? Math.max(low, limit + 1) : low;
    const to = over ? high : Math.min(high, limit + 1);
    const bin = bins.get(from) ?? { from, to, sequences: 0, tokens: 0 };
    bin.sequences += counts[at]!;
    bin.tokens += length * counts[at]!;
    bins.set(from, bin);
  }
  return [...bins.values()];
}

/** Bins 0, 1, 2 to 3, 4 to 7 … of `[value, packs]` pairs. */
export function packBins(pairs: Iterable<readonly [value: number, packs: number]>): PackBin[] {
  const bins = new Map<number, PackBin>();
  for (const [value, packs] of pairs) {
    const from = value === 0 ? 0 : 2 ** Math.floor(Math.log2(value));
    const bin = bins.get(from) ?? { from, to: Math.max(2 * from, 1), packs: 0 };
    bin.packs += packs;
    bins.set(from, bin);
  }
  return [...bins.values()].sort((a, b) => a.from - b.from);
}

/** Lengths by nearest rank. */
export function quantilesOf(
  { lengths, counts }: Counted,
  total: number,
): { p1: number; p10: number; p50: number; p90: number; p99: number } {
  const at = (share: number): number => {
    let seen = 0;
    const place = counts.findIndex((count) => {
      seen += count;
      return seen >= share * total;
    });
    return lengths[place] ?? 0;
  };
  return { p1: at(0.01), p10: at(0.1), p50: at(0.5), p90: at(0.9), p99: at(0.99) };
}
