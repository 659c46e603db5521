// A packing: which sequences stand in which pack.

import type { PackingHead } from "../../native.js";
import { StowageError, translate } from "../base/errors.js";
import { type Lengths, toUint32 } from "../base/lengths.js";
import { allocate, type U32 } from "../base/memory.js";
import { native } from "../base/native.js";
import { isInteger, show, toSeed } from "../base/options.js";
import type { Made } from "./made.js";
import { checkOffsets, checkParts, type PackingParts } from "./parts.js";
import type { PackingStats } from "./stats.js";
import type { Strategy } from "./strategies.js";

const proof = Symbol("made by stowage");

/** For this package's own modules: a packing that is known to be sound. */
export let makePacking: (made: Made) => Packing;

/** For this package's own modules: refuses a packing whose arrays were transferred. */
export let checkPresent: (packing: Packing) => void;

/**
 * Which sequences stand in which pack. Iterating gives one view of sequence indices per pack.
 *
 * Made by {@link packSync}, {@link pack}, `plan.assign` and {@link Packing.from}. All arrays are
 * backed by ArrayBuffers of their own and may be transferred to another thread; `Packing.from`
 * makes a packing of them again there. What is left here then throws `ERR_INVALID_PACKING`.
 *
 * @example
 * const packing = packSync([5, 3, 5, 7], { capacity: 10 });
 * [...packing].map((pack) => [...pack]); // => [[3, 1], [0, 2]]
 */
export class Packing implements Iterable<U32> {
  static {
    makePacking = (made) => new Packing(proof, made);
    checkPresent = (packing) => packing.#checkPresent();
  }

  /** Tokens that a pack holds. */
  readonly capacity: number;
  /** The strategy as asked for, by its full name. */
  readonly strategy: Strategy;
  /** Each sequence takes a multiple of this many tokens of its pack. */
  readonly sequenceAlignment: number;
  /** At most this many sequences stand in a pack; undefined: no limit. */
  readonly maxSequencesPerPack: number | undefined;
  /** Number of packs. */
  readonly packCount: number;
  /** Number of sequences given, dropped ones included. */
  readonly sequenceCount: number;
  /** Pack k holds `sequences[offsets[k] .. offsets[k+1])`; `packCount + 1` entries, from 0. */
  readonly offsets: U32;
  /** Sequence indices, pack by pack. */
  readonly sequences: U32;
  /**
   * For each entry of `sequences`, the piece placed: its first token and its tokens. Undefined
   * unless a sequence was truncated or split.
   *
   * @example
   * const { sequences, pieces } = packSync([25, 4], { capacity: 10, overlong: "split" });
   * sequences; // => [0, 0, 0, 1]
   * pieces.starts; // => [0, 10, 20, 0]
   * pieces.lengths; // => [10, 10, 5, 4]
   */
  readonly pieces: { readonly starts: U32; readonly lengths: U32 } | undefined;
  /** Indices of the sequences left out by `overlong: 'drop'` or `empty: 'drop'`, ascending. */
  readonly dropped: U32;
  /** No packing of these sequences under these options has fewer packs. */
  readonly lowerBound: number;
  /** `packCount - lowerBound`; 0 means proved optimal. */
  readonly gap: number;
  /** Tokens that stand in packs; undefined if the packing was made of parts without them. */
  readonly tokenCount: number | undefined;
  /** Tokens packed / (packCount × capacity), 0 .. 1; 0 without packs, NaN where `tokenCount` is undefined. */
  readonly efficiency: number;
  /** The load of the heaviest pack; undefined unless `objective` was 'maxLoad'. */
  readonly maxLoad: number | undefined;
  /** The load of the lightest pack; undefined unless `objective` was 'maxLoad'. */
  readonly minLoad: number | undefined;
  /** No packing in as many packs has a smaller largest load; undefined unless `objective` was 'maxLoad'. */
  readonly loadBound: number | undefined;
  readonly #figures: Made["figures"];
  readonly #entryCount: number;
  readonly #droppedCount: number;

  private constructor(key: typeof proof, made: Made) {
    if (key !== proof) throw new TypeError("use packSync(), pack() or Packing.from()");
    this.capacity = made.capacity;
    this.strategy = made.strategy;
    this.sequenceAlignment = made.sequenceAlignment;
    this.maxSequencesPerPack = made.maxSequencesPerPack;
    this.packCount = made.offsets.length - 1;
    this.sequenceCount = made.sequenceCount;
    this.offsets = made.offsets;
    this.sequences = made.sequences;
    this.pieces = made.pieces;
    this.dropped = made.dropped;
    this.lowerBound = made.lowerBound;
    this.gap = this.packCount - made.lowerBound;
    this.tokenCount = made.tokenCount;
    const places = this.packCount * made.capacity;
    this.efficiency = places === 0 ? 0 : (made.tokenCount ?? Number.NaN) / places;
    this.maxLoad = made.loads?.maxLoad;
    this.minLoad = made.loads?.minLoad;
    this.loadBound = made.loads?.loadBound;
    this.#figures = made.figures;
    this.#entryCount = made.sequences.length;
    this.#droppedCount = made.dropped.length;
  }

  /**
   * A packing from its parts, after `postMessage` or from a cache. Checks their shape, that packs
   * are within `sequences`, and no more: {@link Packing.verify} proves the rest. Other properties
   * are ignored, so a structured clone of a packing may be passed as it is.
   *
   * `lowerBound` defaults to `ceil(tokenCount / capacity)`, or 0 where that is unknown;
   * `tokenCount` to the sum of `pieces.lengths`, if there are any.
   *
   * @throws {StowageError} `ERR_INVALID_PACKING` naming the part; `ERR_CAPACITY`, `ERR_STRATEGY`, `ERR_OPTION`
   *
   * @example
   * const sent = structuredClone(packSync([4, 4, 9], { capacity: 10 }));
   * Packing.from(sent).toArrays(); // => [[2], [0, 1]]
   */
  static from(parts: PackingParts): Packing {
    return makePacking(checkParts(parts));
  }

  /**
   * The sequence indices of pack `k`, a view of `sequences`.
   *
   * @throws {StowageError} `ERR_OPTION` if there is no pack `k`
   *
   * @example
   * packSync([4, 4, 9], { capacity: 10 }).packAt(1); // => [0, 1]
   */
  packAt(k: number): U32 {
    if (!isInteger(k, 0, this.packCount - 1)) {
      const range = this.packCount === 0 ? "there are no packs" : `0 .. ${this.packCount - 1}`;
      throw new StowageError(
        "ERR_OPTION",
        `\`k\` must be the number of a pack, ${range}, got ${show(k)}`,
      );
    }
    this.#checkPresent();
    return this.sequences.subarray(this.offsets[k], this.offsets[k + 1]);
  }

  /**
   * The pack of every sequence: 0xFFFFFFFF for dropped ones, the pack of the first piece for split
   * ones. O(n), a new array for each call.
   *
   * @throws {StowageError} `ERR_INVALID_PACKING` for `offsets` that were written into
   *
   * @example
   * packSync([4, 12, 9], { capacity: 10, overlong: "drop" }).packOf(); // => [1, 4294967295, 0]
   */
  packOf(): U32 {
    this.#checkWhole();
    const packs = allocate(Uint32Array, this.sequenceCount).fill(0xffff_ffff) as U32;
    const starts = this.pieces?.starts;
    for (let k = 0, entry = 0; k < this.packCount; k++) {
      for (const end = this.offsets[k + 1]!; entry < end; entry++)
        if (!starts?.[entry] || packs[this.sequences[entry]!] === 0xffff_ffff)
          packs[this.sequences[entry]!] = k;
    }
    return packs;
  }

  /**
   * How full the packs are, where the tokens went, how far from the bound. Integers are exact,
   * each ratio is one division of exact integers.
   *
   * @param lengths needed only for a packing from {@link Packing.from}, which doesn't know them
   * @throws {StowageError} `ERR_OPTION` if lengths are needed
   *
   * @example
   * const { packCount, tokensPacked, paddingTokens, gap, fill } = packSync([4, 4, 9], { capacity: 10 }).stats();
   * [packCount, tokensPacked, paddingTokens, gap]; // => [2, 17, 3, 0]
   * [fill.min, fill.max]; // => [0.8, 0.9]
   */
  stats(lengths?: Lengths): PackingStats {
    if (lengths === undefined && this.#figures !== undefined) return this.#figures();
    if (lengths === undefined) {
      const message =
        "this packing was made from its parts, which don't tell the lengths; call stats(lengths)";
      throw new StowageError("ERR_OPTION", message);
    }
    const values = toUint32(lengths);
    return translate(() => native.packingStats(values, ...this.#native()));
  }

  /**
   * Proves every promise against the lengths: each sequence once or dropped, no pack over
   * capacity, over the limit or empty, tokens that add up. O(n).
   *
   * @throws {StowageError} `ERR_INVALID_PACKING` naming the first fault
   *
   * @example
   * packSync([4, 4, 9], { capacity: 10 }).verify([4, 4, 9]); // => undefined
   */
  verify(lengths: Lengths): void {
    const values = toUint32(lengths);
    translate(() => native.verifyPacking(values, ...this.#native()));
  }

  /**
   * Packs as arrays of sequence indices: for small packings and for people.
   *
   * @example
   * packSync([4, 4, 9], { capacity: 10 }).toArrays(); // => [[2], [0, 1]]
   */
  toArrays(): number[][] {
    return Array.from(this, (pack) => Array.from(pack));
  }

  /**
   * The same packs in a seeded order; contents of packs don't change.
   *
   * @param seed 0 .. 2^53-1 or a bigint below 2^64
   * @throws {StowageError} `ERR_OPTION`; `ERR_INVALID_PACKING` for `offsets` that were written into
   *
   * @example
   * const shuffled = packSync([4, 4, 9], { capacity: 10 }).shuffled(7);
   * shuffled.toArrays().length; // => 2
   */
  shuffled(seed: number | bigint): Packing {
    const value = toSeed(seed);
    this.#checkWhole();
    const order = allocate(Uint32Array, this.packCount);
    translate(() => native.packOrder(order, Number(value >> 32n), Number(value & 0xffff_ffffn)));
    const gathered = (source: U32): U32 => gather(source, this.offsets, order);
    const offsets = allocate(Uint32Array, this.packCount + 1) as U32;
    for (let k = 0, end = 0; k < order.length; k++) {
      const pack = order[k]!;
      end += this.offsets[pack + 1]! - this.offsets[pack]!;
      offsets[k + 1] = end;
    }
    const { pieces } = this;
    return makePacking({
      ...this,
      offsets,
      sequences: gathered(this.sequences),
      pieces: pieces && { starts: gathered(pieces.starts), lengths: gathered(pieces.lengths) },
      dropped: this.dropped.slice(),
      loads: this.#loads(),
      figures: this.#figures,
    });
  }

  /** One view of sequence indices per pack, in order. */
  *[Symbol.iterator](): IterableIterator<U32> {
    for (let k = 0; k < this.packCount; k++) {
      this.#checkPresent();
      yield this.sequences.subarray(this.offsets[k], this.offsets[k + 1]);
    }
  }

  /** For what goes from offset to offset: the caller may have written into them, 2^32 entries apart. */
  #checkWhole(): void {
    this.#checkPresent();
    checkOffsets(this.offsets, this.#entryCount);
  }

  #checkPresent(): void {
    const { offsets, sequences, pieces, dropped } = this;
    const entries = this.#entryCount;
    if (
      offsets.length === this.packCount + 1 &&
      sequences.length === entries &&
      dropped.length === this.#droppedCount &&
      (pieces?.starts.length ?? entries) === entries &&
      (pieces?.lengths.length ?? entries) === entries
    )
      return;
    const message =
      "the arrays of this packing were transferred; use it before, or Packing.from on the other side of, the transfer";
    throw new StowageError("ERR_INVALID_PACKING", message);
  }

  #loads(): Made["loads"] {
    const { maxLoad, minLoad, loadBound } = this;
    if (maxLoad === undefined || minLoad === undefined || loadBound === undefined) return undefined;
    return { maxLoad, minLoad, loadBound };
  }

  /** The packing as native code takes it, without copies. */
  #native(): [head: PackingHead, ...arrays: [U32, U32, U32, U32, U32]] {
    this.#checkPresent();
    const { capacity, sequenceAlignment, tokenCount, lowerBound, pieces } = this;
    const limit = this.maxSequencesPerPack;
    const head: PackingHead = {
      capacity,
      sequenceAlignment,
      lowerBound,
      cut: pieces !== undefined,
      maxSequencesPerPack: limit !== undefined && limit < 0xffff_ffff ? limit : null,
      tokenCount: tokenCount ?? null,
    };
    const { starts, lengths } = pieces ?? { starts: none, lengths: none };
    return [head, this.offsets, this.sequences, starts, lengths, this.dropped];
  }
}

const none: U32 = new Uint32Array(0);

/** The entries of all packs in the order of `order`. */
function gather(source: U32, offsets: U32, order: Uint32Array): U32 {
  const result = allocate(Uint32Array, source.length) as U32;
  let at = 0;
  for (let k = 0; k < order.length; k++) {
    const pack = order[k]!;
    for (let from = offsets[pack]!, end = offsets[pack + 1]!; from < end; from++)
      result[at++] = source[from]!;
  }
  return result;
}
