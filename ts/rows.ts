// Rows: what a trainer reads of a pack. Sizes come from the layout; native code fills the arrays.

import { StowageError, translate } from "./errors.js";
import { isShared, kindOf } from "./lengths.js";
import { allocate, allocateToFill } from "./memory.js";
import { native } from "./native.js";
import {
  booleanOption,
  choiceOption,
  type Given,
  givenOptions,
  integerOption,
  isInteger,
  refuseUnknown,
  show,
} from "./options.js";
import { Packing } from "./packing.js";
import { type Ragged, type TokenColumn, toTokens, toWeights } from "./token-column.js";

type I32 = Int32Array<ArrayBuffer>;
type F32 = Float32Array<ArrayBuffer>;
type U32 = Uint32Array<ArrayBuffer>;
type U8 = Uint8Array<ArrayBuffer>;

/** How {@link collate} lays packs out. Everything is optional. */
export interface CollateOptions {
  /** Packs `start` .. `end` (exclusive). Default: all. */
  packs?: { start: number; end: number } | undefined;
  /**
   * `'padded'`: one row per pack, `[rowCount, width]` row-major. `'flat'`: all packs in one line
   * without padding between them, boundaries in `cuSeqlens`. Default `'padded'`.
   */
  layout?: "padded" | "flat" | undefined;
  /** Id written to padding, which is never trained on. Default 0. */
  padTokenId?: number | undefined;
  /** Places of a padded row. Default: the capacity, rounded up to `padToMultipleOf`. */
  width?: number | undefined;
  /** Rows (flat: the line) are padded to a multiple of this many places. Default 1. */
  padToMultipleOf?: number | undefined;
  /**
   * Ends `cuSeqlensPadded` at the end of the padded buffer, with tail padding as a segment of its
   * own: for kernels that are given the padded buffer as it is. Default false.
   */
  paddingSegment?: boolean | undefined;
  /**
   * `'unshifted'` (default): for trainers that shift themselves, as Hugging Face's do. `'shifted'`:
   * for those that don't, as Megatron and torchtune. `false`: none.
   *
   * Shifted labels in a trainer that shifts train on the token after next, without an error.
   */
  labels?: "unshifted" | "shifted" | false | undefined;
  /** Labels instead of the token ids; as long as the tokens, -100 = not trained on. */
  ownLabels?: TokenColumn | undefined;
  /** Tokens that count for the loss (1) or don't (0), or weights; as long as the tokens. */
  lossMask?: { values: Uint8Array | Float32Array; offsets: TokenColumn["offsets"] } | undefined;
  /**
   * `'segments'` (default): 1..k per token, 0 at padding, as LLaMA-Factory and Axolotl read it.
   * `'binary'`: 1 or 0. `false`: none.
   *
   * Plain transformers take any 2-D mask for 0 or 1: sequences then see each other.
   */
  attentionMask?: "segments" | "binary" | false | undefined;
  /** Each sequence takes a multiple of this many places of its row. Default: the packing's. */
  sequenceAlignment?: number | undefined;
}

/**
 * What {@link collate} returns. Every array is backed by an ArrayBuffer of its own and may be
 * transferred. A *segment* is one sequence, or one piece of a cut one, inside a pack.
 */
export interface Rows {
  /** As asked for. */
  readonly layout: "padded" | "flat";
  /** Packs. */
  readonly rowCount: number;
  /** Places per row; in the flat layout, of the whole line. */
  readonly width: number;
  /** Token ids; `padTokenId` at padding. */
  readonly inputIds: I32;
  /** -100 where nothing is trained on: first tokens of segments, masked tokens, padding. */
  readonly labels?: I32 | undefined;
  /** 0, 1, 2 … restarting with each segment; 0 at padding. */
  readonly positionIds: I32;
  /** 1..k within each padded row, or 1..S along the flat line; 0 at padding. */
  readonly segmentIds: I32;
  /** `segmentIds` again, or 1 inside a segment and 0 at padding. */
  readonly attentionMask?: I32 | undefined;
  /** Weight of each label, 0 where it is -100; only with `lossMask`. */
  readonly lossWeights?: F32 | undefined;
  /** Ends of segments over all rows in real tokens, from 0; int32, as attention kernels want it. */
  readonly cuSeqlens: I32;
  /** Row r owns `cuSeqlens[cuSeqlensOffsets[r] ..= cuSeqlensOffsets[r + 1]]`. */
  readonly cuSeqlensOffsets: I32;
  /** Ends in places instead of tokens; only with `sequenceAlignment` above 1 or `paddingSegment`. */
  readonly cuSeqlensPadded?: I32 | undefined;
  /** The longest segment (in places where `cuSeqlensPadded` exists); 0 if there is none. */
  readonly maxSeqlen: number;
  /** Source index of each segment. */
  readonly sequences: U32;
}

const collateKeys = [
  "packs",
  "layout",
  "padTokenId",
  "width",
  "padToMultipleOf",
  "paddingSegment",
  "labels",
  "ownLabels",
  "lossMask",
  "attentionMask",
  "sequenceAlignment",
];

const MOST = 0x7fff_ffff;

/**
 * Lays packs out as a trainer reads them: ids, positions, segments, labels, boundaries.
 *
 * The first token of each segment is never a target, because a model that shifts inside would
 * score it on the segment before. Runs on the calling thread for up to a million places, beyond
 * that on all native threads while the caller waits; collate a range of packs to keep it short.
 *
 * @example
 * const tokens = { values: Int32Array.of(11, 12, 13, 21, 22), offsets: Int32Array.of(0, 3, 5) };
 * const packing = packSync(sequenceLengths(tokens), { capacity: 6 });
 * const rows = collate(packing, tokens);
 * rows.inputIds; // => Int32Array [11, 12, 13, 21, 22, 0]
 * rows.labels; // => Int32Array [-100, 12, 13, -100, 22, -100]
 * rows.positionIds; // => Int32Array [0, 1, 2, 0, 1, 0]
 * rows.cuSeqlens; // => Int32Array [0, 3, 5]
 * @throws {StowageError} `ERR_COLUMN` for an id, label or weight out of range (`index` names the
 *   sequence), `ERR_OPTION` for an option out of range or a pack wider than a row
 */
export function collate(packing: Packing, tokens: TokenColumn, options: CollateOptions = {}): Rows {
  if (!(packing instanceof Packing)) {
    const message = `\`packing\` must be a Packing, got ${show(packing)}; Packing.from makes one of its parts`;
    throw new StowageError("ERR_OPTION", message);
  }
  if (packing.offsets.length !== packing.packCount + 1) {
    const message =
      "the arrays of `packing` were transferred; collate before, or on the other side of, the transfer";
    throw new StowageError("ERR_INVALID_PACKING", message);
  }
  const column = toTokens(tokens, "tokens");
  const given = givenOptions(options, "collate options");
  refuseUnknown(given, collateKeys);
  const { start, end } = packRange(given, packing.packCount);
  const layout = choiceOption(given, "layout", ["padded", "flat"]) ?? "padded";
  const shape = toShape(given, layout, packing);
  const labels = choiceOrFalse(given, "labels", ["unshifted", "shifted"]) ?? "unshifted";
  const mask = choiceOrFalse(given, "attentionMask", ["segments", "binary"]) ?? "segments";
  const padTokenId = integerOption(given, "padTokenId", 0, MOST) ?? 0;
  const own = optional(given, "ownLabels", toTokens);
  const weights = optional(given, "lossMask", toWeights);

  const plan = translate(() =>
    native.layOutRows(
      packing.offsets.subarray(start, end + 1),
      packing.sequences,
      packing.pieces?.starts,
      packing.pieces?.lengths,
      column.values,
      column.offsets,
      shape,
    ),
  );
  const places = plan.placeCount;
  const rows = {
    layout,
    rowCount: end - start,
    width: plan.width,
    inputIds: toFill(places),
    ...(labels !== false && { labels: toFill(places) }),
    positionIds: toFill(places),
    segmentIds: toFill(places),
    ...(mask !== false && { attentionMask: toFill(places) }),
    ...(weights && { lossWeights: allocateToFill(Float32Array, places) as F32 }),
    cuSeqlens: int32(plan.boundaryCount),
    cuSeqlensOffsets: int32(end - start + 1),
    ...(plan.hasPaddedBoundaries && {
      cuSeqlensPadded: int32(plan.boundaryCount),
    }),
    maxSeqlen: plan.maxSeqlen,
    sequences: allocate(Uint32Array, plan.segmentCount) as U32,
  } satisfies Rows;
  translate(() =>
    plan.fillInto(
      column.values,
      column.offsets,
      own?.values,
      own?.offsets,
      weights?.values,
      weights?.offsets,
      { padTokenId, shifted: labels === "shifted", binaryMask: mask === "binary" },
      rows.inputIds,
      rows.positionIds,
      rows.segmentIds,
      rows.labels,
      rows.attentionMask,
      rows.lossWeights,
      rows.cuSeqlens,
      rows.cuSeqlensPadded ?? new Int32Array(0),
      rows.cuSeqlensOffsets,
      rows.sequences,
    ),
  );
  return rows;
}

function packRange(given: Given, packCount: number): { start: number; end: number } {
  if (given.packs === undefined) return { start: 0, end: packCount };
  const range = givenOptions(given.packs, "{ start, end } as `packs`");
  refuseUnknown(range, ["start", "end"]);
  const { start, end } = range;
  if (isInteger(start, 0, packCount) && isInteger(end, start, packCount)) return { start, end };
  const message = `\`packs\` must be { start, end } with 0 <= start <= end <= ${packCount}, got { start: ${show(start)}, end: ${show(end)} }`;
  throw new StowageError("ERR_OPTION", message);
}

function toShape(given: Given, layout: "padded" | "flat", packing: Packing) {
  const { capacity } = packing;
  const multiple = integerOption(given, "padToMultipleOf", 1, MOST) ?? 1;
  const alignment =
    integerOption(given, "sequenceAlignment", 1, capacity) ?? packing.sequenceAlignment;
  const paddingSegment = booleanOption(given, "paddingSegment") ?? false;
  const width = integerOption(given, "width", 1, MOST);
  if (layout === "flat") {
    if (width === undefined) return { multiple, alignment, paddingSegment };
    const message = "`width` is for the padded layout; a flat line is as long as its tokens";
    throw new StowageError("ERR_OPTION", message);
  }
  const rounded = Math.ceil(capacity / multiple) * multiple;
  if (width === undefined && rounded > MOST) {
    const message = `capacity ${capacity} rounded up to a multiple of ${multiple} is more than the 2147483647 places of a row`;
    throw new StowageError("ERR_OPTION", message);
  }
  return { width: width ?? rounded, multiple, alignment, paddingSegment };
}

function choiceOrFalse<T extends string>(
  given: Given,
  name: string,
  allowed: readonly T[],
): T | false | undefined {
  return given[name] === false ? false : choiceOption(given, name, allowed);
}

function optional(
  given: Given,
  name: string,
  convert: (column: unknown, name: string) => Ragged,
): Ragged | undefined {
  const column = given[name];
  return column === undefined ? undefined : convert(column, name);
}

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
  const mask = float32(count);
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

/** One entry per place. Native code writes them all, or throws, and then nobody sees the array. */
function toFill(length: number): I32 {
  return allocateToFill(Int32Array, length) as I32;
}

function int32(length: number): I32 {
  return allocate(Int32Array, length) as I32;
}

function float32(length: number): F32 {
  return allocate(Float32Array, length) as F32;
}
