// Small packings in one native call, through arrays that are kept: what two calls and an object between
// them cost is more than the packing of a thousand sequences.

import { translate } from "../base/errors.js";
import { allocateToFill, type U32 } from "../base/memory.js";
import { native } from "../base/native.js";
import type { Checked } from "./options.js";
import { makePacking, type Packing } from "./packing.js";
import type { PackingStats } from "./stats.js";

/** Up to this many sequences are packed this way. */
export const mostSmall = 16_384;

/** Numbers for options, in the order of native code. */
const options = new Float64Array(17);
/** Numbers that native code tells of a result. */
const facts = new Float64Array(18);
/** Offsets, sequences, starts, lengths, dropped and fills; made by the first call. */
let out: Uint32Array | undefined;

/** The packing of `lengths`, or undefined where it is too large to come this way: long sequences were split. */
export function packSmall(lengths: Uint32Array, checked: Checked): Packing | undefined {
  out ??= new Uint32Array(6 * mostSmall + 1);
  const room = out;
  setOptions(checked.native);
  // No code but native code runs before the last of `options`, `facts` and `out` is read.
  if (!translate(() => native.packSmall(lengths, options, facts, room))) return undefined;
  const packs = facts[0]!;
  const entries = facts[1]!;
  const dropped = facts[2]!;
  const cut = facts[3]! > 0;
  const sequences = packs + 1;
  const pieces = sequences + entries;
  const left = cut ? pieces + 2 * entries : pieces;
  // One by one: spreading asks an iterator for each of them, which is half as dear as the packing.
  const told = [
    facts[0]!,
    facts[1]!,
    facts[2]!,
    facts[3]!,
    facts[4]!,
    facts[5]!,
    facts[6]!,
    facts[7]!,
    facts[8]!,
    facts[9]!,
    facts[10]!,
    facts[11]!,
    facts[12]!,
    facts[13]!,
    facts[14]!,
    facts[15]!,
    facts[16]!,
    facts[17]!,
  ];
  const fills = numbers(room, left + dropped, packs);
  const sequenceCount = lengths.length;
  return makePacking({
    capacity: facts[5]!,
    strategy: checked.strategy,
    sequenceAlignment: checked.sequenceAlignment,
    maxSequencesPerPack: checked.maxSequencesPerPack,
    sequenceCount,
    offsets: copy(room, 0, packs + 1),
    sequences: copy(room, sequences, entries),
    pieces: cut
      ? { starts: copy(room, pieces, entries), lengths: copy(room, pieces + entries, entries) }
      : undefined,
    dropped: copy(room, left, dropped),
    lowerBound: facts[4]!,
    loads:
      facts[11]! < 0
        ? undefined
        : { maxLoad: facts[11]!, minLoad: facts[12]!, loadBound: facts[13]! },
    tokenCount: facts[7]!,
    figures: () => figures(told, sequenceCount, fills),
  });
}

/** The figures, from what native code told and the tokens of each pack. */
function figures(
  told: readonly number[],
  sequenceCount: number,
  fills: Uint32Array | readonly number[],
): PackingStats {
  const [numbers, tokens] = [Float64Array.from(told), Uint32Array.from(fills)];
  return translate(() => native.figuresOf(numbers, sequenceCount, tokens));
}

function setOptions(native: Checked["native"]): void {
  const { loads } = native;
  options[0] = native.capacity;
  options[1] = native.strategy;
  options[2] = native.maxSequencesPerPack ?? -1;
  options[3] = native.sequenceAlignment;
  options[4] = native.packCountMultipleOf;
  options[5] = native.packCount ?? -1;
  options[6] = native.overlong;
  options[7] = native.empty;
  options[8] = native.seedHigh;
  options[9] = native.seedLow;
  options[10] = native.tolerance;
  options[11] = native.harmonicClasses;
  options[12] = native.effort;
  options[13] = loads === null ? -1 : loads.linear;
  options[14] = loads === null ? 0 : loads.quadratic;
  options[15] = loads?.equalCounts ? 1 : 0;
  options[16] = loads?.free ? 1 : 0;
}

/** Below this a loop is quicker than a view and a copy of it. */
const few = 64;

/** `length` numbers of `room` from `from` on, in a buffer of their own. */
function copy(room: Uint32Array, from: number, length: number): U32 {
  if (length > few) {
    const array = allocateToFill(Uint32Array, length) as U32;
    array.set(new Uint32Array(room.buffer, 4 * from, length));
    return array;
  }
  const array = new Uint32Array(length);
  for (let at = 0; at < length; at++) array[at] = room[from + at]!;
  return array;
}

/** As {@link copy}, for ourselves: a small buffer of its own costs more than the numbers in it. */
function numbers(room: Uint32Array, from: number, length: number): Uint32Array | number[] {
  if (length > few) return copy(room, from, length);
  const array: number[] = [];
  for (let at = 0; at < length; at++) array.push(room[from + at]!);
  return array;
}
