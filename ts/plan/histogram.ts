// How many sequences there are of each length: all that a plan needs to know.

import { StowageError, translate } from "../base/errors.js";
import { type Lengths, toUint32 } from "../base/lengths.js";
import { allocate } from "../base/memory.js";
import { type Native, native } from "../base/native.js";
import { isInteger, ownOf, show, showSome } from "../base/options.js";

type Handle = InstanceType<Native["Histogram"]>;

/** For this package's own modules: the native histogram, or undefined for anything else. */
export let histogramHandle: (value: unknown) => Handle | undefined;

/**
 * How many sequences there are of each length (0 included). Mergeable: count each shard alone, add
 * them up, plan once. Iterating gives `[length, count]` pairs, lengths ascending.
 *
 * Memory is in proportion to the number of distinct lengths. At most 2^53-1 sequences and tokens.
 *
 * @example
 * const histogram = LengthHistogram.from([5, 3, 5, 7]);
 * [...histogram]; // => [[3, 1], [5, 2], [7, 1]]
 * [histogram.sequenceCount, histogram.tokenCount, histogram.maxLength]; // => [4, 20, 7]
 */
export class LengthHistogram implements Iterable<[length: number, count: number]> {
  static {
    histogramHandle = (value) =>
      typeof value === "object" && value !== null && #handle in value ? value.#handle : undefined;
  }

  readonly #handle: Handle = new native.Histogram();

  /**
   * The histogram of `lengths`.
   *
   * @throws {StowageError} `ERR_LENGTH`
   *
   * @example
   * LengthHistogram.from(new Uint32Array([5, 5])).count(5); // => 2
   */
  static from(lengths: Lengths): LengthHistogram {
    return new LengthHistogram().add(lengths);
  }

  /**
   * A histogram from `[length, count]` pairs in any order; counts of a repeated length add up.
   *
   * @throws {StowageError} `ERR_LENGTH` for a bad length or count, or totals above 2^53-1
   *
   * @example
   * LengthHistogram.fromCounts([[512, 1000], [64, 20]]).sequenceCount; // => 1020
   */
  static fromCounts(counts: Iterable<readonly [length: number, count: number]>): LengthHistogram {
    if (typeof counts?.[Symbol.iterator] !== "function" || typeof counts === "string") {
      const message = `\`counts\` must give [length, count] pairs, got ${show(counts)}`;
      throw new StowageError("ERR_LENGTH", message);
    }
    const lengths: number[] = [];
    const numbers: number[] = [];
    for (const pair of counts) {
      const [length, count] = toPair(pair, lengths.length);
      lengths.push(length);
      numbers.push(count);
    }
    const histogram = new LengthHistogram();
    const columns = [Uint32Array.from(lengths), Float64Array.from(numbers)] as const;
    translate(() => histogram.#handle.addCounts(...columns));
    return histogram;
  }

  /**
   * A histogram from what {@link LengthHistogram.toJSON} gave.
   *
   * @throws {StowageError} `ERR_FORMAT` for anything else
   *
   * @example
   * const text = JSON.stringify(LengthHistogram.from([5, 3, 5]));
   * [...LengthHistogram.fromJSON(JSON.parse(text))]; // => [[3, 1], [5, 2]]
   */
  static fromJSON(json: unknown): LengthHistogram {
    const { version, counts } = typeof json === "object" && json !== null ? ownOf(json) : {};
    if (version !== 1 || !Array.isArray(counts)) {
      const message =
        "this is no histogram: { version: 1, counts: [[length, count], …] } is expected";
      throw new StowageError("ERR_FORMAT", message);
    }
    try {
      return LengthHistogram.fromCounts(counts);
    } catch (cause) {
      const { message } = cause as Error;
      throw new StowageError("ERR_FORMAT", `this histogram has a fault: ${message}`, { cause });
    }
  }

  /**
   * Counts more sequences. On an error nothing has changed.
   *
   * @returns this histogram
   * @throws {StowageError} `ERR_LENGTH`
   *
   * @example
   * new LengthHistogram().add([5, 3]).add([5]).count(5); // => 2
   */
  add(lengths: Lengths): this {
    const handle = this.#handle;
    const values = toUint32(lengths);
    translate(() => handle.add(values));
    return this;
  }

  /**
   * Adds the counts of `other`, which doesn't change.
   *
   * @returns this histogram
   * @throws {StowageError} `ERR_OPTION` if `other` is no histogram, `ERR_LENGTH` for totals above 2^53-1
   *
   * @example
   * LengthHistogram.from([5]).merge(LengthHistogram.from([5, 3])).count(5); // => 2
   */
  merge(other: LengthHistogram): this {
    const own = this.#handle;
    const handle = toHistogram(other, "other");
    // Native code never gets the same object twice, once to read and once to write.
    const source = handle === own ? toHistogram(LengthHistogram.fromCounts(this)) : handle;
    translate(() => own.merge(source));
    return this;
  }

  /** Number of sequences. */
  get sequenceCount(): number {
    return this.#handle.sequenceCount;
  }

  /** Tokens of all sequences. */
  get tokenCount(): number {
    return this.#handle.tokenCount;
  }

  /** The longest length; 0 if there are no sequences. */
  get maxLength(): number {
    return this.#handle.maxLength;
  }

  /** How many different lengths there are, 0 included. */
  get distinctLengths(): number {
    return this.#handle.distinctLengths;
  }

  /**
   * How many sequences have this length.
   *
   * @throws {StowageError} `ERR_LENGTH` if it can't be a length
   *
   * @example
   * LengthHistogram.from([5, 3, 5]).count(4); // => 0
   */
  count(length: number): number {
    if (isInteger(length, 0, 0xffff_ffff)) return this.#handle.count(length);
    const message = `\`length\` must be an integer 0 .. 2^32 - 1, got ${show(length)}`;
    throw new StowageError("ERR_LENGTH", message);
  }

  /**
   * Plain data for `JSON.stringify`.
   *
   * @example
   * LengthHistogram.from([5, 3, 5]).toJSON(); // => { version: 1, counts: [[3, 1], [5, 2]] }
   */
  toJSON(): { version: 1; counts: [length: number, count: number][] } {
    return { version: 1, counts: [...this] };
  }

  /** `[length, count]` pairs, lengths ascending. */
  *[Symbol.iterator](): IterableIterator<[length: number, count: number]> {
    const lengths = allocate(Uint32Array, this.distinctLengths);
    const counts = allocate(Float64Array, this.distinctLengths);
    this.#handle.classesInto(lengths, counts);
    for (const [at, length] of lengths.entries()) yield [length, counts[at]!];
  }
}

/** The native histogram of an argument, or ERR_OPTION. */
export function toHistogram(value: unknown, name = "histogram"): Handle {
  const handle = histogramHandle(value);
  if (handle !== undefined) return handle;
  const lengths = Array.isArray(value) || ArrayBuffer.isView(value);
  const way = lengths ? "; use LengthHistogram.from(lengths)" : "";
  const message = `\`${name}\` must be a LengthHistogram, got ${show(value)}${way}`;
  throw new StowageError("ERR_OPTION", message);
}

function toPair(pair: unknown, position: number): [number, number] {
  const [length, count] = Array.isArray(pair) ? pair : [];
  if (isInteger(length, 0, 0xffff_ffff) && isInteger(count, 0, Number.MAX_SAFE_INTEGER))
    return [length, count];
  const text = Array.isArray(pair) ? showSome(pair) : show(pair);
  const message = `counts[${position}] must be [length 0 .. 2^32 - 1, count 0 .. 2^53 - 1], got ${text}`;
  throw new StowageError("ERR_LENGTH", message);
}
