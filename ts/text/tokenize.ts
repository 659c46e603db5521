// Rows to tokens with their places, to look at: nothing is packed.

import { StowageError } from "../base/errors.js";
import { type JobOptions, partsOf, run } from "../base/job.js";
import { native } from "../base/native.js";
import {
  givenOptions,
  integerOption,
  jobKeys,
  jobOptions,
  refuseUnknown,
  show,
} from "../base/options.js";
import { type TextOptions, textKeys, toNativeText } from "./options.js";

/** A row as tokens. */
export interface TokenizedRow {
  /** Token ids. */
  ids: number[];
  /** Begin and end of each token in `text`, as `text.slice` takes them; [0, 0] for what the post-processor added. A character of several tokens is the place of each. */
  offsets: [number, number][];
  /** Whether each token is trained on. */
  trained: boolean[];
  /** What was tokenized: the rendered conversation. */
  text: string;
}

/** Rows of files, to look at. */
export interface RowsOfFiles {
  /** Files, folders or glob patterns. */
  input: string | readonly string[];
  /** Which split of input folders, where their names say several. */
  split?: string | undefined;
  /** How many rows, from the first. Default 1. */
  limit?: number | undefined;
}

/**
 * What rows become: ids, their places in the text, and what is trained on. For people and tests;
 * {@link packDataset} takes the same `text` and packs.
 *
 * @param rows objects with the columns that the options name, or `{ input, limit }`: the first rows of files
 * @param options tokenizer, columns, and what is trained on: see {@link TextOptions}
 * @throws {StowageError} rejects with `ERR_COLUMN` for a row that is wrong (`index`, or `path` and `row`),
 * `ERR_OPTION` for a tokenizer, a template or options that can't be used, `ERR_IO`, `ERR_FORMAT`, or with
 * `signal.reason`
 * @example
 * // "tokenizer": a folder with a tokenizer.json
 * const [row] = await tokenize([{ text: "a list of lists" }], { tokenizer: "tokenizer", text: "text" });
 * row.text.slice(...row.offsets[0]); // => "a"
 * row.trained.every((mark) => mark); // => true
 */
export async function tokenize(
  rows: readonly object[] | RowsOfFiles,
  options: TextOptions & JobOptions,
): Promise<TokenizedRow[]> {
  const given = givenOptions(options, "tokenizer and a column");
  refuseUnknown(given, [...textKeys, ...jobKeys]);
  const text = toNativeText(given);
  const { objects, inputs, split, limit } = toRows(rows);
  const job = jobOptions(given);
  return run(job, { stage: "tokenize", total: 0, waits: true }, async (control) => {
    const parts = partsOf(job);
    const found = await native.tokenize(text, objects, inputs, split, limit, parts, control);
    return found.map(({ ids, offsets, trained, text }) => ({
      ids,
      offsets: ids.map((_, k) => [offsets[2 * k] ?? 0, offsets[2 * k + 1] ?? 0]),
      trained: trained.map((mark) => mark === 1),
      text,
    }));
  });
}

function toRows(rows: unknown): {
  objects: string[] | undefined;
  inputs: string[];
  split: string | undefined;
  limit: number;
} {
  if (Array.isArray(rows)) {
    const objects = Array.from(rows, (row, k) => {
      if (typeof row === "object" && row !== null && !Array.isArray(row)) return toJson(row, k);
      const message = `\`rows[${k}]\` must be an object with the named columns, got ${show(row)}`;
      throw new StowageError("ERR_OPTION", message);
    });
    return { objects, inputs: [], split: undefined, limit: 0 };
  }
  const given = givenOptions(rows, "input");
  refuseUnknown(given, ["input", "split", "limit"]);
  const paths: unknown[] = Array.isArray(given.input) ? given.input : [given.input];
  const inputs = paths.map((path) => {
    if (typeof path === "string" && path !== "" && !path.includes("\0")) return path;
    throw new StowageError("ERR_OPTION", `\`input\` must be a path, got ${show(path)}`);
  });
  if (inputs.length === 0) {
    throw new StowageError("ERR_OPTION", "`input` is an empty array; name at least one file");
  }
  const split = given.split;
  if (split !== undefined && (typeof split !== "string" || split === "")) {
    throw new StowageError("ERR_OPTION", `\`split\` must be a split's name, got ${show(split)}`);
  }
  const limit = integerOption(given, "limit", 1, 0xffff_ffff) ?? 1;
  return { objects: undefined, inputs, split, limit };
}

function toJson(row: object, place: number): string {
  try {
    return JSON.stringify(row);
  } catch (error) {
    const message = `\`rows[${place}]\` can't be written as JSON: ${(error as Error).message}`;
    throw new StowageError("ERR_OPTION", message);
  }
}
