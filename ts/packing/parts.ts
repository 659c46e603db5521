// A packing from its parts: what `Packing.from` takes, and the checks of their shape.

import { StowageError } from "../base/errors.js";
import type { U32 } from "../base/memory.js";
import {
  type Given,
  givenOptions,
  integerOption,
  isInteger,
  ownOf,
  show,
} from "../base/options.js";
import { isGone, isShared, kindOf } from "../base/views.js";
import type { Made } from "./made.js";
import { toAlignment, toCapacity } from "./options.js";
import { type Strategy, toStrategy } from "./strategies.js";

/** The parts of a packing, as its properties are named. Arrays are used, not copied, unless they are shared. */
export interface PackingParts {
  /** Tokens that a pack holds, 1 .. 2^31-1. */
  capacity: number;
  /** Pack k holds `sequences[offsets[k] .. offsets[k+1])`. */
  offsets: Uint32Array;
  /** Sequence indices, pack by pack. */
  sequences: Uint32Array;
  /** For each entry of `sequences`, the piece placed. Default: whole sequences. */
  pieces?: { readonly starts: Uint32Array; readonly lengths: Uint32Array } | undefined;
  /** Indices of the sequences left out, ascending. Default: none. */
  dropped?: Uint32Array | undefined;
  /** Default 1. */
  sequenceAlignment?: number | undefined;
  /** Default: no limit. */
  maxSequencesPerPack?: number | undefined;
  /** Default 'auto'. */
  strategy?: Strategy | undefined;
  /** A proved bound, at most the number of packs. Default: from `tokenCount`, else 0. */
  lowerBound?: number | undefined;
  /** Tokens that stand in packs. Default: the sum of `pieces.lengths`, else unknown. */
  tokenCount?: number | undefined;
  /** The load of the heaviest pack, where loads were the objective; with `minLoad` and `loadBound`. Default: unknown. */
  maxLoad?: number | undefined;
  /** The load of the lightest pack. */
  minLoad?: number | undefined;
  /** A proved bound on the largest load, at most `maxLoad`. */
  loadBound?: number | undefined;
}

/** The parts as a packing's own, or ERR_INVALID_PACKING naming the first that is wrong. */
export function checkParts(parts: unknown): Made {
  const given = givenOptions(parts, "{ capacity, offsets, sequences }");
  const capacity = toCapacity(given.capacity);
  const offsets = array(given.offsets, "offsets");
  const sequences = array(given.sequences, "sequences");
  checkOffsets(offsets, sequences.length);
  const pieces = piecesOf(given.pieces, sequences.length);
  const dropped =
    given.dropped === undefined ? new Uint32Array(0) : array(given.dropped, "dropped");
  const strategy = toStrategy(given.strategy === undefined ? "auto" : given.strategy).info.name;
  const sequenceAlignment = toAlignment(given, capacity);
  const maxSequencesPerPack = integerOption(
    given,
    "maxSequencesPerPack",
    1,
    Number.MAX_SAFE_INTEGER,
  );
  const tokenCount = tokensOf(given, pieces);
  return {
    capacity,
    strategy,
    sequenceAlignment,
    maxSequencesPerPack,
    sequenceCount: packedCount(sequences, pieces) + dropped.length,
    offsets,
    sequences,
    pieces,
    dropped,
    lowerBound: boundOf(given, offsets.length - 1, tokenCount, capacity),
    loads: loadsOf(given),
    tokenCount,
    figures: undefined,
  };
}

function broken(message: string): StowageError {
  return new StowageError("ERR_INVALID_PACKING", message);
}

function array(value: unknown, name: string): U32 {
  if (kindOf(value) !== "Uint32Array")
    throw broken(`\`${name}\` must be a Uint32Array, got ${show(value)}`);
  const given = value as Uint32Array;
  if (isGone(given)) throw broken(`\`${name}\` is empty because its buffer was transferred`);
  return isShared(given.buffer) ? new Uint32Array(given) : (given as U32);
}

/** Boundaries of packs over so many entries: from 0, never falling, to the last. O(packs). */
export function checkOffsets(offsets: U32, entries: number): void {
  if (offsets[0] !== 0) throw broken(`offsets[0] must be 0, got ${show(offsets[0])}`);
  for (let k = 1; k < offsets.length; k++) {
    if (offsets[k]! < offsets[k - 1]!)
      throw broken(`offsets fall at ${k}: ${offsets[k]} after ${offsets[k - 1]}`);
  }
  const end = offsets[offsets.length - 1];
  if (end !== entries) throw broken(`offsets end at ${end}, but there are ${entries} sequences`);
}

function piecesOf(value: unknown, entries: number): Made["pieces"] {
  if (value === undefined) return undefined;
  if (typeof value !== "object" || value === null)
    throw broken(`\`pieces\` must be { starts, lengths }, got ${show(value)}`);
  const { starts, lengths } = ownOf(value);
  const pieces = {
    starts: array(starts, "pieces.starts"),
    lengths: array(lengths, "pieces.lengths"),
  };
  for (const [name, { length }] of Object.entries(pieces)) {
    if (length !== entries)
      throw broken(`pieces.${name} has ${length} entries, \`sequences\` has ${entries}`);
  }
  return pieces;
}

/** How many sequences the pieces are of: of one that lost its first tokens none starts at 0. */
function packedCount(sequences: U32, pieces: Made["pieces"]): number {
  if (pieces === undefined) return sequences.length;
  const sorted = sequences.slice().sort();
  return sorted.reduce((count, sequence, k) => count + Number(sequence !== sorted[k - 1]), 0);
}

function tokensOf(given: Given, pieces: Made["pieces"]): number | undefined {
  const tokens = integerOption(given, "tokenCount", 0, Number.MAX_SAFE_INTEGER);
  return tokens ?? pieces?.lengths.reduce((sum, length) => sum + length, 0);
}

/** All three or none: one alone says nothing. */
function loadsOf(given: Given): Made["loads"] {
  const load = (name: string, high: number): number | undefined =>
    integerOption(given, name, 0, high, "ERR_INVALID_PACKING");
  const maxLoad = load("maxLoad", Number.MAX_SAFE_INTEGER);
  const minLoad = load("minLoad", maxLoad ?? Number.MAX_SAFE_INTEGER);
  const loadBound = load("loadBound", maxLoad ?? Number.MAX_SAFE_INTEGER);
  if (maxLoad === undefined && minLoad === undefined && loadBound === undefined) return undefined;
  if (maxLoad !== undefined && minLoad !== undefined && loadBound !== undefined)
    return { maxLoad, minLoad, loadBound };
  throw broken("`maxLoad`, `minLoad` and `loadBound` go together");
}

function boundOf(
  given: Given,
  packs: number,
  tokens: number | undefined,
  capacity: number,
): number {
  const { lowerBound } = given;
  if (lowerBound === undefined) return tokens === undefined ? 0 : Math.ceil(tokens / capacity);
  if (isInteger(lowerBound, 0, packs)) return lowerBound;
  throw broken(
    `\`lowerBound\` must be an integer 0 .. ${packs}, the number of packs, got ${show(lowerBound)}`,
  );
}
