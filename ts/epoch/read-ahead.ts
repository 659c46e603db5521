// Packs of an epoch, read some ahead of a loader that takes them at equal steps: crossing to native code
// costs more than a pack. Packs are a pure function of their number, so nobody sees when they were read.

import { translate } from "../base/errors.js";
import { allocate, type U32 } from "../base/memory.js";
import type { Native } from "../base/native.js";

type Handle = InstanceType<Native["Epoch"]>;

/** Packs that are read at once, once two steps were equal. */
const mostPacks = 32;
/** Positions that may be kept for it: 64 KB. */
const mostPositions = 16_384;

/** The packs of an epoch whose entries are whole sequences. */
export class ReadAhead {
  readonly #handle: Handle;
  readonly #positions: U32;
  /** Where the positions of each pack end. */
  readonly #ends: U32;
  readonly #one: U32;
  /** The packs at hand: `first`, `first + step` and so on, `count` of them. */
  #first = 0;
  #step = 1;
  #count = 0;
  /** What was asked for last, and how far it was from the one before. */
  #last = Number.NaN;
  #stride = Number.NaN;

  /** For packs of at most `most` entries. */
  constructor(handle: Handle, most: number) {
    this.#handle = handle;
    const packs = Math.max(1, Math.min(mostPacks, Math.floor(mostPositions / Math.max(1, most))));
    this.#positions = allocate(Uint32Array, packs * most) as U32;
    this.#ends = new Uint32Array(packs);
    this.#one = this.#ends.subarray(0, 1);
  }

  /** The ids of pack `k`, which exists: `sequences` at its positions. */
  ids(k: number, sequences: Uint32Array): U32 {
    const stride = k - this.#last;
    const place = (k - this.#first) / this.#step;
    const found = place >= 0 && place < this.#count && Number.isInteger(place);
    const at = found ? place : this.#read(k, stride);
    this.#stride = stride;
    this.#last = k;
    const positions = this.#positions;
    const from = at === 0 ? 0 : this.#ends[at - 1]!;
    const ids: U32 = new Uint32Array(this.#ends[at]! - from);
    for (let entry = 0; entry < ids.length; entry++)
      ids[entry] = sequences[positions[from + entry]!]!;
    return ids;
  }

  /** Reads pack `k`, and those after it where the last two steps were equal and forward; returns 0, its place. */
  #read(k: number, stride: number): number {
    const steady = stride === this.#stride && stride > 0;
    const [handle, positions] = [this.#handle, this.#positions];
    const ends = steady ? this.#ends : this.#one;
    this.#count = 0;
    this.#step = steady ? stride : 1;
    this.#count = translate(() => handle.severalInto(k, this.#step, positions, ends));
    this.#first = k;
    return 0;
  }
}
