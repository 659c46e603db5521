// What a report is made of: lengths, a histogram, a plan or a packed data set, as an object or as files.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { LengthHistogram, type Lengths, Plan, readLengths, StowageError } from "stowage";
import { countsFault, parseCounts } from "./counts.js";
import { beginning, kindOfJson } from "./kind.js";
import { labelOf } from "./label.js";
import type { Checked } from "./options.js";
import { wrong } from "./options.js";

/** What a report can be made of. */
export type Reportable = string | readonly string[] | Lengths | LengthHistogram | Plan;

/** What was found. */
export type Opened =
  | { kind: "lengths"; label: string; histogram: LengthHistogram; lengths: Uint32Array }
  | { kind: "histogram"; label: string; histogram: LengthHistogram }
  | { kind: "plan"; label: string; plan: Plan }
  | { kind: "dataset"; label: string; folder: string };

/** Opens `source`. */
export async function opened(source: Reportable, given: Checked): Promise<Opened> {
  if (source instanceof Plan) return { kind: "plan", label: "a plan", plan: source };
  if (source instanceof LengthHistogram)
    return { kind: "histogram", label: "a histogram", histogram: source };
  const paths = pathsOf(source);
  if (paths === undefined) {
    const lengths = Uint32Array.from(source as Iterable<number>, Number);
    const histogram = LengthHistogram.from(source as Lengths);
    return { kind: "lengths", label: "an array of lengths", histogram, lengths };
  }
  return openedFiles(paths, given);
}

function pathsOf(source: unknown): string[] | undefined {
  if (typeof source === "string") return [source];
  const list = Array.isArray(source) && source.length > 0;
  return list && source.every((entry) => typeof entry === "string") ? source : undefined;
}

async function openedFiles(paths: readonly string[], given: Checked): Promise<Opened> {
  const label = labelOf(paths);
  const [only = ""] = paths;
  if (paths.length === 1 && existsSync(join(only, "_stowage.json")))
    return { kind: "dataset", label, folder: only };
  const files: string[] = [];
  const total = new LengthHistogram();
  for (const path of paths) {
    const found = await readCounted(path);
    if (found === undefined) files.push(path);
    else if (found instanceof LengthHistogram) total.merge(found);
    else if (paths.length === 1) return { kind: "plan", label, plan: found };
    else throw wrong(`${path} is a plan, which can't be added to other inputs; give it alone`);
  }
  if (files.length === 0) return { kind: "histogram", label, histogram: total };
  const { column, split, onWarning, job } = given;
  const lengths = await readLengths(files, {
    ...(column !== undefined && { column }),
    ...(split !== undefined && { split }),
    ...(onWarning && { onWarning }),
    ...job,
  });
  const histogram = LengthHistogram.from(lengths);
  if (files.length === paths.length) return { kind: "lengths", label, histogram, lengths };
  return { kind: "histogram", label, histogram: total.merge(histogram) };
}

/** The histogram or plan in a file, or undefined if it holds data. */
async function readCounted(path: string): Promise<LengthHistogram | Plan | undefined> {
  const kind = extname(path).toLowerCase();
  if (kind === ".txt") {
    const found = parseCounts(await text(path));
    if ("counts" in found) return LengthHistogram.fromCounts(found.counts);
    throw new StowageError("ERR_FORMAT", countsFault(path, found), { path, row: found.line });
  }
  if (kind !== ".json") return undefined;
  const holds = kindOfJson(await beginning(path));
  if (holds === "data") return undefined;
  const json = parsed(await text(path), path);
  return holds === "histogram" ? LengthHistogram.fromJSON(json) : Plan.fromJSON(json);
}

async function text(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const message = `cannot read ${path}: ${(cause as Error).message}`;
    throw new StowageError("ERR_IO", message, { path, cause });
  }
}

function parsed(json: string, path: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    const message = `${path} holds no JSON document: ${(cause as Error).message}`;
    throw new StowageError("ERR_FORMAT", message, { path, cause });
  }
}
