// What a source may be: files by their paths, or rows, record batches and bytes that are given one
// after another.

import { fileURLToPath } from "node:url";
import { StowageError } from "../base/errors.js";
import { show } from "../base/options.js";
import { isBatches } from "./given-batches.js";

/** A list of one value per token. */
export type GivenList =
  | ArrayLike<number | bigint | boolean>
  | { readonly items: ArrayLike<unknown> };

/**
 * A row in memory: columns by name, as an object of a JSON line has them. Lists may be arrays, typed arrays
 * or the lists of DuckDB's client; a `Float32Array` is a list of fractions, whatever stands in it.
 */
export interface GivenRow {
  /** Token ids, unless `columns.tokens` names another column. */
  readonly input_ids?: GivenList | null;
  /** Any other column. */
  readonly [column: string]: unknown;
}

/** A RecordBatch or a Table of apache-arrow, of any copy of it: known by its shape. */
export interface GivenBatches {
  /** Its columns. */
  readonly schema: { readonly fields: readonly unknown[] };
  /** Rows. */
  readonly numRows: number;
}

/**
 * What an iterable source gives: a row, an array of rows, a RecordBatch or Table of apache-arrow, or bytes.
 * Bytes that follow each other are one file of any kind that is read: Arrow IPC, Parquet, JSON.
 */
export type GivenItem = GivenRow | readonly GivenRow[] | GivenBatches | Uint8Array | ArrayBuffer;

/** Sources that lie in files: paths, glob patterns, `file:` URLs. */
export type FileInput = string | URL | readonly (string | URL)[];

/** Sources in memory, or on their way: see {@link GivenItem}. */
export type GivenInput =
  | GivenBatches
  | Uint8Array
  | ArrayBuffer
  | Iterable<GivenItem>
  | AsyncIterable<GivenItem>
  | { yieldRowObjectJs(): AsyncIterable<readonly GivenRow[]> };

/** What iterates. */
export type Items = Iterable<unknown> | AsyncIterable<unknown>;

/** A source: the paths of its files, or what gives its items. */
export interface Source {
  readonly paths: string[];
  readonly items?: Items;
}

/** The paths of a source, or what gives its items. */
export function toSource(input: unknown): Source {
  const items = itemsOf(input);
  return items === undefined ? { paths: toInputs(input) } : { paths: [], items };
}

function itemsOf(input: unknown): Items | undefined {
  if (input instanceof Uint8Array || input instanceof ArrayBuffer || isBatches(input))
    return [input];
  if (Array.isArray(input)) return input.length > 0 && !input.some(isPath) ? input : undefined;
  if (isPath(input)) return undefined;
  if (typeof input === "object" && input !== null && !ArrayBuffer.isView(input)) {
    const { yieldRowObjectJs } = input as { yieldRowObjectJs?: unknown };
    if (typeof yieldRowObjectJs === "function") return yieldRowObjectJs.call(input) as Items;
    if (Symbol.asyncIterator in input || Symbol.iterator in input) return input as Items;
  }
  const message = `\`input\` must be a path, a file: URL, a list of them, or an iterable of rows, Arrow record batches or bytes, got ${show(input)}`;
  throw new StowageError("ERR_OPTION", message);
}

function isPath(value: unknown): boolean {
  return typeof value === "string" || value instanceof URL;
}

/** One path or several, as a list. */
export function toInputs(input: unknown, name = "input"): string[] {
  if (!Array.isArray(input)) return [toPath(input, name)];
  if (input.length === 0) {
    throw new StowageError("ERR_OPTION", `\`${name}\` is an empty array; name at least one file`);
  }
  return Array.from(input, (path, k) => toPath(path, `${name}[${k}]`));
}

/** A scheme of more than one letter, so that no drive of Windows is one. */
const remote = /^([a-z][a-z0-9+.-]+):\/\//i;

/** A path: a string that isn't empty, or a `file:` URL. */
export function toPath(path: unknown, name: string): string {
  if (path instanceof URL) {
    if (path.protocol === "file:") return fileURLToPath(path);
    throw elsewhere(name, path.href, path.protocol);
  }
  if (typeof path === "string" && path !== "" && !path.includes("\0")) {
    const [, scheme] = remote.exec(path) ?? [];
    if (scheme === undefined) return path;
    throw elsewhere(name, path, `${scheme.toLowerCase()}:`);
  }
  throw new StowageError("ERR_OPTION", `\`${name}\` must be a path, got ${show(path)}`);
}

function elsewhere(name: string, path: string, scheme: string): StowageError {
  const way = scheme === "file:" ? `give new URL(${show(path)})` : advice(name);
  const message = `\`${name}\` is ${show(path)}, and only files of this machine are opened by name; ${way}`;
  return new StowageError("ERR_OPTION", message);
}

function advice(name: string): string {
  return name.startsWith("input")
    ? "give what your own client reads from there, a stream of bytes or of rows, as `input` (docs/remote-sources.md)"
    : "name a folder here, and let your own client copy it to that place or from there";
}
