// Sequence ids grouped by length: what every epoch of a plan draws from.

import { StowageError, translate } from "../base/errors.js";
import { type Lengths, toUint32 } from "../base/lengths.js";
import { allocate } from "../base/memory.js";
import { native } from "../base/native.js";
import { booleanOption, givenOptions, ownOf, refuseUnknown, show } from "../base/options.js";
import { isGone, isShared, kindOf } from "../base/views.js";

/** The parts of a {@link LengthIndex}: three arrays, which may live in SharedArrayBuffers. */
export interface LengthIndexBuffers {
  /** The distinct lengths, ascending. */
  lengths: Uint32Array;
  /** Class c holds `sequences[starts[c] .. starts[c+1])`; one entry more than `lengths`. */
  starts: Uint32Array;
  /** All sequence ids, by length; ids of one length ascend. */
  sequences: Uint32Array;
}

/** The parts of an index, and how large they are while they are there. */
export interface IndexParts extends LengthIndexBuffers {
  readonly classCount: number;
  readonly sequenceCount: number;
}

/** For this package's own modules: the parts of an index, or undefined for anything else. */
export let indexParts: (value: unknown) => IndexParts | undefined;

/** Refuses parts that were transferred since: they would read as zeros. */
export function checkPresent({ lengths, starts, sequences, ...sizes }: IndexParts): void {
  if (
    sequences.length === sizes.sequenceCount &&
    lengths.length === sizes.classCount &&
    starts.length === sizes.classCount + 1
  )
    return;
  const message =
    "the buffers of this LengthIndex were transferred; post those of buffers({ shared: true }), which every thread can use";
  throw new StowageError("ERR_FORMAT", message);
}

/**
 * Sequence ids grouped by length: 4 bytes per sequence and 8 per distinct length, built once (on
 * all cores where there are many), used by every epoch.
 *
 * Worker threads use one copy: post `buffers({ shared: true })` to them, and call
 * {@link LengthIndex.from} there.
 *
 * @example
 * const index = new LengthIndex([5, 3, 5, 7]);
 * index.buffers().sequences; // => [1, 0, 2, 3]
 */
export class LengthIndex {
  static {
    indexParts = (value) =>
      typeof value === "object" && value !== null && #parts in value ? value.#parts : undefined;
  }

  #parts: IndexParts;

  /**
   * @param lengths one length per sequence, in tokens; its position is the sequence's id
   * @throws {StowageError} `ERR_LENGTH`, `ERR_MEMORY`, `ERR_TOO_MANY_SEQUENCES`
   */
  constructor(lengths: Lengths) {
    const given: unknown = lengths;
    this.#parts = given instanceof Checked ? given.parts : built(lengths);
  }

  /**
   * The index over buffers of another one, without a copy: they may be shared by threads, and must
   * not change. One pass checks that they fit together: lengths ascend, each id stands once.
   *
   * @throws {StowageError} `ERR_FORMAT` with the first fault
   *
   * @example
   * const buffers = new LengthIndex([5, 3, 5, 7]).buffers({ shared: true });
   * LengthIndex.from(buffers).sequenceCount; // => 4
   */
  static from(buffers: LengthIndexBuffers): LengthIndex {
    const checked: unknown = new Checked(checkedParts(buffers));
    return new LengthIndex(checked as Lengths);
  }

  /** Number of sequences. */
  get sequenceCount(): number {
    return this.#parts.sequenceCount;
  }

  /**
   * The parts of this index, not a copy: don't write to them, don't transfer them. With
   * `{ shared: true }` they are first moved into SharedArrayBuffers, which this index uses too from
   * then on, so that all threads together hold one copy.
   *
   * @throws {StowageError} `ERR_OPTION`, `ERR_MEMORY`, `ERR_FORMAT` if they were transferred after all
   *
   * @example
   * const { lengths, starts } = new LengthIndex([5, 3, 5, 7]).buffers();
   * lengths; // => [3, 5, 7]
   * starts; // => [0, 1, 3, 4]
   */
  buffers(options: { shared?: boolean | undefined } = {}): LengthIndexBuffers {
    const given = givenOptions(options, "{ shared }");
    refuseUnknown(given, ["shared"]);
    checkPresent(this.#parts);
    if (booleanOption(given, "shared") && !isShared(this.#parts.sequences.buffer)) {
      const { lengths, starts, sequences } = this.#parts;
      this.#parts = sized({
        lengths: shared(lengths),
        starts: shared(starts),
        sequences: shared(sequences),
      });
    }
    const { lengths, starts, sequences } = this.#parts;
    return { lengths, starts, sequences };
  }
}

/** Parts that the constructor, which is public for lengths, takes as they are. */
class Checked {
  constructor(readonly parts: IndexParts) {}
}

function sized(parts: LengthIndexBuffers): IndexParts {
  return { ...parts, classCount: parts.lengths.length, sequenceCount: parts.sequences.length };
}

function built(lengths: Lengths): IndexParts {
  const values = toUint32(lengths);
  const outline = translate(() => native.outline(values));
  const parts: LengthIndexBuffers = {
    lengths: allocate(Uint32Array, outline.classCount),
    starts: allocate(Uint32Array, outline.classCount + 1),
    sequences: allocate(Uint32Array, values.length),
  };
  translate(() => outline.fill(values, parts.lengths, parts.starts, parts.sequences));
  return sized(parts);
}

function shared(source: Uint32Array): Uint32Array {
  const bytes = source.byteLength;
  try {
    const copy = new Uint32Array(new SharedArrayBuffer(bytes));
    copy.set(source);
    return copy;
  } catch (cause) {
    const message = `the system refused ${bytes} bytes of shared memory`;
    throw new StowageError("ERR_MEMORY", message, { cause });
  }
}

/** The parts, if they are an index: shapes first, then every id. */
function checkedParts(buffers: unknown): IndexParts {
  if (typeof buffers !== "object" || buffers === null)
    throw wrong(`{ lengths, starts, sequences } is expected, got ${show(buffers)}`);
  const given = ownOf(buffers);
  const lengths = part(given.lengths, "lengths");
  const starts = part(given.starts, "starts");
  const sequences = part(given.sequences, "sequences");
  const classes = lengths.length;
  if (starts.length !== classes + 1)
    throw wrong(`${classes} lengths need ${classes + 1} starts, got ${starts.length}`);
  if (starts[0] !== 0) throw wrong(`starts[0] must be 0, got ${starts[0]}`);
  if (starts[classes] !== sequences.length)
    throw wrong(`starts end at ${starts[classes]}, but there are ${sequences.length} sequences`);
  for (let c = 0; c < classes; c++) {
    if (c > 0 && lengths[c]! <= lengths[c - 1]!)
      throw wrong(`lengths[${c}] is ${lengths[c]} after ${lengths[c - 1]}; lengths ascend`);
    if (starts[c + 1]! <= starts[c]!) throw wrong(`no sequence has lengths[${c}]`);
    checkOrder(sequences, starts[c]!, starts[c + 1]!);
  }
  checkOnce(sequences);
  return sized({ lengths, starts, sequences });
}

/** Native code reads ids at their positions, so ids of a class must be in input order. */
function checkOrder(sequences: Uint32Array, start: number, end: number): void {
  for (let at = start + 1; at < end; at++) {
    if (sequences[at]! <= sequences[at - 1]!)
      throw wrong(`sequences[${at}] is ${sequences[at]} after ${sequences[at - 1]}; ids ascend`);
  }
}

function checkOnce(sequences: Uint32Array): void {
  const seen = allocate(Uint8Array, Math.ceil(sequences.length / 8));
  for (let at = 0; at < sequences.length; at++) {
    const id = sequences[at]!;
    const bit = 1 << (id & 7);
    if (id >= sequences.length) throw wrong(`sequences[${at}] is ${id} of ${sequences.length}`);
    if ((seen[id >>> 3]! & bit) !== 0) throw wrong(`sequence ${id} stands in it twice`);
    seen[id >>> 3]! |= bit;
  }
}

function part(value: unknown, name: string): Uint32Array {
  if (!ArrayBuffer.isView(value) || kindOf(value) !== "Uint32Array")
    throw wrong(`\`${name}\` must be a Uint32Array, got ${show(value)}`);
  const array = value as Uint32Array;
  if (isGone(array)) throw wrong(`\`${name}\` is empty because its buffer was transferred`);
  return array;
}

function wrong(detail: string): StowageError {
  return new StowageError("ERR_FORMAT", `this is no length index: ${detail}`);
}
