// The whole public surface of stowage/desk. Made from ts/ by `npm run build:types`.

import {
  DatasetReport,
  LengthHistogram,
  Lengths,
  PackDatasetOptions,
  PackOptions,
  PackingStats,
  Progress,
  Strategy,
  StrategyInfo,
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
  /** What it is compared with. */
  other?: ReportData;
}
interface ReportSource {
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
interface ReportedOptions {
  capacity: number;
  strategy: Strategy;
  overlong: "error" | "drop" | "truncate" | "split" | "truncate-start";
  empty: "error" | "drop";
  maxSequencesPerPack?: number;
  sequenceAlignment?: number;
  effort?: number;
}
interface LengthBin {
  from: number;
  to: number;
  sequences: number;
  tokens: number;
}
interface PackBin {
  from: number;
  to: number;
  packs: number;
}
interface OverlongLosses {
  sequences: number;
  drop: number;
  truncate: number;
  pieces: number;
}
interface CapacityTrial {
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

type StrategyTrial =
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
interface ReportedPack {
  runs: [length: number, times: number][];
  /** What stands behind the 96 longest runs. */
  rest?: {
    sequences: number;
    tokens: number;
  };
  /** How many packs of the plan have these lengths. */
  multiplicity: number;
  padding: number;
  /** The sequences, where the data set has their ids; in the order of the pack. */
  ids?: number[];
}

/** Codes of a desk's own refusals. */
export type DeskErrorCode =
  | "ERR_OUTSIDE"
  | "ERR_READ_ONLY"
  | "ERR_SOURCE"
  | "ERR_JOB"
  | "ERR_CALL"
  | "ERR_SUPERSEDED"
  | "ERR_CANCELLED"
  | "ERR_HOST"
  | "ERR_ORIGIN"
  | "ERR_TOKEN"
  | "ERR_TYPE"
  | "ERR_SIZE";

/** A refusal of the desk itself. */
export declare class DeskError extends Error {
  readonly name = "DeskError";
  /** What was refused, for programs. */
  readonly code: DeskErrorCode;
  constructor(code: DeskErrorCode, message: string);
}

/** An error as a page is told it: never a stack. */
export interface DeskFault {
  /** Of {@link DeskErrorCode} or the library's `ErrorCode`. */
  code: string;
  message: string;
  /** Offending file, where there is one. */
  path?: string;
  /** Offending row of it, from 0. */
  row?: number;
  /** Of `ERR_COLUMN`: the columns that there are. */
  columns?: string[];
}

/** What a page is told of `error`. */
export declare function faultOf(error: unknown): DeskFault;

/** What happens in a job; the last is `done` or `error`. */
export type JobEvent<T = unknown> =
  | {
      progress: Progress;
    }
  | {
      done: T;
    }
  | {
      error: DeskFault;
    };

/** Something that takes a while. */
export interface Job<T = unknown> {
  readonly id: string;
  /** What happens from now on, and what has happened: of each stage how far it came, then the end. */
  events(): AsyncIterableIterator<JobEvent<T>>;
  /** Settles as the job does. */
  readonly done: Promise<T>;
}

/** A job as lists name it. */
export interface JobEntry {
  id: string;
  what: "open" | "pack" | "verify";
  /** Of pack and verify. */
  output?: string;
  running: boolean;
}

/** Something that a desk can open. */
export interface DeskFile {
  /** What it is called in calls. */
  name: string;
  /** Of a folder: of the files that count. */
  bytes: number;
  /** `folder`: several data files that are one input. */
  kind: "data" | "folder" | "histogram" | "plan" | "dataset";
}
interface ReportOptions
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

/** What may be asked of figures. */
export type FigureOptions = Pick<
  ReportOptions,
  | "capacity"
  | "strategy"
  | "overlong"
  | "empty"
  | "maxSequencesPerPack"
  | "sequenceAlignment"
  | "effort"
  | "worldSize"
  | "packs"
  | "seed"
>;

/** What a desk is made with. */
export interface DeskOptions {
  /** The folder whose files can be opened, and in which data sets are made. */
  folder: string;
  /** Refuse to pack. Default false. */
  readOnly?: boolean | undefined;
  /** Column of lengths or tokens, unless a call names another. Default 'input_ids'. */
  column?: string | undefined;
}

/** What there is to work with. */
export interface DeskListing {
  folder: string;
  readOnly: boolean;
  /** By name; at most 1000. */
  files: DeskFile[];
  /** True if there is more than `files` names, or folders lie deeper than 4. */
  more: boolean;
  strategies: readonly StrategyInfo[];
  formats: string[];
  /** Those that run, and some that have ended. */
  jobs: JobEntry[];
}

/** A source that was opened. */
export interface DeskSource {
  /** Its number in calls. */
  source: string;
  kind: "lengths" | "histogram" | "plan" | "dataset";
  /** Its names. */
  paths: string[];
  /** What was passed over while reading, a sentence each. */
  warnings: string[];
}

/** Figures and the sections of a page that shows them. */
export interface DeskFigures {
  html: string;
  data: ReportData;
  /** False while capacities and strategies are still being tried: `whole: true` waits for them. */
  whole: boolean;
}

/** What is packed: as for `packDataset`, with names of the desk instead of paths, and without text. */
export type DeskPackOptions = Omit<PackDatasetOptions, "input" | "text"> & {
  input: string | readonly string[];
};

/** A data set that is to be proved. */
export interface DeskVerifyOptions {
  output: string;
  input?: string | readonly string[] | undefined;
  columns?: PackDatasetOptions["columns"];
}

/** What a page, or a program, may ask a desk for. Names are those of `list`. */
export interface Desk {
  list(): Promise<DeskListing>;
  /** Reads lengths, a histogram, a plan or a packed folder, and keeps them. At most 8 stay open. */
  open(given: { paths: readonly string[]; column?: string }): Job<DeskSource>;
  /** Figures of a source; a newer call for the same source ends an older one with `ERR_SUPERSEDED`. */
  figures(
    given: {
      source: string;
      whole?: boolean;
    } & FigureOptions,
  ): Promise<DeskFigures>;
  /** Packs in the folder; the output is a new name, or with `overwrite` a folder that stowage wrote. */
  pack(given: DeskPackOptions): Job<DatasetReport>;
  /** Proves a packed folder; with `input` against its source. */
  verify(given: DeskVerifyOptions): Job<DatasetReport>;
  /** The whole page of figures, and a name for it. */
  report(
    given: {
      source: string;
    } & FigureOptions,
  ): Promise<{
    name: string;
    html: string;
  }>;
  cancel(given: { job: string }): void;
  /** What happens in a job, from its beginning. */
  watch(job: string): AsyncIterableIterator<JobEvent>;
  /** Takes in a file that the user handed over, wherever it lies; returns its name. Not for pages. */
  admit(path: string): Promise<string>;
  /** Stops all jobs and waits until they have cleaned up. */
  close(): Promise<void>;
}

/**
 * A desk over one folder: what `stowage desk` serves, without any transport.
 *
 * @param options see {@link DeskOptions}
 * @throws {StowageError} rejects with `ERR_IO` if the folder can't be opened
 *
 * @example
 * writeFileSync("desk.jsonl", '{"input_ids":[11,12,13]}\n{"input_ids":[21,22]}\n{"input_ids":[31]}\n');
 * const desk = await createDesk({ folder: "." });
 * const { source } = await desk.open({ paths: ["desk.jsonl"] }).done;
 * const { data } = await desk.figures({ source, capacity: 4 });
 * await desk.close();
 * data.stats.packCount; // => 2
 */
export declare function createDesk(options: DeskOptions): Promise<Desk>;

/**
 * What a transport does with a call from a page: a job is answered by its number, `{ job }`.
 *
 * @param desk from {@link createDesk}
 * @param name of `list`, `open`, `figures`, `pack`, `verify`, `report` and `cancel`
 * @param given its parameters, an object
 * @throws {DeskError} rejects with `ERR_CALL` for other names; with what the call throws
 *
 * @example
 * const counter = await createDesk({ folder: "." });
 * const { folder } = await callDesk(counter, "list", {});
 * await counter.close();
 * typeof folder; // => "string"
 */
export declare function callDesk(desk: Desk, name: string, given: unknown): Promise<any>;

/** What is served, and where. */
export interface ServeOptions extends DeskOptions {
  /** Of 127.0.0.1, 1 .. 65535. Default: any free one. There is no option for another address: use `ssh -L`. */
  port?: number | undefined;
  /** Bounds for tests. */
  limits?: Partial<Limits> | undefined;
}
interface Limits {
  /** Of a JSON body. Default 1 MB. */
  body: number;
  /** Of all dropped files. Default 4 GiB. */
  dropped: number;
  /** Until all headers are there. Default 10 s. */
  headers: number;
  /** Without a byte of a body that is being sent. Default 30 s. */
  idle: number;
  /** Connections at once. Default 64. */
  connections: number;
}

/** A desk that is being served. */
export interface ServedDesk {
  /** With the token, behind `#`. */
  readonly url: string;
  readonly port: number;
  /** Of this run: 32 random bytes. */
  readonly token: string;
  /** A file that forwards to `url` and that only this user can read; it vanishes at the first call. */
  readonly file: string;
  readonly desk: Desk;
  /** Stops all jobs, removes temporary files, ends connections. */
  close(): Promise<void>;
}

/**
 * Serves a desk to this machine alone. Jobs go on when pages are closed, and end with the server.
 *
 * @param options see {@link ServeOptions}
 * @throws {StowageError} rejects with `ERR_IO` if the folder can't be opened or the port is taken; `ERR_OPTION`
 */
export declare function serveDesk(options: ServeOptions): Promise<ServedDesk>;

/** The page, and the policy that goes with it as a header. */
export interface DeskPage {
  html: string;
  /** For `Content-Security-Policy`: this style and this script, answers of the desk, nothing else. */
  policy: string;
}

/** The page and its policy. */
export declare function deskPage(): DeskPage;

export {};
