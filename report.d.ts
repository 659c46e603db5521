// The whole public surface of stowage/report. Made from ts/ by `npm run build:types`.

import {
  JobOptions,
  LengthHistogram,
  Lengths,
  PackOptions,
  PackingStats,
  Plan,
  Strategy,
} from "stowage";

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
    certificate?: {
      kind: string;
      parameter?: number;
      weights: number;
    };
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
  attention: {
    single: number;
    packed: number;
    isolated: number;
  };
  /** The ranks that the trade-off of capacities speaks of. */
  worldSize: number;
  /** Time in which ranks work, by their number. */
  balance: {
    worldSize: number;
    shuffled: number;
    balanced: number;
  }[];
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
  quantiles: {
    p1: number;
    p10: number;
    p50: number;
    p90: number;
    p99: number;
  };
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
  perPack: ({
    p10: number;
    p50: number;
    p90: number;
  } | null)[];
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
  | {
      strategy: string;
      packCount: number;
      efficiency: number;
      milliseconds?: number;
    }
  | {
      strategy: string;
      refused: string;
    };

/** One pack: its lengths, longest first. */
export interface ReportedPack {
  runs: [length: number, times: number][];
  /** What stands behind the 96 longest runs. */
  rest?: {
    sequences: number;
    tokens: number;
    sources?: PackedSource[];
  };
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

/** What a report is made with, besides its source. */
export interface ReportOptions
  extends Partial<
    Pick<
      PackOptions,
      | "capacity"
      | "strategy"
      | "overlong"
      | "empty"
      | "maxSequencesPerPack"
      | "sequenceAlignment"
      | "effort"
    >
  > {
  /** What the page is called. Default: the label. */
  title?: string | undefined;
  /** What the page calls the source. Default: the file's name, or what was given. */
  label?: string | undefined;
  /** Of a plan or a packed data set: its source, for the views of lengths and capacities. */
  input?: string | readonly string[] | Lengths | LengthHistogram | undefined;
  /** Column of lengths or tokens of source files. Default 'input_ids'. */
  column?: string | undefined;
  /** Of a packed folder: a column that it carries and that names the source of each sequence; for the view of sources. */
  sourceColumn?: string | undefined;
  /** Which split of source folders. */
  split?: string | undefined;
  /** Capacities of the trade-off. Default: powers of two and steps halfway around the lengths; []: none. */
  capacities?: readonly number[] | undefined;
  /** Strategies that are compared. Default: all that plan, and those that need the order of at most 10^7 sequences; []: none. */
  strategies?: readonly string[] | undefined;
  /** Ranks that the texts speak of, 1 .. 2^32-1. Default 8. */
  worldSize?: number | undefined;
  /** Packs that are drawn, 0 .. 64. Default 40. */
  packs?: number | undefined;
  /** Of the sample of packs, 0 .. 2^53-1. Default 0. */
  seed?: number | undefined;
  /** Keep the milliseconds of stages and strategies, which differ from run to run. Default false. */
  times?: boolean | undefined;
  /** What it is compared with. */
  compare?: ReportData | undefined;
  /** Told what was passed over in source files, a sentence each. Default: `process.emitWarning`. */
  onWarning?: ((warning: string) => void) | undefined;
}

/** What a report can be made of. */
export type Reportable = string | readonly string[] | Lengths | LengthHistogram | Plan;

/**
 * The figures of a report: of lengths, a histogram, a plan, or the files that hold them.
 *
 * @param source paths as for `readLengths`, of a histogram (.txt, .json), a plan.json or a folder that
 * stowage packed; or lengths, a histogram or a plan
 * @param options see {@link ReportOptions}; `capacity` is needed for lengths and histograms, and refused
 * with a plan or a packed folder, which have one. Without `overlong` and `empty`: 'split' and 'drop'
 * @throws {StowageError} rejects with `ERR_CAPACITY`, `ERR_OPTION`, `ERR_STRATEGY`, `ERR_OVERLONG`; `ERR_IO`,
 * `ERR_FORMAT` and `ERR_COLUMN` of files; `ERR_HISTOGRAM_MISMATCH` if `input` isn't what a plan was made
 * of; or with `signal.reason`
 *
 * @example
 * const data = await reportData([5, 3, 5, 7], { capacity: 10 });
 * [data.stats.packCount, data.packs.sample[0].runs]; // => [2, [[7, 1], [3, 1]]]
 */
export declare function reportData(
  source: Reportable,
  options: ReportOptions & JobOptions,
): Promise<ReportData>;

/**
 * The figures as one page: HTML that needs no other file, no network and no script. The same data give
 * the same bytes. A script of a few KB in it adds pointer, keys and themes.
 *
 * @param data from {@link reportData}
 * @returns the whole document
 *
 * @example
 * const html = renderReport(await reportData([5, 3, 5, 7], { capacity: 10 }));
 * html.includes("in <b>2 packs of 10</b>"); // => true
 */
export declare function renderReport(data: ReportData): string;

export {};
