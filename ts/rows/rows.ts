// Rows: what a trainer reads of a pack. Sizes come from the layout; native code fills the arrays.

import { StowageError, translate } from "../base/errors.js";
import type { F32, I32, U32 } from "../base/memory.js";
import { native } from "../base/native.js";
import {
  booleanOption,
  choiceOption,
  type Given,
  givenOptions,
  integerOption,
  isInteger,
  keysOf,
  ownOf,
  refuseUnknown,
  show,
} from "../base/options.js";
import { checkPresent, Packing } from "../packing/packing.js";
import { Spares } from "./spares.js";
import { type Ragged, type TokenColumn, toTokens, toWeights } from "./token-column.js";

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
  /**
   * Rows of an earlier call that nobody reads any more: their memory is filled again wherever an
   * array of the same size is needed, as for the same number of padded packs, and what stood in it is
   * lost. Making and collecting large arrays takes longer than filling them. Default: all are new.
   */
  reuse?: Partial<Rows> | undefined;
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

const collateKeys = keysOf<CollateOptions>({
  packs: true,
  layout: true,
  padTokenId: true,
  width: true,
  padToMultipleOf: true,
  paddingSegment: true,
  labels: true,
  ownLabels: true,
  lossMask: true,
  attentionMask: true,
  sequenceAlignment: true,
  reuse: true,
});

const MOST = 0x7fff_ffff;

/**
 * Lays packs out as a trainer reads them: ids, positions, segments, labels, boundaries.
 *
 * The first token of each segment is never a target, because a model that shifts inside would
 * score it on the segment before. Runs on the calling thread for up to a million places, beyond
 * that on all native threads while the caller waits, unless jobs use them; collate a range of packs
 * to keep it short.
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
  checkPresent(packing);
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
  const packs = [
    packing.offsets.subarray(start, end + 1),
    packing.sequences,
    packing.pieces?.starts,
    packing.pieces?.lengths,
    column.values,
    column.offsets,
  ] as const;
  const columns = [own?.values, own?.offsets, weights?.values, weights?.offsets] as const;
  const arrays = toSpares(given.reuse, [...packs, ...columns]);

  translate(() => native.measureRows(...packs, shape, sizes));
  const [width, places, segments, boundaries, maxSeqlen] = sizes as ArrayLike<number> as Sizes;
  const rows = {
    layout,
    rowCount: end - start,
    width,
    inputIds: arrays.int32("inputIds", places),
    ...(labels !== false && { labels: arrays.int32("labels", places) }),
    positionIds: arrays.int32("positionIds", places),
    segmentIds: arrays.int32("segmentIds", places),
    ...(mask !== false && { attentionMask: arrays.int32("attentionMask", places) }),
    ...(weights && { lossWeights: arrays.float32("lossWeights", places) }),
    cuSeqlens: arrays.int32("cuSeqlens", boundaries),
    cuSeqlensOffsets: arrays.int32("cuSeqlensOffsets", end - start + 1),
    ...((shape.paddingSegment || shape.alignment > 1) && {
      cuSeqlensPadded: arrays.int32("cuSeqlensPadded", boundaries),
    }),
    maxSeqlen,
    sequences: arrays.uint32("sequences", segments),
  } satisfies Rows;
  translate(() =>
    native.fillRows(
      ...packs,
      shape,
      ...columns,
      { padTokenId, shifted: labels === "shifted", binaryMask: mask === "binary" },
      rows.inputIds,
      rows.positionIds,
      rows.segmentIds,
      rows.labels,
      rows.attentionMask,
      rows.lossWeights,
      rows.cuSeqlens,
      rows.cuSeqlensPadded ?? nothing,
      rows.cuSeqlensOffsets,
      rows.sequences,
    ),
  );
  return rows;
}

type Shape = Parameters<typeof native.measureRows>[6];

/** What native code measures: filled and read within one call. */
const sizes = new Float64Array(5);
type Sizes = [width: number, places: number, segments: number, boundaries: number, longest: number];
const nothing = new Int32Array(0);

function toSpares(reuse: unknown, inputs: readonly (ArrayBufferView | undefined)[]): Spares {
  if (reuse === undefined) return new Spares({}, []);
  if (typeof reuse === "object" && reuse !== null) return new Spares(ownOf(reuse), inputs);
  const message = `\`reuse\` must be rows that collate returned, got ${show(reuse)}`;
  throw new StowageError("ERR_OPTION", message);
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

/** Where rows end and segments begin, checked. */
export function toShape(
  given: Given,
  layout: "padded" | "flat",
  packing: Pick<Packing, "capacity" | "sequenceAlignment">,
): Shape {
  const { capacity } = packing;
  const multiple = integerOption(given, "padToMultipleOf", 1, MOST) ?? 1;
  const alignment =
    integerOption(given, "sequenceAlignment", 1, capacity) ?? packing.sequenceAlignment;
  const paddingSegment = booleanOption(given, "paddingSegment") ?? false;
  const width = integerOption(given, "width", 1, MOST);
  if (layout === "flat") {
    if (width === undefined) return { width: null, multiple, alignment, paddingSegment };
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

/** The option as one of `allowed`, false, or undefined if it isn't given. */
export function choiceOrFalse<T extends string>(
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
