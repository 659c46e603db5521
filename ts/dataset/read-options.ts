// Which packs of a data set are read, and how: the options of reading, and their checks.

import { StowageError } from "../base/errors.js";
import { type Given, integerOption, isInteger, keysOf, show } from "../base/options.js";
import type { CollateOptions } from "../rows/rows.js";

/** Which packs `openDataset` gives, and how. Everything is optional. */
export interface ReadPacksOptions {
  /** The first pack; with `order`, the first place in it. Default 0. */
  start?: number | undefined;
  /** One past the last. Default: all. */
  end?: number | undefined;
  /** Pack numbers, in the order wanted; a number may stand there twice or not at all. Default: 0, 1, 2 … */
  order?: ArrayLike<number> | undefined;
  /** `'unshifted'` (default), `'shifted'` or `false`, as {@link CollateOptions} says. */
  labels?: CollateOptions["labels"];
  /** With carried columns. Default true; false doesn't read them. */
  carried?: boolean | undefined;
  /** Ends the iteration, which rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
  /** Parts that are read at once, 1 .. 1024. Default: the number of available cores, at most 8. */
  threads?: number | undefined;
}

/** How `batches` lays packs out; `rows` is needed. The rest is as in {@link CollateOptions}. */
export interface ReadBatchesOptions
  extends ReadPacksOptions,
    Pick<
      CollateOptions,
      "layout" | "width" | "padToMultipleOf" | "paddingSegment" | "attentionMask"
    > {
  /** Packs in a batch, at least 1. The last batch has what is left. */
  rows: number;
  /** Leave out a last batch of fewer packs. Default false. */
  dropLast?: boolean | undefined;
  /** Id written to padding. Default: the data set's. */
  padTokenId?: number | undefined;
  /**
   * Fill the arrays of the batch before again: what it held is lost when the next one is asked for, and
   * none of them may be transferred or kept. For padded batches, whose sizes repeat. Default false.
   */
  reuse?: boolean | undefined;
}

const packsRecord = {
  start: true,
  end: true,
  order: true,
  labels: true,
  carried: true,
  signal: true,
  threads: true,
} as const;
/** Names of the options of `packs`. */
export const packsKeys: readonly string[] = keysOf<ReadPacksOptions>(packsRecord);
/** Names of the options of `batches`. */
export const batchesKeys: readonly string[] = keysOf<ReadBatchesOptions>({
  ...packsRecord,
  rows: true,
  dropLast: true,
  layout: true,
  width: true,
  padToMultipleOf: true,
  paddingSegment: true,
  attentionMask: true,
  padTokenId: true,
  reuse: true,
});

/** Packs in an order. */
export interface Picked {
  readonly count: number;
  readonly inOrder: boolean;
  readonly at: (place: number) => number;
}

/** The packs that `start`, `end` and `order` pick. */
export function toPicked(given: Given, packCount: number): Picked {
  const order = given.order === undefined ? undefined : toOrder(given.order, packCount);
  const count = order?.length ?? packCount;
  const start = integerOption(given, "start", 0, count) ?? 0;
  const end = integerOption(given, "end", start, count) ?? count;
  const at = order
    ? (place: number) => order[start + place] as number
    : (place: number) => start + place;
  return { count: end - start, inOrder: order === undefined, at };
}

function toOrder(order: unknown, packCount: number): Uint32Array {
  const list = Array.isArray(order) || (ArrayBuffer.isView(order) && !(order instanceof DataView));
  if (!list) {
    const message = `\`order\` must be a list of pack numbers, got ${show(order)}`;
    throw new StowageError("ERR_OPTION", message);
  }
  // A copy: the caller may change the list while it is read.
  return Uint32Array.from(order as ArrayLike<unknown>, (pack, k) => {
    if (isInteger(pack, 0, packCount - 1)) return pack;
    const message = `\`order[${k}]\` must be the number of a pack, 0 .. ${packCount - 1}, got ${show(pack)}`;
    throw new StowageError("ERR_OPTION", message);
  });
}
