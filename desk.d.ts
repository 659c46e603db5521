// The whole public surface of stowage/desk. Made from ts/ by `npm run build:types`.

import { DatasetReport, PackDatasetOptions, Progress, StrategyInfo } from "stowage";
import { ReportData, ReportOptions } from "stowage/report";

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

export { ReportData };

export {};
