// Source files and read-back for the tests of data sets, with apache-arrow as the other party.
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as arrow from "apache-arrow";
import type { PackDatasetOptions, StowageError } from "../index.js";

/** A folder of its own. */
export const folder = (): string => mkdtempSync(join(tmpdir(), "stowage-dataset-"));

const listOf = (type: arrow.DataType): arrow.List =>
  new arrow.List(new arrow.Field("item", type, true));

type Lists = readonly (readonly (number | null)[] | null)[];

/** An Arrow file with list columns. */
export function writeArrow(
  path: string,
  columns: Record<string, { rows: Lists; type?: arrow.DataType }>,
  format: "file" | "stream" = "file",
): void {
  const vectors = Object.entries(columns).map(
    ([name, { rows, type = new arrow.Int32() }]) =>
      [name, arrow.vectorFromArray(rows as number[][], listOf(type))] as const,
  );
  writeFileSync(path, arrow.tableToIPC(new arrow.Table(Object.fromEntries(vectors)), format));
}

/** An Arrow file of many sequences without their JavaScript arrays; the ids are 0 if none are given. */
export function writeManyTokens(
  path: string,
  count: number,
  length: number,
  ids = new Int32Array(count * length),
): void {
  const values = arrow.makeData({ type: new arrow.Int32(), data: ids });
  const valueOffsets = Int32Array.from({ length: count + 1 }, (_, k) => k * length);
  const type = listOf(new arrow.Int32());
  const data = arrow.makeData({ type, length: count, valueOffsets, child: values });
  const table = new arrow.Table({ input_ids: new arrow.Vector([data]) });
  writeFileSync(path, arrow.tableToIPC(table, "file"));
}

/** One JSON line per sequence. */
export function writeLines(path: string, sequences: readonly (readonly number[])[]): void {
  writeFileSync(path, sequences.map((ids) => `${JSON.stringify({ input_ids: ids })}\n`).join(""));
}

/** A row of a packed data set. */
export interface PackRow {
  input_ids: number[];
  seq_lengths: number[];
  sequence_ids: number[];
  [column: string]: number[];
}

/** All packs of an output of format 'arrow', read by apache-arrow. */
export function readPacks(output: string): PackRow[] {
  const files = readdirSync(output).filter((name) => name.endsWith(".arrow"));
  return files.sort().flatMap((name) => {
    const table = arrow.tableFromIPC(readFileSync(join(output, name)));
    return Array.from(table, (row) =>
      Object.fromEntries(
        Array.from(row!, ([key, list]) => [key, Array.from(list as Iterable<number>, Number)]),
      ),
    ) as PackRow[];
  });
}

/** The manifest of an output. */
export function readManifest(output: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(output, "_stowage.json"), "utf8"));
}

/** Options over a source of `sequences`, in a folder of their own. */
export function job(
  sequences: readonly (readonly number[])[],
  more: Partial<PackDatasetOptions> = {},
): PackDatasetOptions {
  const at = folder();
  const input = join(at, "source.jsonl");
  writeLines(input, sequences);
  return { input, output: join(at, "out"), format: "arrow", capacity: 8, ...more };
}

/** What a promise rejects with. */
export async function caught(promise: Promise<unknown>): Promise<StowageError> {
  try {
    await promise;
  } catch (error) {
    return error as StowageError;
  }
  throw new Error("it was expected to fail");
}

/** The sequences of the worked example. */
export const abc = [
  [11, 12, 13],
  [21, 22],
  [31, 32, 33, 34],
];

/** Weights of their tokens as targets. */
export const abcMask = [
  [0, 0.5, 0.25],
  [1, 2],
  [1, 1, 0, 1],
];
