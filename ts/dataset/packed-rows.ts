// Rows of packs that were read: sizes come from what was read, native code fills the arrays.

import { StowageError, translate } from "../base/errors.js";
import type { F32, I32, U32 } from "../base/memory.js";
import type { Native } from "../base/native.js";
import { choiceOption, type Given, integerOption } from "../base/options.js";
import { choiceOrFalse, type Rows, toShape } from "../rows/rows.js";
import { Spares } from "../rows/spares.js";

/** Packs in the memory of native code. */
export type LoadedPacks = Awaited<ReturnType<InstanceType<Native["OpenedDataset"]>["load"]>>;

/** A value of a carried column: 64-bit integers, dates and times are bigints, decimals their digits. */
export type CarriedValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | CarriedValue[]
  | { [field: string]: CarriedValue };

/** One pack of a data set, without padding; every array has an ArrayBuffer of its own. */
export interface PackedRow {
  /** Its number in the data set. */
  readonly pack: number;
  /** Token ids; the padding id in places that only fill a multiple of `sequenceAlignment`. */
  readonly inputIds: I32;
  /** -100 where nothing is trained on; the token ids elsewhere, unless the data set has labels. */
  readonly labels?: I32 | undefined;
  /** Weight of each label, where the data set has weights. */
  readonly lossWeights?: F32 | undefined;
  /** 0, 1, 2 … restarting with each segment. */
  readonly positionIds: I32;
  /** 1..k per token. */
  readonly segmentIds: I32;
  /** Ends of segments in tokens, from 0. */
  readonly cuSeqlens: I32;
  /** Ends in places instead of tokens; only with `sequenceAlignment` above 1. */
  readonly cuSeqlensPadded?: I32 | undefined;
  /** The longest segment; in places where `cuSeqlensPadded` exists. */
  readonly maxSeqlen: number;
  /** Source index of each segment; absent for 'hf', 'trl' and 'llamafactory', which have no ids. */
  readonly sequences?: U32 | undefined;
  /** First token of each segment in its source; where sequences may have been cut and the format says it. */
  readonly pieceStarts?: U32 | undefined;
  /** Carried columns: a value per segment. */
  readonly carried?: Readonly<Record<string, CarriedValue[]>> | undefined;
}

/**
 * Packs of a data set as a trainer reads them: the shape of {@link Rows}, with the numbers of the packs.
 * Every array is backed by an ArrayBuffer of its own.
 */
export interface PackedRows extends Omit<Rows, "sequences"> {
  /** The numbers of the packs in the data set. */
  readonly packs: U32;
  /** Source index of each segment; absent for 'hf', 'trl' and 'llamafactory', which have no ids. */
  readonly sequences?: U32 | undefined;
  /** First token of each segment in its source; where sequences may have been cut and the format says it. */
  readonly pieceStarts?: U32 | undefined;
  /** Carried columns: a value per segment. */
  readonly carried?: Readonly<Record<string, CarriedValue[]>> | undefined;
}

/** How packs become rows, checked. */
export interface RowChoice {
  readonly layout: "padded" | "flat";
  readonly shape: ReturnType<typeof toShape>;
  readonly labels: "unshifted" | "shifted" | false;
  readonly mask: "segments" | "binary" | false;
  readonly padTokenId: number;
  readonly carried: boolean;
}

/** What the rows of a data set depend on. */
export interface RowBasis {
  readonly capacity: number;
  readonly sequenceAlignment: number;
  readonly padTokenId: number;
  /** It has carried columns. */
  readonly carries: boolean;
}

/** The options of a layout; `layout` decides where `given` may not. */
export function toRowChoice(given: Given, basis: RowBasis, fixed?: "flat"): RowChoice {
  const layout = fixed ?? choiceOption(given, "layout", ["padded", "flat"]) ?? "padded";
  const carried = given.carried ?? true;
  if (typeof carried !== "boolean") {
    throw new StowageError("ERR_OPTION", "`carried` must be true or false");
  }
  return {
    layout,
    shape: toShape(given, layout, basis),
    labels: choiceOrFalse(given, "labels", ["unshifted", "shifted"]) ?? "unshifted",
    mask: choiceOrFalse(given, "attentionMask", ["segments", "binary"]) ?? "segments",
    padTokenId: integerOption(given, "padTokenId", 0, 0x7fff_ffff) ?? basis.padTokenId,
    carried: carried && basis.carries,
  };
}

/** Packs `first` .. `first + packs.length` of those that were read, in the memory of `old` where that fits. */
export function rowsOf(
  loaded: LoadedPacks,
  first: number,
  packs: U32,
  choice: RowChoice,
  old: Partial<PackedRows> = {},
): PackedRows {
  const { layout, shape, labels, mask, padTokenId } = choice;
  const count = packs.length;
  translate(() => loaded.measure(first, count, shape, sizes));
  const [width, places, segments, boundaries, maxSeqlen, ids, starts, weights] =
    sizes as ArrayLike<number> as Sizes;
  const arrays = new Spares(old as Given, []);
  const rows = {
    layout,
    rowCount: count,
    width,
    packs,
    inputIds: arrays.int32("inputIds", places),
    ...(labels !== false && { labels: arrays.int32("labels", places) }),
    positionIds: arrays.int32("positionIds", places),
    segmentIds: arrays.int32("segmentIds", places),
    ...(mask !== false && { attentionMask: arrays.int32("attentionMask", places) }),
    ...(weights !== 0 && { lossWeights: arrays.float32("lossWeights", places) }),
    cuSeqlens: arrays.int32("cuSeqlens", boundaries),
    cuSeqlensOffsets: arrays.int32("cuSeqlensOffsets", count + 1),
    ...((shape.paddingSegment || shape.alignment > 1) && {
      cuSeqlensPadded: arrays.int32("cuSeqlensPadded", boundaries),
    }),
    maxSeqlen,
    ...(ids !== 0 && { sequences: arrays.uint32("sequences", segments) }),
    ...(starts !== 0 && { pieceStarts: arrays.uint32("pieceStarts", segments) }),
  } satisfies PackedRows;
  translate(() =>
    loaded.fill(
      first,
      count,
      shape,
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
      rows.pieceStarts,
    ),
  );
  if (!choice.carried) return rows;
  const carried = translate(() => loaded.carried(first, count)) as Record<string, CarriedValue[]>;
  return { ...rows, carried };
}

/** One pack of those that were read. */
export function rowOf(loaded: LoadedPacks, at: number, pack: number, choice: RowChoice): PackedRow {
  const { layout, rowCount, width, packs, attentionMask, cuSeqlensOffsets, ...row } = rowsOf(
    loaded,
    at,
    Uint32Array.of(pack),
    choice,
  );
  return { pack, ...row };
}

/** What native code measures: filled and read within one call. */
const sizes = new Float64Array(8);
type Sizes = [
  ...[width: number, places: number, segments: number, boundaries: number, longest: number],
  ...[ids: number, starts: number, weights: number],
];
const nothing = new Int32Array(0);
