// What `stats`, `plan` and `verify` count: data files, .npy files of lengths, or files that hold a
// histogram already. Token ids are never loaded where the format allows to leave them.

import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { LengthHistogram, readLengths, StowageError } from "../index.js";
import { metered } from "./progress.js";
import type { Session } from "./session.js";

export interface Source {
  readonly histogram: LengthHistogram;
  /** In input order; undefined where a histogram was given, which has forgotten it. */
  readonly lengths: Uint32Array<ArrayBuffer> | undefined;
}

/** Reads `inputs`, histograms and data files mixed as they come. */
export async function readSource(
  session: Session,
  inputs: readonly string[],
  options: { column?: string; threads?: number },
): Promise<Source> {
  const files: string[] = [];
  const histograms: LengthHistogram[] = [];
  for (const input of inputs) {
    const histogram = await readHistogram(input);
    if (histogram === undefined) files.push(input);
    else histograms.push(histogram);
  }
  if (files.length === 0) return { histogram: merge(histograms), lengths: undefined };
  const lengths = await metered(session, (watch) => readLengths(files, { ...options, ...watch }));
  histograms.push(LengthHistogram.from(lengths));
  const alone = histograms.length === 1;
  return { histogram: merge(histograms), lengths: alone ? lengths : undefined };
}

/** The histogram in the file `path`, or undefined if it isn't that kind of file. */
export async function readHistogram(path: string): Promise<LengthHistogram | undefined> {
  const kind = extname(path).toLowerCase();
  if (kind === ".txt") return parseCounts(path, await readText(path));
  if (kind !== ".json") return undefined;
  const json = await readJson(path);
  return isObject(json) && "counts" in json ? LengthHistogram.fromJSON(json) : undefined;
}

/** The JSON document in the file `path`; ERR_IO or ERR_FORMAT with the path. */
export async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = `${path} holds no JSON document: ${(cause as Error).message}`;
    throw new StowageError("ERR_FORMAT", message, { path, cause });
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new StowageError("ERR_IO", `cannot read ${path}: ${(cause as Error).message}`, {
      path,
      cause,
    });
  }
}

/** One count per line (line i: sequences of length i), or `length count` lines; # starts a comment. */
function parseCounts(path: string, text: string): LengthHistogram {
  const counts: [number, number][] = [];
  let columns = 0;
  for (const [index, line] of text.trimEnd().split("\n").entries()) {
    const fields = line.replace(/#.*/, "").trim().split(/\s+/).filter(Boolean);
    // A comment counts for nothing; an empty line would, as a length nobody has, so it is refused.
    if (fields.length === 0 && line.includes("#")) continue;
    columns ||= fields.length;
    const numbers = fields.map(Number);
    const wrong = fields.length !== columns || columns === 0 || columns > 2;
    if (wrong || !fields.every((field) => /^\d+$/.test(field))) {
      const message = `line ${index + 1} of ${path} is no count and no \`length count\`: ${line.slice(0, 40)}`;
      throw new StowageError("ERR_FORMAT", message, { path, row: index });
    }
    const [first = 0, second] = numbers;
    counts.push(second === undefined ? [counts.length + 1, first] : [first, second]);
  }
  return LengthHistogram.fromCounts(counts.filter(([, count]) => count > 0));
}

function merge(histograms: readonly LengthHistogram[]): LengthHistogram {
  const total = new LengthHistogram();
  for (const histogram of histograms) total.merge(histogram);
  return total;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
