// init: job.json, from the options and the files that there are.

import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import type { JobOptions } from "stowage";
import { StowageError } from "../base/errors.js";
import { native } from "../base/native.js";
import { type Given, integerOption, jobKeys, refuseUnknown } from "../base/options.js";
import { version } from "../base/version.js";
import { toInputs } from "../dataset/inputs.js";
import type { JobDocument, Partition } from "./document.js";
import { readJob, refused, settle } from "./folder.js";
import {
  decide,
  elsewhere,
  type InitJobOptions,
  initKeys,
  isAddress,
  toPartitions,
} from "./options.js";
import { report, stepOptions, toFolder } from "./step.js";

/** What {@link initJob} says. */
export interface InitReport {
  /** Of the job: 32 hex digits. Equal inputs and options have equal ids. */
  id: string;
  /** `local` or `shuffle`. */
  mode: "local" | "shuffle";
  /** Where the data set will be. */
  output: string;
  /** How many there are. */
  partitions: number;
  /** Bytes of all input. */
  bytes: number;
  /** False if the same job was there already, which is kept. */
  created: boolean;
  /** What to know of the inputs. */
  warnings: string[];
}

/**
 * Begins a job over many machines: finds the input, cuts it into partitions and writes `JOB/job.json`, which
 * never changes again. Nothing but footers is read. The same call again does nothing.
 *
 * @param folder of the job: all tasks must see it, or copies of what they need of it. It may not lie in the output
 * @param options see {@link InitJobOptions}; `input` (or `partitions`), `output`, `format` and `capacity` are needed
 * @throws {StowageError} rejects with `ERR_OUTPUT_EXISTS` if anything is in the output; `ERR_JOB` if another job is in the folder,
 * naming the first difference; `ERR_OPTION`, `ERR_CAPACITY`, `ERR_STRATEGY` for what a job can't do; `ERR_IO`, `ERR_FORMAT`
 * with `path`; or with `signal.reason`
 *
 * @example
 * writeFileSync("tokens.jsonl", '{"input_ids":[11,12,13]}\n{"input_ids":[21,22]}\n{"input_ids":[31]}\n');
 * const { partitions } = await initJob("job", { input: "tokens.jsonl", output: "packed-by-job", format: "parquet", capacity: 4 });
 * partitions; // => 1
 */
export async function initJob(
  folder: string,
  options: InitJobOptions & JobOptions,
): Promise<InitReport> {
  const { given, job } = stepOptions({ ...options }, anyKey(options));
  refuseUnknown(given, [...initKeys, ...jobKeys], elsewhere);
  const at = resolve(toFolder(folder));
  const decided = decide(given);
  if (!isAddress(decided.output)) refuseNested(at, decided.output);
  const { partitions, warnings } = await partitionsOf(given, job, decided.dataset.columns.tokens!);
  const rest = { version: 1 as const, productVersion: version.package, ...decided, partitions };
  const id = createHash("sha256").update(JSON.stringify(rest)).digest("hex").slice(0, 32);
  const { version: layout, ...others } = rest;
  const document: JobDocument = { version: layout, id, ...others };
  const text = `${JSON.stringify(document)}\n`;
  await report(job, "plan", (threads, control) => native.jobCheck(text, threads, control));
  const bytes = partitions
    .flatMap(({ inputs }) => inputs)
    .filter(({ path }, k, all) => all[k - 1]?.path !== path)
    .reduce((sum, input) => sum + input.bytes, 0);
  const { mode, output } = decided;
  const created = await begin(at, document, text);
  return { id, mode, output, partitions: partitions.length, bytes, created, warnings };
}

/** The options are checked by name further on, where it is said why some don't work here. */
function anyKey(options: unknown): string[] {
  return typeof options === "object" && options !== null ? Object.keys(options) : [];
}

function refuseNested(folder: string, output: string): void {
  const inside = (below: string, above: string): boolean => {
    const way = relative(above, below);
    return way === "" || !(way === ".." || way.startsWith(`..${sep}`) || resolve(way) === way);
  };
  if (!inside(folder, output) && !inside(output, folder)) return;
  const message = `the job's folder ${folder} and its output ${output} lie one in the other; they must be apart, for the output becomes a data set`;
  throw new StowageError("ERR_OPTION", message);
}

async function partitionsOf(
  given: Given,
  job: JobOptions,
  tokens: string,
): Promise<{ partitions: Partition[]; warnings: string[] }> {
  const partitionSize =
    integerOption(given, "partitionSize", 1, Number.MAX_SAFE_INTEGER) ?? 2 ** 30;
  if (given.partitions !== undefined) {
    if (given.input === undefined && given.partitionSize === undefined)
      return { partitions: toPartitions(given.partitions), warnings: [] };
    const other = given.input === undefined ? "partitionSize" : "input";
    const message = `\`${other}\` and \`partitions\` are given: the partitions say it already; leave one of them out`;
    throw new StowageError("ERR_OPTION", message);
  }
  const inputs = toInputs(given.input).map((path) => resolve(path));
  const asked = { inputs, split: given.split ?? null, repack: given.repack ?? false };
  const question = JSON.stringify({ ...asked, tokens, partitionSize });
  return report(job, "read", (threads, control) =>
    native.jobPartitions(question, threads, control),
  );
}

/** Writes job.json; false if the same one is there. */
async function begin(folder: string, document: JobDocument, text: string): Promise<boolean> {
  const path = join(folder, "job.json");
  const before = await readJob(folder).catch((error: StowageError) => {
    if (error.path === folder) return undefined; // there is none
    throw error;
  });
  if (before === undefined && !isAddress(document.output)) await refuseFull(document.output);
  if (before === undefined && (await settle(path, text))) return true;
  const found = before ?? (await readJob(folder));
  if (found.id === document.id) return false;
  const message = `${folder} holds another job: ${difference(found, document)}. Use another folder, or repeat the call that began it`;
  throw new StowageError("ERR_JOB", message, { path });
}

async function refuseFull(output: string): Promise<void> {
  const names = await readdir(output).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return [];
    if (cause.code === "ENOTDIR") return [""];
    throw refused(output, cause);
  });
  if (names.length === 0) return;
  const message = `${output} exists already${names[0] === "" ? ", and is a file" : ` and holds ${names.length} files or folders`}; a job never replaces anything: name a new folder, or empty it`;
  throw new StowageError("ERR_OUTPUT_EXISTS", message, { path: output });
}

/** The first property in which two jobs differ, with both values. */
function difference(there: unknown, here: unknown, name = ""): string {
  const [old, now] = [there, here].map((value) => Object(value) as Record<string, unknown>);
  for (const key of new Set([...Object.keys(now!), ...Object.keys(old!)])) {
    if (name === "" && key === "id") continue;
    const [was, is] = [old![key], now![key]];
    if (JSON.stringify(was) === JSON.stringify(is)) continue;
    const path = name === "" ? key : `${name}.${key}`;
    if (typeof was === "object" && typeof is === "object") return difference(was, is, path);
    const [left, right] = [was, is].map((value) => JSON.stringify(value) ?? "not given");
    return `\`${path}\` is ${left} there and ${right} in this call`;
  }
  return "they differ in the order of their options";
}
