// The figures of a report, as plain data: all that a page is drawn from.

import type { PackingStats, Strategy } from "stowage";

/**
 * The figures of a report. Their size doesn't grow with the number of sequences: at most 200 bins, 64 packs
 * a list and 40 capacities, some 10 to 40 KB as JSON.
 */
export interface ReportData {
  /** Of this layout. */
  version: 1;
  /** What made it, as "stowage 0.1.0". */
  generator: string;
  /** What the page is called, if not like its source. */
  title?: string;
  /** What the figures are of. */
  source: ReportSource;
  /** What decided the packing. */
  options: ReportedOptions;
  /** The figures of the packing, as the library gives them; `time` only where times were asked for. */
  stats: Omit<PackingStats, "time"> & Partial<Pick<PackingStats, "time">>;
  /** Absent for strategies that don't plan, and where no plan is written down. */
  plan?: {
    id: string;
    /** Absent for packed data sets, whose manifest doesn't say. */
    templateCount?: number;
    certificate?: { kind: string; parameter?: number; weights: number };
  };
  /** Bins of `lengths` per doubling, from 8 tokens on; below, each length is a bin. */
  perDoubling: number;
  /** Sequences by length, `to` exclusive, cut at the capacity; empty ones aside. */
  lengths: LengthBin[];
  /** True where `lengths` are those of the pieces in the packs, since the source wasn't given. */
  asPacked?: true;
  /** What policies lose; absent with `asPacked`. */
  overlong?: OverlongLosses;
  /** What other capacities would give, ascending; empty with `asPacked`. */
  capacities: CapacityTrial[];
  /** What strategies give; empty with `asPacked`. */
  strategies: StrategyTrial[];
  /** Packs by padding tokens: 0, 1, 2 to 3, 4 to 7 … */
  padding: PackBin[];
  /** Packs by number of sequences, likewise. */
  perPack: PackBin[];
  /** Squared lengths: of a padded row per sequence, of packs as one, of sequences kept apart. */
  attention: { single: number; packed: number; isolated: number };
  /** The ranks that the trade-off of capacities speaks of. */
  worldSize: number;
  /** Time in which ranks work, by their number. */
  balance: { worldSize: number; shuffled: number; balanced: number }[];
  /** Some of the packs: `sample` drawn with `seed`, `worst` the emptiest, `top` the most repeated. */
  packs: {
    of: number;
    seed: number;
    sample: ReportedPack[];
    worst: ReportedPack[];
    top: ReportedPack[];
  };
  /** What the packs are mixed of; only of a packed data set, by a column that it carries. */
  sources?: ReportedSources;
  /** What it is compared with. */
  other?: ReportData;
}

/** What the figures are of. */
export interface ReportSource {
  /** What the page calls it. */
  label: string;
  /** What was read. */
  kind: "lengths" | "histogram" | "plan" | "dataset";
  sequenceCount: number;
  tokenCount: number;
  maxLength: number;
  distinctLengths: number;
  /** Sequences without tokens. */
  emptyCount: number;
  /** Lengths by nearest rank, empty sequences included; all 0 where there are none. */
  quantiles: { p1: number; p10: number; p50: number; p90: number; p99: number };
}

/** Where the sequences of a packed data set come from, the source with the most tokens first. */
export interface ReportedSources {
  /** The carried column that says so. */
  column: string;
  /**
   * What the column holds, null for sequences without a value. At most 8: of more sources, the eighth entry,
   * "other", stands for all that aren't named.
   */
  names: (string | null)[];
  /** How many sources the last entry stands for; absent where each has a name. */
  others?: number;
  /** Sequences, and pieces of split ones. */
  sequences: number[];
  tokens: number[];
  /** Packs that have any of a source; null of the others. */
  packs: (number | null)[];
  /** Its tokens in a pack, by nearest rank over all packs; null of the others. */
  perPack: ({ p10: number; p50: number; p90: number } | null)[];
}

/** What decided the packing. */
export interface ReportedOptions {
  capacity: number;
  strategy: Strategy;
  overlong: "error" | "drop" | "truncate" | "split" | "truncate-start";
  empty: "error" | "drop";
  maxSequencesPerPack?: number;
  sequenceAlignment?: number;
  effort?: number;
}

/** Sequences of `from` to `to - 1` tokens. */
export interface LengthBin {
  from: number;
  to: number;
  sequences: number;
  tokens: number;
}

/** Packs with `from` to `to - 1` of something. */
export interface PackBin {
  from: number;
  to: number;
  packs: number;
}

/** What the policies for overlong sequences lose, in tokens, and the pieces of split ones. */
export interface OverlongLosses {
  sequences: number;
  drop: number;
  truncate: number;
  pieces: number;
}

/** What a capacity would give. Shares are 0 .. 1. */
export interface CapacityTrial {
  capacity: number;
  overlong: OverlongLosses;
  packCount: number;
  /** Useful share of the packs. */
  efficiency: number;
  /** The same for one sequence a row. */
  single: number;
  /** The same for next-fit in input order; absent where the order isn't known. */
  nextFit?: number;
  /** Time in which the ranks work; absent for fewer than two packs a rank. */
  shuffled?: number;
  balanced?: number;
}

/** What a strategy gives, or why nothing. */
export type StrategyTrial =
  | { strategy: string; packCount: number; efficiency: number; milliseconds?: number }
  | { strategy: string; refused: string };

/** One pack: its lengths, longest first. */
export interface ReportedPack {
  runs: [length: number, times: number][];
  /** What stands behind the 96 longest runs. */
  rest?: { sequences: number; tokens: number; sources?: PackedSource[] };
  /** How many packs of the plan have these lengths. */
  multiplicity: number;
  padding: number;
  /** The sequences, where the data set has their ids; in the order of the pack. */
  ids?: number[];
  /** With the report's `sources`, of packs of the sample: those of each of `runs`. */
  sources?: PackedSource[][];
}

/** A place in the report's `sources`, and how many sequences and tokens of it there are. */
export type PackedSource = [source: number, sequences: number, tokens: number];
