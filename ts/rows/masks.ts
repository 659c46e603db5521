// Attention masks: made from segment ids, and taken apart for variable-length attention.

import { StowageError, translate } from "../base/errors.js";
import { allocate, type F32, type I32, type U8 } from "../base/memory.js";
import { native } from "../base/native.js";
import {
  booleanOption,
  choiceOption,
  givenOptions,
  isInteger,
  refuseUnknown,
  show,
} from "../base/options.js";
import { isGone, isShared, kindOf } from "../base/views.js";

const MOST = 0x7fff_ffff;

/**
 * Block-diagonal attention mask of one row: `[width, width]` row-major, causal by default. Entry
 * (q, k) allows query q to see key k: both of one segment, and k not behind q. The diagonal is
 * allowed everywhere, padding included, or eager attention would give NaN there.
 *
 * `'boolean'`: a Uint8Array of 1 and 0. `'additive'`: a Float32Array of 0 and -Infinity. With
 * transformers use `'additive'` as `[1, 1, width, width]`: it is right with every attention, while
 * a boolean 4-D mask is wrong with eager attention.
 *
 * @example
 * blockDiagonalMask([1, 1, 2], { kind: "boolean" }); // => Uint8Array [1, 0, 0, 1, 1, 0, 0, 0, 1]
 * @throws {StowageError} `ERR_OPTION`, `ERR_MEMORY`
 */
export function blockDiagonalMask(
  segmentIds: ArrayLike<number>,
  options: { kind: "boolean"; causal?: boolean | undefined },
): U8;
export function blockDiagonalMask(
  segmentIds: ArrayLike<number>,
  options: { kind: "additive"; causal?: boolean | undefined },
): F32;
export function blockDiagonalMask(
  segmentIds: ArrayLike<number>,
  options: { kind: "boolean" | "additive"; causal?: boolean | undefined },
): U8 | F32;
export function blockDiagonalMask(
  segmentIds: ArrayLike<number>,
  options: { kind: "boolean" | "additive"; causal?: boolean | undefined },
): U8 | F32 {
  const ids = toIds(segmentIds, "segmentIds");
  const given = givenOptions(options, "{ kind }");
  refuseUnknown(given, ["kind", "causal"]);
  const kind = choiceOption(given, "kind", ["boolean", "additive"]);
  if (kind === undefined) {
    throw new StowageError("ERR_OPTION", "`kind` must be 'boolean' or 'additive', got undefined");
  }
  const causal = booleanOption(given, "causal") ?? true;
  const count = ids.length * ids.length;
  if (kind === "boolean") {
    const mask = allocate(Uint8Array, count) as U8;
    translate(() => native.booleanMaskInto(ids, causal, mask));
    return mask;
  }
  const mask = allocate(Float32Array, count) as F32;
  translate(() => native.additiveMaskInto(ids, causal, mask));
  return mask;
}

/** What variable-length attention needs of a padded buffer; see {@link unpad}. */
export interface Unpadded {
  /** Length of each segment, row by row. */
  readonly seqlens: I32;
  /** Flat positions of real tokens. */
  readonly indices: I32;
  /** Cumulative lengths, from 0. */
  readonly cuSeqlens: I32;
  /** The longest segment; 0 if there is none. */
  readonly maxSeqlen: number;
}

/**
 * What variable-length attention needs, from masks of 1..k of shape `[rows, width]`, 0 at padding.
 * The ids of a row must be 1..k in order, as {@link collate} makes them.
 *
 * @example
 * unpad([1, 1, 2, 0], 4).seqlens; // => Int32Array [2, 1]
 * unpad([1, 1, 2, 0], 4).indices; // => Int32Array [0, 1, 2]
 * unpad([1, 1, 2, 0], 4).cuSeqlens; // => Int32Array [0, 2, 3]
 * @throws {StowageError} `ERR_OPTION`
 */
export function unpad(attentionMask: ArrayLike<number>, width: number): Unpadded {
  const mask = toIds(attentionMask, "attentionMask");
  if (!isInteger(width, mask.length > 0 ? 1 : 0, MOST)) {
    const message = `\`width\` must be an integer 1 .. 2147483647, got ${show(width)}`;
    throw new StowageError("ERR_OPTION", message);
  }
  const counted = translate(() => native.countSegments(mask, width));
  const seqlens = int32(counted.segmentCount);
  const indices = int32(counted.tokenCount);
  const cuSeqlens = int32(counted.segmentCount + 1);
  translate(() => counted.fillInto(mask, seqlens, indices, cuSeqlens));
  return { seqlens, indices, cuSeqlens, maxSeqlen: counted.maxSeqlen };
}

/** Segment ids as native code reads them. An Int32Array of one's own is lent as it is. */
function toIds(ids: unknown, name: string): Int32Array {
  const length = typeof ids === "object" ? (ids as ArrayLike<number> | null)?.length : undefined;
  if (!isInteger(length, 0, 2 ** 53 - 1) || (ArrayBuffer.isView(ids) && !kindOf(ids))) {
    const message = `\`${name}\` must be an array of integers, got ${show(ids)}`;
    throw new StowageError("ERR_OPTION", message);
  }
  if (ArrayBuffer.isView(ids) && isGone(ids)) {
    const message = `\`${name}\` is empty because its buffer was transferred; call before transferring it, or with a copy`;
    throw new StowageError("ERR_OPTION", message);
  }
  const source = ids as ArrayLike<number>;
  const asIs = ArrayBuffer.isView(ids) && kindOf(ids) === "Int32Array" && !isShared(ids.buffer);
  const copy = asIs ? (ids as Int32Array) : allocate(Int32Array, length);
  for (let i = 0; i < length; i++) {
    const id = source[i];
    if (!isInteger(id, 0, MOST)) {
      const message = `${name}[${i}] must be an integer 0 .. 2147483647, got ${show(id)}`;
      throw new StowageError("ERR_OPTION", message);
    }
    if (!asIs) copy[i] = id;
  }
  return copy;
}

function int32(length: number): I32 {
  return allocate(Int32Array, length) as I32;
}
