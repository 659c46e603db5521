// Sequences that are added one at a time and can't close a pack yet: kept back, so that they cross to
// native code together. Crossing costs as much as placing ten to twenty sequences.

import { translate } from "../base/errors.js";
import type { Native } from "../base/native.js";
import { type StreamedPack, toPacks } from "./closed.js";

type Handle = InstanceType<Native["Stream"]>;

/** Sequences kept back at most; this and what follows as in src/stream.rs. */
const most = 1024;
/**
 * Where native code tells of the stream: capacity, classes, tokens that the ledger has room for, sequences
 * that a pack of next fit may hold (0 for other strategies), the longest sequence that isn't cut.
 */
const state = 2 * most;
/** For each class the tokens from which on a sequence may close a pack. */
const rooms = state + 5;
/** For each class how many sequences may come, the last of which may close one. */
const sequences = rooms + 64;
/** Where closed packs stand, if there is room for them. */
const closed = sequences + 64;
const size = closed + 1024;

/**
 * What stands before a native stream. Whoever calls that lets the block {@link flush} first.
 *
 * Packs of next fit that begin within a block are closed here, where all their sequences stand: one in five
 * or so closes a pack, and most of the time would go into crossing. Native code places the same
 * sequences when the block is full or somebody asks, and is told how many packs are known.
 */
export class Block {
  readonly #handle: Handle;
  /** Makes packs that the array has no room for. */
  readonly #large: (needed: number) => StreamedPack[];
  /** None until a sequence comes alone. */
  #numbers: Float64Array | undefined;
  /** Whether native code has told of the stream since somebody else added to it. */
  #told = false;
  /** Sequences in the block; those before `sent` are in the stream already. */
  #count = 0;
  #sent = 0;
  #capacity = 0;
  #classes = 1;
  #tokensLeft = 0;
  /** Of next fit: sequences that a pack holds at most; 0: another strategy. */
  #limit = 0;
  /** The longest sequence that stands in its pack as it is. */
  #uncut = 0;
  /** Where in the block the open pack of next fit begins; below 0: before the block. */
  #begin = -1;
  /** Packs that were closed here and not yet there. */
  #known = 0;

  constructor(handle: Handle, large: (needed: number) => StreamedPack[]) {
    this.#handle = handle;
    this.#large = large;
  }

  /**
   * Adds a sequence and returns the packs that this closed; undefined, with nothing changed, for one that
   * a policy or the ledger may refuse: that is the business of native code.
   */
  add(id: number, length: number): StreamedPack[] | undefined {
    if (!this.#told) this.#learn();
    if (!(length >= 1 && length <= this.#capacity && length <= this.#tokensLeft)) return undefined;
    if (this.#count === most) this.#cross(most);
    const numbers = this.#numbers!;
    const count = this.#count;
    numbers[count] = id;
    numbers[most + count] = length;
    const classes = this.#classes;
    const place = classes === 1 ? 0 : Math.min(Math.floor(this.#capacity / length), classes) - 1;
    const room = numbers[rooms + place]!;
    const left = numbers[sequences + place]!;
    const closed = length < room && left > 1 ? [] : this.#close(length, room);
    if (closed === undefined) return this.#cross(count + 1);
    numbers[rooms + place]! -= length;
    numbers[sequences + place]! -= 1;
    this.#tokensLeft -= length;
    this.#count = count + 1;
    return closed;
  }

  /**
   * Gives what is kept back to the stream, which closes no pack that isn't known; the stream may be called
   * then. `changes`: by a call after which it may be another.
   */
  flush(changes: boolean): void {
    if (this.#count > this.#sent) this.#cross(this.#count);
    if (changes) this.#told = false;
  }

  /** The packs of next fit that the sequence behind the last one closes; undefined: native code must tell. */
  #close(length: number, room: number): StreamedPack[] | undefined {
    const limit = this.#limit;
    if (limit === 0 || length > this.#uncut || this.#begin < 0) return undefined;
    const numbers = this.#numbers!;
    const count = this.#count;
    const packs: StreamedPack[] = [];
    if (length > room) {
      packs.push(packOf(numbers, this.#begin, count));
      this.#begin = count;
      [numbers[rooms], numbers[sequences]] = [this.#capacity, limit];
    }
    if (length === numbers[rooms] || numbers[sequences]! <= 1) {
      packs.push(packOf(numbers, this.#begin, count + 1));
      this.#begin = count + 1;
      // The caller takes the sequence off an empty pack.
      [numbers[rooms], numbers[sequences]] = [this.#capacity + length, limit + 1];
    }
    this.#known += packs.length;
    return packs;
  }

  /** Asks about a stream that somebody else has added to. */
  #learn(): void {
    [this.#count, this.#sent, this.#begin] = [0, 0, -1];
    this.#cross(0);
  }

  /**
   * Adds the sequences of the block before `end` and returns the packs that are new; where that fails,
   * nothing has changed.
   */
  #cross(end: number): StreamedPack[] {
    this.#numbers ??= new Float64Array(size);
    const [handle, numbers] = [this.#handle, this.#numbers];
    const [sent, known] = [this.#sent, this.#known];
    const needed = translate(() => handle.addBlock(sent, end, known, numbers));
    // The last sequence was the first of a pack, unless the block knows of an earlier one.
    const begin = end > this.#count ? end - 1 : this.#begin;
    this.#known = 0;
    this.#told = true;
    this.#capacity = numbers[state]!;
    this.#classes = numbers[state + 1]!;
    this.#tokensLeft = numbers[state + 2]!;
    this.#limit = numbers[state + 3]!;
    this.#uncut = numbers[state + 4]!;
    this.#keep(begin, end);
    if (needed === 0) return [];
    if (needed > size - closed) return this.#large(needed);
    return toPacks(numbers, closed, closed + needed);
  }

  /** Keeps what the open pack of next fit holds, from `begin` on, as the beginning of the block. */
  #keep(begin: number, end: number): void {
    const numbers = this.#numbers!;
    const empty = numbers[rooms] === this.#capacity;
    const held = empty || this.#limit === 0 || begin < 0 ? 0 : end - begin;
    const whole = held <= most / 2;
    if (whole && held > 0) {
      numbers.copyWithin(0, begin, end);
      numbers.copyWithin(most, most + begin, most + end);
    }
    this.#count = whole ? held : 0;
    this.#sent = this.#count;
    this.#begin = empty || (held > 0 && whole) ? 0 : -1;
  }
}

/** The pack of the sequences at `begin .. end` of a block. */
function packOf(numbers: Float64Array, begin: number, end: number): StreamedPack {
  const count = end - begin;
  const ids = new Array<number>(count);
  const lengths = new Array<number>(count);
  let tokens = 0;
  for (let at = 0; at < count; at++) {
    const length = numbers[most + begin + at]!;
    ids[at] = numbers[begin + at]!;
    lengths[at] = length;
    tokens += length;
  }
  return { ids, lengths, tokens };
}
