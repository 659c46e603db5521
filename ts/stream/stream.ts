// Endless streams of sequences, packed in bounded memory.

import { StowageError, translate } from "../base/errors.js";
import { type Lengths, toUint32 } from "../base/lengths.js";
import { allocate, type U8 } from "../base/memory.js";
import { type Native, native } from "../base/native.js";
import { givenOptions, refuseUnknown, show } from "../base/options.js";
import { isGone, isShared, kindOf } from "../base/views.js";
import { Block } from "./block.js";
import { type StreamedPack, toPacks } from "./closed.js";
import { checkStreamOptions, type StreamOptions, streamKeys } from "./options.js";

export type { StreamedPack } from "./closed.js";

type Handle = InstanceType<Native["Stream"]>;

/** What a stream holds between calls. */
export interface StreamPending {
  /** Sequences and pieces that wait or stand in open packs. */
  sequences: number;
  /** Their tokens. */
  tokens: number;
  /** Open packs. */
  openPacks: number;
}

/** Where the tokens of a stream went: tokensIn = tokensPacked + tokensTruncated + tokensDropped. */
export interface StreamLedger {
  /** Tokens of everything added. */
  tokensIn: number;
  /** Tokens in packs, open ones and waiting sequences included. */
  tokensPacked: number;
  /** Tokens cut off by `overlong: 'truncate'` or 'truncate-start'. */
  tokensTruncated: number;
  /** Tokens of sequences left out. */
  tokensDropped: number;
}

/** For this package's own modules: adds a sequence of 1 .. 2^32 - 1 tokens. */
export let addOne: (packer: StreamPacker, id: number, length: number) => StreamedPack[];

/**
 * Packs an endless stream in bounded memory: at most `lookahead` sequences wait, at most
 * `maxOpenPacks` packs are open between calls. What it returns doesn't depend on how the stream is
 * cut into calls. When all lengths are known beforehand, {@link packSync} needs fewer packs.
 *
 * Ids are the caller's own: any safe integers, repeats allowed.
 *
 * @example
 * const packer = new StreamPacker({ capacity: 10, strategy: "next-fit" });
 * packer.add([100, 101, 102], [5, 5, 7]); // => [{ ids: [100, 101], lengths: [5, 5], tokens: 10 }]
 * packer.finish(); // => [{ ids: [102], lengths: [7], tokens: 7 }]
 */
export class StreamPacker {
  static {
    addOne = (packer, id, length) => packer.#block.add(id, length) ?? packer.add([id], [length]);
  }

  readonly #handle: Handle;
  readonly #block: Block;
  /** The array that closed packs pass through, kept between calls. */
  #room = new Float64Array(256);

  /**
   * @param options see {@link StreamOptions}; only `capacity` is needed
   * @throws {StowageError} `ERR_CAPACITY`, `ERR_STRATEGY` (naming the three that stream), `ERR_OPTION`
   */
  constructor(options: StreamOptions) {
    this.#handle = options instanceof Restored ? options.handle : begin(options);
    this.#block = new Block(this.#handle, (needed) => this.#closed(needed));
  }

  /**
   * A packer from {@link StreamPacker.snapshot}: it goes on as if nothing had happened.
   *
   * @throws {StowageError} `ERR_FORMAT` for bytes that are no snapshot, or a damaged one; `ERR_MEMORY`
   *
   * @example
   * const packer = new StreamPacker({ capacity: 10, lookahead: 2 });
   * packer.add([7], [4]);
   * StreamPacker.restore(packer.snapshot()).finish(); // => [{ ids: [7], lengths: [4], tokens: 4 }]
   */
  static restore(snapshot: Uint8Array): StreamPacker {
    if (!ArrayBuffer.isView(snapshot) || kindOf(snapshot) !== "Uint8Array") {
      const message = `\`snapshot\` must be a Uint8Array from snapshot(), got ${show(snapshot)}`;
      throw new StowageError("ERR_FORMAT", message);
    }
    if (isGone(snapshot)) {
      const message = "`snapshot` is empty because its buffer was transferred";
      throw new StowageError("ERR_FORMAT", message);
    }
    const bytes = isShared(snapshot.buffer) ? new Uint8Array(snapshot) : snapshot;
    const restored: unknown = new Restored(translate(() => native.Stream.restore(bytes)));
    return new StreamPacker(restored as StreamOptions);
  }

  /**
   * Adds sequences and returns the packs that this closed, in the order of closing. All arguments
   * are checked first: on an error nothing has changed. Sequences that come one at a time, in arrays
   * of one, are kept back until one may close a pack, so that few calls cross to native code; many at
   * once are quicker still. A Float64Array of ids is read without conversion.
   *
   * @param ids safe integers of the caller's choice, one per length
   * @param lengths tokens of each sequence
   * @throws {StowageError} `ERR_OVERLONG`, `ERR_EMPTY_SEQUENCE` with the `index` within this call;
   * `ERR_LENGTH`, `ERR_OPTION` (ids), `ERR_TOO_MANY_SEQUENCES` with the `index` where 'split' would make
   * more than 2^20 pieces in one call, `ERR_MEMORY`
   *
   * @example
   * const packer = new StreamPacker({ capacity: 10, strategy: "next-fit", overlong: "split" });
   * packer.add([7], [25])[1]; // => { ids: [7], lengths: [10], tokens: 10, starts: [10] }
   */
  add(ids: ArrayLike<number>, lengths: Lengths): StreamedPack[] {
    if (Array.isArray(ids) && ids.length === 1 && Array.isArray(lengths) && lengths.length === 1) {
      const id: unknown = ids[0];
      const length: unknown = lengths[0];
      if (Number.isSafeInteger(id) && typeof length === "number" && length >>> 0 === length) {
        const closed = this.#block.add(id as number, length);
        if (closed !== undefined) return closed;
      }
    }
    const numbers = toIds(ids);
    const values = toUint32(lengths);
    if (numbers.length !== values.length) {
      const message = `${numbers.length} ids for ${values.length} lengths; each sequence has one of both`;
      throw new StowageError("ERR_OPTION", message);
    }
    const handle = this.#ready(true);
    return this.#closed(translate(() => handle.add(numbers, values)));
  }

  /**
   * Places what waits and closes everything that is open, in the order of opening. The packer is
   * empty then and can be used again; its ledger goes on.
   *
   * @example
   * const packer = new StreamPacker({ capacity: 10 });
   * packer.add([1, 2], [4, 7]);
   * packer.finish().map(({ ids }) => ids); // => [[2], [1]]
   */
  finish(): StreamedPack[] {
    const handle = this.#ready(true);
    return this.#closed(translate(() => handle.finish()));
  }

  /**
   * What waits or stands in open packs.
   *
   * @example
   * const packer = new StreamPacker({ capacity: 10, strategy: "next-fit" });
   * packer.add([1, 2], [4, 3]);
   * packer.pending; // => { sequences: 2, tokens: 7, openPacks: 1 }
   */
  get pending(): StreamPending {
    const handle = this.#ready(false);
    return translate(() => handle.pending());
  }

  /**
   * Everything added so far, placed or waiting.
   *
   * @example
   * const packer = new StreamPacker({ capacity: 10, overlong: "truncate" });
   * packer.add([1, 2], [4, 25]);
   * packer.ledger; // => { tokensIn: 29, tokensPacked: 14, tokensTruncated: 15, tokensDropped: 0 }
   */
  get ledger(): StreamLedger {
    const handle = this.#ready(false);
    return translate(() => handle.ledger());
  }

  /**
   * The exact state as bytes, for {@link StreamPacker.restore}: little-endian with a checksum, the
   * layout is in docs/epochs.md. About 16 bytes per sequence held.
   *
   * @throws {StowageError} `ERR_MEMORY`
   *
   * @example
   * new TextDecoder().decode(new StreamPacker({ capacity: 10 }).snapshot().subarray(0, 8)); // => "STWSNAP1"
   */
  snapshot(): U8 {
    const handle = this.#ready(false);
    const bytes = allocate(Uint8Array, handle.snapshotSize) as U8;
    translate(() => handle.snapshotInto(bytes));
    return bytes;
  }

  /** The native stream with everything that was added; `changes`: for a call that changes it. */
  #ready(changes: boolean): Handle {
    this.#block.flush(changes);
    return this.#handle;
  }

  /** The packs that the last call closed, which need so much room. */
  #closed(needed: number): StreamedPack[] {
    if (needed === 0) return [];
    const handle = this.#handle;
    let room = this.#room;
    if (room.length < needed) {
      room = allocate(Float64Array, needed);
      // A finish may hand out much more than calls in mid-stream: such an array isn't kept.
      if (needed <= mostKept) this.#room = room;
    }
    translate(() => handle.closedInto(room));
    return toPacks(room, 0, needed);
  }
}

/** A native stream that the constructor, which is public for options, takes as it is. */
class Restored {
  constructor(readonly handle: Handle) {}
}

/** Numbers that the array for closed packs may keep room for: 4 MB. */
const mostKept = 524_288;

function begin(options: StreamOptions): Handle {
  const given = givenOptions(options);
  refuseUnknown(given, streamKeys);
  return new native.Stream(checkStreamOptions(given));
}

/** Ids as native code takes them; every element is checked, whatever holds them. */
function toIds(ids: ArrayLike<number>): Float64Array {
  const isArray = typeof ids === "object" && ids !== null && Number.isInteger(ids.length);
  if (!isArray || ids.length < 0) {
    const message = `\`ids\` must be an array of safe integers, got ${show(ids)}`;
    throw new StowageError("ERR_OPTION", message);
  }
  if (ArrayBuffer.isView(ids) && isGone(ids)) {
    const message = "`ids` are empty because their buffer was transferred; add before, or a copy";
    throw new StowageError("ERR_OPTION", message);
  }
  // Nobody else can change them during the call: no copy is needed.
  if (kindOf(ids) === "Float64Array" && !isShared((ids as Float64Array).buffer)) {
    const numbers = ids as Float64Array;
    if (areIds(numbers)) return numbers;
  }
  const numbers = allocate(Float64Array, ids.length);
  for (let at = 0; at < numbers.length; at++) {
    const id: unknown = ids[at];
    if (!Number.isSafeInteger(id)) {
      const message = `ids[${at}] must be a safe integer, got ${show(id)}`;
      throw new StowageError("ERR_OPTION", message);
    }
    numbers[at] = id as number;
  }
  return numbers;
}

function areIds(numbers: Float64Array): boolean {
  for (let at = 0; at < numbers.length; at++) if (!Number.isSafeInteger(numbers[at])) return false;
  return true;
}
