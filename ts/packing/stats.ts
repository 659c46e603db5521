// The figures of a packing.

/** How full the packs are, where the tokens went, how far from the bound. Every ratio is 0 where there are no packs. */
export interface PackingStats {
  /** Sequences given, dropped ones included. */
  sequenceCount: number;
  /** Packs. */
  packCount: number;
  /** Tokens that a pack holds. */
  capacity: number;
  /** Tokens of all sequences given: `tokensPacked + tokensTruncated + tokensDropped`. */
  tokensIn: number;
  /** Tokens that stand in packs. */
  tokensPacked: number;
  /** Tokens cut off by `overlong: 'truncate'` or 'truncate-start'. */
  tokensTruncated: number;
  /** Tokens of sequences left out. */
  tokensDropped: number;
  /** `packCount × capacity - tokensPacked`. */
  paddingTokens: number;
  /** `tokensPacked / (packCount × capacity)`, 0 .. 1. */
  efficiency: number;
  /** No packing of these sequences under these options has fewer packs. */
  lowerBound: number;
  /** `packCount - lowerBound`; 0 means proved optimal. */
  gap: number;
  /** Rows saved against one sequence per row: (sequenceCount - dropped) / packCount. */
  compression: number;
  /** Sequences (pieces, where some were split) in a pack. */
  sequencesPerPack: { mean: number; max: number };
  /** Fill of a pack, 0 .. 1: mean, extremes, standard deviation of the population, percentiles by nearest rank. */
  fill: {
    mean: number;
    min: number;
    max: number;
    standardDeviation: number;
    p1: number;
    p10: number;
    p50: number;
    p90: number;
    p99: number;
  };
  /** Why the search of 'auto' or 'optimal' ended: 'bound', nothing better exists; 'content', the rest isn't worth more work; 'spent', the effort is used up or nothing was left to try. Absent where nothing was searched. */
  stopped?: "bound" | "content" | "spent";
  /** The load of the heaviest pack; absent unless `objective` was 'maxLoad'. */
  maxLoad?: number;
  /** The load of the lightest pack; absent unless `objective` was 'maxLoad'. */
  minLoad?: number;
  /** No packing in as many packs has a smaller largest load; absent unless `objective` was 'maxLoad'. */
  loadBound?: number;
  /** Milliseconds per stage; 0 for stages that this packing or plan didn't go through. */
  time: { count: number; plan: number; bind: number };
}
