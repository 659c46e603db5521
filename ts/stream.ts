// Endless streams of sequences, packed in bounded memory.

import { StowageError, translate } from "./errors.js";
import { isShared, kindOf, type Lengths, toUint32 } from "./lengths.js";
import { allocate, type U8 } from "./memory.js";
import { type Native, native } from "./native.js";
import { givenOptions, refuseUnknown, show } from "./options.js";
import { checkStreamOptions, type StreamOptions, streamKeys } from "./stream-options.js";

type Handle = InstanceType<Native["Stream"]>;

/** A pack that a stream has closed. Entries stand in the order of placing. */
export interface StreamedPack {
  /** The caller's ids. */
  ids: number[];
  /** Tokens of each entry. */
  lengths: number[];
  /** Tokens of all entries. */
  tokens: number;
  /** First token of each entry within its sequence; only where a sequence was truncated or split. */
  starts?: number[];
}

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
  /** Tokens cut off by `overlong: 'truncate'`. */
  tokensTruncated: number;
  /** Tokens of sequences left out. */
  tokensDropped: number;
}

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
  readonly #handle: Handle;
  /** Arrays that closed packs pass through, kept between calls. */
  #room = rooms(64, 8);

  /**
   * @param options see {@link StreamOptions}; only `capacity` is needed
   * @throws {StowageError} `ERR_CAPACITY`, `ERR_STRATEGY` (naming the three that stream), `ERR_OPTION`
   */
  constructor(options: StreamOptions) {
    const given: unknown = options;
    if (given instanceof Restored) {
      this.#handle = given.handle;
      return;
    }
    const checked = givenOptions(options);
    refuseUnknown(checked, streamKeys);
    this.#handle = new native.Stream(checkStreamOptions(checked));
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
    const bytes = isShared(snapshot.buffer) ? new Uint8Array(snapshot) : snapshot;
    const restored: unknown = new Restored(translate(() => native.Stream.restore(bytes)));
    return new StreamPacker(restored as StreamOptions);
  }

  /**
   * Adds sequences and returns the packs that this closed, in the order of closing. All arguments
   * are checked first: on an error nothing has changed.
   *
   * @param ids safe integers of the caller's choice, one per length
   * @param lengths tokens of each sequence
   * @throws {StowageError} `ERR_OVERLONG`, `ERR_EMPTY_SEQUENCE` with the `index` within this call;
   * `ERR_LENGTH`, `ERR_OPTION` (ids), `ERR_TOO_MANY_SEQUENCES`, `ERR_MEMORY`
   *
   * @example
   * const packer = new StreamPacker({ capacity: 10, strategy: "next-fit", overlong: "split" });
   * packer.add([7], [25])[1]; // => { ids: [7], lengths: [10], tokens: 10, starts: [10] }
   */
  add(ids: ArrayLike<number>, lengths: Lengths): StreamedPack[] {
    const numbers = toIds(ids);
    const values = toUint32(lengths);
    if (numbers.length !== values.length) {
      const message = `${numbers.length} ids for ${values.length} lengths; each sequence has one of both`;
      throw new StowageError("ERR_OPTION", message);
    }
    return this.#closed(translate(() => this.#handle.add(numbers, values)));
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
    return this.#closed(translate(() => this.#handle.finish()));
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
    return translate(() => this.#handle.pending());
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
    return translate(() => this.#handle.ledger());
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
    const bytes = allocate(Uint8Array, this.#handle.snapshotSize) as U8;
    translate(() => this.#handle.snapshotInto(bytes));
    return bytes;
  }

  /** The packs that the last call closed. */
  #closed(packs: number): StreamedPack[] {
    if (packs === 0) return [];
    const entries = this.#handle.closedEntries;
    const given = this.#room;
    const fits = given.ids.length >= entries && given.ends.length >= packs;
    const room = fits ? given : rooms(entries, packs);
    // A finish may hand out much more than calls in mid-stream: such arrays aren't kept.
    if (!fits && entries <= mostKept) this.#room = room;
    const { ids, lengths, starts, ends } = room;
    translate(() => this.#handle.closedInto(ids, lengths, starts, ends));
    const closed: StreamedPack[] = [];
    for (let k = 0, from = 0; k < packs; k++) {
      const end = Math.floor(ends[k]! / 2);
      closed.push(toPack(room, from, end, ends[k]! % 2 === 1));
      from = end;
    }
    return closed;
  }
}

/** A native stream that the constructor, which is public for options, takes as it is. */
class Restored {
  constructor(readonly handle: Handle) {}
}

/** Closed packs as native code writes them: ends are doubled, plus 1 where a sequence was cut. */
interface Room {
  readonly ids: Float64Array;
  readonly lengths: Uint32Array;
  readonly starts: Uint32Array;
  readonly ends: Float64Array;
}

/** Entries whose arrays are kept: 20 bytes each. */
const mostKept = 262_144;

function rooms(entries: number, packs: number): Room {
  return {
    ids: allocate(Float64Array, entries),
    lengths: allocate(Uint32Array, entries),
    starts: allocate(Uint32Array, entries),
    ends: allocate(Float64Array, packs),
  };
}

/** Arrays of known size: growing them element by element takes ten times as long. */
function toPack(
  { ids, lengths, starts }: Room,
  from: number,
  end: number,
  cut: boolean,
): StreamedPack {
  const count = end - from;
  const pack: StreamedPack = {
    ids: new Array<number>(count),
    lengths: new Array<number>(count),
    tokens: 0,
  };
  for (let at = 0; at < count; at++) {
    const length = lengths[from + at]!;
    pack.ids[at] = ids[from + at]!;
    pack.lengths[at] = length;
    pack.tokens += length;
  }
  if (cut) pack.starts = Array.from(starts.subarray(from, end));
  return pack;
}

/** Ids as native code takes them; every element is checked, whatever holds them. */
function toIds(ids: ArrayLike<number>): Float64Array {
  const isArray = typeof ids === "object" && ids !== null && Number.isInteger(ids.length);
  if (!isArray || ids.length < 0) {
    const message = `\`ids\` must be an array of safe integers, got ${show(ids)}`;
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
