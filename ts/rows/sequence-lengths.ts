// Lengths of ragged columns. Arrow vectors are recognised by their shape: apache-arrow is no
// dependency, and a vector of another copy of it is as good.

import { StowageError } from "../base/errors.js";
import { allocate } from "../base/memory.js";
import { show } from "../base/options.js";
import { isGone, kindOf } from "../base/views.js";
import { looksRagged, type TokenColumn, toTokens } from "./token-column.js";

type U32 = Uint32Array<ArrayBuffer>;

/**
 * Any object shaped like an apache-arrow Vector of List or LargeList; several chunks, slices and
 * nulls included. apache-arrow itself isn't a dependency.
 */
export interface ArrowListVector {
  /** Its chunks. */
  readonly data: readonly unknown[];
  /** Rows of all chunks. */
  readonly length: number;
}

/** A list as DuckDB's Node client returns it. */
export interface ListValue {
  /** Its elements. */
  readonly items: ArrayLike<unknown>;
}

/**
 * Lengths of the sequences of a ragged column: a {@link TokenColumn}, an Arrow JS List vector, or
 * an array of arrays or of DuckDB lists. A null row is an empty sequence.
 *
 * No token is read; the cost is one pass over the offsets.
 *
 * @example
 * sequenceLengths([[11, 12, 13], [21, 22]]); // => Uint32Array [3, 2]
 * @throws {StowageError} `ERR_COLUMN` if the column is none of these; `index` names the sequence
 *   whose offsets fall or lie outside
 */
export function sequenceLengths(
  column:
    | TokenColumn
    | ArrowListVector
    | readonly (ArrayLike<number | bigint> | ListValue | null)[],
): U32 {
  if (Array.isArray(column)) return ofArrays(column);
  if (isVector(column)) return ofVector(column);
  if (looksRagged(column)) {
    const { values, offsets } = toTokens(column, "column");
    const lengths = allocate(Uint32Array, Math.max(0, offsets.length - 1)) as U32;
    differences(offsets, values.length, lengths, 0);
    return lengths;
  }
  const message = `\`column\` must be { values, offsets }, an Arrow List vector or an array of arrays, got ${show(column)}`;
  throw new StowageError("ERR_COLUMN", message);
}

function ofArrays(rows: readonly unknown[]): U32 {
  const lengths = allocate(Uint32Array, rows.length) as U32;
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index];
    if (row === null) continue;
    const length = lengthOf(row);
    if (ArrayBuffer.isView(row) && isGone(row)) {
      const message = `column[${index}] is empty because its buffer was transferred`;
      throw new StowageError("ERR_COLUMN", message, { index });
    }
    if (length === undefined || length >>> 0 !== length) {
      const hint = typeof row === "number" ? ": these are lengths already" : "";
      const message = `column[${index}] must be an array of token ids or null, got ${show(row)}${hint}`;
      throw new StowageError("ERR_COLUMN", message, { index });
    }
    lengths[index] = length;
  }
  return lengths;
}

/** Length of an array, or of a DuckDB list; undefined for anything else. */
function lengthOf(row: unknown): number | undefined {
  if (typeof row !== "object" || row === null) return undefined;
  const { length, items } = row as { length?: unknown; items?: { length?: unknown } | null };
  const count = length ?? items?.length;
  return typeof count === "number" ? count : undefined;
}

/** The members of an Arrow `Data` that matter here. */
interface Chunk {
  readonly typeId: number;
  readonly length: number;
  readonly offset: number;
  readonly nullBitmap?: Uint8Array | null;
  readonly valueOffsets: Int32Array | BigInt64Array;
  readonly children: readonly { readonly length: number }[];
}

const LIST = 12;
const LARGE_LIST = 21;

function isVector(column: unknown): column is ArrowListVector {
  if (typeof column !== "object" || column === null) return false;
  const { data, length } = column as Partial<ArrowListVector>;
  return Array.isArray(data) && typeof length === "number" && !ArrayBuffer.isView(column);
}

function ofVector({ data, length }: ArrowListVector): U32 {
  const lengths = allocate(Uint32Array, length) as U32;
  let row = 0;
  for (const [number, chunk] of (data as readonly Chunk[]).entries()) {
    checkChunk(chunk, number);
    const { offset, nullBitmap, valueOffsets, children } = chunk;
    const offsets = valueOffsets.subarray(0, chunk.length + 1) as TokenColumn["offsets"];
    // A chunk without rows may come without offsets.
    if (chunk.length > 0)
      differences(offsets, children[0]?.length ?? 0, lengths, row, nullBitmap, offset);
    row += chunk.length;
  }
  if (row !== length) {
    const message = `the chunks of \`column\` have ${row} rows, the vector says ${length}`;
    throw new StowageError("ERR_COLUMN", message);
  }
  return lengths;
}

function checkChunk(chunk: Chunk, number: number): void {
  const { typeId, valueOffsets } = chunk;
  if (typeId !== LIST && typeId !== LARGE_LIST) {
    const way = typeId === 16 ? ": all its rows have the list size of its type" : "";
    const type = String((chunk as { type?: unknown }).type ?? `type ${typeId}`);
    const message = `\`column\` is a vector of ${type}, not of List or LargeList${way}`;
    throw new StowageError("ERR_COLUMN", message);
  }
  const kind = ArrayBuffer.isView(valueOffsets) ? kindOf(valueOffsets) : undefined;
  if (chunk.length > 0 && kind !== (typeId === LIST ? "Int32Array" : "BigInt64Array")) {
    const message = `chunk ${number} of \`column\` has no value offsets`;
    throw new StowageError("ERR_COLUMN", message);
  }
  // Also where a buffer was transferred: it has no elements then.
  const { length, offset, nullBitmap } = chunk;
  if (length > 0 && valueOffsets.length < length + 1)
    throw tooFew(number, length, `${valueOffsets.length} value offsets`);
  if (length > 0 && nullBitmap && 8 * nullBitmap.length < offset + length && !isNone(nullBitmap))
    throw tooFew(number, length, `${8 * nullBitmap.length} validity bits`);
}

/** No nulls: apache-arrow says so with an empty bitmap, which isn't a transferred one. */
function isNone(bitmap: Uint8Array): boolean {
  return bitmap.length === 0 && !isGone(bitmap);
}

function tooFew(chunk: number, rows: number, what: string): StowageError {
  const message = `chunk ${chunk} of \`column\` has ${rows} rows, but ${what}; was its buffer transferred?`;
  return new StowageError("ERR_COLUMN", message);
}

/** Writes the difference of each pair of offsets; 0 where the validity bit is 0. */
function differences(
  offsets: TokenColumn["offsets"],
  extent: number,
  lengths: Uint32Array,
  row: number,
  bitmap?: Uint8Array | null,
  bit = 0,
): void {
  if (offsets.length === 0) return;
  const nulls = bitmap && bitmap.length > 0 ? bitmap : undefined;
  let from = Number(offsets[0]);
  for (let i = 0; i + 1 < offsets.length; i++) {
    const to = Number(offsets[i + 1]);
    const at = bit + i;
    if (from < 0 || to < from || to > extent || to - from > 0xffff_ffff) {
      const index = row + i;
      const message = `sequence ${index} of \`column\` goes from ${from} to ${to} of ${extent} values: offsets must never fall and must end within the values`;
      throw new StowageError("ERR_COLUMN", message, { index });
    }
    if (nulls === undefined || ((nulls[at >> 3] ?? 0) >> (at & 7)) & 1)
      lengths[row + i] = to - from;
    from = to;
  }
}
