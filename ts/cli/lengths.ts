// What `stats`, `plan` and `verify` count: data files, .npy files of lengths, or files that hold a
// histogram already. Token ids are never loaded where the format allows to leave them.

import { open, readFile } from "node:fs/promises";
import { extname } from "node:path";
import { LengthHistogram, readLengths, StowageError, type TextOptions } from "../index.js";
import { countsFault, parseCounts } from "../report/counts.js";
import { plural } from "./figures.js";
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
  options: { column?: string; split?: string; text?: TextOptions; threads?: number },
): Promise<Source> {
  const files: string[] = [];
  const histograms: LengthHistogram[] = [];
  for (const input of inputs) {
    const histogram = await readHistogram(session, input);
    if (histogram === undefined) files.push(input);
    else histograms.push(histogram);
  }
  if (files.length === 0) return { histogram: merge(histograms), lengths: undefined };
  const onWarning = (warning: string): void => session.warn(warning);
  const lengths = await metered(session, (watch) =>
    readLengths(files, { ...options, onWarning, ...watch }),
  );
  histograms.push(LengthHistogram.from(lengths));
  const alone = histograms.length === 1;
  return { histogram: merge(histograms), lengths: alone ? lengths : undefined };
}

/** The histogram in the file `path`, or undefined if it isn't that kind of file. */
async function readHistogram(session: Session, path: string): Promise<LengthHistogram | undefined> {
  const kind = extname(path).toLowerCase();
  if (kind === ".txt") return readCounts(session, path);
  if (kind !== ".json" || !(await beginsWithCounts(path))) return undefined;
  const json = await readJson(path);
  return isObject(json) && "counts" in json ? LengthHistogram.fromJSON(json) : undefined;
}

/** The histogram in a text file; what its lines were taken for is said, since they could be lengths. */
async function readCounts(session: Session, path: string): Promise<LengthHistogram> {
  const found = parseCounts(await readText(path));
  if ("line" in found)
    throw new StowageError("ERR_FORMAT", countsFault(path, found), { path, row: found.line });
  const { counts, columns } = found;
  const histogram = LengthHistogram.fromCounts(counts);
  const lines =
    columns === 2
      ? "each line a length and how many sequences have it"
      : "line i is the number of sequences of i tokens";
  session.note(
    `${path} is read as a histogram: ${lines} (${plural(histogram.sequenceCount, "sequence")}, ${plural(histogram.tokenCount, "token")}); lengths as such are read from .npy and JSON lines`,
  );
  return histogram;
}

/** True if a JSON file looks like a histogram; data, which may be large, isn't read for that. */
async function beginsWithCounts(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return false; // a pattern, or what the reading of data complains of
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
    const text = buffer.toString("utf8", 0, bytesRead).replace(/^\ufeff/, "");
    return /^\s*\{/.test(text) && /"counts"\s*:/.test(text);
  } catch {
    return false;
  } finally {
    await file.close();
  }
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

function merge(histograms: readonly LengthHistogram[]): LengthHistogram {
  const total = new LengthHistogram();
  for (const histogram of histograms) total.merge(histogram);
  return total;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
