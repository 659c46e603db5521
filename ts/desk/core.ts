// The desk without any transport: what a page may ask for, over names within one folder.

import {
  type DatasetReport,
  type PackDatasetOptions,
  packDataset,
  StowageError,
  type StrategyInfo,
  strategies,
  verifyDataset,
} from "stowage";
import { type ReportData, renderReport } from "stowage/report";
import { allFormats } from "../dataset/formats.js";
import { labelOf } from "../report/label.js";
import { checked } from "../report/options.js";
import { sections } from "../report/page.js";
import { opened } from "../report/source.js";
import { DeskError } from "./errors.js";
import { type Job, type JobEntry, type JobEvent, Jobs } from "./jobs.js";
import { type DeskFile, listed } from "./listing.js";
import { Places } from "./places.js";
import { type FigureOptions, figureOptions, Source } from "./sources.js";

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
  figures(given: { source: string; whole?: boolean } & FigureOptions): Promise<DeskFigures>;
  /** Packs in the folder; the output is a new name, or with `overwrite` a folder that stowage wrote. */
  pack(given: DeskPackOptions): Job<DatasetReport>;
  /** Proves a packed folder; with `input` against its source. */
  verify(given: DeskVerifyOptions): Job<DatasetReport>;
  /** The whole page of figures, and a name for it. */
  report(given: { source: string } & FigureOptions): Promise<{ name: string; html: string }>;
  cancel(given: { job: string }): void;
  /** What happens in a job, from its beginning. */
  watch(job: string): AsyncIterableIterator<JobEvent>;
  /** Takes in a file that the user handed over, wherever it lies; returns its name. Not for pages. */
  admit(path: string): Promise<string>;
  /** Stops all jobs and waits until they have cleaned up. */
  close(): Promise<void>;
}

const OPEN = 8;

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
export async function createDesk(options: DeskOptions): Promise<Desk> {
  const { folder, readOnly = false, column: usual } = options;
  const places = await Places.of(folder);
  const jobs = new Jobs();
  const sources = new Map<string, Source>();
  let next = 1;

  const known = (id: unknown): Source => {
    const found = typeof id === "string" ? sources.get(id) : undefined;
    if (found !== undefined) return found;
    throw new DeskError("ERR_SOURCE", `no source ${JSON.stringify(id)} is open; open it again`);
  };
  const keep = (source: Source): string => {
    const id = String(next++);
    sources.set(id, source);
    for (const [old, found] of [...sources].slice(0, -OPEN)) {
      found.close();
      sources.delete(old);
    }
    return id;
  };
  const pathsOf = (names: unknown): Promise<string[]> =>
    Promise.all(listOf(names).map((name) => places.source(name)));

  return {
    list: async () => ({
      folder: places.folder,
      readOnly,
      ...(await listed(places)),
      strategies: strategies(),
      formats: [...allFormats],
      jobs: jobs.list(),
    }),
    open: ({ paths: names, column = usual }) =>
      jobs.start({ what: "open" }, async ({ signal, onProgress }) => {
        const paths = await pathsOf(names);
        const warnings: string[] = [];
        const given = checked({
          ...(column !== undefined && { column }),
          onWarning: (warning) => warnings.push(warning),
          ...{ signal, onProgress },
        });
        const found = await opened(paths, given);
        const named = { ...found, label: labelOf(listOf(names), String) };
        const source = new Source(named);
        source.warm();
        return { source: keep(source), kind: found.kind, paths: listOf(names), warnings };
      }),
    figures: async ({ source, whole = false, ...rest }) => {
      const asked = figureOptions(rest);
      const figures = await known(source).figures(asked, whole === true);
      return { html: sections(figures.data), ...figures };
    },
    pack: (given) => {
      if (readOnly) throw new DeskError("ERR_READ_ONLY", "this desk only reads; it packs nothing");
      const { input, output, text, ...rest } = given as DeskPackOptions & { text?: unknown };
      if (text !== undefined)
        throw new StowageError("ERR_OPTION", "a desk packs token columns; use `stowage pack`");
      return jobs.start({ what: "pack", output: String(output) }, async (watch) => {
        const paths = await pathsOf(input);
        const target = await places.output(output);
        return packDataset({ ...rest, ...watch, input: paths, output: target });
      });
    },
    verify: ({ output, input, columns }) =>
      jobs.start({ what: "verify", output: String(output) }, async (watch) => {
        const target = await places.source(output);
        const paths = input === undefined ? undefined : await pathsOf(input);
        return verifyDataset(target, {
          ...(paths && { input: paths }),
          ...(columns && { columns }),
          ...watch,
        });
      }),
    report: async ({ source, ...rest }) => {
      const { data } = await known(source).made(figureOptions(rest), true);
      const label = data.source.label.replace(/[^\w.-]+/g, "-").replace(/^[.-]+/, "");
      return { name: `${label}-${data.options.capacity}.html`, html: renderReport(data) };
    },
    cancel: ({ job }) => jobs.cancel(job),
    watch: (job) => jobs.get(job).events(),
    admit: (path) => places.admit(path),
    close: async () => {
      for (const source of sources.values()) source.close();
      sources.clear();
      await jobs.close();
    },
  };
}

/** Names as a list: one, or some. */
function listOf(names: unknown): string[] {
  const list: unknown[] = Array.isArray(names) ? names : [names];
  if (list.length > 0 && list.every((name) => typeof name === "string")) return list as string[];
  throw new StowageError("ERR_OPTION", "names of files or folders are expected");
}

/** What a transport may pass on. */
const CALLS: Readonly<Record<string, true>> = {
  list: true,
  open: true,
  figures: true,
  pack: true,
  verify: true,
  report: true,
  cancel: true,
};

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
// biome-ignore lint/suspicious/noExplicitAny: what comes back is what goes out as JSON
export async function callDesk(desk: Desk, name: string, given: unknown): Promise<any> {
  if (!Object.hasOwn(CALLS, name)) throw new DeskError("ERR_CALL", `there is no call '${name}'`);
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw new DeskError("ERR_CALL", `'${name}' takes an object`);
  const answer = await desk[name as "open"](given as never);
  if (answer !== undefined && "events" in answer) return { job: answer.id };
  return answer ?? {};
}
