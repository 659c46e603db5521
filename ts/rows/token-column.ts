// Ragged columns as callers give them: recognised by what they are, so that arrays of another realm
// work, and made safe to lend to native code.

import { StowageError } from "../base/errors.js";
import { show } from "../base/options.js";
import { isGone, isShared, kindOf } from "../base/views.js";

/**
 * A ragged token column, the layout of an Arrow List column: sequence i is
 * `values[offsets[i] .. offsets[i + 1]]`.
 *
 * Ids are 0 .. 2^31 - 1, whatever the width. Memory shared between threads is copied at each call;
 * everything else is read in place.
 *
 * @example
 * const tokens: TokenColumn = {
 *   values: Uint16Array.of(11, 12, 13, 21, 22),
 *   offsets: Uint32Array.of(0, 3, 5),
 * };
 * sequenceLengths(tokens); // => Uint32Array [3, 2]
 */
export interface TokenColumn {
  /** All sequences behind one another. */
  values:
    | Uint8Array
    | Int16Array
    | Uint16Array
    | Int32Array
    | Uint32Array
    | BigInt64Array
    | BigUint64Array;
  /** Where each sequence begins, and where the last one ends: one entry more than sequences. */
  offsets: Uint32Array | Int32Array | BigInt64Array;
}

/** What native code borrows. */
export interface Ragged {
  readonly values: TokenColumn["values"] | Float32Array;
  readonly offsets: TokenColumn["offsets"];
}

const tokenKinds = [
  "Uint8Array",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "BigInt64Array",
  "BigUint64Array",
] as const;
const weightKinds = ["Uint8Array", "Float32Array"] as const;
const offsetKinds = ["Uint32Array", "Int32Array", "BigInt64Array"] as const;

/** A column of token ids or labels. */
export function toTokens(column: unknown, name: string): Ragged {
  return toRagged(column, name, tokenKinds);
}

/** A column of loss weights. */
export function toWeights(column: unknown, name: string): Ragged {
  return toRagged(column, name, weightKinds);
}

/** True for an object that at least means to be a column. */
export function looksRagged(column: unknown): column is { values: unknown; offsets: unknown } {
  return typeof column === "object" && column !== null && "values" in column && "offsets" in column;
}

function toRagged(column: unknown, name: string, kinds: readonly string[]): Ragged {
  if (!looksRagged(column)) {
    const message = `\`${name}\` must be an object { values, offsets }, got ${show(column)}`;
    throw new StowageError("ERR_COLUMN", message);
  }
  const { values, offsets } = column;
  return {
    values: toView(values, `${name}.values`, kinds) as Ragged["values"],
    offsets: toView(offsets, `${name}.offsets`, offsetKinds) as Ragged["offsets"],
  };
}

function toView(view: unknown, name: string, kinds: readonly string[]): ArrayBufferView {
  if (!ArrayBuffer.isView(view) || !kinds.includes(kindOf(view) ?? "")) {
    const kind = ArrayBuffer.isView(view) ? (kindOf(view) ?? "DataView") : show(view);
    const way = Array.isArray(view) ? `; use ${usual(kinds)}.from(${name})` : "";
    const message = `\`${name}\` must be one of ${kinds.join(", ")}, got ${kind}${way}`;
    throw new StowageError("ERR_COLUMN", message);
  }
  if (isGone(view)) {
    const message = `\`${name}\` is empty because its buffer was transferred; call before transferring it, or with a copy`;
    throw new StowageError("ERR_COLUMN", message);
  }
  return isShared(view.buffer) ? unshared(view) : view;
}

/** The array class to name for a plain array: room for every id, or for a weight. */
function usual(kinds: readonly string[]): string {
  return ["Float32Array", "Int32Array"].find((kind) => kinds.includes(kind)) ?? "Uint32Array";
}

/** A copy that no other thread writes to. */
function unshared(view: ArrayBufferView): ArrayBufferView {
  const { buffer, byteOffset, byteLength } = view;
  const bytes = new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength));
  const kind = kindOf(view) as (typeof tokenKinds)[number] | "Float32Array";
  return new globalThis[kind](bytes.buffer);
}
